"""Pictures of rules in many worlds."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from rulegen.catalog.pages.pens import COLOURS
from rulegen.publishing.figures import new_axes
from rulegen.runs.league import Ranks, Standings


def plot_standings(found: Standings, ax: Axes | None = None) -> Axes:
    """A map of scaled rewards, rules in rows and worlds in columns.

    A cell has the mean and half the width of its interval, all of which hold together with 95%;
    blue earns more than no learning, red less. Worlds in which rules were tuned stand first.

    Args:
        found: from `compare_worlds`.
        ax: where to draw.
    """
    matrix, table = found.matrix(), found.table()
    rules, worlds = list(matrix.index), list(matrix)
    if ax is None:
        ax = new_axes(2.6 + 1.25 * len(worlds), 1.2 + 0.42 * len(rules))
    means = matrix.to_numpy(float)
    ax.imshow(means, cmap="RdBu", vmin=-1.3, vmax=1.3, aspect="auto")
    half = (table["high"] - table["low"]).to_numpy(float).reshape(means.shape) / 2.0
    for (row, column), mean in np.ndenumerate(means):
        text = "–" if np.isnan(mean) else f"{mean:.2f} ± {half[row, column]:.2f}"
        shade = "white" if abs(mean) > 0.9 else "black"
        ax.text(column, row, text, ha="center", va="center", fontsize="small", color=shade)
    inside = sum(found.worlds.values())
    if inside < len(worlds):
        ax.axvline(inside - 0.5, color="black", lw=1.5)
    labels = [f"{n}\n(tuned)" if here else n for n, here in found.worlds.items()]
    ax.set_xticks(range(len(worlds)), labels, fontsize="small", rotation=30, ha="left")
    ax.set_yticks(range(len(rules)), rules)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def plot_ranks(ranks: Ranks, ax: Axes | None = None) -> Axes:
    """Mean ranks over worlds; a bar joins rules that the worlds do not tell apart.

    Args:
        ranks: from `Standings.ranks`.
        ax: where to draw.
    """
    count = len(ranks.mean)
    ax = new_axes(7.0, 1.4 + 0.34 * count) if ax is None else ax
    mean = ranks.mean.to_numpy(float)
    for row, (name, rank) in enumerate(ranks.mean.items()):
        ax.plot([1.0, rank], [row, row], color="0.85", lw=1.0, zorder=0)
        ax.plot(rank, row, "o", color=COLOURS[0])
        ax.annotate(
            f"{name}  {rank:.2f}", (rank, row), xytext=(7, 0), textcoords="offset points",
            va="center", fontsize="small",
        )  # fmt: skip
    for number, (first, last) in enumerate(cliques(mean, ranks.critical)):
        place = count - 0.2 + 0.22 * number
        ax.plot([mean[first], mean[last]], [place, place], color=COLOURS[1], lw=3.0)
    ax.set_ylim(count + 0.9, -0.8)
    ax.set_xlim(0.8, count + 1.2)
    ax.set_yticks([])
    ax.spines[["left", "right", "top"]].set_visible(False)
    told = f"mean rank in {ranks.worlds} worlds, 1 the best"
    if np.isfinite(ranks.critical):
        told += f"\nbars join what differs by less than {ranks.critical:.2f} (Nemenyi, 95%)"
    ax.set_xlabel(told)
    return ax


def cliques(mean: np.ndarray, critical: float) -> list[tuple[int, int]]:
    """The longest runs of ordered mean ranks that differ by less than the critical difference.

    There are none where that is NaN.

    Example:
        >>> import numpy as np
        >>> cliques(np.array([1.0, 1.5, 2.2, 4.0]), 1.3)
        [(0, 2)]
    """
    found: list[tuple[int, int]] = []
    if np.isnan(critical):
        return found
    for first in range(len(mean)):
        last = int(np.searchsorted(mean, mean[first] + critical, side="left")) - 1
        if last > first and not (found and found[-1][1] >= last):
            found.append((first, last))
    return found
