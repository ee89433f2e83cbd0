"""Intervals over lives. A life is the independent unit, never a trial."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

#: Resamples of a bootstrap; the error of a 95% limit is then about 2% of the interval's width.
RESAMPLES = 4000


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


@cache
def resampling_weights(count: int, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """The share of each of `count` lives in each resample; rows sum to 1."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(count, np.full(count, 1.0 / count), size=resamples) / count


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
    means = resampling_weights(len(values)) @ values
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(float(values.mean()), float(low), float(high), len(values))


def paired_difference(a: np.ndarray, b: np.ndarray, level: float = 0.95) -> Estimate:
    """Mean of `a - b` over lives that share their networks and noise, with its interval."""
    return estimate(np.asarray(a, float) - np.asarray(b, float), level)
