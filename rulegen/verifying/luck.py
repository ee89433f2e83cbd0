"""How surprising published lives are among new ones: exact tests for many figures at once.

If nothing was chosen among seeds, published and new lives are drawn alike, so every division of
all of them into as many published and as many new ones is equally likely. The share of divisions
that favour the claim as much as the true one does is its p-value, for any number of lives and any
tails. A life keeps all its figures together, and each division is judged by its greatest surprise,
so that of honest cards no more than the stated share has any figure that is refuted.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

#: Divisions that are drawn; the smallest p-value is one in so many and one.
DIVISIONS = 3999
#: Divisions that are drawn at once.
CHUNK = 64


class Luck(NamedTuple):
    """How surprising figures are.

    Attributes:
        alone: p-value of each figure, shape (k,): how often honest lives would favour it as much.
        together: p-values that hold for all figures at once, shape (k,).
    """

    alone: np.ndarray
    together: np.ndarray


def luck(claimed: np.ndarray, published: np.ndarray, fresh: np.ndarray, seed: int = 0) -> Luck:
    """P-values of the published lives among new ones, for figures that are better when larger.

    Args:
        claimed: means that are claimed, shape (k,).
        published: the figures of each published life, shape (L, k).
        fresh: those of each new life, shape (M, k).
        seed: of the divisions.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> old, new = rng.normal(size=(100, 2)), rng.normal(size=(400, 2))
        >>> old[:, 1] += 1.0
        >>> (luck(old.mean(axis=0), old, new).together < 0.05).tolist()
        [False, True]
    """
    both = np.concatenate([published, fresh])
    few, many = len(published), len(fresh)
    spread = both.std(axis=0)
    # A figure that no life changes has no luck, and leaves all divisions equal.
    unit = np.where(spread > 0, spread, 1.0)
    both = (both - both.mean(axis=0)) / unit
    observed = (np.asarray(claimed, float) - fresh.mean(axis=0)) / unit
    # The smaller part of a division says all; sums of the larger one are the rest.
    size, rng = min(few, many), np.random.default_rng(seed)
    alone, together = np.zeros(len(observed)), np.zeros(len(observed))
    slack = 1e-9 * np.maximum(1.0, np.abs(observed))
    for start in range(0, DIVISIONS, CHUNK):
        draws = rng.random((min(CHUNK, DIVISIONS - start), len(both)))
        chosen = np.argpartition(draws, size - 1, axis=1)[:, :size]
        sums = both[chosen].sum(axis=1)
        # All sums to 0, so the mean of the rest follows.
        gaps = (sums if few == size else -sums) * (1.0 / few + 1.0 / many)
        alone += (gaps >= observed - slack).sum(axis=0)
        together += (gaps.max(axis=1, keepdims=True) >= observed - slack).sum(axis=0)
    return Luck((1 + alone) / (1 + DIVISIONS), (1 + together) / (1 + DIVISIONS))
