"""Operations that combine elements along axes, on padded arrays: padding has a neutral value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from rulegen.chip.padded import Shape, filled, picked, places, total

Array = jax.Array
#: As of `rulegen.chip.primitives`.
Rule = Callable[..., Array]


def reduction(neutral: Callable[[jnp.dtype], Any], combine: Callable[..., Array]) -> Rule:
    """Sums, maxima and the like over axes."""

    def rule(params: dict, shapes: list[Shape], out: Shape, x: Array) -> Array:
        axes = params["axes"]
        return combine(filled(x, shapes[0], axes, neutral(x.dtype)), axes)

    return rule


def over(function: Callable[..., Array]) -> Callable[..., Array]:
    """A reduction of one axis after the other."""

    def combine(x: Array, axes: tuple[int, ...]) -> Array:
        for axis in sorted(axes, reverse=True):
            x = function(x, axis=axis)
        return x

    return combine


def least(dtype: jnp.dtype) -> Any:
    """No number of this type is below."""
    return -jnp.inf if jnp.issubdtype(dtype, jnp.floating) else jnp.iinfo(dtype).min


def greatest(dtype: jnp.dtype) -> Any:
    """No number of this type is above."""
    return jnp.inf if jnp.issubdtype(dtype, jnp.floating) else jnp.iinfo(dtype).max


def every(x: Array, axes: tuple[int, ...]) -> Array:
    """Whether all are true."""
    return jnp.logical_not(total(jnp.logical_not(x), axes))


def argument(neutral: Callable[[jnp.dtype], Any], find: Callable[..., Array]) -> Rule:
    """The number of the largest or the smallest along an axis."""

    def rule(params: dict, shapes: list[Shape], out: Shape, x: Array) -> Array:
        (axis,) = params["axes"]
        x = x.astype(jnp.int32) if x.dtype == bool else x
        x = filled(x, shapes[0], [axis], neutral(x.dtype))
        return find(x, axis, jnp.int32).astype(params["index_dtype"])

    return rule


def product(x: Array, axes: tuple[int, ...]) -> Array:
    """The product over axes: halves of each are multiplied until one is left."""
    for axis in sorted(axes, reverse=True):
        while x.shape[axis] > 1:
            half = x.shape[axis] // 2
            x = picked(x, axis, 0, half) * picked(x, axis, half, half)
        x = jnp.squeeze(x, axis)
    return x


def running(neutral: Callable[[jnp.dtype], Any], combine: Callable[..., Array]) -> Rule:
    """What has been combined so far along an axis, or from there to the end."""

    def rule(params: dict, shapes: list[Shape], out: Shape, x: Array) -> Array:
        axis = params["axis"]
        x = filled(x, shapes[0], [axis], neutral(x.dtype))
        # One axis more: which of them are combined, beside the place of the result.
        shape = (*x.shape[: axis + 1], x.shape[axis], *x.shape[axis + 1 :])
        here, there = places(shape, axis), places(shape, axis + 1)
        counted = there >= here if params["reverse"] else there <= here
        beside = jnp.broadcast_to(jnp.expand_dims(x, axis), shape)
        return combine(
            jnp.where(counted, beside, jnp.asarray(neutral(x.dtype), x.dtype)), (axis + 1,)
        )

    return rule


def cumsum(params: dict, shapes: list[Shape], out: Shape, x: Array) -> Array:
    """The sum so far along an axis, or from there to the end."""
    if params["reverse"]:
        return running(lambda dtype: 0, total)(params, shapes, out, x)
    return lax.cumsum(x, params["axis"])
