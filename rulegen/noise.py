"""Random numbers for lives: a counter-based hash, keyed by purpose, life and trial.

Threefry, JAX's own generator, takes half of a life's time, so lives use a cheaper hash of a
counter: two rounds of a 32-bit finaliser with multipliers chosen for low bias (Ettinger's
"prospector" search), keyed by two words. Numbers depend only on the key, the named folds and the
position, never on how many lives run together.
"""

from __future__ import annotations

import enum
import math
from functools import cache
from statistics import NormalDist
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array


class Purpose(enum.IntEnum):
    """What a stream of random numbers is for; each has its own."""

    WEIGHTS = 1
    INPUT_WEIGHTS = 2
    READOUT = 3
    ORDER = 4
    START = 5
    EXPLORATION = 6
    TASK = 7


class Stream(NamedTuple):
    """The two key words of a stream of random numbers, each a uint32 scalar."""

    high: Array
    low: Array

    def fold(self, index: Array | int) -> Stream:
        """The sub-stream with this index (a purpose, a trial number)."""
        index = jnp.asarray(index).astype(jnp.uint32)
        high = mix(self.high ^ mix(index + jnp.uint32(0x9E3779B9)))
        return Stream(high, mix(self.low + high))


def stream(key: Array) -> Stream:
    """The stream of a typed JAX key.

    Example:
        >>> import jax
        >>> print(uniform(stream(jax.random.key(0)), (3,)).shape)
        (3,)
    """
    high, low = jax.random.key_data(key)
    return Stream(mix(high), mix(low))


def mix(word: Array) -> Array:
    """A bijection of 32-bit words that flips every bit with probability near one half."""
    word = word ^ (word >> 16)
    word = word * jnp.uint32(0x21F0AAAD)
    word = word ^ (word >> 15)
    word = word * jnp.uint32(0x735A2D97)
    return word ^ (word >> 15)


def bits(source: Stream, shape: tuple[int, ...]) -> Array:
    """Random uint32 words."""
    counter = jnp.arange(math.prod(shape), dtype=jnp.uint32) * jnp.uint32(0x9E3779B9)
    return mix(mix(counter ^ source.high) + source.low).reshape(shape)


def uniform(source: Stream, shape: tuple[int, ...], dtype: jnp.dtype = jnp.float32) -> Array:
    """Uniform numbers in the open interval (0, 1), with 23 random bits."""
    whole = (bits(source, shape) >> 9).astype(dtype)
    return whole * 2.0**-23 + 2.0**-24


@cache
def quantiles() -> np.ndarray:
    """The 65536 equiprobable levels of `normal`: of mean 0, variance 1 and kurtosis 2.999."""
    half = 1 << 15
    upper = np.array([NormalDist().inv_cdf((half + k + 0.5) / (2 * half)) for k in range(half)])
    levels = np.concatenate([-upper[::-1], upper])
    return levels / levels.std()


def normal(source: Stream, shape: tuple[int, ...], dtype: jnp.dtype = jnp.float32) -> Array:
    """Standard normal numbers: 16 random bits choose one of 65536 quantiles, up to 4.3.

    Looking a quantile up costs a fifth of the inverse error function.

    Example:
        >>> import jax
        >>> x = normal(stream(jax.random.key(0)), (1000, 1000))
        >>> print(abs(float(x.mean())) < 0.004, abs(float(x.var()) - 1) < 0.006)
        True True
    """
    index = (bits(source, shape) >> 16).astype(jnp.int32)
    return jnp.asarray(quantiles(), dtype).at[index].get(mode="promise_in_bounds")


def permutation(source: Stream, size: int) -> Array:
    """A random order of 0 .. size-1."""
    return jnp.argsort(bits(source, (size,)))
