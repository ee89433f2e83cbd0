"""A rule on one page, for talks: equation, curve, differences, and what it does to a synapse."""

from __future__ import annotations

import re
import textwrap
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser

from rulegen.catalog import Evidence, Record
from rulegen.catalog.pages.brief import brief
from rulegen.catalog.pages.pens import BLUE, ORANGE, ROLES, pens
from rulegen.catalog.pages.probe import Probe, probe
from rulegen.catalog.records.roles import CHANCE, DISCOVERED, PERFECT
from rulegen.grammar.printing.boxes import EMPTY, Line, Name
from rulegen.grammar.printing.latex_spelling import Latex
from rulegen.grammar.printing.readable import readable
from rulegen.grammar.printing.unparse import show_unit
from rulegen.publishing.bounds import at_bounds
from rulegen.publishing.differences import plot_differences
from rulegen.publishing.figures import FORMULA, draw_curve, label_ends, mark_warmup, stroke
from rulegen.publishing.places import HELD_OUT
from rulegen.publishing.setting import ceiling
from rulegen.publishing.world_figures import rewards

#: Size of a page, inches: as a screen is, and half as high where nothing was learned.
WIDE, HIGH, LOW = 12.8, 7.2, 3.8
#: Signs of a title and of a line of values.
LONGEST = 90
#: Signs of a line beside the differences.
NARROW = 24
#: Most rows of an equation, and lines of values below it.
ROWS, VALUES = 7, 3
#: Shares of the height: the first row, rows apart at most, below which they are set smaller, and a
#: line of values.
TOP, APART, DENSE, SMALL = 0.92, 0.2, 0.115, 0.07
#: Signs that matplotlib knows by a longer name.
LESS = r"\\[lg]e\b"
BAR, LONG_BAR = r"\bar{\mathrm", r"\overline{\mathrm"
#: What the picture of a synapse shows, by its kind.
SYNAPSE = {
    "window": ("post minus pre spike (ms)", "change of the weight / largest"),
    "rates": ("postsynaptic rate", "change of the weight / largest"),
    "map": ("presynaptic size of a pulse", "postsynaptic size"),
}


