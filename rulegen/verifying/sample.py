"""What some lives of many allow to be said of all: figures that rest on lives that are not run.

A card is about L lives, of which N are run again. Their moments bound those of all L, the closer
the larger N: where all are run again nothing is left open but how other hardware rounds.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit
from scipy.stats import hypergeom

from rulegen.catalog.records.ended import Ended
from rulegen.ground.statistics import estimate, limits
from rulegen.lives.outcomes import Outcomes
from rulegen.publishing.evaluate import Lot
from rulegen.verifying.claims import SAME, agrees
from rulegen.verifying.endings import miscounted

#: Digits of published numbers end here.
DIGITS = 2e-6
#: Two lives are one when their rewards differ by less than this share of the spread of lives.
ALIKE = 0.01
#: At most so often honest lives that earn most or least are others more often than the rest.
RARE = 0.001
#: Chance shifts lives that other hardware rounds otherwise by less, with this probability.
SURE = 0.999


class Allowed(NamedTuple):
    """Between which numbers the figures of a mean over all lives may lie; pairs of shape (2, K).

    Attributes:
        mean: the mean over all lives.
        below, above: how far from it the limits of its 95% interval lie, negative below.
        slack: what other hardware may change, shape (K,).
    """

    mean: np.ndarray
    below: np.ndarray
    above: np.ndarray
    slack: np.ndarray

    def refuses(self, low: np.ndarray, mean: np.ndarray, high: np.ndarray) -> np.ndarray:
        """Which of K means with their limits are none that the lives allow, shape (K,)."""
        told = zip((mean, low - mean, high - mean), self[:3], strict=True)
        outside = [(at < a - self.slack) | (at > b + self.slack) for at, (a, b) in told]
        return np.logical_or.reduce(outside)


def allowed(values: np.ndarray, lives: int, level: float, reach: tuple[float, float]) -> Allowed:
    """What a random sample of lives says of the means over all, and of their intervals.

    The mean has the interval of `limits`. The logarithm of the variance has the standard error
    sqrt((k - 1)/N) with k the kurtosis, the skewness that of even values, sqrt(6/N), times its own
    size. All shrink with sqrt(1 - N/L), the part that the lives that were left out have in it.
    What these might have earned shows in none of the others: so the spread is that of the sample
    with one life more at each end of `reach`, and a limit may lie as far away as it likes.

    Args:
        values: of the lives that were run, shape (N, K).
        lives: how many there are of which these are a random sample, L.
        level: probability with which each figure lies in its range.
        reach: the lowest and the highest value met anywhere.

    Example:
        >>> values = np.random.default_rng(0).normal(size=(1000, 1))
        >>> figure = np.array([[-0.062], [0.0], [0.062]])
        >>> allowed(values[:100], 1000, 0.999, (-4, 4)).refuses(*(figure + values.mean()))
        array([False])
        >>> allowed(values[:100], 1000, 0.999, (-4, 4)).refuses(*(figure / 9 + values.mean()))
        array([ True])
    """
    count = len(values)
    left = 1.0 - count / lives
    mean = values.mean(axis=0)
    own = np.mean((values - mean) ** 2, axis=0)
    ends = np.array(reach)[:, None] - mean
    second, third, fourth = (
        (((values - mean) ** k).sum(axis=0) + left * (ends**k).sum(axis=0)) / (count + 2 * left)
        for k in (2, 3, 4)
    )
    flat = second <= 0.0
    unit = np.where(flat, 1.0, second)
    skewness = np.where(flat, 0.0, third / unit**1.5)
    kurtosis = np.where(flat, 1.0, fourth / unit**2)
    far = stdtrit(count - 1, (1.0 + level) / 2.0) * np.sqrt(left)
    wide = np.array(limits(np.zeros_like(mean), second, skewness, count, level)) * np.sqrt(left)
    factor = np.exp(far * np.sqrt(np.maximum(kurtosis - 1.0, 0.0) / count))
    apart = far * np.sqrt(6.0 / count) * (1.0 + np.abs(skewness))
    inner_low, _ = limits(np.zeros_like(mean), own / factor, skewness + apart, lives, 0.95)
    _, inner_high = limits(np.zeros_like(mean), own / factor, skewness - apart, lives, 0.95)
    low, high = limits(np.zeros_like(mean), own, skewness, lives, 0.95)
    outside = np.full_like(mean, np.inf)
    return Allowed(
        mean + wide,
        np.array([-outside if left else low, inner_low]),
        np.array([inner_high, outside if left else high]),
        SAME * (high - low) / 2.0 + DIGITS,
    )


def quantile_refused(
    values: np.ndarray, told: np.ndarray, share: float, lives: int, level: float
) -> np.ndarray:
    """Which of K quantiles of all lives a random sample of them refuses, shape (K,).

    At most floor((L - 1) q) + 1 of all lives lie below the quantile q, and at most the others above
    it; how many of a sample do has a hypergeometric distribution.

    Args:
        values: of the lives that were run, shape (N, K).
        told: the quantiles that are claimed, shape (K,).
        share: of lives below them.
        lives, level: as of `allowed`.
    """
    count, below = len(values), int((lives - 1) * share) + 1
    slack = SAME * values.std(axis=0) / np.sqrt(lives) + DIGITS
    under, over = (values < told - slack).sum(axis=0), (values > told + slack).sum(axis=0)
    least = (1.0 - level) / 2.0
    rare = hypergeom.sf(under - 1, lives, below, count) < least
    return np.asarray(rare | (hypergeom.sf(over - 1, lives, lives - below, count) < least))


def other_lives(told: Lot, again: Lot, lives: int) -> str:
    """Why some published lives are not the same lives, run again; empty where they are.

    Most of them are the same one by one (`unlike`), which other hardware may change for some. Mean
    and limits are those of `agrees`, as for all lives. Life by life, no shift is left that would
    move the mean over all lives by more than `SAME` of its half width.

    Args:
        told: as published. again: the same lives, run again.
        lives: how many were published.
    """
    others, count = int(unlike(told, again).sum()), len(again.rewards)
    if 2 * others > count:
        return f"{others} of {count} of them, run again, are others than those in lives.csv"
    found, shift = estimate(again.rewards), estimate(told.rewards - again.rewards, SURE)
    slack = SAME * (found.high - found.low) / 2 * np.sqrt(len(again.rewards) / lives) + DIGITS
    claimed = estimate(told.rewards)
    if shift.low > slack or shift.high < -slack or not agrees(claimed, found, SAME):
        return f"{len(again.rewards)} of them, run again, earn {found}, and {claimed} in lives.csv"
    counts = Outcomes.of(told.outcomes)
    return miscounted(Ended(**counts.bad), Outcomes.of(again.outcomes), SAME)


def unlike(told: Lot, again: Lot) -> np.ndarray:
    """Which lives are others than they are said to be, shape (N,).

    Example:
        >>> rewards, ends = np.array([0.1, 0.2, 0.3]), np.zeros(3, int)
        >>> unlike(Lot(rewards, ends), Lot(rewards + [1e-7, 0.0, 0.1], ends))
        array([False, False,  True])
    """
    spread = float(again.rewards.std())
    return np.asarray(np.abs(told.rewards - again.rewards) > ALIKE * spread + DIGITS)


def ends(rewards: np.ndarray, count: int) -> np.ndarray:
    """The numbers of so many lives that earn least and of as many that earn most.

    Example:
        >>> ends(np.array([0.3, 0.1, 0.2, 0.5, 0.4]), 1)
        array([1, 3])
    """
    order = np.argsort(rewards, kind="stable")
    return np.unique([*order[:count], *order[-count:]])


def other_ends(among_all: np.ndarray, at_the_ends: np.ndarray) -> str:
    """Why the lives that earn most and least are others than published; empty where they are not.

    A few of many lives escape when they are drawn blindly. Who wants them to change a mean puts
    them at its ends, where honest lives are others no more often than elsewhere.

    Args:
        among_all: which of a random sample are others, from `unlike`.
        at_the_ends: which of the `ends` are.
    """
    here, whole = int(at_the_ends.sum()), len(among_all) + len(at_the_ends)
    total = here + int(among_all.sum())
    if hypergeom.sf(here - 1, whole, total, len(at_the_ends)) >= RARE:
        return ""
    return f"{here} of the {len(at_the_ends)} that earn least or most are others when run again"
