"""What every estimator of the meta-gradient has in common."""

from __future__ import annotations

import abc
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import numpy as np
from pydantic import Field

from grammar import Rule
from rulegen.lives import Lives, World
from rulegen.settings import Settings


class MetaGradient(NamedTuple):
    """An estimate of d E[mean reward per trial] / d theta. We *maximise* reward.

    Theta are the free parameters in the coordinates of the fit, see `rulegen.coordinates`.

    Attributes:
        gradient: the estimate, shape (P,).
        error: its standard error over lives, shape (P,).
        rewards: mean reward per trial of each life, shape (L,).
        outcomes: number of lives per outcome, by name.
    """

    gradient: np.ndarray
    error: np.ndarray
    rewards: np.ndarray
    outcomes: dict[str, int]

    @property
    def reward(self) -> float:
        """Mean reward per trial over all lives."""
        return float(self.rewards.mean())

    @property
    def reward_error(self) -> float:
        """Standard error of `reward` over lives."""
        return float(self.rewards.std(ddof=1) / len(self.rewards) ** 0.5)

    @property
    def signal_to_noise(self) -> float:
        """|gradient| / |standard error|."""
        noise = float(np.linalg.norm(self.error))
        return float(np.linalg.norm(self.gradient)) / noise if noise > 0 else 0.0


class Estimator(Settings, abc.ABC):
    """Settings of an estimator; `prepare` compiles what it needs, once.

    Attributes:
        lives: number of lives per estimate.
        clip: per-life gradients longer than this multiple of their median length are shortened to
            it; 0 switches this off and keeps the estimate unbiased.
    """

    lives: int = Field(256, ge=2)
    clip: float = Field(3.0, ge=0)

    @property
    def kind(self) -> object:
        """What `prepare` depends on; None when lives without tangents will do."""
        return None

    @abc.abstractmethod
    def prepare(self, world: World, rule: Rule, free: Sequence[str]) -> Lives:
        """Compile the lives that `estimate` runs, for the parameters `free` of `rule`."""

    @abc.abstractmethod
    def estimate(
        self,
        lives: Lives,
        values: np.ndarray,
        free: np.ndarray,
        key: jax.Array,
        tick: Callable[[int], None] | None = None,
    ) -> MetaGradient:
        """Estimate the meta-gradient.

        Args:
            lives: from `prepare`.
            values: all parameters of the rule, in the order of its text.
            free: indices of the parameters to differentiate by.
            key: a typed JAX key.
            tick: called with the number of lives finished so far.
        """

    def average(self, gradients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard error over lives of per-life gradients (L, P), after clipping."""
        if self.clip > 0:
            lengths = np.linalg.norm(gradients, axis=1)
            limit = self.clip * np.median(lengths[lengths > 0]) if np.any(lengths > 0) else 1.0
            gradients = gradients * np.minimum(1.0, limit / np.maximum(lengths, limit))[:, None]
        count = len(gradients)
        return gradients.mean(axis=0), gradients.std(axis=0, ddof=1) / count**0.5
