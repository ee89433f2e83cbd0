"""What circuits do in a trial after learning, as a film: outputs beside targets, and activity."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.animation import FuncAnimation, PillowWriter
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from rulegen.analysis.anatomy import Anatomy
from rulegen.analysis.trajectories import MOST_NAMES, condition_names, principal_trajectories
from rulegen.catalog.pages.pens import COLOURS

#: Pictures of a film, how many a second, its width and the height of a rule, inches, and its dots.
FRAMES, SPEED, WIDE, HIGH, DOTS = 36, 12, 8.0, 2.8, 80
#: A target with so many values or more moves; others stand still, or jump.
MOVING = 5


def moves(anatomy: Anatomy) -> bool:
    """Whether the targets of a task move in time, so that a film shows more than a picture."""
    courses = np.moveaxis(anatomy.targets[0], 1, -1).reshape(-1, anatomy.targets.shape[2])
    return any(len(np.unique(course.round(6))) >= MOVING for course in courses)


def film(anatomies: Mapping[str, Anatomy], life: int) -> bytes:
    """A trial of each condition after learning, without noise, as an animated GIF.

    On the left the first output, or what it brings about, beside its target, on the right the
    activity along its first two principal axes; one colour a condition.

    Args:
        anatomies: by the name of the rule, all of the same lives.
        life: which circuit.
    """
    figure = Figure(figsize=(WIDE, HIGH * len(anatomies)), layout="constrained", dpi=DOTS)
    FigureCanvasAgg(figure)
    axes: Any = figure.subplots(len(anatomies), 2, squeeze=False, width_ratios=[3, 2])
    growing: list[tuple[Line2D, Line2D, np.ndarray]] = []
    for (left, right), (name, anatomy) in zip(axes, anatomies.items(), strict=True):
        growing += outputs(left, anatomy, life)
        growing += activity(right, anatomy, life)
        left.set_title(name, fontsize="medium", loc="right")
        for ax in (left, right):
            ax.spines[["top", "right"]].set_visible(False)
    axes[-1, 0].set_xlabel("time (ms); dashed: target")
    axes[-1, 1].set_xlabel("first principal axis")
    steps = anatomy.outputs.shape[2]
    ends = np.unique(np.linspace(1, steps, FRAMES).astype(int))

    def show(end: int) -> list[Line2D]:
        for line, dot, points in growing:
            line.set_data(*points[:end].T)
            dot.set_data(*points[end - 1 : end].T)
        return []

    show(steps)
    figure.draw_without_rendering()
    # Places are found once; else every picture would arrange its axes anew, and they would tremble.
    figure.set_layout_engine("none")
    # The last picture stays for half a second before the film begins again.
    moments = [*ends.tolist(), *[steps] * (SPEED // 2)]
    shown = FuncAnimation(figure, show, frames=moments)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.gif"
        shown.save(path, writer=PillowWriter(fps=SPEED), dpi=DOTS)
        return path.read_bytes()


def outputs(ax: Axes, anatomy: Anatomy, life: int) -> list[tuple[Line2D, Line2D, np.ndarray]]:
    """Targets, and lines that will become what the outputs bring about."""
    found, names = [], condition_names(anatomy.task)
    times = anatomy.circuit.dt * np.arange(1, anatomy.outputs.shape[2] + 1)
    for number, name in enumerate(names):
        colour = COLOURS[number % len(COLOURS)]
        course, target = anatomy.effects[life, number, :, 0], anatomy.targets[life, number, :, 0]
        wanted = np.where(anatomy.worth[life, number] > 0, target, np.nan)
        ax.plot(times, wanted, "--", color=colour, linewidth=1.0)
        found.append((*growing(ax, colour), np.stack([times, course], axis=1)))
        if len(names) <= MOST_NAMES:
            ax.text(
                number / MOST_NAMES, 1.02, name, color=colour, transform=ax.transAxes,
                fontsize="small",
            )  # fmt: skip
    both = (anatomy.effects[life, ..., 0], anatomy.targets[life, ..., 0])
    ax.set_ylim(limits(np.stack(both)))
    ax.set_xlim(0, times[-1])
    direct = np.array_equal(anatomy.effects, anatomy.outputs)
    ax.set_ylabel("output" if direct else "effect of the output")
    return found


def activity(ax: Axes, anatomy: Anatomy, life: int) -> list[tuple[Line2D, Line2D, np.ndarray]]:
    """Lines that will become the paths of the activity."""
    paths = principal_trajectories(anatomy.rates[life])
    ax.set_xlim(limits(paths[..., 0]))
    ax.set_ylim(limits(paths[..., 1]))
    ax.set_aspect("equal", adjustable="box")
    ax.set_ylabel("second principal axis")
    return [
        (*growing(ax, COLOURS[number % len(COLOURS)]), path) for number, path in enumerate(paths)
    ]


def growing(ax: Axes, colour: str) -> tuple[Line2D, Line2D]:
    """A line that is still empty, and the dot at its end."""
    (line,) = ax.plot([], [], color=colour, linewidth=1.6)
    (dot,) = ax.plot([], [], "o", color=colour, markersize=5)
    return line, dot


def limits(values: np.ndarray) -> tuple[float, float]:
    """Limits that hold all values with some room."""
    low, high = float(values.min()), float(values.max())
    room = 0.08 * (high - low) or 1.0
    return low - room, high + room
