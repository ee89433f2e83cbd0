"""How learning changed the weights: size, spectrum, rank, and where the change points."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rulegen.analysis.anatomy import Anatomy
from rulegen.analysis.trajectories import dimensionality, spread
from rulegen.catalog.pages.pens import pens
from rulegen.publishing.evaluate import curves
from rulegen.publishing.figures import new_axes, stroke


def spectra(matrices: np.ndarray) -> np.ndarray:
    """Singular values relative to the largest, in falling order; shape (L, N) for (L, N, N).

    Example:
        >>> import numpy as np
        >>> spectra(np.diag([1.0, 4.0])[None]).tolist()
        [[1.0, 0.25]]
    """
    values = np.linalg.svd(np.asarray(matrices, float), compute_uv=False)
    return np.divide(values, values[:, :1], out=np.zeros_like(values), where=values[:, :1] > 0)


def spectrum_table(anatomies: Mapping[str, Anatomy]) -> pd.DataFrame:
    """Singular values of the weight changes: means over lives with intervals.

    Returns:
        columns `rule`, `rank` from 1, `mean`, and the limits `low` and `high` of its 95% interval,
        of each rank alone (`rulegen.publishing.evaluate.curves`).
    """
    frames = []
    for name, anatomy in anatomies.items():
        (low, mean, high), _ = curves(spectra(anatomy.change))
        frame = pd.DataFrame({"mean": mean, "low": low, "high": high})
        frame.insert(0, "rank", range(1, len(frame) + 1))
        frame.insert(0, "rule", name)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def plot_spectra(table: pd.DataFrame, *, found: str = "", ax: Axes | None = None) -> Axes:
    """Singular values against their rank, means over lives with their intervals.

    Args:
        table: from `spectrum_table`.
        found: what the discovered rule is called, if by a name of its own.
        ax: where to draw.

    Example:
        >>> import pandas as pd
        >>> rows = {"rule": "a", "rank": [1, 2], "mean": 0.2, "low": 0.1, "high": 0.3}
        >>> plot_spectra(pd.DataFrame(rows)).get_ylabel()
        'singular value / largest'
    """
    ax = new_axes() if ax is None else ax
    groups = list(table.groupby("rule", sort=False))
    known = pens((str(name) for name, _ in groups), found)
    for rule, rows in groups:
        pen = known[str(rule)]
        low, high = rows["low"], rows["high"]
        ax.fill_between(rows["rank"], low, high, color=pen.colour, alpha=0.18, lw=0)
        ax.plot(rows["rank"], rows["mean"], **stroke(pen), label=rule)
    ax.set_yscale("log")
    ax.set_ylim(1e-3, 1.2)
    ax.set_xlabel("rank")
    ax.set_ylabel("singular value / largest")
    ax.set_title(
        "change of the weights: means, with the 95% interval of each",
        fontsize="medium",
        color="0.35",
    )
    ax.legend(frameon=False, fontsize="small")
    return ax


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`<a, b>/(|a| |b|)` of matrices, shape (L,) for two of shape (L, N, N); 0 where one is 0.

    Example:
        >>> import numpy as np
        >>> cosine(np.eye(2)[None], np.ones((1, 2, 2))).round(3).tolist()
        [0.707]
    """
    a, b = (np.asarray(x, float).reshape(len(x), -1) for x in (a, b))
    size = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.divide((a * b).sum(axis=1), size, out=np.zeros_like(size), where=size > 0)


def gradient_alignment(anatomy: Anatomy) -> np.ndarray:
    """Cosine between the weight change and the gradient of the expected reward, shape (L,).

        cos = <W_after - W_before, G>/(|W_after - W_before| |G|),   G = d E[R]/dW at W_before,

    with the expectation over conditions and the noisy trials of `dissect`. It is 1 for one small
    step of gradient ascent and about 1/N in size for a random change. A life is many steps, so
    that the gradient has turned on the way. It is NaN in a circuit that is not smooth.

    Source: Richards and Kording 2023, 10.1113/JP282747.
    """
    found = cosine(anatomy.change, anatomy.gradient)
    return found if anatomy.circuit.smooth else np.full_like(found, np.nan)


def subspace_overlap(change: np.ndarray, before: np.ndarray, directions: int) -> np.ndarray:
    """Share of a weight change within the leading singular directions of the initial weights.

        |U U^T dW V V^T|^2 / |dW|^2,    U, V the first k left and right singular vectors of W.

    A change that has nothing to do with the initial weights has `(k/N)^2` in the mean.

    Args:
        change: shape (L, N, N).
        before: the initial weights, of the same shape.
        directions: how many directions k.

    Source: Schuessler et al. 2020, arXiv 2006.11036.

    Example:
        >>> import numpy as np
        >>> w = np.diag([3.0, 2.0, 1.0])[None]
        >>> subspace_overlap(np.diag([3.0, 0.0, 4.0])[None], w, 2).round(2).tolist()
        [0.36]
    """
    u, _, vt = np.linalg.svd(np.asarray(before, float))
    change = np.asarray(change, float)
    inside = (
        np.swapaxes(u[:, :, :directions], 1, 2) @ change @ np.swapaxes(vt[:, :directions], 1, 2)
    )
    size = (change**2).sum(axis=(1, 2))
    found = (inside**2).sum(axis=(1, 2))
    return np.divide(found, size, out=np.zeros_like(size), where=size > 0)


def anatomy_table(anatomy: Anatomy) -> pd.DataFrame:
    """How learning changed each circuit, one row for each life.

    Returns:
        columns `size` (|W_after - W_before| / |W_before|, Frobenius), `rank` (effective rank of
        the change: the participation ratio of its squared singular values), `along` (cosine of the
        change with the initial weights), `overlap` (`subspace_overlap` with a quarter of all
        directions; 1/16 is chance), `gradient` (`gradient_alignment`), `radius_before` and
        `radius_after` (largest |eigenvalue| of the weights), `dimension` (participation ratio of
        the variances of the rates over conditions and time) and `error` (mean squared distance
        of what the outputs bring about from the target, as steps count for the reward).
    """
    before, after = (np.asarray(w, float) for w in (anatomy.before, anatomy.after))
    rates = np.asarray(anatomy.rates, float).reshape(len(before), -1, before.shape[-1])
    distance = np.mean((np.asarray(anatomy.effects, float) - anatomy.targets) ** 2, axis=-1)
    return pd.DataFrame(
        {
            "size": np.linalg.norm(after - before, axis=(1, 2))
            / np.linalg.norm(before, axis=(1, 2)),
            "rank": dimensionality(np.linalg.svd(after - before, compute_uv=False) ** 2),
            "along": cosine(after - before, before),
            "overlap": subspace_overlap(after - before, before, max(1, before.shape[-1] // 4)),
            "gradient": gradient_alignment(anatomy),
            "radius_before": np.abs(np.linalg.eigvals(before)).max(axis=1),
            "radius_after": np.abs(np.linalg.eigvals(after)).max(axis=1),
            "dimension": spread(rates),
            "error": (anatomy.worth * distance).sum(axis=-1).mean(axis=-1),
        }
    )
