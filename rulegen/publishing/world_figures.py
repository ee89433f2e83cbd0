"""Pictures of a rule in several worlds."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from rulegen.catalog import Evidence, Interval, WorldFigures
from rulegen.catalog.pages.pens import ROLES, Pen, pens
from rulegen.catalog.records.roles import CHANCE, DISCOVERED, PERFECT
from rulegen.lives.world import World
from rulegen.publishing.evaluate import Trajectory
from rulegen.publishing.figures import draw_curve, stroke
from rulegen.publishing.places import HELD_OUT

#: Learning curves in a row.
COLUMNS = 3
#: Height of a world among the rewards, of a row of curves, and of a world among the differences,
#: inches.
LINE, CURVE, ROW = 0.42, 2.1, 0.24
#: Height of a title and an axis of differences, inches; signs of a line of a title.
TITLE, LONGEST = 0.9, 26


def plot_worlds(
    evidence: Evidence,
    shown: Mapping[str, Sequence[Trajectory]],
    worlds: Mapping[str, World],
) -> Axes:
    """What all rules earn in every world, learning curves of each, and paired differences.

    Args:
        evidence: of the published rule, whose intervals are drawn.
        shown: the rules of each world, the published one first.
        worlds: circuits, tasks and lives, by name.

    Returns:
        the axes of the rewards.
    """
    count, rows = len(worlds), -(-len(worlds) // COLUMNS)
    known = pens(t.name for trajectories in shown.values() for t in trajectories)
    minus = differences(evidence)
    heights = [LINE * count + 1.4, CURVE * rows + 0.3]
    heights += [-(-len(minus) // COLUMNS) * (ROW * count + TITLE)] if minus else []
    figure = Figure(figsize=(9.0, sum(heights)), layout="constrained")
    FigureCanvasAgg(figure)
    parts: Any = figure.subfigures(len(heights), 1, height_ratios=heights)
    above, below, *last = parts
    for place in last:
        paired(place, evidence, minus, known)
    ax: Axes = above.subplots()
    rewards(ax, evidence, known)
    axes = np.atleast_1d(below.subplots(rows, COLUMNS)).ravel()
    for place, told in zip(axes, evidence.worlds, strict=False):
        curves(place, told, shown[told.name], worlds[told.name], known)
    for place in axes[count:]:
        place.axis("off")
    below.supxlabel(
        "trial; shaded: warm-up, dotted: chance, dashed: perfect answers", fontsize="medium"
    )
    below.supylabel("reward per trial", fontsize="medium")
    return ax


def differences(evidence: Evidence) -> dict[str, list[Interval | None]]:
    """The rule minus each other, in each world where that is, as the tables have it."""
    names = dict.fromkeys(other.name for told in evidence.worlds for other in told.comparisons)
    found = [{other.name: other.decides for other in told.comparisons} for told in evidence.worlds]
    return {name: [own.get(name) for own in found] for name in names}


def paired(
    part: Any,
    evidence: Evidence,
    minus: Mapping[str, Sequence[Interval | None]],
    known: Mapping[str, Pen],
) -> None:
    """A panel for each other rule: what the published one earns more, in all worlds."""
    rows, worlds = -(-len(minus) // COLUMNS), evidence.worlds
    places = np.atleast_1d(part.subplots(rows, min(COLUMNS, len(minus)), sharey=True)).ravel()
    inside = sum(told.chosen_in for told in worlds)
    for ax, (name, found) in zip(places, minus.items(), strict=False):
        for line, interval in enumerate(found):
            if interval is None:
                continue
            ax.plot([interval.low, interval.high], [line, line], color=known[name].colour, lw=1.8)
            ax.plot(interval.mean, line, "o", color=known[name].colour, ms=4)
        ax.axvline(0.0, color="0.35", lw=0.8, zorder=0)
        if inside < len(worlds):
            ax.axhline(inside - 0.5, color="0.75", lw=0.8)
        ax.set_title(textwrap.fill(f"minus {name}", LONGEST), fontsize="small")
        ax.tick_params(labelsize="x-small")
        ax.spines[["top", "right"]].set_visible(False)
    for ax in places[len(minus) :]:
        ax.axis("off")
    places[0].set_yticks(range(len(worlds)), [told.name for told in worlds], fontsize="x-small")
    places[0].set_ylim(len(worlds) - 0.5, -0.5)
    unit = "scaled reward" if evidence.scaled else "reward per trial"
    part.supxlabel(
        f"{DISCOVERED}: more {unit} than each other, paired over {evidence.reward.lives} lives",
        fontsize="medium",
    )


def rewards(ax: Axes, evidence: Evidence, known: Mapping[str, Pen]) -> None:
    """A line for each world, with the reward of each rule and its interval."""
    step, marks = 0.8 / len(known), dict[str, str]()
    for line, told in enumerate(evidence.worlds):
        intervals: dict[str, Interval | None] = {DISCOVERED: told.scaled or told.reward}
        intervals |= {other.name: other.scaled or other.reward for other in told.comparisons}
        for number, (name, interval) in enumerate(intervals.items()):
            if interval is None:
                continue
            label = "_nolegend_" if name in marks else name
            marks[name] = name
            ax.errorbar(
                interval.mean, line + step * (number - (len(intervals) - 1) / 2.0),
                xerr=[[interval.mean - interval.low], [interval.high - interval.mean]],
                fmt="D" if name == DISCOVERED else "o", ms=5 if name == DISCOVERED else 3.5,
                color=known[name].colour, lw=1.2, label=label,
            )  # fmt: skip
    names = [t.name if t.chosen_in else f"{t.name}\n{HELD_OUT}" for t in evidence.worlds]
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.5, -0.5)
    inside = sum(told.chosen_in for told in evidence.worlds)
    if inside < len(names):
        ax.axhline(inside - 0.5, color="0.75", lw=0.8)
    if evidence.scaled:
        for end in (0.0, 1.0):
            ax.axvline(end, color="0.6", ls="--", lw=0.8, zorder=0)
        ax.set_xlabel("scaled reward: 0 no learning, 1 yardstick; intervals hold together with 95%")
    else:
        ax.set_xlabel("reward per trial; intervals hold together with 95%")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(
        loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, frameon=False, fontsize="small",
        borderaxespad=0.2,
    )  # fmt: skip


def curves(
    ax: Axes,
    told: WorldFigures,
    trajectories: Sequence[Trajectory],
    world: World,
    known: Mapping[str, Pen],
) -> None:
    """Reward against trials in one world: means over lives with the interval of each trial."""
    for trajectory in reversed(trajectories):
        trials = np.arange(1, trajectory.curve.shape[1] + 1)
        width = 1.6 if trajectory.name == DISCOVERED else 1.0
        pen, most = known[trajectory.name], world.task.ceiling
        draw_curve(ax, trials, trajectory.curve, pen, width, most)
    for name, height in ((CHANCE, told.chance), (PERFECT, told.best)):
        ax.axhline(height, **stroke(ROLES[name]), lw=0.8)
    if world.life.warmup > 0:
        ax.axvspan(1, world.life.warmup, color="0.92", zorder=0)
    ax.set_xlim(1, world.life.trials)
    ax.set_title(told.name, fontsize="small")
    ax.tick_params(labelsize="x-small")
    ax.spines[["top", "right"]].set_visible(False)
