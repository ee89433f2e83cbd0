"""Is a published learning curve that of its lives, run again?"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rulegen.publishing.evaluate import QUARTILES, curves
from rulegen.verifying.claims import DIGITS, SAME

#: Columns of the table of curves.
FIGURES = ["mean", "low", "high", "lower", "median", "upper"]
#: Half the width of a 95% interval of a normal mean, in standard errors.
HALF = 1.96


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


def false_curve(curve: Curve, rewards: np.ndarray) -> str:
    """Why lives do not give a curve; empty where they do.

    Mean and limits of each trial are found again, to `SAME` of the half width. Quartiles lie where
    that share of lives is below them to `SAME` of its half width, since a life that other hardware
    rounds otherwise may cross from one answer to another.

    Args:
        curve: as published.
        rewards: of each trial of all its lives, run again, shape (L, K).

    Example:
        >>> rewards = np.random.default_rng(0).normal(size=(100, 2))
        >>> (low, mean, high), quartiles = curves(rewards)
        >>> false_curve(Curve(mean, low, high, *quartiles), rewards)
        ''
        >>> false_curve(Curve(mean, mean, mean, *quartiles), rewards)
        'trial 1 of these lives, run again, is another'
    """
    rewards = np.asarray(rewards, float)
    lives, trials = rewards.shape
    told, quartiles = curve.parts
    if told.shape[1] != trials:
        return f"it has {told.shape[1]} trials; a life has {trials}"
    found, _ = curves(rewards)
    slack = SAME * (found[2] - found[0]) / 2 + DIGITS
    wrong = (np.abs(told - found) > slack).any(axis=0)
    for share, quartile in zip(QUARTILES, quartiles, strict=True):
        apart = SAME * HALF * np.sqrt(share * (1 - share) / lives)
        least, most = np.quantile(rewards, [share - apart, share + apart], axis=0)
        wrong |= (quartile < least - DIGITS) | (quartile > most + DIGITS)
    if not wrong.any():
        return ""
    return f"trial {np.argmax(wrong) + 1} of these lives, run again, is another"
