"""What neurons respond to: one variable, several, or their combinations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rulegen.analysis.anatomy import Anatomy
from rulegen.catalog.pages.pens import COLOURS
from rulegen.publishing.figures import new_axes


def effects(rates: np.ndarray, variables: Sequence[int]) -> np.ndarray:
    """The effect of some variables together, beyond those of fewer, in every repeat and neuron.

    It is the mean over all other variables, less the effects of every subset: the interaction term
    of an analysis of variance.

    Args:
        rates: shape (repeats, levels of variable 0, levels of variable 1, ..., N).
        variables: their numbers.

    Returns:
        the same shape, with length 1 for other variables.

    Example:
        >>> import numpy as np
        >>> rates = np.array([[0.0, 1.0], [1.0, 0.0]])[None, :, :, None]
        >>> effects(rates, (0, 1))[0, :, :, 0].tolist()
        [[-0.5, 0.5], [0.5, -0.5]]
    """
    axes = [variable + 1 for variable in variables]
    others = tuple(axis for axis in range(1, rates.ndim - 1) if axis not in axes)
    found = rates.mean(axis=others, keepdims=True)
    for axis in axes:
        found = found - found.mean(axis=axis, keepdims=True)
    return found


def explained(rates: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """Share of each neuron's variance that variables and their interactions explain.

    The variance over trials and variables is a sum of one part for every set of variables, and of
    what differs between repeats. A part is estimated as the mean product of the effect in two
    different repeats, so that noise adds nothing in the mean; a share can be slightly negative.

    Args:
        rates: shape (repeats, levels of the first variable, levels of the second, ..., N).
        names: of the variables.

    Returns:
        a row for each neuron, a column for each set of variables, such as `cue` and `cue:time`,
        and `noise`, what remains. Neurons without variance have NaN.

    Source: Rigotti et al. 2013, 10.1038/nature12160; the variables as in Kobak et al. 2016,
    10.7554/eLife.10989.

    Example:
        >>> import numpy as np
        >>> a, b = np.meshgrid([-1.0, 1.0], [-1.0, 1.0], indexing="ij")
        >>> rates = np.stack([a, a * b, a + b], axis=-1)[None].repeat(2, axis=0)
        >>> explained(rates, ["a", "b"]).round(3).to_numpy().tolist()
        [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.5, 0.5, 0.0, 0.0]]
    """
    rates = np.asarray(rates, float)
    repeats, neurons = rates.shape[0], rates.shape[-1]
    if repeats < 2:
        raise ValueError("shares need two repeats or more")
    total = rates.reshape(-1, neurons).var(axis=0)
    spread = np.where(total > 0, total, np.nan)
    sets = [c for size in range(1, len(names) + 1) for c in combinations(range(len(names)), size)]
    table = {}
    for chosen in sets:
        each = effects(rates, chosen).reshape(repeats, -1, neurons)
        together = each.sum(axis=0)
        crossed = (together**2 - (each**2).sum(axis=0)).mean(axis=0)
        table[":".join(names[i] for i in chosen)] = crossed / (repeats * (repeats - 1)) / spread
    shares = pd.DataFrame(table)
    shares["noise"] = 1.0 - shares.sum(axis=1, min_count=1)
    return shares


def selectivity_table(anatomy: Anatomy) -> pd.DataFrame:
    """`explained` by the factors of the task and by time, for every neuron of every circuit.

    Returns:
        columns `life`, `neuron`, one for each set of variables, `noise`, and `mixed`, the share of
        all interactions.
    """
    factors = anatomy.task.factors
    levels = [len(set(values)) for values in factors.values()]
    # Conditions in the order of their levels, the last factor fastest.
    order = np.lexsort([np.array(v) for v in reversed(factors.values())])
    frames = []
    for life, rates in enumerate(anatomy.noisy):
        shape = (len(rates), *levels, *rates.shape[2:])
        shares = explained(rates[:, order].reshape(shape), [*factors, "time"])
        shares["mixed"] = shares.filter(like=":").sum(axis=1)
        shares.insert(0, "neuron", range(len(shares)))
        shares.insert(0, "life", life)
        frames.append(shares)
    return pd.concat(frames, ignore_index=True)


def share_table(table: pd.DataFrame) -> pd.DataFrame:
    """Mean shares over the neurons of each circuit: index `life`, a column for each set, `noise`.

    Args:
        table: from `selectivity_table`.
    """
    return table.drop(columns=["neuron", "mixed"]).groupby("life").mean()


def plot_selectivity(tables: Mapping[str, pd.DataFrame], *, ax: Axes | None = None) -> Axes:
    """Mean shares of the variance, a stacked bar for each rule; those below 0 are left out.

    Means over the neurons of a circuit, then over circuits, as `rulegen.analysis.study` compares
    them.

    Args:
        tables: from `selectivity_table`, by rule.
        ax: where to draw.

    Example:
        >>> import pandas as pd
        >>> row = {"life": 0, "neuron": 0, "cue": 0.7, "noise": 0.3, "mixed": 0.0}
        >>> [t.get_text() for t in plot_selectivity({"a": pd.DataFrame([row])}).get_xticklabels()]
        ['a']
    """
    ax = new_axes() if ax is None else ax
    shares = {name: share_table(table).mean() for name, table in tables.items()}
    names = list(next(iter(shares.values())).index)
    below = np.zeros(len(tables))
    for number, name in enumerate(names):
        share = np.array([max(0.0, means[name]) for means in shares.values()])
        colour = "0.8" if name == "noise" else COLOURS[number % len(COLOURS)]
        label = str(name).replace(":", " × ")
        ax.bar(list(tables), share, bottom=below, width=0.6, color=colour, label=label)
        below = below + share
    ax.set_ylabel("share of a neuron's variance")
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax
