"""How surprising published lives are among new ones: exact tests for many figures at once.

If nothing was chosen among seeds, published and new lives are drawn alike, so every division of
all of them into as many published and as many new ones is equally likely. The share of divisions
that favour the claim as much as the true one does is its p-value, for any number of lives and any
tails. A life keeps all its figures together, and each division is judged by the smallest of its own
p-values, so that of honest cards no more than the stated share has any figure that is refuted
(Westfall & Young 1993, "Resampling-based multiple testing"). P-values, and not distances, as one
figure with heavy tails is the farthest of nearly every division. The figures that a card is read
for have half of that share for themselves, so that others beside them hide nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

#: Divisions that are drawn; the smallest p-value is one in so many and one.
DIVISIONS = 3999
#: Divisions that are drawn at once.
CHUNK = 64
#: Differences are equal when they are by so much, in standard deviations of lives.
EQUAL = 1e-9


class Luck(NamedTuple):
    """How surprising figures are.

    Attributes:
        alone: p-value of each figure, shape (k,): how often honest lives would favour it as much.
        together: p-values that hold for all figures at once, shape (k,).
    """

    alone: np.ndarray
    together: np.ndarray


def luck(
    claimed: np.ndarray,
    published: np.ndarray,
    fresh: np.ndarray,
    chief: np.ndarray,
    seed: int = 0,
) -> Luck:
    """P-values of the published lives among new ones, for figures that are better when larger.

    With p_j(d) the share of divisions that favour figure j as much as the division d does, and w_j
    its part of the error, `together` is the share of divisions e with min_i p_i(e)/w_i <= p_j/w_j.

    Args:
        claimed: means that are claimed, shape (k,).
        published: the figures of each published life, shape (L, k).
        fresh: those of each new life, shape (M, k).
        chief: which figures have half of the error for themselves, shape (k,).
        seed: of the divisions.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> old, new = rng.normal(size=(100, 2)), rng.normal(size=(400, 2))
        >>> old[:, 1] += 1.0
        >>> (luck(old.mean(axis=0), old, new, np.array([True, False])).together < 0.05).tolist()
        [False, True]
    """
    both = np.concatenate([published, fresh])
    # A figure that no life changes leaves all divisions equal, however its mean is rounded.
    varied = np.ptp(both, axis=0) > 0
    unit = np.where(varied, both.std(axis=0), 1.0)
    middle = np.where(varied, both.mean(axis=0), both[0])
    new = np.where(varied, fresh.mean(axis=0), both[0])
    observed = (np.asarray(claimed, float) - new) / unit
    draws = gaps((both - middle) / unit, len(published), len(fresh), seed)
    slack = EQUAL * np.maximum(1.0, np.abs(observed))
    alone = (1 + (draws >= observed - slack).sum(axis=0)) / (1 + DIVISIONS)
    part = shares(np.asarray(chief, bool), varied)
    least = (ranked(draws, observed) / part).min(axis=1)
    here = alone / part
    return Luck(alone, (1 + (least[:, None] <= here).sum(axis=0)) / (1 + DIVISIONS))


def gaps(both: np.ndarray, few: int, many: int, seed: int) -> np.ndarray:
    """By how much one part of all lives is better than the other, shape (`DIVISIONS`, k).

    Args:
        both: figures of all lives, of mean 0, shape (few + many, k).
        few, many: lives of the parts.
        seed: of the divisions.
    """
    # The smaller part of a division says all: as all sums to 0, the mean of the rest follows.
    size, rng = min(few, many), np.random.default_rng(seed)
    scale = (1.0 if few == size else -1.0) * (1.0 / few + 1.0 / many)
    found = np.empty((DIVISIONS, both.shape[1]))
    for start in range(0, DIVISIONS, CHUNK):
        draws = rng.random((min(CHUNK, DIVISIONS - start), len(both)))
        chosen = np.argpartition(draws, size - 1, axis=1)[:, :size]
        found[start : start + CHUNK] = scale * both[chosen].sum(axis=1)
    return found


def ranked(draws: np.ndarray, observed: np.ndarray) -> np.ndarray:
    """The p-value of each division among all that were drawn and the one that was met.

    Args:
        draws: the gaps of each, shape (`DIVISIONS`, k).
        observed: those that were met, shape (k,).
    """
    order = np.sort(draws, axis=0)
    below = [np.searchsorted(o, d - EQUAL) for o, d in zip(order.T, draws.T, strict=True)]
    as_good = DIVISIONS - np.array(below).T + (observed >= draws - EQUAL)
    return np.asarray(as_good / (1 + DIVISIONS))


def shares(chief: np.ndarray, varied: np.ndarray) -> np.ndarray:
    """The part of the error that each figure has, shape (k,), of which the sum is 1 at most.

    Args:
        chief: which figures have half of it, shape (k,).
        varied: which of all figures lives change; the others need none.

    Example:
        >>> shares(np.array([True, False, False]), np.array([True, True, True])).tolist()
        [0.5, 0.25, 0.25]
    """
    groups = [group for group in (chief & varied, ~chief & varied) if group.any()]
    found = np.full(len(chief), 1.0 / len(chief))
    for group in groups:
        found[group] = 1.0 / len(groups) / group.sum()
    return found
