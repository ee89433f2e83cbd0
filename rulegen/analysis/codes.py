"""What can be read from the activity, when, and with which weights."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from rulegen.analysis.anatomy import Anatomy
from rulegen.catalog.pages.pens import ROLES, pens
from rulegen.catalog.records.roles import CHANCE
from rulegen.ground.statistics import estimate
from rulegen.publishing.figures import label_ends, new_axes, stroke

#: A decoder that knows nothing.
GUESSING = "guessing"


def decode(rates: np.ndarray, labels: np.ndarray, ridge: float = 0.1) -> np.ndarray:
    """Accuracy of a linear decoder, trained at one time and tested at another.

    At every time a ridge regression maps rates to indicators of the labels, and the largest answer
    counts:

        B(t) = argmin |Y - X(t) B|^2 + k |B|^2,    k = ridge * mean square of X(t),

    with means of the trained trials taken off. Repeats are left out in turn, so that each trial is
    decoded by what was trained on others. With equally frequent labels chance is 1 over their
    number. The diagonal is decoding over time; what lies beside it is cross-temporal
    generalisation: a code that stays is a square, one that moves a diagonal.

    Args:
        rates: shape (repeats, conditions, times, N), two repeats or more.
        labels: of the conditions, shape (conditions,).
        ridge: penalty.

    Returns:
        shape (times trained, times tested).

    Source: King and Dehaene 2014, 10.1016/j.tics.2014.01.002.

    Example:
        >>> import numpy as np
        >>> rates = np.zeros((2, 2, 3, 1))
        >>> rates[:, 1, 1:] = 1.0  # the conditions differ from the second time on
        >>> decode(rates, np.array([0, 1])).tolist()
        [[0.5, 0.5, 0.5], [0.5, 1.0, 1.0], [0.5, 1.0, 1.0]]
    """
    rates, kinds = np.asarray(rates, float), np.unique(labels)
    repeats, conditions, times, n = rates.shape
    if repeats < 2:
        raise ValueError("decoding needs two repeats or more")
    right = np.zeros((times, times))
    answers = (np.asarray(labels)[:, None] == kinds).astype(float)
    folds = np.array_split(np.arange(repeats), min(repeats, 5))
    for fold in folds:
        train = np.moveaxis(np.delete(rates, fold, axis=0), 2, 0).reshape(times, -1, n)
        test = np.moveaxis(rates[fold], 2, 0).reshape(times, -1, n)
        y = np.tile(answers, (train.shape[1] // conditions, 1))
        mean, shift = train.mean(axis=1, keepdims=True), y.mean(axis=0)
        x = train - mean
        gram = x @ np.swapaxes(x, 1, 2)
        size = np.trace(gram, axis1=1, axis2=2)[:, None, None] / x.shape[1]
        penalty = ridge * np.where(size > 0, size, 1.0) * np.eye(x.shape[1])
        slope = np.swapaxes(x, 1, 2) @ np.linalg.solve(gram + penalty, (y - shift)[None])
        offset = shift - (mean @ slope)[:, 0]
        said = np.einsum("smn,tnk->tsmk", test, slope) + offset[:, None, None]
        wanted = np.tile(answers.argmax(axis=1), len(fold))
        # Equal answers are a guess, which is right as often as there are equals.
        best = np.isclose(said, said.max(axis=-1, keepdims=True), rtol=0.0, atol=1e-9)
        hit = np.take_along_axis(best, wanted[None, None, :, None], axis=-1)[..., 0]
        right += (hit / best.sum(axis=-1)).sum(axis=-1)
    return right / (repeats * conditions)


def decoding(anatomy: Anatomy, factor: str) -> np.ndarray:
    """`decode` the levels of a factor of the task in every circuit, shape (L, times, times)."""
    labels = np.array(anatomy.task.factors[factor])
    return np.stack([decode(rates, labels) for rates in anatomy.noisy])


def decoding_table(anatomy: Anatomy, factor: str, accuracies: np.ndarray) -> pd.DataFrame:
    """Mean accuracy over circuits.

    Args:
        anatomy: the circuits.
        factor: what is decoded.
        accuracies: from `decoding`.

    Returns:
        columns `factor`, `trained` and `tested` (ms), `accuracy`, and its 95% interval `low` and
        `high` where both times are one; elsewhere these are NaN.
    """
    when = anatomy.circuit.dt * (anatomy.times + 1)
    limits = np.full((2, len(when), len(when)), np.nan)
    for time in range(len(when)):
        limits[:, time, time] = estimate(accuracies[:, time, time])[1:3]
    return pd.DataFrame(
        {
            "factor": factor,
            "trained": np.repeat(when, len(when)),
            "tested": np.tile(when, len(when)),
            "accuracy": accuracies.mean(axis=0).ravel(),
            "low": limits[0].ravel(),
            "high": limits[1].ravel(),
        }
    )


def plot_generalisation(
    table: pd.DataFrame, *, lowest: float = 0.0, ax: Axes | None = None
) -> Axes:
    """Accuracy by the times of training and testing.

    Args:
        table: from `decoding_table`, of one factor.
        lowest: accuracy of the darkest colour, such as that of guessing.
        ax: where to draw.

    Example:
        >>> import pandas as pd
        >>> row = {"factor": "cue", "trained": 10.0, "tested": 10.0, "accuracy": 1.0}
        >>> plot_generalisation(pd.DataFrame([row])).get_title()
        'cue'
    """
    ax = new_axes() if ax is None else ax
    square = table.pivot_table(index="trained", columns="tested", values="accuracy")
    first, last = square.index[0], square.index[-1]
    picture = ax.imshow(
        square.to_numpy(), origin="lower", extent=(first, last + 1e-9, first, last + 1e-9),
        vmin=lowest, vmax=1.0, cmap="cividis",
    )  # fmt: skip
    figure = ax.get_figure()
    if figure is not None:
        figure.colorbar(picture, ax=ax, label="accuracy", shrink=0.8)
    ax.set_xlabel("tested at (ms)")
    ax.set_ylabel("trained at (ms)")
    ax.set_title(str(table["factor"].iloc[0]))
    return ax


def plot_decoding(
    tables: Mapping[str, pd.DataFrame], chance: float, *, found: str = "", ax: Axes | None = None
) -> Axes:
    """Accuracy over time, trained and tested at the same time: means with their intervals.

    Args:
        tables: from `decoding_table`, of one factor, by rule.
        chance: accuracy of guessing.
        found: what the discovered rule is called, if by a name of its own.
        ax: where to draw.

    Example:
        >>> import pandas as pd
        >>> row = {"factor": "cue", "trained": 10.0, "tested": 10.0, "accuracy": 1.0}
        >>> row |= {"low": 0.9, "high": 1.0}
        >>> [text.get_text() for text in plot_decoding({"a": pd.DataFrame([row])}, 0.5).texts]
        ['guessing', 'a']
    """
    ax = new_axes() if ax is None else ax
    known, lowest = pens(tables, found), chance
    labels = [(GUESSING, chance, ROLES[CHANCE].colour)]
    for name, table in tables.items():
        same = table[table["trained"] == table["tested"]]
        pen, low, high = known[name], same["low"], same["high"]
        ax.fill_between(same["tested"], low, high, color=pen.colour, alpha=0.18, linewidth=0)
        ax.plot(same["tested"], same["accuracy"], **stroke(pen))
        labels.append((name, float(same["accuracy"].iloc[-1]), pen.colour))
        lowest = min(lowest, float(low.min()))
    ax.axhline(chance, **stroke(ROLES[CHANCE]), linewidth=1.0)
    ax.set_ylim(lowest - 0.05 * (1.0 - lowest), 1.0 + 0.05 * (1.0 - lowest))
    ax.set_xlabel("time (ms)")
    ax.set_ylabel("accuracy, mean over networks")
    label_ends(ax, labels)
    return ax
