"""Intervals over lives. A life is the independent unit, never a trial.

The interval of a mean is the wider of two: Student's, which holds where values are even, and
Hall's, which corrects it for their skewness. Both follow from three moments, so that every life
counts, however many there are. docs/coverage.md compares them with bootstraps.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

#: Resamples behind a share of resamples, whose error then is below one per cent.
RESAMPLES = 4000
#: So many lives are resampled one by one; more of them in so many groups.
GROUPS = 1024
#: Values less skewed than this are taken as even: Hall's interval is Student's there.
EVEN = 1e-6


class Estimate(NamedTuple):
    """A mean over lives with an interval.

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

    def below(self, most: float) -> Estimate:
        """The interval without what no life can have.

        Example:
            >>> print(Estimate(-0.1, -0.3, 0.05, 8).below(0.0))
            -0.1 [-0.3, 0]
        """
        return self._replace(high=min(self.high, most))

    def __str__(self) -> str:
        return f"{self.mean:.4g} [{self.low:.4g}, {self.high:.4g}]"


class Limits(NamedTuple):
    """The interval of a fitted parameter, or why it has none.

    Attributes:
        low, high: its limits; NaN where there is none. why: the reason then.
    """

    low: float
    high: float
    why: str = ""


def limits(
    mean: np.ndarray, variance: np.ndarray, skewness: np.ndarray, count: int, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Limits of the means of samples, from the moments of each.

    With s the standard deviation (divisor n - 1), g the skewness and t = (mean - truth)/s,
    Student's limits are those of |t| < q/sqrt(n), with q the quantile of n - 1 degrees of freedom;
    Hall's are the same for a cubic of t that has no skewness (Hall 1992, J. R. Stat. Soc. B 54):

        t + g t^2/3 + g^2 t^3/27 + g/(6 n) .

    Args:
        mean, variance, skewness: of each sample, the variance with divisor n; any one shape.
        count: values in each sample, n.
        level: coverage.

    Returns:
        the lower and the upper limit of each, the farther ones of both intervals.

    Example:
        >>> low, high = limits(np.zeros(2), np.ones(2), np.array([0.0, 2.0]), 32, 0.95)
        >>> low.round(3).tolist(), high.round(3).tolist()
        ([-0.366, -0.366], [0.366, 0.554])
    """
    step = stdtrit(count - 1, (1.0 + level) / 2.0) / np.sqrt(count)
    even = np.abs(skewness) < EVEN
    g = np.where(even, 1.0, skewness)

    def hall(there: float) -> np.ndarray:
        """Where the cubic of t is `there`."""
        root = np.cbrt(1.0 + g * (there - g / (6.0 * count)))
        return np.where(even, there, 3.0 / g * (root - 1.0))

    spread = np.sqrt(variance * count / (count - 1))
    low = mean - spread * np.maximum(hall(step), step)
    return low, mean - spread * np.minimum(hall(-step), -step)


def estimate(values: np.ndarray, level: float = 0.95) -> Estimate:
    """Mean of one value per life with its interval over lives; see `limits`.

    Lives that all have the same value have an interval of no width: they show no chance. It leaves
    out what is rare; with 95% that is what happens to less than one life in L/3. One life shows
    nothing of others, and its interval has no ends.

    Args:
        values: shape (L,).
        level: coverage.

    Raises:
        ValueError: without a life, or when the value of one is not finite.

    Example:
        >>> import numpy as np
        >>> e = estimate(np.arange(100.0))
        >>> e.mean, 43 < e.low < 45, 54 < e.high < 56
        (49.5, True, True)
        >>> print(estimate(np.ones(5)), estimate(np.ones(1)))
        1 [1, 1] 1 [-inf, inf]
    """
    values = np.asarray(values, float)
    if values.ndim != 1:
        raise ValueError(f"an array of shape {values.shape}: give one value for each life")
    count = len(values)
    if count == 0:
        raise ValueError("no lives, no mean: give one value for each life")
    if strange := np.flatnonzero(~np.isfinite(values)).tolist():
        raise ValueError(
            f"the value of life {strange[0]} is {values[strange[0]]}, and a mean is of finite "
            "values: give lives that left the finite range a floor"
        )
    if count == 1:
        return Estimate(float(values[0]), -np.inf, np.inf, 1)
    if np.all(values == values[0]):
        return Estimate(*(float(values[0]),) * 3, count)
    mean = values.mean()
    deviation = values - mean
    variance = np.mean(deviation**2)
    skewness = np.mean((deviation / np.sqrt(variance)) ** 3)
    low, high = limits(mean, variance, skewness, count, level)
    return Estimate(float(mean), float(low), float(high), count)


def paired_difference(a: np.ndarray, b: np.ndarray, level: float = 0.95) -> Estimate:
    """Mean of `a - b` over lives that share their networks and noise, with its interval.

    Raises:
        ValueError: see `estimate`.

    Example:
        >>> print(paired_difference(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 2.0])))
        1 [1, 1]
    """
    return estimate(np.asarray(a, float) - np.asarray(b, float), level)


# A selection of terms goes around with a few of them, 30 MB each.
@lru_cache(maxsize=4)
def resampling_weights(count: int, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """How often each of `count` lives, or groups of them, is drawn in each resample, shared out.

    Returns:
        shape (resamples, count); rows sum to 1.
    """
    rng = np.random.default_rng(seed)
    return rng.multinomial(count, np.full(count, 1.0 / count), size=resamples) / count


def grouped(values: np.ndarray) -> np.ndarray:
    """The values of a few lives, or the sums of nearly equal groups of many.

    Lives are independent, so resampling groups says the same of their sums, in a fraction of the
    memory. Every life is in one group.

    Args:
        values: shape (L, ...).

    Example:
        >>> import numpy as np
        >>> grouped(np.ones(1024)).tolist() == [1.0] * 1024
        True
        >>> sums = grouped(np.ones(1535))
        >>> len(sums), float(sums.sum()), sorted(set(sums.tolist()))
        (1024, 1535.0, [1.0, 2.0])
    """
    count = len(values)
    if count <= GROUPS:
        return values
    return np.add.reduceat(values, np.arange(GROUPS) * count // GROUPS)


def inclusion(differences: np.ndarray, limit: float, level: float, least: float = -np.inf) -> float:
    """The share of resamples of lives in which a rule would not be accepted.

    Each resample is judged as the lives themselves are: accepted where its interval lies above
    `limit`, and its mean above `least`.

    Args:
        differences: reward of the one rule minus that of the other, of each life, shape (L,);
            at least two.
        limit: what the interval must lie above.
        level: coverage of the interval.
        least: what the mean must lie above.

    Example:
        >>> import numpy as np
        >>> noise = np.random.default_rng(0).standard_normal(400)
        >>> inclusion(noise - 3.0, -0.5, 0.95), inclusion(noise + 3.0, -0.5, 0.95)
        (1.0, 0.0)
    """
    count, centre = len(differences), differences.mean()
    powers = (differences - centre)[:, None] ** np.arange(4)
    sums = grouped(powers)
    moments = resampling_weights(len(sums)) @ sums
    mean, square, cube = (moments[:, 1:] / moments[:, :1]).T
    variance = np.maximum(square - mean**2, 0.0)
    third = cube - 3.0 * mean * square + 2.0 * mean**3
    flat = variance <= 0.0
    skewness = np.where(flat, 0.0, third / np.where(flat, 1.0, variance) ** 1.5)
    low, _ = limits(centre + mean, variance, skewness, count, level)
    return float(np.mean((low <= limit) | (centre + mean <= least)))
