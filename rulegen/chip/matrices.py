"""Products of matrices, for which a card has units of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import JaxprEqn

from rulegen.chip.padded import Shape, filled, picked, storage

Array = jax.Array
#: The shortest side of matrices that these units take.
SHORTEST = 16
#: So few products to be added up are no work for them.
FEWEST = 4


def is_large(equation: JaxprEqn) -> bool:
    """Whether an operation is a product of two matrices that a card has units for."""
    if equation.primitive.name != "dot_general":
        return False
    over, batch = equation.params["dimension_numbers"]
    avals: list[Any] = [v.aval for v in equation.invars]
    plain = not any(map(len, batch)) and all(len(axes) == 1 for axes in over)
    decimal = all(jnp.issubdtype(aval.dtype, jnp.floating) for aval in avals)
    if not plain or not decimal or any(aval.ndim != 2 for aval in avals):
        return False
    sides = [storage(a.shape) for a in avals]
    free = [shape[1 - axis] for shape, (axis,) in zip(sides, over, strict=True)]
    return min(free) >= SHORTEST and sides[0][over[0][0]] >= FEWEST


def long_enough(x: Array, axis: int) -> Array:
    """With zeros along an axis where it is too short."""
    return x if x.shape[axis] >= SHORTEST else picked(x, axis, 0, SHORTEST)


def product(
    params: Mapping[str, Any], shapes: list[Shape], a: Array, b: Array, *, on_card: bool
) -> Array:
    """The product of two matrices.

    A card multiplies numbers of 19 bits: each is parted in two, of which three products are added
    up, and what is left out is 2^-22 of the largest.
    """
    (over_a, over_b), _ = params["dimension_numbers"]
    a, b = (
        long_enough(filled(x, shape, axes, 0), *axes)
        for x, shape, axes in ((a, shapes[0], over_a), (b, shapes[1], over_b))
    )
    precision: Any = lax.Precision.HIGHEST
    if on_card and a.dtype == jnp.float32:
        precision = lax.DotAlgorithmPreset.TF32_TF32_F32_X3
    return lax.dot_general(a, b, ((over_a, over_b), ((), ())), precision=precision)
