"""The outcome of a search: a table of candidates, its front, a pick, and where they came from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import networkx as nx
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rulegen.catalog.pages.pens import COLOURS
from rulegen.grammar import Structure
from rulegen.ground.statistics import Estimate, estimate, paired_difference
from rulegen.lives.outcomes import Outcomes
from rulegen.publishing.figures import new_axes
from rulegen.searching.strategy import Candidate

#: Generations of ancestors that a picture shows.
ANCESTORS = 4


class Finalist(NamedTuple):
    """A candidate on the lives of the selection, which no strategy has met.

    Attributes:
        candidate: with refined values.
        means: mean reward per trial of each life, shape (L,).
        counts: how many of these ended how.
        names: of rules of the literature that have this structure.
    """

    candidate: Candidate
    means: np.ndarray
    counts: Outcomes
    names: tuple[str, ...] = ()

    @property
    def structure(self) -> Structure:
        """Its formulas."""
        return self.candidate.point.structure

    @property
    def reward(self) -> Estimate:
        """Mean reward per trial with its interval over lives."""
        return estimate(self.means)


class Front(NamedTuple):
    """Finalists in order of complexity, and which of them matters.

    Attributes:
        finalists: all of them.
        on_front: the numbers of those that no simpler one equals in reward.
        pick: the number of the simplest on the front that is as good as the best.
        reason: why, in words.
    """

    finalists: tuple[Finalist, ...]
    on_front: tuple[int, ...]
    pick: int
    reason: str

    def table(self) -> pd.DataFrame:
        """One row for each finalist.

        Columns: `complexity`, `terms`, `reward` with `low` and `high` (95%, over the `lives` of the
        selection), `diverged`, `saturated` and `silent` (numbers of these lives), `front` and
        `pick`, `equation`, `names` of the literature, `source`, `lineage` (digests of the
        structures that it was made from) and `digest`.
        """
        rows = []
        for number, finalist in enumerate(self.finalists):
            reward = finalist.reward
            parameters = finalist.candidate.point.parameters.items()
            rows.append(
                {
                    "complexity": finalist.structure.complexity,
                    "terms": len(finalist.structure.terms),
                    "reward": reward.mean,
                    "low": reward.low,
                    "high": reward.high,
                    **finalist.counts.bad,
                    "lives": reward.lives,
                    "front": number in self.on_front,
                    "pick": number == self.pick,
                    "equation": finalist.structure.text,
                    "values": ", ".join(f"{n} = {v:.3g}" for n, v in parameters),
                    "names": ", ".join(finalist.names),
                    "source": finalist.candidate.source,
                    "lineage": " ".join(s.digest for s in finalist.candidate.parents),
                    "digest": finalist.structure.digest,
                }
            )
        return pd.DataFrame(rows)


def make_front(finalists: Sequence[Finalist], margin: float) -> Front:
    """The front of complexity and reward, and the pick.

    The pick is the simplest finalist on the front of which the interval of the reward, minus that
    of the best one and paired over lives, lies above `-margin`; the intervals of all such
    comparisons hold together with 95%.

    Args:
        finalists: on common lives.
        margin: reward per trial that a simpler rule may lose.

    Example:
        >>> from rulegen.grammar import load_space
        >>> from rulegen.searching.arena import Point
        >>> space = load_space()
        >>> noise = np.random.default_rng(0).standard_normal(100)
        >>> def finalist(term, reward):
        ...     structure = space.structure(space.terms[term])
        ...     candidate = Candidate(Point(structure, {}), reward, 100, "halving")
        ...     return Finalist(candidate, reward + 0.01 * noise, Outcomes(100))
        >>> front = make_front([finalist(9, 1.0), finalist(0, 0.5), finalist(3, 0.999)], 0.01)
        >>> front.finalists[front.pick].structure.text
        'theta_1*post*pre'
        >>> len(front.on_front)
        3
    """
    order = sorted(finalists, key=lambda f: (f.structure.complexity, -f.means.mean()))
    best_so_far, on_front = -np.inf, []
    for number, finalist in enumerate(order):
        if finalist.means.mean() > best_so_far:
            best_so_far = finalist.means.mean()
            on_front.append(number)
    best = order[on_front[-1]]
    level = 1.0 - 0.05 / max(1, len(on_front) - 1)
    pick, reason = on_front[-1], "it earns most"
    for number in on_front[:-1]:
        difference = paired_difference(order[number].means, best.means, level)
        if difference.low > -margin:
            pick = number
            reason = (
                f"it is the simplest that loses no more than {margin:g} against the best: "
                f"{difference} on {difference.lives} lives, at a level of {100 * level:.3g}%"
            )
            break
    if pick == on_front[-1]:
        reason += f", and every simpler one may lose more than {margin:g}"
    return Front(tuple(order), tuple(on_front), pick, reason)


def lineage(candidates: Sequence[Candidate]) -> nx.DiGraph:
    """From parents to children: nodes are structures, with `text`, `reward` and `source`.

    Args:
        candidates: everything that the strategies kept.

    Example:
        >>> lineage([]).number_of_nodes()
        0
    """
    graph = nx.DiGraph()
    for candidate in candidates:
        structure = candidate.point.structure
        graph.add_node(structure.text, reward=candidate.reward, source=candidate.source)
        for parent in candidate.parents:
            if parent != structure:
                graph.add_edge(parent.text, structure.text)
    return graph


def plot_lineage(graph: nx.DiGraph, text: str, ax: Axes | None = None) -> Axes:
    """The ancestors of one structure, the oldest on top.

    Args:
        graph: from `lineage`.
        text: of the structure.
        ax: where to draw.
    """
    ax = new_axes(8.0, 5.0) if ax is None else ax
    steps = nx.single_source_shortest_path_length(graph.reverse(copy=False), text, ANCESTORS)
    family = graph.subgraph(steps)
    rows: dict[int, list[str]] = {}
    for node, step in steps.items():
        rows.setdefault(step, []).append(node)
    places = {
        node: ((i + 0.5) / len(nodes), float(step))
        for step, nodes in rows.items()
        for i, node in enumerate(sorted(nodes))
    }
    nx.draw_networkx_edges(family, places, ax=ax, edge_color="0.6", node_size=900)
    nx.draw_networkx_labels(
        family, places, ax=ax, font_size=7,
        bbox={"boxstyle": "round", "facecolor": "white", "edgecolor": COLOURS[0]},
    )  # fmt: skip
    ax.set(xlim=(-0.1, 1.1), ylim=(-0.5, max(rows) + 0.5))
    ax.axis("off")
    return ax
