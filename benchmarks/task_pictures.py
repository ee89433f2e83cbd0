"""A trial of every bundled task as a picture, docs/tasks.png: `make tasks`, or this file alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rulegen.analysis.trajectories import condition_names
from rulegen.catalog.pages.pens import COLOURS
from rulegen.ground.noise import stream
from rulegen.publishing.figures import label_ends
from rulegen.tasks import TASKS, Task
from rulegen.tasks.trials import Trial

DOCS = Path(__file__).parent.parent / "docs"
#: Step, ms; height of a line of text as a share of small axes; more lines have no names.
DT, LINE, MOST = 10.0, 0.16, 4
#: An output beside the first is dotted.
STROKES = ("-", ":")
Labels = list[tuple[str, float, str]]


def plot(folder: Path) -> None:
    """Inputs of the last condition above, counted targets of all conditions below."""
    figure = Figure(figsize=(14.0, 12.5), layout="constrained")
    FigureCanvasAgg(figure)
    parts: Any = figure.subfigures(4, 3, wspace=0.03, hspace=0.03)
    for place, kind in zip(parts.flat, TASKS.values(), strict=True):
        draw(place.subplots(2, 1, sharex=True), kind())
    figure.savefig(folder / "tasks.png", dpi=90)


def draw(axes: Any, task: Task) -> None:
    """One task on two axes."""
    top, bottom = axes
    names, times = condition_names(task), DT * (np.arange(task.steps(DT)) + 0.5)
    trials = [
        task.trial(stream(jax.random.key(1)), jnp.asarray(condition), DT)
        for condition in range(task.conditions)
    ]
    top.set_title(f"{task.name.replace('_', ' ')}: {names[-1]}", fontsize="medium", pad=16)
    top.set_ylabel("input")
    bottom.set_ylabel("target")
    bottom.set_xlabel("time (ms)")
    bottom.set_xlim(0, DT * len(times))
    named(top, inputs(top, np.asarray(trials[-1].stimulus), times))
    named(bottom, targets(bottom, trials, names, times))
    begin = 0.0
    for number, (period, length) in enumerate(task.periods.items()):
        for ax in axes:
            if number % 2:
                ax.axvspan(begin, begin + length, color="0.94", zorder=0, linewidth=0)
        top.annotate(
            period, (begin + length / 2, 1), xycoords=("data", "axes fraction"), xytext=(0, 2),
            textcoords="offset points", ha="center", fontsize="x-small", color="0.35",
        )  # fmt: skip
        begin += length
    for ax in axes:
        ax.spines[["top", "right"]].set_visible(False)


def inputs(ax: Axes, stimulus: np.ndarray, times: np.ndarray) -> Labels:
    """The channels of a trial; those that stay silent are thin."""
    labels: Labels = []
    for number, channel in enumerate(stimulus.T):
        speaks, colour = bool(channel.any()), COLOURS[number % len(COLOURS)]
        width, ink = (1.2, colour) if speaks else (0.6, "0.6")
        ax.plot(times, channel, drawstyle="steps-mid", color=ink, linewidth=width)
        if speaks:
            labels.append((f"input {number + 1}", float(channel[-1]), colour))
    return labels


def targets(ax: Axes, trials: list[Trial], names: list[str], times: np.ndarray) -> Labels:
    """What is wanted where it counts: one colour for conditions that want the same."""
    groups: dict[bytes, list[int]] = {}
    courses = [
        np.where(np.asarray(t.weight)[:, None] > 0, np.asarray(t.target), np.nan) for t in trials
    ]
    for number, course in enumerate(courses):
        groups.setdefault(course.tobytes(), []).append(number)
    labels: Labels = []
    for number, members in enumerate(groups.values()):
        colour, course = COLOURS[number % len(COLOURS)], courses[members[0]]
        for output, line in zip(course.T, STROKES, strict=False):
            ax.plot(times, output, line, color=colour)
        name = names[members[0]] if len(members) == 1 else f"{len(members)} conditions"
        labels.append((name, float(course[np.isfinite(course[:, 0]), 0][-1]), colour))
    return labels


def named(ax: Axes, labels: Labels) -> None:
    """Names at the ends of lines, where they are few."""
    ax.margins(y=0.12)
    if len(labels) <= MOST:
        label_ends(ax, labels, LINE)
    else:
        label_ends(ax, [(f"{len(labels)} in all", float(np.mean(ax.get_ylim())), "0.35")], LINE)


if __name__ == "__main__":
    plot(DOCS)
