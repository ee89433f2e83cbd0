"""Random numbers for lives: a counter-based hash, keyed by purpose, life and trial.

Threefry, JAX's own generator, takes half of a life's time, so lives use a cheaper hash of a
counter: two rounds of a 32-bit finaliser with multipliers chosen for low bias (Ettinger's
"prospector" search), keyed by two words. Numbers depend only on the key, the named folds and the
position, never on how many lives run together.
"""

from __future__ import annotations

import enum
import math
from typing import NamedTuple

import jax
import jax.numpy as jnp

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
    PULSES = 8
    NOISE_START = 10
    SYNAPSES = 11
    FEEDBACK = 12
    ERRORS = 13
    SYNAPTIC_NOISE = 14
    DRAWS = 15
    DRAWN_ONCE = 16


class Stream(NamedTuple):
    """The two key words of a stream of random numbers, each a uint32 scalar."""

    high: Array
    low: Array

    def fold(self, index: Array | int) -> Stream:
        """The sub-stream with this index (a purpose, a trial number)."""
        return _fold(self, index)


# Functions that a life calls again and again are traced once: half of the time until a small
# program runs goes into tracing.
@jax.jit
def _fold(source: Stream, index: Array | int) -> Stream:
    index = jnp.asarray(index).astype(jnp.uint32)
    high = mix(source.high ^ mix(index + jnp.uint32(0x9E3779B9)))
    return Stream(high, mix(source.low + high))


def stream(key: Array) -> Stream:
    """The stream of a typed JAX key, of which every word counts, however many its kind has.

    Example:
        >>> import jax
        >>> print(uniform(stream(jax.random.key(0)), (3,)).shape)
        (3,)
    """
    high, low, *others = jax.random.key_data(key)
    found = Stream(mix(high), mix(low))
    for word in others:
        found = found.fold(word)
    return found


def mix(word: Array) -> Array:
    """A bijection of 32-bit words that flips every bit with probability near one half."""
    word = word ^ (word >> 16)
    word = word * jnp.uint32(0x21F0AAAD)
    word = word ^ (word >> 15)
    word = word * jnp.uint32(0x735A2D97)
    return word ^ (word >> 15)


def bits(source: Stream, shape: tuple[int, ...], first: Array | int = 0) -> Array:
    """Random uint32 words: rows `first`, `first + 1`, ... of the endless table of this stream.

    Example:
        >>> import jax
        >>> source = stream(jax.random.key(0))
        >>> bool((bits(source, (5, 3))[2:] == bits(source, (3, 3), first=2)).all())
        True
    """
    width = math.prod(shape[1:])
    position = jnp.asarray(first).astype(jnp.uint32) * jnp.uint32(width)
    for axis in range(len(shape)):
        stride = jnp.uint32(math.prod(shape[axis + 1 :]))
        position += jax.lax.broadcasted_iota(jnp.uint32, shape, axis) * stride
    counter = position * jnp.uint32(0x9E3779B9)
    return mix(mix(counter ^ source.high) + source.low)


def uniform(
    source: Stream, shape: tuple[int, ...], dtype: jnp.dtype = jnp.float32, first: Array | int = 0
) -> Array:
    """Uniform numbers in the open interval (0, 1), with 23 random bits; `first` as in `bits`."""
    whole = (bits(source, shape, first) >> 9).astype(dtype)
    return whole * 2.0**-23 + 2.0**-24


#: A rational approximation of the normal quantile, relative error below 4e-4: with x = 2p - 1 and
#: s = 1 - x^2, q(p) = x UPPER(s)/LOWER(s), highest power first. Fitted by the AAA algorithm
#: (Nakatsukasa et al. 2018, 10.1137/16M1106122) and scaled to variance 1; all coefficients are
#: positive, so that nothing cancels in float32.
UPPER = (
    0.180822153, 0.812606988, 0.250365817, 9.47030217e-3, 4.67877978e-5, 2.76869496e-8,
    1.66525693e-12, 8.91459045e-18, 3.05556022e-24,
)  # fmt: skip
LOWER = (
    0.312883121, 0.568056272, 0.115677144, 3.36967651e-3, 1.37794447e-5, 7.01892057e-9,
    3.72371363e-13, 1.79096178e-18, 5.48208042e-25,
)  # fmt: skip


def polynomial(coefficients: tuple[float, ...], x: Array) -> Array:
    """A polynomial by Horner's rule, highest power first."""
    value = jnp.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        value = value * x + coefficient
    return value


@jax.jit
def quantile(p: Array) -> Array:
    """The quantile of the standard normal distribution, for p from 2^-24 to 1 - 2^-24.

    Example:
        >>> print(quantile(jnp.array([0.5, 0.975])).round(3))
        [0.   1.96]
    """
    x = 2.0 * p - 1.0
    s = (1.0 - x) * (1.0 + x)
    return x * polynomial(UPPER, s) / polynomial(LOWER, s)


def normal(
    source: Stream, shape: tuple[int, ...], dtype: jnp.dtype = jnp.float32, first: Array | int = 0
) -> Array:
    """Standard normal numbers: quantiles of `uniform`, up to 5.3; `first` as in `bits`.

    Without a logarithm, a branch or a table, the hash and the quantile run in vectors: together
    they cost a tenth of the inverse error function of Threefry's bits.

    Example:
        >>> import jax
        >>> x = normal(stream(jax.random.key(0)), (1000, 1000))
        >>> print(abs(float(x.mean())) < 0.004, abs(float(x.var()) - 1) < 0.006)
        True True
    """
    return quantile(uniform(source, shape, dtype, first))


def permutation(source: Stream, size: int) -> Array:
    """A random order of 0 .. size-1."""
    return jnp.argsort(bits(source, (size,)))
