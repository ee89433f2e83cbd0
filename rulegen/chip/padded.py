"""Arrays on chip, where every axis is a power of two: what lies beyond the true shape is anything.

So nothing may look there. Sums and maxima see a neutral value instead, and what takes a part of an
axis selects it by number: registers have no addresses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
from jax import lax

Array = jax.Array
Shape = tuple[int, ...]


def power_of_two(size: int) -> int:
    """The smallest power of two that is no less.

    Example:
        >>> [power_of_two(n) for n in (1, 2, 3, 30, 32)]
        [1, 2, 4, 32, 32]
    """
    return 1 << (size - 1).bit_length()


def storage(shape: Sequence[int]) -> Shape:
    """The shape in which an array is kept on chip.

    Example:
        >>> storage((30, 3))
        (32, 4)
    """
    return tuple(power_of_two(n) for n in shape)


def padded(array: Array) -> Array:
    """An array in the shape of its storage."""
    wide = storage(array.shape)
    if wide == array.shape:
        return array
    return jnp.pad(array, [(0, w - n) for w, n in zip(wide, array.shape, strict=True)])


def places(shape: Shape, axis: int) -> Array:
    """The number of each element along an axis."""
    return lax.broadcasted_iota(jnp.int32, shape, axis)


def filled(array: Array, shape: Shape, axes: Sequence[int], neutral: float | bool) -> Array:
    """The array with a neutral value where it lies beyond its true shape along some axes."""
    for axis in axes:
        if shape[axis] < array.shape[axis]:
            inside = places(array.shape, axis) < shape[axis]
            array = jnp.where(inside, array, jnp.asarray(neutral, array.dtype))
    return array


def total(array: Array, axes: Sequence[int]) -> Array:
    """The sum over axes, one after the other; true for any truth."""
    if array.dtype == bool:
        return total(array.astype(jnp.int32), axes) > 0
    for axis in sorted(axes, reverse=True):
        array = jnp.sum(array, axis=axis, dtype=array.dtype) if array.ndim else array
    return array


def picked(array: Array, axis: int, start: Array | int, size: int, stride: int = 1) -> Array:
    """The elements `start`, `start + stride`, ... along an axis, where they exist, and else 0.

    Args:
        array: in its storage.
        start: number of the first, which may be negative or known only on chip.
        size: how many.
    """
    wide = power_of_two(size)
    if size == 1:
        chosen = jnp.where(places(array.shape, axis) == start, array, jnp.zeros((), array.dtype))
        return jnp.expand_dims(total(chosen, [axis]), axis)
    # One axis more: which of the new elements, beside which of the old ones.
    after = axis + 1
    shape = (*array.shape[:axis], wide, *array.shape[axis:])
    wanted = start + stride * places(shape, axis)
    spread = jnp.broadcast_to(jnp.expand_dims(array, axis), shape)
    chosen = jnp.where(places(shape, after) == wanted, spread, jnp.zeros((), array.dtype))
    return total(chosen, [after])


def put(array: Array, part: Array, axis: int, start: Array | int, size: int) -> Array:
    """The array with `size` elements along an axis, from `start`, replaced by those of a part."""
    here = places(array.shape, axis)
    within = (here >= start) & (here < start + size)
    moved = part if size == 1 else picked(part, axis, -start, array.shape[axis])
    return jnp.where(within, jnp.broadcast_to(moved, array.shape), array)


def elements(shape: Sequence[int]) -> int:
    """The number of elements that are kept for an array of this shape."""
    return math.prod(storage(shape)) if math.prod(shape) else 0


def clamped(start: Array, room: int) -> Array:
    """A start that leaves room for what begins there."""
    return jnp.clip(start, 0, room).astype(jnp.int32)
