"""How alike the solutions of few rules are, pair by pair, with intervals over networks."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import pandas as pd
from matplotlib.axes import Axes

from rulegen.analysis.anatomy import Anatomy
from rulegen.analysis.similarity import SIMILARITIES
from rulegen.analysis.words import worded
from rulegen.catalog.pages.pens import COLOURS
from rulegen.ground.statistics import estimate
from rulegen.publishing.figures import new_axes


def pair_table(anatomies: Mapping[str, Anatomy]) -> pd.DataFrame:
    """Every similarity of every pair of rules.

    Args:
        anatomies: by the name of the rule, all of the same lives.

    Returns:
        columns `measure`, `rule`, `other`, and `mean` over lives with its 95% interval `low` and
        `high`.
    """
    rows = []
    for name, measure in SIMILARITIES.items():
        for a, b in combinations(anatomies, 2):
            mean, low, high, _ = estimate(measure(anatomies[a], anatomies[b]))
            row = {"measure": name, "rule": a, "other": b, "mean": mean, "low": low, "high": high}
            rows.append(row)
    return pd.DataFrame(rows)


def plot_pairs(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Similarities as dots with their intervals: a row for each measure, a dot for each pair.

    Args:
        table: from `pair_table`.
        ax: where to draw.

    Example:
        >>> row = {"measure": "change", "rule": "a", "other": "b", "mean": 0.2}
        >>> ax = plot_pairs(pd.DataFrame([row | {"low": 0.1, "high": 0.3}]))
        >>> [label.get_text() for label in ax.get_yticklabels()], ax.get_title()
        (['weight changes (cosine)'], 'a and b')
    """
    measures = list(dict.fromkeys(table["measure"]))
    groups = list(table.groupby(["rule", "other"], sort=False))
    if ax is None:
        ax = new_axes(6.4, 1.1 + len(measures) * (0.25 + 0.17 * len(groups)))
    for number, ((rule, other), rows) in enumerate(groups):
        colour = COLOURS[number % len(COLOURS)]
        place = rows["measure"].map(measures.index) + 0.6 * (number + 0.5) / len(groups) - 0.3
        ax.hlines(place, rows["low"], rows["high"], color=colour, linewidth=2.0)
        marker = "osD^vP"[number % 6]
        ax.plot(rows["mean"], place, marker, color=colour, label=f"{rule} and {other}")
    ax.axvline(0.0, color="0.35", linewidth=0.8, zorder=0)
    ax.set_xlim(min(-0.05, 1.1 * float(table["low"].min())), 1.02)
    ax.set_yticks(range(len(measures)), [worded(name) for name in measures])
    ax.set_ylim(len(measures) - 0.5, -0.5)
    ax.set_xlabel("0 nothing in common, 1 the same;\n95% intervals over networks")
    if len(groups) == 1:
        ax.set_title(ax.get_legend_handles_labels()[1][0], fontsize="medium")
    else:
        ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), frameon=False, fontsize="small")
    return ax
