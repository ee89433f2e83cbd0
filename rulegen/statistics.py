"""Intervals over lives. A life is the independent unit, never a trial."""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

#: Resamples of a bootstrap; the error of a 95% limit is then about 2% of the interval's width.
RESAMPLES = 4000
#: Higher levels take more: so many resamples lie beyond each limit.
BEYOND = 12
#: More lives than the first number are resampled in groups, as many as the second.
MOST_LIVES, GROUPS = 1024, 512


class Estimate(NamedTuple):
    """A mean over lives with a bootstrap interval.

    Attributes:
        mean: the mean. low, high: limits of the interval. lives: number of lives.
    """

    mean: float
    low: float
    high: float
    lives: int

    @property
    def excludes_zero(self) -> bool:
        """Whether the interval lies on one side of 0."""
        return self.low > 0 or self.high < 0

    def __str__(self) -> str:
        return f"{self.mean:.4g} [{self.low:.4g}, {self.high:.4g}]"


# A selection of terms goes around with about six of them, 150 MB in all.
@lru_cache(maxsize=8)
def resampling_weights(count: int, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """The share of each of `count` lives in each resample; rows sum to 1."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(count, np.full(count, 1.0 / count), size=resamples) / count


def grouped(values: np.ndarray) -> np.ndarray:
    """The values of a few lives, or the means of equal groups of many.

    Lives are independent, so resampling groups says the same of their mean, in a fraction of
    the memory. A remainder that fills no group is left out.

    Example:
        >>> import numpy as np
        >>> grouped(np.arange(2048.0))[:2]
        array([1.5, 5.5])
    """
    if len(values) <= MOST_LIVES:
        return values
    size = len(values) // GROUPS
    return values[: size * GROUPS].reshape(GROUPS, size, *values.shape[1:]).mean(axis=1)


def estimate(values: np.ndarray, level: float = 0.95) -> Estimate:
    """Mean of one value per life with a percentile-bootstrap interval over lives.

    Args:
        values: shape (L,).
        level: coverage.

    Example:
        >>> import numpy as np
        >>> e = estimate(np.arange(100.0))
        >>> e.mean, 43 < e.low < 45, 54 < e.high < 56
        (49.5, True, True)
    """
    values = np.asarray(values, float)
    resamples = max(RESAMPLES, math.ceil(2 * BEYOND / (1 - level)))
    parts = grouped(values)
    means = resampling_weights(len(parts), resamples) @ parts
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(values.mean()), float(low), float(high), len(values))


def paired_difference(a: np.ndarray, b: np.ndarray, level: float = 0.95) -> Estimate:
    """Mean of `a - b` over lives that share their networks and noise, with its interval."""
    return estimate(np.asarray(a, float) - np.asarray(b, float), level)


def inclusion(differences: np.ndarray, limit: float, level: float) -> float:
    """The share of resamples of lives in which `accepted` would have been False.

    Each resample is judged as the lives themselves are, with a normal interval in place of a
    bootstrap within the bootstrap: accepted where mean - z * standard error lies above `limit`.

    Args:
        differences: reward of the one rule minus that of the other, of each life, shape (L,).
        limit: what the interval must lie above.
        level: coverage of the interval.

    Example:
        >>> import numpy as np
        >>> noise = np.random.default_rng(0).standard_normal(400)
        >>> inclusion(noise - 3.0, -0.5, 0.95), inclusion(noise + 3.0, -0.5, 0.95)
        (1.0, 0.0)
    """
    parts = grouped(differences)
    weights = resampling_weights(len(parts))
    means = weights @ parts
    spread = np.sqrt(np.maximum(weights @ parts**2 - means**2, 0.0) / len(parts))
    z = NormalDist().inv_cdf((1 + level) / 2)
    return float(np.mean(means - z * spread <= limit))
