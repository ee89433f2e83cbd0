"""Where random keys come from: one root per run, one branch per named purpose."""

from __future__ import annotations

import enum

import jax
import numpy as np


class Branch(enum.IntEnum):
    """What a branch of a run's random numbers is for. Held-out lives have branches of their own."""

    FIT = 1
    CHOOSE = 2
    RANK = 3
    REFIT = 4
    PRUNE = 5
    REFINE = 6
    EVALUATE = 7
    SIMULATE = 8
    VERIFY = 9
    COMPARE = 10
    TRUTH = 11
    APPRAISE = 12
    START = 13
    PLATEAU = 14
    ANALYSE = 15
    LOOK = 16
    SEARCH = 17
    SELECT = 18
    TUNE = 19
    SCALE = 20


def key(seed: int) -> jax.Array:
    """A typed key of the kind that JAX makes by default, for whoever runs lives from Python.

    Args:
        seed: as of `origin`.

    Raises:
        ValueError: when it is no such integer.

    Example:
        >>> jax.random.key_data(key(7)).tolist()
        [0, 7]
    """
    return jax.random.key(checked(seed))


def checked(seed: int) -> int:
    """A seed; errors as of `key`."""
    if not (isinstance(seed, int | np.integer) and 0 <= seed < 2**32):
        raise ValueError(f"a seed is an integer from 0 to 2**32 - 1, and not {seed}")
    return int(seed)


def origin(seed: int) -> jax.Array:
    """The key of a run: what follows from it does not depend on JAX's own default kind of keys.

    Args:
        seed: an integer from 0 to 2**32 - 1; of others JAX would take the last 32 bits, so that two
            seeds would be one.

    Raises:
        ValueError: when it is another one.

    Example:
        >>> jax.random.key_data(origin(7)).tolist()
        [0, 7]
    """
    return jax.random.key(checked(seed), impl="threefry2x32")


def branch(key: jax.Array, *path: int) -> jax.Array:
    """The key at the end of a path of branches and counters.

    Example:
        >>> bool((branch(origin(0), Branch.FIT, 3) == branch(origin(0), Branch.FIT, 3)).all())
        True
    """
    for step in path:
        key = jax.random.fold_in(key, step)
    return key
