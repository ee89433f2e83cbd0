"""How alike the solutions of different rules are: in weights, activity and dynamics."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import networkx as nx
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from scipy.optimize import linear_sum_assignment

from rulegen.analysis.anatomy import Anatomy
from rulegen.analysis.weights import cosine
from rulegen.publishing.figures import new_axes
from rulegen.runs.compare import number_families


def change_similarity(a: Anatomy, b: Anatomy) -> np.ndarray:
    """Cosine between the weight changes of the same life under two rules, shape (L,).

    1 where both rules changed the weights in the same direction, 0 where they have nothing in
    common; 0 also where one did not change them.

    Example:
        >>> from types import SimpleNamespace
        >>> a, b = (SimpleNamespace(change=np.diag(d)[None]) for d in ([1.0, 1.0], [-2.0, 0.0]))
        >>> change_similarity(a, b).round(3).tolist()
        [-0.707]
    """
    return cosine(a.change, b.change)


def activity_similarity(a: Anatomy, b: Anatomy) -> np.ndarray:
    """Linear centred kernel alignment of the rates of the same life under two rules, shape (L,).

    With the rates of all conditions and steps as the rows of X and Y, columns centred,

        CKA = |Y^T X|^2 / (|X^T X| |Y^T Y|)     (Frobenius).

    It is 1 for trajectories that differ by a rotation and a scale, whichever neurons carry them.

    Source: Kornblith et al. 2019, Similarity of neural network representations revisited,
    arXiv 1905.00414.

    Example:
        >>> from types import SimpleNamespace
        >>> rates = np.random.default_rng(0).normal(size=(1, 2, 5, 3))
        >>> a, b = (SimpleNamespace(rates=r) for r in (rates, -2.0 * rates[..., ::-1]))
        >>> activity_similarity(a, b).round(6).tolist()
        [1.0]
    """

    def product(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.linalg.norm(np.swapaxes(y, 1, 2) @ x, axis=(1, 2))

    x, y = rows(a.rates), rows(b.rates)
    size = product(x, x) * product(y, y)
    return np.divide(product(x, y) ** 2, size, out=np.zeros_like(size), where=size > 0)


def rows(rates: np.ndarray) -> np.ndarray:
    """Rates of all conditions and steps, less their mean; shape (L, conditions * T, N)."""
    flat = np.asarray(rates, float).reshape(len(rates), -1, rates.shape[-1])
    return flat - flat.mean(axis=1, keepdims=True)


def trajectory_similarity(a: Anatomy, b: Anatomy) -> np.ndarray:
    """How well the best rotation lays one set of trajectories on the other, shape (L,).

    With X and Y the rates of all conditions and steps, columns centred and sizes 1,

        max over orthogonal Q of <X Q, Y> = the sum of the singular values of Y^T X.

    Unlike CKA it gives directions of small variance their due.

    Source: Williams et al. 2021, Generalized shape metrics on neural representations,
    arXiv 2110.14739.

    Example:
        >>> from types import SimpleNamespace
        >>> rates = np.random.default_rng(0).normal(size=(1, 2, 5, 3))
        >>> a, b = (SimpleNamespace(rates=r) for r in (rates, -2.0 * rates[..., ::-1]))
        >>> trajectory_similarity(a, b).round(6).tolist()
        [1.0]
    """
    x, y = (rows(z.rates) for z in (a, b))
    found = np.linalg.svd(np.swapaxes(y, 1, 2) @ x, compute_uv=False).sum(axis=1)
    size = np.linalg.norm(x, axis=(1, 2)) * np.linalg.norm(y, axis=(1, 2))
    return np.divide(found, size, out=np.zeros_like(size), where=size > 0)


def spectral_similarity(a: Anatomy, b: Anatomy) -> np.ndarray:
    """How alike the eigenvalues of the weights after learning are, shape (L,).

        1 - d/(|lambda| + |mu|),    d^2 = min over pairings of sum |lambda_i - mu_pi(i)|^2.

    1 for the same eigenvalues, whichever neurons carry them, and at least 0. The eigenvalues of the
    weights are those of the linear dynamics around silence.

    Example:
        >>> from types import SimpleNamespace
        >>> a, b = (SimpleNamespace(after=np.diag(d)[None]) for d in ([1.0, 2.0], [2.0, 1.0]))
        >>> spectral_similarity(a, b).tolist()
        [1.0]
    """
    found = []
    for one, two in zip(a.after, b.after, strict=True):
        x, y = (np.linalg.eigvals(np.asarray(w, float)) for w in (one, two))
        apart = np.abs(x[:, None] - y) ** 2
        distance = np.sqrt(apart[linear_sum_assignment(apart)].sum())
        size = np.linalg.norm(x) + np.linalg.norm(y)
        found.append(1.0 - distance / size if size > 0 else 1.0)
    return np.array(found)


#: Measures of similarity by the name of what they compare.
SIMILARITIES: dict[str, Callable[[Anatomy, Anatomy], np.ndarray]] = {
    "change": change_similarity,
    "activity": activity_similarity,
    "trajectories": trajectory_similarity,
    "spectrum": spectral_similarity,
}


def similarity_matrix(
    anatomies: Mapping[str, Anatomy],
    measure: Callable[[Anatomy, Anatomy], np.ndarray] = change_similarity,
) -> pd.DataFrame:
    """Mean similarity over lives between the solutions that rules find.

    Args:
        anatomies: by the name of the rule, all of the same lives (one key, one world).
        measure: `change_similarity`, `activity_similarity`, or one of your own.

    Returns:
        a symmetric table with the names on both axes.

    Example:
        >>> from types import SimpleNamespace
        >>> named = {n: SimpleNamespace(change=np.diag([s, 1.0])[None]) for n, s in
        ...          {"a": 1.0, "b": -1.0}.items()}
        >>> similarity_matrix(named).loc["a"].abs().round(6).to_dict()
        {'a': 1.0, 'b': 0.0}
    """
    names = list(anatomies)
    table = pd.DataFrame(0.0, index=names, columns=names)
    for i, a in enumerate(names):
        for b in names[i:]:
            value = float(measure(anatomies[a], anatomies[b]).mean())
            table.loc[a, b] = table.loc[b, a] = value
    return table


def similarity_graph(table: pd.DataFrame, alike: float = 0.8) -> nx.Graph:
    """Rules as nodes, joined where their solutions are at least this similar.

    Every edge has its `distance`, 1 minus the similarity, and every node the number of its cluster,
    `family`: what edges connect, the largest first.

    Args:
        table: from `similarity_matrix`.
        alike: least similarity of two that are joined.

    Example:
        >>> import pandas as pd
        >>> near = [[1.0, 0.9, 0.1], [0.9, 1.0, 0.2], [0.1, 0.2, 1.0]]
        >>> graph = similarity_graph(pd.DataFrame(near, index=list("abc"), columns=list("abc")))
        >>> list(graph.edges), [graph.nodes[name]["family"] for name in "abc"]
        ([('a', 'b')], [0, 0, 1])
    """
    graph, names = nx.Graph(), list(table)
    graph.add_nodes_from(names)
    for i, a in enumerate(names):
        for j in range(i):
            similarity = float(table.to_numpy()[i, j])
            if similarity >= alike:
                graph.add_edge(names[j], a, distance=1.0 - similarity)
    return number_families(graph)


def plot_similarity(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """A similarity matrix as a picture with its numbers.

    Args:
        table: from `similarity_matrix`.
        ax: where to draw.

    Example:
        >>> import pandas as pd
        >>> table = pd.DataFrame([[1.0, 0.2], [0.2, 1.0]], index=["a", "b"], columns=["a", "b"])
        >>> [t.get_text() for t in plot_similarity(table).get_xticklabels()]
        ['a', 'b']
    """
    ax = new_axes() if ax is None else ax
    values, places = table.to_numpy(), range(len(table))
    ax.imshow(values, cmap="RdBu_r", vmin=-1.0, vmax=1.0)
    ax.set_xticks(places, table.columns, rotation=30, ha="right", rotation_mode="anchor")
    ax.set_yticks(places, table.index)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    for i in places:
        for j in places:
            colour = "white" if abs(values[i, j]) > 0.6 else "black"
            ax.text(j, i, f"{values[i, j]:.2f}", ha="center", va="center", color=colour)
    return ax
