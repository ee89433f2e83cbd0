"""What circuits have become by learning: how they changed, and how alike their solutions are.

All of it is linear algebra on what `rulegen.dissect` returns, with lives first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rulegen.anatomy import Anatomy
from rulegen.figures import new_axes


def dimensionality(variances: np.ndarray) -> np.ndarray:
    """The participation ratio `(sum v)^2 / sum v^2` over the last axis.

    It is D for D equal variances and 1 for a single one; 0 where all are 0.

    Example:
        >>> import numpy as np
        >>> dimensionality(np.array([[1.0, 1.0, 0.0], [2.0, 0.0, 0.0]])).tolist()
        [2.0, 1.0]
    """
    total, squares = variances.sum(axis=-1) ** 2, (variances**2).sum(axis=-1)
    return np.divide(total, squares, out=np.zeros_like(total), where=squares > 0)


def spectra(matrices: np.ndarray) -> np.ndarray:
    """Singular values relative to the largest, in falling order; shape (L, N) for (L, N, N).

    Example:
        >>> import numpy as np
        >>> spectra(np.diag([1.0, 4.0])[None]).tolist()
        [[1.0, 0.25]]
    """
    values = np.linalg.svd(np.asarray(matrices, float), compute_uv=False)
    return np.divide(values, values[:, :1], out=np.zeros_like(values), where=values[:, :1] > 0)


def anatomy_table(anatomy: Anatomy) -> pd.DataFrame:
    """How learning changed each circuit, one row for each life.

    Returns:
        columns `size` (|W_after - W_before| / |W_before|, Frobenius), `rank` (effective rank of
        the change: the participation ratio of its squared singular values), `radius_before` and
        `radius_after` (largest |eigenvalue| of the weights), `dimension` (participation ratio of
        the variances of the rates over conditions and time) and `error` (mean squared distance
        of the outputs from their targets where those are not 0).
    """
    before, after = (np.asarray(w, float) for w in (anatomy.before, anatomy.after))
    rates = np.asarray(anatomy.rates, float).reshape(len(before), -1, before.shape[-1])
    centred = rates - rates.mean(axis=1, keepdims=True)
    wanted = np.asarray(anatomy.targets) != 0
    distance = np.where(wanted, (anatomy.outputs - anatomy.targets) ** 2, 0.0)
    axes = (1, 2, 3)
    return pd.DataFrame(
        {
            "size": np.linalg.norm(after - before, axis=(1, 2))
            / np.linalg.norm(before, axis=(1, 2)),
            "rank": dimensionality(np.linalg.svd(after - before, compute_uv=False) ** 2),
            "radius_before": np.abs(np.linalg.eigvals(before)).max(axis=1),
            "radius_after": np.abs(np.linalg.eigvals(after)).max(axis=1),
            "dimension": dimensionality(np.linalg.svd(centred, compute_uv=False) ** 2),
            "error": distance.sum(axis=axes) / np.maximum(wanted.sum(axis=axes), 1),
        }
    )


def principal_trajectories(rates: np.ndarray, components: int = 2) -> np.ndarray:
    """Activity along its own principal axes, common to all conditions of a circuit.

    Args:
        rates: of one circuit, shape (conditions, T, N).
        components: how many axes, D.

    Returns:
        shape (conditions, T, D); the mean over conditions and time is 0.

    Example:
        >>> import numpy as np
        >>> line = np.linspace(-1, 1, 5)[None, :, None] * np.array([3.0, 4.0])
        >>> principal_trajectories(line, 1)[0, :, 0].round(3).tolist() in (
        ...     [-5.0, -2.5, 0.0, 2.5, 5.0], [5.0, 2.5, 0.0, -2.5, -5.0])
        True
    """
    points = np.asarray(rates, float).reshape(-1, rates.shape[-1])
    points = points - points.mean(axis=0)
    axes = np.linalg.svd(points, full_matrices=False)[2][:components]
    return (points @ axes.T).reshape(*rates.shape[:2], -1)


def change_similarity(a: Anatomy, b: Anatomy) -> np.ndarray:
    """Cosine between the weight changes of the same life under two rules, shape (L,).

    1 where both rules changed the weights in the same direction, 0 where they have nothing in
    common; 0 also where one did not change them.
    """
    one, two = (x.change.reshape(len(x.change), -1).astype(float) for x in (a, b))
    size = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    return np.divide((one * two).sum(axis=1), size, out=np.zeros_like(size), where=size > 0)


def activity_similarity(a: Anatomy, b: Anatomy) -> np.ndarray:
    """Linear centred kernel alignment of the rates of the same life under two rules, shape (L,).

    With the rates of all conditions and steps as the rows of X and Y, columns centred,

        CKA = |Y^T X|^2 / (|X^T X| |Y^T Y|)     (Frobenius).

    It is 1 for trajectories that differ by a rotation and a scale, whichever neurons carry them.

    Source: Kornblith et al. 2019, Similarity of neural network representations revisited.
    """

    def rows(rates: np.ndarray) -> np.ndarray:
        flat = np.asarray(rates, float).reshape(len(rates), -1, rates.shape[-1])
        return flat - flat.mean(axis=1, keepdims=True)

    def product(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return np.linalg.norm(np.swapaxes(y, 1, 2) @ x, axis=(1, 2))

    x, y = rows(a.rates), rows(b.rates)
    size = product(x, x) * product(y, y)
    return np.divide(product(x, y) ** 2, size, out=np.zeros_like(size), where=size > 0)


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
    """
    names = list(anatomies)
    table = pd.DataFrame(0.0, index=names, columns=names)
    for i, a in enumerate(names):
        for b in names[i:]:
            value = float(measure(anatomies[a], anatomies[b]).mean())
            table.loc[a, b] = table.loc[b, a] = value
    return table


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
