"""What a rule earns more than others, life by life: beside learning curves and by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rulegen.catalog import Interval
from rulegen.catalog.pages.pens import pens
from rulegen.ground.statistics import Estimate
from rulegen.publishing.evaluate import Trajectory
from rulegen.publishing.figures import new_axes, plot_learning
from rulegen.tasks import Task

#: Height of learning curves, of a difference, and of the axis below, inches.
CURVES, ROW, BELOW = 4.4, 0.3, 0.75


def plot_differences(
    name: str, minus: Mapping[str, Estimate | Interval], ax: Axes | None = None
) -> Axes:
    """Rewards of a rule minus those of others, paired over lives, with their intervals.

    Args:
        name: of the rule.
        minus: differences by the names of the others.
        ax: where to draw.

    Example:
        >>> from rulegen.ground.statistics import Estimate
        >>> ax = plot_differences("a", {"b": Estimate(0.1, 0.05, 0.15, 30)})
        >>> [label.get_text() for label in ax.get_yticklabels()], ax.texts[0].get_text()
        (['minus b'], '0.1 [0.05, 0.15]')
    """
    ax = new_axes(7.2, BELOW + ROW * len(minus)) if ax is None else ax
    shown = pens([name, *minus])
    for row, (other, found) in enumerate(minus.items()):
        colour = shown[other].colour
        ax.plot([found.low, found.high], [row, row], color=colour, linewidth=2.0)
        ax.plot(found.mean, row, "o", color=colour, markersize=5)
        told = f"{found.mean:.3g} [{found.low:.3g}, {found.high:.3g}]"
        ax.annotate(
            told, (1, row), xycoords=("axes fraction", "data"), xytext=(5, 0),
            textcoords="offset points", va="center", fontsize="small", color=colour,
        )  # fmt: skip
    ax.axvline(0.0, color="0.35", linewidth=0.8, zorder=0)
    ax.set_yticks(range(len(minus)), [f"minus {other}" for other in minus], fontsize="small")
    ax.set_ylim(len(minus) - 0.4, -0.6)
    ax.margins(x=0.08)
    lives = max((found.lives for found in minus.values()), default=0)
    ax.set_xlabel(f"{name}: more reward per trial, paired over {lives} lives, with 95% intervals")
    ax.xaxis.label.set_fontsize("small")
    ax.spines[["top", "right"]].set_visible(False)
    return ax


def plot_held_out(
    trajectories: Sequence[Trajectory], task: Task, dt: float, *, warmup: int = 0
) -> Axes:
    """Learning curves, and below what the first rule earns more than each other.

    Args:
        trajectories: the rule first, then what it is compared with, on the same lives.
        task: what was learned.
        dt: step of the circuit, ms.
        warmup: trials without weight changes.

    Returns:
        the axes of the curves.

    Example:
        >>> import numpy as np
        >>> from rulegen.tasks import DelayedMatch
        >>> rules = [
        ...     Trajectory(name, "", np.arange(3.0), *np.zeros((2, 3, 10)), np.zeros(3))
        ...     for name in ("discovered rule", "no learning")
        ... ]
        >>> figure = plot_held_out(rules, DelayedMatch(), 10.0).get_figure(root=True)
        >>> [ax.get_ylabel() for ax in figure.axes]
        ['reward per trial', '']
    """
    first, *others = trajectories
    minus = {other.name: first.minus(other) for other in others}
    heights = [CURVES, BELOW + ROW * len(minus)]
    figure = Figure(figsize=(7.2, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    parts: Any = figure.subfigures(2, 1, height_ratios=heights)
    ax: Axes = parts[0].subplots()
    ax.spines[["top", "right"]].set_visible(False)
    plot_learning(trajectories, task, dt, warmup=warmup, ax=ax)
    plot_differences(first.name, minus, parts[1].subplots())
    return ax
