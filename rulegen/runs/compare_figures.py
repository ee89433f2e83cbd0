"""Pictures of rules beside each other: what they earn, and who is kin to whom."""

from __future__ import annotations

from itertools import groupby
from textwrap import fill

import networkx as nx
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from rulegen.catalog.pages.pens import COLOURS
from rulegen.publishing.figures import new_axes
from rulegen.runs.contest import bad_lives, cell

#: Room for a rule and its name in the picture of families, inches.
WIDE, HIGH = 1.4, 0.85
#: Height of a row of rewards, inches, and how far the mean stands above its middle, in rows.
ROW, UP = 0.5, 0.2
#: Room for a title, inches.
TITLE = 5.6
#: Families stand beside each other until a row has room for this many rules.
WIDEST = 8.0
#: Names longer than this take two lines, characters.
LINE = 16


def plot_rewards(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the matrix of rules and worlds: darker cells earned more, each within its world.

    A cell has the mean reward per trial with its 95% interval, which need not be even, and how many
    lives ended badly if any did; the best of a world, and all whose interval reaches it, are bold.
    What cannot run has a dash.

    Args:
        table: what `compare_rewards` returns.
        ax: where to draw.

    Example:
        >>> row = {"rule": "hebb", "task": "delayed_match", "neurons": 32, "note": ""}
        >>> row |= {"diverged": 3, "saturated": 0, "silent": 0}
        >>> table = pd.DataFrame([row | {"reward": -0.3, "low": -0.4, "high": -0.2}])
        >>> [text.get_text() for text in plot_rewards(table).texts]
        ['-0.3000', '[-0.4000, -0.2000]\\n3 diverged']
    """
    world = table["task"].str.replace("_", " ") + "\nN = " + table["neurons"].astype(str)
    rules, places = list(dict.fromkeys(table["rule"])), list(dict.fromkeys(world))
    if ax is None:
        ax = new_axes(2.2 + 1.7 * len(places), 1.1 + ROW * len(rules))
    means, lows, highs, ended = (
        table.assign(world=world, ended=bad_lives(table))
        .pivot_table(index="rule", columns="world", values=column, aggfunc="first")
        .reindex(index=rules, columns=places)
        .to_numpy(float if column != "ended" else str)
        for column in ("reward", "low", "high", "ended")
    )
    worst, best = np.nanmin(means, axis=0), np.nanmax(means, axis=0)
    shade = (means - worst) / np.where(best > worst, best - worst, 1.0)
    ax.imshow(shade, cmap="Blues", vmin=0.0, vmax=1.6, aspect="auto")
    for (row, column), mean in np.ndenumerate(means):
        low, high = float(lows[row, column]), float(highs[row, column])
        first, *more = (cell(mean, low, high) or "–").split("\n")
        below = "\n".join(filter(None, [*more, str(ended[row, column])]))
        leads = (mean if np.isnan(high) else high) >= best[column]
        ax.text(
            column, row - (UP if below else 0.0), first, ha="center", va="center",
            fontsize="small", fontweight="bold" if leads else "normal",
        )  # fmt: skip
        if below:
            ax.text(column, row, below, ha="center", va="top", fontsize="x-small")
    ax.set_xticks(range(len(places)), places, fontsize="small")
    ax.set_yticks(range(len(rules)), rules)
    ax.xaxis.tick_top()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def plot_families(
    graph: nx.Graph,
    ax: Axes | None = None,
    title: str = "lines join rules that share at least half of their terms",
) -> Axes:
    """Draw rules as points and kinship as lines, each family of several in a colour of its own.

    Args:
        graph: what `family_graph` or `similarity_graph` returns.
        ax: where to draw.
        title: what the lines mean.

    Example:
        >>> graph = nx.Graph([("hebb", "oja", {"distance": 0.5})])
        >>> nx.set_node_attributes(graph, 0, "family")
        >>> sorted(text.get_text() for text in plot_families(graph).texts)
        ['hebb', 'oja']
    """
    place = arrangement(graph)
    right = max((x for x, _ in place.values()), default=0.0)
    bottom = min((y for _, y in place.values()), default=0.0)
    if ax is None:
        ax = new_axes(max(TITLE, WIDE * (right + 1.0)), HIGH * (1.0 - bottom) + 0.3)
    for a, b, distance in graph.edges(data="distance"):
        (x0, y0), (x1, y1) = place[a], place[b]
        ax.plot([x0, x1], [y0, y1], color="0.75", linewidth=0.8 + 3 * (1 - distance), zorder=1)
    for name, family in graph.nodes(data="family"):
        colour = COLOURS[family % len(COLOURS)] if graph.degree[name] else "0.5"
        x, y = place[name]
        ax.scatter(x, y, s=60, color=colour, edgecolors="white", zorder=2)
        ax.annotate(
            fill(name.replace("_", " "), LINE), (x, y), xytext=(0, 7), textcoords="offset points",
            ha="center", fontsize="small", zorder=3,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],
        )  # fmt: skip
    ax.set_axis_off()
    ax.set_xlim(-0.5, right + 0.5)
    ax.set_ylim(bottom - 0.3, 0.6)
    ax.set_title(title, fontsize="medium")
    return ax


def arrangement(graph: nx.Graph) -> dict[str, tuple[float, float]]:
    """Where each rule stands, in units of the room for one: families first, then the others.

    Families stand beside each other in rows, the largest first; rules without kin fill rows of
    their own.
    """
    families = sorted(nx.connected_components(graph), key=lambda f: (-len(f), min(f)))
    place: dict[str, tuple[float, float]] = {}
    top = 0.0
    for _, group in groupby(families, key=lambda family: len(family) > 1):
        left = height = 0.0
        for family in group:
            shape = outline(graph.subgraph(sorted(family)))
            width, tall = (max(point[i] for point in shape.values()) + 1.0 for i in (0, 1))
            if left > 0 and left + width > WIDEST:
                left, top, height = 0.0, top - height, 0.0
            place |= {name: (left + x, top - y) for name, (x, y) in shape.items()}
            left, height = left + width, max(height, tall)
        top -= height
    return place


def outline(family: nx.Graph) -> dict[str, tuple[float, float]]:
    """Where the rules of one family stand among themselves; lines have a mean length of 1.

    The corner with the smallest coordinates is (0, 0), and the longer side lies.
    """
    points = np.array(list(nx.kamada_kawai_layout(family, weight=None).values()))
    points -= points.mean(axis=0)
    points = points @ np.linalg.svd(points)[2].T
    where = dict(zip(family, points, strict=True))
    lengths = [np.linalg.norm(where[a] - where[b]) for a, b in family.edges]
    points *= np.array([1.0, WIDE / HIGH]) / (np.mean(lengths) if lengths else 1.0)
    points -= points.min(axis=0)
    return {name: (float(x), float(y)) for name, (x, y) in zip(family, points, strict=True)}
