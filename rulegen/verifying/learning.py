"""Is a published learning curve that of its lives? Some of them, run again, must allow it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from rulegen.ground.statistics import limits
from rulegen.publishing.evaluate import QUARTILES
from rulegen.verifying.claims import SAME
from rulegen.verifying.sample import allowed, quantile_refused

#: Columns of the table of curves.
FIGURES = ["mean", "low", "high", "lower", "median", "upper"]
#: Of honest runs, at most this share has any curve that lives refute by chance.
ERROR = 1e-3
#: Tests of each trial: the mean and both limits, two of each quartile, and all widths together.
TESTS = 10


class Curve(NamedTuple):
    """What is published of the rewards of one rule in each trial; all of shape (K,).

    Attributes:
        mean, low, high: mean over lives and the limits of its interval.
        lower, median, upper: quartiles over lives.
    """

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    lower: np.ndarray
    median: np.ndarray
    upper: np.ndarray

    @property
    def parts(self) -> tuple[np.ndarray, np.ndarray]:
        """As a `Trajectory` has them: limits around the mean, and quartiles, both (3, K)."""
        return np.array([self.low, self.mean, self.high]), np.array(self[3:])


def false_curve(
    curve: Curve, rewards: np.ndarray, lives: int, curves: int, reach: tuple[float, float]
) -> str:
    """Why lives do not allow a curve; empty where they do.

    Args:
        curve: as published.
        rewards: of each trial of some of its lives, a random sample, shape (N, K).
        lives: how many were published, L.
        curves: how many are tested together, so that `ERROR` holds for all of them.
        reach: the lowest and the highest reward that any of their lives met.
    """
    rewards = np.asarray(rewards, float)
    count, trials = rewards.shape
    (low, mean, high), quartiles = curve.parts
    if len(mean) != trials:
        return f"it has {len(mean)} trials; a life has {trials}"
    level = 1.0 - ERROR / (TESTS * trials * curves)
    wrong = allowed(rewards, lives, level, reach).refuses(low, mean, high)
    for share, told in zip(QUARTILES, quartiles, strict=True):
        wrong |= quantile_refused(rewards, told, share, lives, level)
    if wrong.any():
        return f"trial {np.argmax(wrong) + 1} of {count} lives that are run again is another"
    if too_narrow(high - low, rewards, lives, level):
        return f"{count} lives that are run again spread more"
    return ""


def too_narrow(width: np.ndarray, rewards: np.ndarray, lives: int, level: float) -> bool:
    """Whether the intervals of all trials together are narrower than lives allow.

    The mean logarithm of their widths is compared with that of the intervals that the lives give.
    Its error is that of leaving out one life at a time: many trials say more than one.

    Args:
        width: of the published intervals, shape (K,).
        rewards: of the lives that were run again, shape (N, K).
        lives: how many were published.
        level: probability with which an honest curve passes.
    """
    count = len(rewards)
    apart = rewards - rewards.mean(axis=0)
    total = (apart**2).sum(axis=0)
    without = total - apart**2 * count / (count - 1)
    seen = (width > 0) & (total > 0) & (without > 1e-9 * total).all(axis=0)
    if not seen.any():
        return False
    variance = total[seen] / count
    skewness = (apart[:, seen] ** 3).mean(axis=0) / variance**1.5
    low, high = limits(np.zeros_like(variance), variance, skewness, lives, 0.95)
    parts = 0.5 * np.log(without[:, seen]).mean(axis=1)
    error = np.sqrt((count - 1) * parts.var() * (1.0 - count / lives))
    far = stdtrit(count - 1, (1.0 + level) / 2.0)
    return bool(np.log(width[seen] / (high - low)).mean() < -far * error - SAME)
