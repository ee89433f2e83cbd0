"""What several worlds make of one rule: a common scale, and a mean or a soft worst case."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp


class Aim(NamedTuple):
    """How the rewards of worlds become one number.

    With R_v the mean reward of a rule in world v, n_v that of no learning and y_v that of the
    yardstick,

        z_v = (R_v - n_v) / (y_v - n_v) ,        J = sum_v a_v z_v

    or, where it is sharp, J = -1/b log sum_v a_v exp(-b z_v), which a worst world decides. A life
    is lived in every world, and its number is

        J + sum_v dJ/dz_v (z_vi - z_v) ,

    so that the mean over lives is J and their spread gives its interval, whatever J is.

    Attributes:
        weights: a_v, which sum to 1.
        nothing: n_v, the rewards that are 0. unit: y_v - n_v, what is 1 above them.
        sharpness: b; 0 stands for the mean.

    Example:
        >>> aim = Aim((0.5, 0.5), (-1.0, 0.0), (2.0, 4.0))
        >>> aim.joined(np.array([[1.0, 0.0], [4.0, 2.0]])).tolist()
        [1.0, 0.5]
        >>> aim.slopes([1.0, 4.0]).tolist()
        [0.25, 0.125]
    """

    weights: tuple[float, ...]
    nothing: tuple[float, ...]
    unit: tuple[float, ...]
    sharpness: float = 0.0

    @classmethod
    def of_rewards(cls, weights: Sequence[float], sharpness: float = 0.0) -> Aim:
        """One whose scale is that of the rewards themselves; weights are shared out.

        Example:
            >>> Aim.of_rewards([1.0, 3.0]).weights
            (0.25, 0.75)
        """
        shares = tuple(float(w) for w in np.array(weights) / np.sum(weights))
        return cls(shares, (0.0,) * len(shares), (1.0,) * len(shares), sharpness)

    def scaled(self, rewards: np.ndarray) -> np.ndarray:
        """Rewards on the common scale, worlds first, shape (V, ...)."""
        rewards = np.asarray(rewards, float)
        spread = (-1,) + (1,) * (rewards.ndim - 1)
        return (rewards - np.reshape(self.nothing, spread)) / np.reshape(self.unit, spread)

    def joined(self, rewards: np.ndarray) -> np.ndarray:
        """The number of each life, shape (..., L), of its rewards, shape (V, ..., L)."""
        scaled = self.scaled(rewards)
        if not self.sharpness:
            return self._value(scaled)
        middle = scaled.mean(axis=-1, keepdims=True)
        return np.asarray(
            self._value(middle) + (self._slopes(middle) * (scaled - middle)).sum(axis=0)
        )

    def together(
        self,
        rewards: Sequence[np.ndarray],
        scales: Sequence[tuple[np.ndarray, np.ndarray]] = (),
    ) -> np.ndarray:
        """The number of each life, on the scale of these very lives, shape (L,).

        Args:
            rewards: of each life in each world, each of shape (L,).
            scales: rewards of no learning and of the yardstick on the same lives in each world,
                see `scaled_lives`; () for rewards as they are.

        Example:
            >>> aim = Aim.of_rewards([1.0, 1.0])
            >>> here, none = np.array([1.0, 2.0]), np.zeros(2)
            >>> aim.together([here, none], [(none, 2.0 * here)] * 2).tolist()
            [0.25, 0.25]
        """
        if scales:
            pairs = zip(rewards, scales, strict=True)
            rewards = [scaled_lives(lives, *scale) for lives, scale in pairs]
        return self.joined(np.array(rewards))

    def slopes(self, means: Sequence[float] | np.ndarray) -> np.ndarray:
        """dJ/dR_v at the mean rewards of the worlds, shape (V,)."""
        return np.asarray(self._slopes(self.scaled(np.asarray(means))) / np.array(self.unit))

    def value(self, means: Sequence[float] | np.ndarray) -> float:
        """J at the mean rewards of the worlds, shape (V,)."""
        return float(self._value(self.scaled(np.asarray(means))))

    def _value(self, scaled: np.ndarray) -> np.ndarray:
        """J of scaled means, worlds first."""
        shares = np.reshape(self.weights, (-1,) + (1,) * (scaled.ndim - 1))
        if not self.sharpness:
            return np.asarray((shares * scaled).sum(axis=0))
        return 0.0 - logsumexp(-self.sharpness * scaled, axis=0, b=shares) / self.sharpness

    def _slopes(self, scaled: np.ndarray) -> np.ndarray:
        """dJ/dz of scaled means, worlds first."""
        shares = np.reshape(self.weights, (-1,) + (1,) * (scaled.ndim - 1))
        if not self.sharpness:
            return np.broadcast_to(shares, scaled.shape)
        # Shares of the worst: a softmax.
        powers = -self.sharpness * (scaled - scaled.min(axis=0))
        parts = shares * np.exp(powers)
        return np.asarray(parts / parts.sum(axis=0))


def scaled_lives(rewards: np.ndarray, nothing: np.ndarray, yardstick: np.ndarray) -> np.ndarray:
    """Scaled rewards of lives on which the scale itself is measured.

    With means over the lives of one world,

        z = mean(R - n) / mean(y - n) ,    z_i = z + ((R_i - n_i) - z (y_i - n_i)) / mean(y - n) .

    The mean of z_i is z, and their spread is that of a ratio of means (its influence), so that an
    interval over lives holds what lives leave open of the scale as well.

    Args:
        rewards: R_i, of each life, shape (L,). nothing: n_i, of no learning on the same lives.
        yardstick: y_i, of the yardstick.

    Example:
        >>> z = scaled_lives(np.array([1.0, 3.0]), np.array([0.0, 1.0]), np.array([2.0, 5.0]))
        >>> z.round(3).tolist(), scaled_lives(z, z, z + 1.0).tolist()
        ([0.5, 0.5], [0.0, 0.0])
    """
    gained, unit = rewards - nothing, yardstick - nothing
    middle = unit.mean()
    ratio = gained.mean() / middle
    return np.asarray(ratio + (gained - ratio * unit) / middle)
