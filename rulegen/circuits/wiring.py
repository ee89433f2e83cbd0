"""Which neurons are what, and the random weights between them."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Annotated, Any

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import BeforeValidator

from rulegen.compile import Bounds
from rulegen.grammar.algebra.symbols import SIGNS, UNGROUPED
from rulegen.ground.noise import Purpose, Stream, uniform

Array = jax.Array


def two_ends(given: Any) -> Any:
    """Refuse what has no two ends, and so is no part of the neurons."""
    pair = isinstance(given, list | tuple) and len(given) == 2
    if not pair or any(isinstance(end, bool) or not isinstance(end, Real) for end in given):
        raise ValueError("name the two ends of this part of the neurons, such as [0, 0.25]")
    return given


#: Some neurons in a row, as the part of all that comes before the first and that ends with the
#: last.
Part = Annotated[tuple[float, float], BeforeValidator(two_ends)]


def signed(count: int, share: float) -> np.ndarray:
    """1 for the first of so many, which are the excitatory share, and -1 for the others.

    Example:
        >>> signed(4, 0.75)
        array([ 1,  1,  1, -1])
    """
    return np.where(np.arange(count) < round(share * count), 1, -1)


def members(count: int, part: Part) -> np.ndarray:
    """Which of so many neurons belong to a part of them, shape (count,).

    Example:
        >>> members(5, (0.4, 0.8))
        array([False, False,  True,  True, False])
    """
    first, last = (round(end * count) for end in part)
    return (np.arange(count) >= first) & (np.arange(count) < last)


def grouped(
    signs: np.ndarray | None, groups: Mapping[str, Part], count: int
) -> dict[str, np.ndarray]:
    """The groups of so many neurons: those that are named, and where they have a sign, two more.

    Example:
        >>> list(grouped(signed(4, 0.5), {"fast": (0, 0.25)}, 4))
        ['fast', 'excitatory', 'inhibitory']
    """
    found = {name: members(count, part) for name, part in groups.items()}
    if signs is not None:
        found |= dict(zip(SIGNS, (signs > 0, signs < 0), strict=True))
    return found


def check_groups(groups: Mapping[str, Part], count: int) -> None:
    """Raise `ValueError` where a named group of so many neurons is none."""
    for name, (first, last) in groups.items():
        if not (name.isascii() and name.isidentifier() and name[0].isalpha()):
            raise ValueError(f"groups: `{name}` is no name: use letters, digits and `_`")
        if name in SIGNS:
            raise ValueError(
                f"groups: which neurons are {name} is said by `excitatory`: use another name"
            )
        if name in UNGROUPED:
            raise ValueError(
                f"groups: `{name}` is what rules read of every neuron: use another name"
            )
        if not 0 <= first < last <= 1:
            raise ValueError(
                f"groups.{name}: [{first:g}, {last:g}] is no part of the neurons, such as [0, 0.25]"
            )
        if not members(count, (first, last)).any():
            raise ValueError(f"groups.{name}: [{first:g}, {last:g}] of {count} neurons is none")


def with_signs(weights: Array, signs: np.ndarray) -> tuple[Array, Bounds]:
    """Weights of the same size with the signs of their sources, and between what they stay.

    Args:
        weights: shape (N, N_pre).
        signs: 1 or -1, shape (N_pre,).
    """
    positive = signs > 0
    lower = jnp.where(positive, 0.0, -jnp.inf).astype(weights.dtype)
    upper = jnp.where(positive, jnp.inf, 0.0).astype(weights.dtype)
    return jnp.asarray(signs, weights.dtype) * jnp.abs(weights), Bounds(lower, upper)


def recurrent(
    stream: Stream,
    weights: Array,
    signs: np.ndarray | None,
    p: float,
) -> tuple[Array, Bounds | None]:
    """Recurrent weights of which some are absent, with the signs of their sources.

    Args:
        stream: random numbers of the life.
        weights: before, of the variance gain^2/(p N), shape (N, N).
        signs: of the neurons, or None. p: probability that a synapse exists.

    Returns:
        weights of the same radius of eigenvalues, see `Circuit`, and between what they stay.
    """
    bounds = None
    if signs is not None:
        positive = signs > 0
        share = positive.mean()
        balance = np.where(positive, (1 - share) / share, share / (1 - share)) ** 0.5
        balance /= (1 - 2 * p / np.pi) ** 0.5
        weights, bounds = with_signs(weights, signs)
        weights = balance.astype(weights.dtype) * weights
    if p < 1:
        n = len(weights)
        free = jnp.full(n, jnp.inf, weights.dtype)
        lower, upper = bounds or (-free, free)
        present = uniform(stream.fold(Purpose.SYNAPSES), weights.shape, weights.dtype) < p
        weights, lower, upper = (jnp.where(present, x, 0) for x in (weights, lower, upper))
        bounds = Bounds(lower, upper)
    return weights, bounds
