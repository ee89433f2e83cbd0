"""The published learning curve: its table, and whether lives that are run again allow it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit

from rulegen.grammar import ConfigError
from rulegen.ground.statistics import limits
from rulegen.publishing.evaluate import QUARTILES
from rulegen.verifying.claims import SAME
from rulegen.verifying.consistency import Finding, decided
from rulegen.verifying.sample import DIGITS, allowed, quantile_refused
from rulegen.verifying.published import read_table

#: Of honest runs, at most this share has any curve that lives refute by chance.
ERROR = 1e-3
#: Figures of each trial: the mean, two limits with two ends each, and the quartiles.
FIGURES = 8
#: The columns of the table.
NUMBERS = ["mean", "low", "high", "lower", "median", "upper"]


class Curve(NamedTuple):
    """What is published of the rewards of one rule.

    Attributes:
        limits: lower limit, mean and upper limit of each trial, shape (3, K).
        quartiles: lower quartile, median and upper quartile over lives, shape (3, K).
    """

    limits: np.ndarray
    quartiles: np.ndarray


def read_curves(content: bytes, path: Path, names: Sequence[str]) -> dict[str, Curve]:
    """The table of learning curves, by the name of the rule.

    Args:
        content: of the file.
        path: for messages.
        names: whose curves there must be, in order.

    Raises:
        ConfigError: when it is no such table.
    """
    table = read_table(content, path, ["rule", "trial", *NUMBERS])
    if list(dict.fromkeys(table["rule"])) != list(names):
        raise ConfigError(f"{path}: its rules must be {', '.join(names)}")
    trials, found = len(table) // len(names), {}
    for name in names:
        rows = table[table["rule"] == name]
        if rows["trial"].tolist() != list(range(1, trials + 1)):
            raise ConfigError(f"{path}: `{name}` must have the trials 1 to {trials} in order")
        mean, low, high, *quartiles = rows[NUMBERS].to_numpy(float).T
        found[name] = Curve(np.array([low, mean, high]), np.array(quartiles))
        if any((np.diff(part, axis=0) < 0).any() for part in found[name]):
            raise ConfigError(f"{path}: limits or quartiles of `{name}` are not in order")
    return found


def learned(
    curves: Mapping[str, Curve],
    means: Mapping[str, np.ndarray],
    again: Mapping[str, np.ndarray],
    lives: int,
) -> Iterator[Finding]:
    """Whether each curve is that of its lives.

    Args:
        curves: as published, by the name of the rule.
        means: mean reward per trial of all published lives of each, shape (L,).
        again: reward of each trial of some of these lives, a random sample, shape (N, K).
        lives: how many were published, L.
    """
    for name, curve in curves.items():
        claim, (low, mean, high) = f"curve of {name}", curve.limits
        rewards = np.asarray(again[name], float)
        if curve.limits.shape[1] != rewards.shape[1]:
            why = f"it has {curve.limits.shape[1]} trials; a life has {rewards.shape[1]}"
            yield decided(claim, False, why)
            continue
        if name in means and abs(mean.mean() - means[name].mean()) > DIGITS:
            yield decided(claim, False, "its mean over trials is not that of the table of lives")
            continue
        level = 1.0 - ERROR / (FIGURES * mean.size * len(curves))
        wrong = allowed(rewards, lives, level).refuses(low, mean, high)
        for share, told in zip(QUARTILES, curve.quartiles, strict=True):
            wrong |= quantile_refused(rewards, told, share, lives, level)
        first = np.argmax(wrong) + 1
        why = f"{len(rewards)} lives run again allow no such figures, from trial {first} on"
        if wrong.any():
            yield decided(claim, False, why)
            continue
        why = f"{len(rewards)} lives run again have no such spread"
        yield decided(claim, not narrowed(high - low, rewards, lives, level), why)


def narrowed(width: np.ndarray, rewards: np.ndarray, lives: int, level: float) -> bool:
    """Whether the intervals of all trials together are too narrow, or too wide.

    The mean logarithm of the widths is compared with that of the standard deviations, whose
    error is that of leaving out one life at a time: many trials say more than one.

    Args:
        width: of the published intervals, shape (K,).
        rewards: of the lives that were run again, shape (N, K).
        lives: how many were published.
        level: probability with which an honest curve passes.
    """
    count = len(rewards)
    square = (rewards - rewards.mean(axis=0)) ** 2
    total = square.sum(axis=0)
    without = total - square * count / (count - 1)
    seen = (width > 0) & (without > 1e-9 * total).all(axis=0) & (total > 0)
    if not seen.any():
        return False
    variance = total[seen] / count
    skewness = ((rewards - rewards.mean(axis=0))[:, seen] ** 3).mean(axis=0) / variance**1.5
    low, high = limits(np.zeros_like(variance), variance, skewness, lives, 0.95)
    apart = np.log(width[seen] / (high - low)).mean()
    parts = 0.5 * np.log(without[:, seen]).mean(axis=1)
    error = np.sqrt((count - 1) * parts.var() * (1.0 - count / lives))
    far = stdtrit(count - 1, (1.0 + level) / 2.0)
    return bool(abs(apart) > far * error + SAME)