def plot_slide(record: Record, curves: pd.DataFrame | None = None) -> Axes:
    """A page of a rule: its equation, what it does to one synapse, and what it earned in its run.

    A rule without a run has the first two alone. With several worlds the rewards in each of them
    stand in the place of a curve.

    Args:
        record: the rule.
        curves: the table `learning.csv` of its run, with columns `rule`, `trial`, `mean`, `low` and
            `high`; without it there is no curve.

    Returns:
        the axes of the equation.

    Example:
        >>> from rulegen.catalog import find
        >>> [ax.get_xlabel() for ax in plot_slide(find("bcm")).figure.axes]
        ['', 'postsynaptic rate']
    """
    evidence, found = record.evidence, probe(record.rule)
    figure = Figure(figsize=(WIDE, HIGH if evidence else LOW), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(textwrap.shorten(record.title, LONGEST, placeholder="…"), fontsize="x-large")
    parts: Any = figure.subfigures(2 if evidence else 1, 1, squeeze=False)
    columns = [2, 1] if found else [1]
    above = parts[0, 0].subplots(1, len(columns), squeeze=False, width_ratios=columns)
    ax: Axes = above[0, 0]
    equation(ax, record)
    if found:
        synapse(above[0, 1], found)
    if evidence:
        below = parts[1, 0].subplots(1, 2, width_ratios=[3, 2])
        minus = {other.name: other.difference for other in evidence.comparisons}
        if evidence.worlds:
            there = [other.name for world in evidence.worlds for other in world.comparisons]
            rewards(below[0], evidence, pens([DISCOVERED, *minus, *there]))
            names = [w.name if w.chosen_in else f"{w.name} {HELD_OUT}" for w in evidence.worlds]
            below[0].set_yticks(range(len(names)), names, fontsize="small")
            scale = "scaled reward: 0 no learning, 1 yardstick"
            told = scale if evidence.scaled else "reward per trial"
            below[0].set_xlabel(f"{told}\nintervals hold together with 95%")
            below[0].legend(
                loc="lower left",
                bbox_to_anchor=(0.0, 1.0),
                ncols=2,
                frameon=False,
                fontsize="small",
            )
        else:
            learning(below[0], evidence, curves)
        plot_differences(DISCOVERED, minus, below[1])
        short = [textwrap.fill(f"minus {name}", NARROW) for name in minus]
        below[1].set_yticks(range(len(short)), short, fontsize="small")
        below[1].set_xlabel(f"more than others: {evidence.reward_is}, 95% intervals")
    return ax


def equation(ax: Axes, record: Record) -> None:
    """The lines that say most of a rule, and its parameters."""
    rows, left_out = brief(record.rule, ROWS)
    values = ", ".join(
        f"{p.name} = {p.value:.3g}" + (f" {show_unit(p.unit)}" if p.unit else "")
        for p in record.rule.parameters
        if p.value is not None
    )
    more = f"{left_out} more line{'s' * (left_out > 1)} in its card" if left_out else ""
    told = [
        *textwrap.wrap(values, LONGEST, max_lines=VALUES, placeholder=" …"),
        *textwrap.wrap(at_bounds(record), LONGEST),
        *filter(None, [more]),
    ]
    step = min(APART, (TOP - SMALL * len(told)) / len(rows))
    for number, line in enumerate(rows):
        place = TOP - step * number
        ax.text(0.0, place, readable([Line(line.when, EMPTY)]), va="center", color="0.35")
        size = 16 if step > DENSE else 13
        ax.text(0.22, place, formula(line), va="center", fontsize=size, gid=FORMULA)
    ax.text(0.0, 0.0, "\n".join(told), color="0.35", fontsize="small", va="bottom")
    ax.set_axis_off()


class Mathtext(Latex):
    """LaTeX for matplotlib, which loses a dot above a bar in the line above it."""

    def name(self, box: Name) -> str:
        """A variable, or its derivative as a quotient."""
        if not box.dot:
            return super().name(box)
        return rf"\mathrm{{d}}\,{super().name(replace(box, dot=False))}/\mathrm{{d}}t"


def formula(line: Line) -> str:
    """A line as a formula, or as text where matplotlib cannot set it."""
    spelt = (Mathtext().spell(line.left) + Mathtext().spell(line.right)).replace("&", "")
    spelt = re.sub(LESS, lambda sign: sign[0] + "q", spelt)
    # A bar is as wide as one letter otherwise.
    spelt = f"${spelt.replace(BAR, LONG_BAR)}$"
    try:
        MathTextParser("path").parse(spelt)
    except ValueError:
        return readable([Line(line.left, line.right)])
    return spelt


def synapse(ax: Axes, found: Probe) -> None:
    """What the rule does to one synapse."""
    x, change = found.x, found.change
    if found.kind == "map":
        both = LinearSegmentedColormap.from_list("change", [ORANGE[0], "white", BLUE[0]])
        ends = (x[0], x[-1], x[0], x[-1])
        drawn = ax.imshow(change.T, origin="lower", extent=ends, cmap=both, vmin=-1.0, vmax=1.0)
        figure = ax.get_figure()
        assert figure is not None
        figure.colorbar(drawn, ax=ax, label="change of the weight / largest")
    else:
        colour = ROLES[DISCOVERED].colour
        # What happens at once belongs to neither side of a window.
        parts = [x < 0, x > 0] if found.kind == "window" else [np.isfinite(x)]
        for part in parts:
            ax.plot(x[part], change[part], color=colour, linewidth=2.0)
        ax.axhline(0.0, color="0.35", linewidth=0.8)
        if found.kind == "window":
            ax.axvline(0.0, color="0.35", linewidth=0.8)
        ax.spines[["top", "right"]].set_visible(False)
    ax.set_xlabel(SYNAPSE[found.kind][0])
    ax.set_ylabel(SYNAPSE[found.kind][1])


def learning(ax: Axes, evidence: Evidence, curves: pd.DataFrame | None) -> None:
    """Reward against trials."""
    if curves is None or curves.empty:
        ax.text(0.5, 0.5, "There is no learning.csv, and so no curve.", ha="center", color="0.35")
        ax.set_axis_off()
        return
    groups = [(str(name), rows) for name, rows in curves.groupby("rule", sort=False)]
    known, labels = pens(name for name, _ in groups), list[tuple[str, float, str]]()
    for name, rows in groups:
        curve, pen = rows[["low", "mean", "high"]].to_numpy(float).T, known[name]
        width = 2.0 if name == DISCOVERED else 1.2
        trials, most = rows["trial"].to_numpy(float), ceiling(evidence.setting)
        height = draw_curve(ax, trials, curve, pen, width, most)
        labels.append((name, height, pen.colour))
    for name, height in ((CHANCE, evidence.chance), (PERFECT, evidence.best)):
        ax.axhline(height, **stroke(ROLES[name]), linewidth=1.0)
        labels.append((name, height, ROLES[name].colour))
    mark_warmup(ax, int(evidence.setting.life.get("warmup", 0) or 0))
    ax.set_xlim(1, curves["trial"].astype(float).max())
    ax.set_xlabel("trial; means over lives, each with its 95% interval")
    ax.set_ylabel("reward per trial")
    ax.spines[["top", "right"]].set_visible(False)
    label_ends(ax, labels)
