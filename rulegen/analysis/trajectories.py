"""Where the activity goes: its dimensions and its paths along its principal axes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rulegen.analysis.anatomy import Anatomy
from rulegen.catalog.pages.pens import COLOURS
from rulegen.publishing.figures import new_axes
from rulegen.tasks import Task

#: More paths than these are too many to be named in a picture.
MOST_NAMES = 8


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


def dimension_table(anatomy: Anatomy) -> pd.DataFrame:
    """The participation ratio of the activity of each condition over time, by life.

    Returns:
        columns `life`, `condition`, `dimension`, and `together`, that of all conditions.

    Source: Gao et al. 2017, 10.1101/214262.
    """
    rates = np.asarray(anatomy.rates, float)
    lives, conditions, _, n = rates.shape
    each, together = spread(rates), spread(rates.reshape(lives, -1, n))
    return pd.DataFrame(
        {
            "life": np.repeat(np.arange(lives), conditions),
            "condition": np.tile(np.arange(conditions), lives),
            "dimension": each.ravel(),
            "together": np.repeat(together, conditions),
        }
    )


def spread(points: np.ndarray) -> np.ndarray:
    """The participation ratio of the variances of points, shape (..., points, N).

    Example:
        >>> import numpy as np
        >>> spread(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])).round(9).item()
        2.0
    """
    centred = points - points.mean(axis=-2, keepdims=True)
    return dimensionality(np.linalg.svd(centred, compute_uv=False) ** 2)


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


def trajectory_table(rates: np.ndarray, dt: float, components: int = 3) -> pd.DataFrame:
    """Principal trajectories of one circuit: `condition`, `time` (ms), `component_1`, ...

    Args:
        rates: shape (conditions, T, N).
        dt: step, ms.
        components: how many axes, D.
    """
    paths = principal_trajectories(rates, components)
    conditions, steps, found = paths.shape
    table = pd.DataFrame(
        paths.reshape(-1, found), columns=[f"component_{i + 1}" for i in range(found)]
    )
    table.insert(0, "time", np.tile(dt * np.arange(1, steps + 1), conditions))
    table.insert(0, "condition", np.repeat(np.arange(conditions), steps))
    return table


def plot_trajectories(
    table: pd.DataFrame, *, names: Sequence[str] = (), ax: Axes | None = None
) -> Axes:
    """Paths of conditions along the first two axes, from a dot at the first step.

    Both axes have the same scale.

    Args:
        table: from `trajectory_table`.
        names: of the conditions, see `condition_names`; their numbers where there are none.
        ax: where to draw.

    Example:
        >>> import numpy as np
        >>> rates = np.random.default_rng(0).normal(size=(2, 5, 3))
        >>> len(plot_trajectories(trajectory_table(rates, 10.0)).lines)
        4
    """
    ax = new_axes() if ax is None else ax
    groups = list(table.groupby("condition"))
    for number, (condition, rows) in enumerate(groups):
        path = rows[["component_1", "component_2"]].to_numpy()
        colour = COLOURS[number % len(COLOURS)]
        name = names[number] if names else f"condition {condition}"
        ax.plot(*path.T, color=colour, label=name, linestyle="-:"[number // len(COLOURS) % 2])
        ax.plot(*path[0], "o", color=colour, markersize=4)
    ax.set_xlabel("first principal axis")
    ax.set_ylabel("second principal axis")
    ax.margins(0.12)
    ax.set_aspect("equal", adjustable="box")
    if len(groups) <= MOST_NAMES:  # below, as paths end anywhere
        ax.legend(
            loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=min(len(groups), 4),
            fontsize="small", frameon=False,
        )  # fmt: skip
    return ax


def condition_names(task: Task) -> list[str]:
    """What conditions are, by the levels of their factors.

    Example:
        >>> from rulegen.tasks import DelayedMatch
        >>> condition_names(DelayedMatch())[:2]
        ['sample 0, test 0', 'sample 0, test 1']
    """
    columns = [[f"{name} {level}" for level in levels] for name, levels in task.factors.items()]
    return [", ".join(parts) for parts in zip(*columns, strict=True)]
