"""What many lives leave behind."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import numpy as np

from rulegen.ground.statistics import estimate
from rulegen.lives.outcomes import Outcomes


class Answered(NamedTuple):
    """What circuits answered in each trial of their lives.

    From the trial in which it diverges, a life has answered nothing: -1, and 0 as outputs.

    Attributes:
        choices: number of the answer nearest to what the circuit did while the response counted
            (`Task.choice`), (L, K).
        wanted: the number of the one that is nearest to the target, (L, K).
        outputs: mean of each output while the response counted, (L, K, outputs).
    """

    choices: np.ndarray
    wanted: np.ndarray
    outputs: np.ndarray

    @property
    def right(self) -> np.ndarray:
        """1 where the choice was the one that was wanted, else 0; NaN without an answer, (L, K)."""
        return np.where(self.choices < 0, np.nan, self.choices == self.wanted)


class Batch(NamedTuple):
    """What many lives leave behind, as NumPy arrays with lives first.

    Attributes:
        rewards: (L, K). conditions: (L, K). scores: (L, K, P).
        outcomes: how each life ended, an `Outcome`, (L,).
        violations: how often a weight was kept from changing its sign, (L,).
        answers: what the circuits answered, where that was kept.
    """

    rewards: np.ndarray
    conditions: np.ndarray
    scores: np.ndarray
    outcomes: np.ndarray
    violations: np.ndarray
    answers: Answered | None = None

    @property
    def means(self) -> np.ndarray:
        """Mean reward per trial of each life, shape (L,)."""
        return self.rewards.mean(axis=1, dtype=float)

    @property
    def counts(self) -> Outcomes:
        """How many lives ended how."""
        return Outcomes.of(self.outcomes)

    def __str__(self) -> str:
        told = f"reward per trial {estimate(self.means)} on {len(self.outcomes)} lives"
        return f"{told}; {self.counts.warning or self.counts}"


class Lot(NamedTuple):
    """The lives of one rule, of which neither part is read without the other.

    Attributes:
        rewards: mean reward per trial of each, shape (L,).
        outcomes: how each ended, an `Outcome`, shape (L,).
    """

    rewards: np.ndarray
    outcomes: np.ndarray

    @property
    def counts(self) -> Outcomes:
        """How many lives ended how."""
        return Outcomes.of(self.outcomes)


def last_quarter(trials: int) -> int:
    """How many of so many trials are the last quarter, one at least.

    Example:
        >>> [last_quarter(n) for n in (2, 7, 200)]
        [1, 1, 50]
    """
    return max(1, trials // 4)


class Lived(NamedTuple):
    """Some lives after their last trial, lives first.

    Attributes:
        numbers: of the lives, shape (L,).
        life: what they end with, on the devices and perhaps filled up with repeats.
        rewards: (L, K). scores: (L, K, P).
    """

    numbers: np.ndarray
    life: Any
    rewards: np.ndarray
    scores: np.ndarray

    def kept(self, part: jax.Array) -> np.ndarray:
        """Some of what the lives end with, without the repeats."""
        return np.asarray(part)[: len(self.numbers)]
