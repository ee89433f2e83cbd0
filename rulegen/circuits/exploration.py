"""Exploration noise: what perturbs the potentials of a circuit."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from pydantic import Field

from rulegen.ground.noise import Purpose, Stream, bits
from rulegen.ground.settings import Settings

Array = jax.Array


class Exploration(NamedTuple):
    """The noise of a stretch of a trial.

    Attributes:
        xi: what perturbs the potentials, and what a rule can read, shape (T, N).
        gaussian: its Gaussian part, shape (T, N).
        fresh: what is new in the Gaussian part at each step, standard normal, shape (T, N).
    """

    xi: Array
    gaussian: Array
    fresh: Array


class Pulses(Settings):
    """Sparse pulses of input current, as in Miconi 2017.

    In each step every neuron independently receives, with `probability`, a current drawn from
    `size * U(-1, 1)` for that one step.

    Attributes:
        probability: of a pulse, for each neuron and step.
        size: largest pulse.
        quiet: time at the start of a trial without pulses, ms.

    Source: Miconi 2017, 10.7554/eLife.20899.
    """

    probability: float = Field(gt=0, le=1)
    size: float = Field(gt=0)
    quiet: float = Field(0.0, ge=0)

    def draw(
        self,
        source: Stream,
        first: Array | int,
        shape: tuple[int, int],
        dt: float,
        dtype: jnp.dtype = jnp.float32,
    ) -> Array:
        """The pulses of steps `first`, `first + 1`, ..., shape (T, N).

        Example:
            >>> from rulegen.ground.noise import stream
            >>> pulses = Pulses(probability=0.5, size=2.0, quiet=3.0)
            >>> drawn = pulses.draw(stream(jax.random.key(0)), 0, (6, 100), dt=1.0)
            >>> print((drawn != 0).sum(axis=1) > 0)
            [False False False  True  True  True]
        """
        loud = jnp.arange(shape[0]) + first >= round(self.quiet / dt)
        # One random word does for both: given that it is among the lowest, it is uniform there.
        lowest = self.probability * 2.0**31
        word = bits(source.fold(Purpose.PULSES), shape, first) >> 1
        word = word.astype(jnp.int32).astype(dtype)
        sizes = (2.0 / lowest) * word - 1.0
        return jnp.where((word < lowest) & loud[:, None], self.size * sizes, 0.0)


def correlate(fresh: Array, retention: float, previous: Array) -> Array:
    """An autoregressive sequence of variance 1: `n(t) = A n(t-1) + sqrt(1 - A^2) fresh(t)`.

    Args:
        fresh: independent standard normal numbers, shape (T, N).
        retention: the autocorrelation A from one step to the next.
        previous: n before the first step, shape (N,).

    Example:
        >>> print(correlate(jnp.zeros((3, 1)), 0.5, jnp.ones(1)).ravel())
        [0.5   0.25  0.125]
    """
    gain = (1.0 - retention**2) ** 0.5

    def step(n: Array, fresh: Array) -> tuple[Array, Array]:
        n = retention * n + gain * fresh
        return n, n

    return jax.lax.scan(step, previous, fresh)[1]
