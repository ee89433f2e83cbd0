"""What each operation of JAX is on padded arrays.

Operations on single elements are what they are. Those that move elements or combine them are said
in terms of selections and sums, which every compiler for a chip knows.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from rulegen.chip.padded import (
    Shape,
    clamped,
    filled,
    picked,
    places,
    power_of_two,
    put,
    storage,
    total,
)
from rulegen.chip.reductions import (
    argument,
    cumsum,
    every,
    greatest,
    least,
    over,
    product,
    reduction,
    running,
)

Array = jax.Array
#: From parameters of an operation, the true shapes of its inputs and of its output, and the
#: inputs themselves, to the output.
Rule = Callable[..., Array]

#: Operations on single elements.
ELEMENTWISE = frozenset(
    {
        "abs", "acos", "acosh", "add", "add_any", "and", "asin", "asinh", "atan", "atan2",
        "atanh", "cbrt", "ceil", "clamp", "convert_element_type", "cos",
        "cosh", "div", "eq", "erf_inv", "exp", "exp2", "expm1", "floor", "ge",
        "gt", "integer_pow", "is_finite", "le", "log", "log1p", "logistic", "lt", "max", "min",
        "mul", "ne", "neg", "not", "or", "pow", "rem", "rsqrt", "select_n", "shift_left",
        "shift_right_arithmetic", "shift_right_logical", "sign", "sin", "sinh", "sqrt",
        "square", "sub", "tan", "tanh", "xor",
    }
)  # fmt: skip


def spread(value: Array, shape: Shape) -> Array:
    """A number beside arrays."""
    return jnp.broadcast_to(value, shape) if value.ndim == 0 else value


def elementwise(primitive: Any, params: dict, out: Shape, arrays: Sequence[Array]) -> Array:
    """Any operation on single elements; numbers take the shape of the arrays beside them."""
    if not any(isinstance(value, jax.core.Tracer) for value in arrays):
        # Known now: compilers for chips expect that nobody leaves such work to them.
        with jax.ensure_compile_time_eval():
            known: Any = np.asarray(primitive.bind(*arrays, **params))
        return known[()]
    x = [spread(value, storage(out)) for value in arrays]
    if primitive.name == "convert_element_type":
        return x[0].astype(params["new_dtype"])
    if primitive.name == "clamp":
        low, value, high = x
        return jnp.minimum(jnp.maximum(value, low), high)
    if primitive.name == "select_n" and len(x) == 3:
        which, no, yes = x
        return jnp.where(which, yes, no)
    result: Array = primitive.bind(*x, **params)
    return result


def broadcast_in_dim(params: dict, shapes: list[Shape], out: Shape, x: Array, *_: Array) -> Array:
    """Spread along new axes and those of length one."""
    return lax.broadcast_in_dim(x, storage(out), params["broadcast_dimensions"])


def reshape(params: dict, shapes: list[Shape], out: Shape, x: Array) -> Array:
    """Axes of length one come and go; others may be joined where none is padded."""
    plain = [n for n in shapes[0] if n != 1] == [n for n in out if n != 1]
    if not plain and (storage(shapes[0]) != shapes[0] or storage(out) != out):
        raise NotImplementedError(f"it turns the shape {shapes[0]} into {out}")
    return x.reshape(storage(out))


def transpose(params: dict, shapes: list[Shape], out: Shape, x: Array) -> Array:
    """Axes in another order."""
    return jnp.transpose(x, params["permutation"])


def iota(params: dict, shapes: list[Shape], out: Shape) -> Array:
    """Numbers along an axis."""
    return lax.broadcasted_iota(params["dtype"], storage(out), params["dimension"])


def part(params: dict, shapes: list[Shape], out: Shape, x: Array) -> Array:
    """A part with known limits; what comes first is where it was."""
    strides = params["strides"] or (1,) * x.ndim
    for axis, (start, size) in enumerate(zip(params["start_indices"], out, strict=True)):
        if start or strides[axis] != 1 or power_of_two(size) != x.shape[axis]:
            x = picked(x, axis, start, size, strides[axis])
    return x


def dynamic_slice(params: dict, shapes: list[Shape], out: Shape, x: Array, *starts: Array) -> Array:
    """A part that begins where numbers on chip say."""
    for axis, (start, size) in enumerate(zip(starts, out, strict=True)):
        if size != shapes[0][axis]:
            x = picked(x, axis, clamped(start, shapes[0][axis] - size), size)
    return x


def dynamic_update_slice(
    params: dict, shapes: list[Shape], out: Shape, x: Array, update: Array, *starts: Array
) -> Array:
    """The array with a part replaced."""
    partial = [axis for axis in range(x.ndim) if shapes[1][axis] != shapes[0][axis]]
    if len(partial) > 1:
        raise NotImplementedError("it replaces a part along two axes")
    if not partial:
        return update
    (axis,) = partial
    size = shapes[1][axis]
    return put(x, update, axis, clamped(starts[axis], shapes[0][axis] - size), size)


def concatenate(params: dict, shapes: list[Shape], out: Shape, *parts: Array) -> Array:
    """Arrays one after the other."""
    axis, first = params["dimension"], 0
    result = jnp.zeros(storage(out), parts[0].dtype)
    for shape, one in zip(shapes, parts, strict=True):
        result = put(result, one, axis, first, shape[axis])
        first += shape[axis]
    return result


def stack(params: dict, shapes: list[Shape], out: Shape, *parts: Array) -> Array:
    """Arrays beside each other along a new axis."""
    axis = params["axis"]
    wide = [(*s[:axis], 1, *s[axis:]) for s in shapes]
    upright = [jnp.expand_dims(one, axis) for one in parts]
    return concatenate({"dimension": axis}, wide, out, *upright)


def split(params: dict, shapes: list[Shape], x: Array) -> list[Array]:
    """Arrays that lie one after the other."""
    axis, first, parts = params["axis"], 0, []
    for size in params["sizes"]:
        parts.append(picked(x, axis, first, int(size)))
        first += size
    return parts


def unstack(params: dict, shapes: list[Shape], x: Array) -> list[Array]:
    """Arrays that lie beside each other along an axis."""
    axis = params["axis"]
    return [picked(x, axis, n, 1).squeeze(axis) for n in range(shapes[0][axis])]


def one_minus_square(params: dict, shapes: list[Shape], out: Shape, x: Array) -> Array:
    """The slope of a tanh from its value."""
    return 1 - x * x


def rev(params: dict, shapes: list[Shape], out: Shape, x: Array) -> Array:
    """Axes turned around."""
    for axis in params["dimensions"]:
        size = shapes[0][axis]
        x = picked(x, axis, size - 1, size, -1)
    return x


def pad(params: dict, shapes: list[Shape], out: Shape, x: Array, value: Array) -> Array:
    """Edges of one value, or as much taken away."""
    for axis, (low, _, between) in enumerate(params["padding_config"]):
        size = out[axis]
        if between:
            raise NotImplementedError("it pads between elements")
        if size == shapes[0][axis] and not low:
            continue
        stays = not low and power_of_two(size) == x.shape[axis]
        moved = x if stays else picked(x, axis, -low, size)
        here = lax.broadcasted_iota(jnp.int32, moved.shape, axis)
        inside = (here >= low) & (here < low + shapes[0][axis])
        x = jnp.where(inside, moved, jnp.broadcast_to(value, moved.shape))
    return x


def nearest(params: dict, shapes: list[Shape], out: Shape, x: Array) -> Array:
    """The nearest whole number, of two the even one or the one farther from 0."""
    if params["rounding_method"] == lax.RoundingMethod.AWAY_FROM_ZERO:
        return jnp.sign(x) * jnp.floor(jnp.abs(x) + 0.5)
    up = jnp.floor(x + 0.5)
    odd = up - 2.0 * jnp.floor(up / 2.0) == 1.0
    # Where numbers have no halves, a half added would itself be rounded.
    small = jnp.abs(x) < 1.0 / jnp.finfo(x.dtype).eps
    return jnp.where(small, jnp.where(odd & (up - x == 0.5), up - 1.0, up), x)


def error_function(params: dict, shapes: list[Shape], out: Shape, x: Array) -> Array:
    """2/sqrt(pi) exp(-x**2) times the sum of 2**n x**(2n+1)/(2n+1)!!, whose terms are positive."""
    # Beyond that the digits of single or of double precision do not tell it from 1.
    most, terms = (4.0, 50) if x.dtype == jnp.float32 else (6.0, 160)
    inside = jnp.clip(x, -most, most)
    square, series = inside * inside, jnp.ones_like(x)
    for n in range(terms, 0, -1):
        series = 1.0 + series * square * (2.0 / (2 * n + 1))
    return inside * series * jnp.exp(-square) * (2.0 / math.sqrt(math.pi))


def gather(params: dict, shapes: list[Shape], out: Shape, x: Array, where: Array) -> Array:
    """Elements along one axis by their numbers; others are none, or the last ones."""
    how, size = params["dimension_numbers"], shapes[0]
    whole = [
        n
        for n, (taken, full) in enumerate(zip(params["slice_sizes"], size, strict=True))
        if taken == full
    ]
    axes = tuple(how.start_index_map)
    if len(axes) != 1 or tuple(how.collapsed_slice_dims) != axes or how.operand_batching_dims:
        raise NotImplementedError("it takes elements along several axes")
    (axis,) = axes
    if {*whole, axis} != {*range(len(size))} or params["slice_sizes"][axis] != 1:
        raise NotImplementedError("it takes parts of an axis")
    number = picked(where, where.ndim - 1, 0, 1).squeeze(-1).astype(jnp.int32)
    lead, table = number.ndim, jnp.moveaxis(x, axis, 0)
    inside = jnp.clip(number, 0, size[axis] - 1)
    shape = (*number.shape, *table.shape)
    chosen = places(shape, lead) == inside.reshape(*number.shape, *(1,) * table.ndim)
    found = total(jnp.where(chosen, table, jnp.zeros((), x.dtype)), [lead])
    if params["mode"] == lax.GatherScatterMode.FILL_OR_DROP:
        missing = (number != inside).reshape(*number.shape, *(1,) * (table.ndim - 1))
        none = params["fill_value"]
        if none is None:
            none = jnp.nan if jnp.issubdtype(x.dtype, jnp.floating) else least(x.dtype)
        found = jnp.where(missing, jnp.asarray(none, x.dtype), found)
    order = [n for n in range(len(out)) if n not in how.offset_dims]
    return jnp.moveaxis(found, range(len(out)), [*order, *how.offset_dims])


def scatter(add: bool) -> Rule:
    """One place along an axis set to something, or more of it."""

    def rule(
        params: dict, shapes: list[Shape], out: Shape, x: Array, where: Array, update: Array
    ) -> Array:
        how = params["dimension_numbers"]
        axes = tuple(how.scatter_dims_to_operand_dims)
        single = shapes[1] == (1,) and tuple(how.inserted_window_dims) == axes
        if len(axes) != 1 or not single or how.operand_batching_dims:
            raise NotImplementedError("it changes several places")
        (axis,) = axes
        number = total(filled(where, shapes[1], [0], 0), [0]).astype(jnp.int32)
        if params["mode"] == lax.GatherScatterMode.CLIP:
            number = jnp.clip(number, 0, shapes[0][axis] - 1)
        here = places(x.shape, axis) == number
        beside = jnp.broadcast_to(jnp.expand_dims(update, axis), x.shape)
        return jnp.where(here, x + beside if add else beside, x)

    return rule


def dot_general(params: dict, shapes: list[Shape], out: Shape, a: Array, b: Array) -> Array:
    """Products and their sums, one after the other."""
    (over_a, over_b), (batch_a, batch_b) = params["dimension_numbers"]
    free_a = [i for i in range(a.ndim) if i not in (*over_a, *batch_a)]
    free_b = [i for i in range(b.ndim) if i not in (*over_b, *batch_b)]
    a = jnp.transpose(a, (*batch_a, *free_a, *over_a))
    b = jnp.transpose(b, (*batch_b, *free_b, *over_b))
    lead, mine, theirs = len(batch_a), len(free_a), len(free_b)
    a = jnp.expand_dims(a, tuple(lead + mine + i for i in range(theirs)))
    b = jnp.expand_dims(b, tuple(lead + i for i in range(mine)))
    product = a * b
    sizes = [shapes[0][i] for i in (*batch_a, *free_a)]
    sizes += [shapes[1][i] for i in free_b] + [shapes[0][i] for i in over_a]
    summed = range(lead + mine + theirs, product.ndim)
    return total(filled(product, tuple(sizes), list(summed), 0), list(summed))


RULES: dict[str, Rule] = {
    "argmax": argument(least, lax.argmax),
    "argmin": argument(greatest, lax.argmin),
    "broadcast_in_dim": broadcast_in_dim,
    "concatenate": concatenate,
    "cummax": running(least, over(jnp.max)),
    "cummin": running(greatest, over(jnp.min)),
    "cumprod": running(lambda dtype: 1, product),
    "cumsum": cumsum,
    "dot_general": dot_general,
    "dynamic_slice": dynamic_slice,
    "dynamic_update_slice": dynamic_update_slice,
    "gather": gather,
    "iota": iota,
    "one_minus_square": one_minus_square,
    "pad": pad,
    "reduce_and": reduction(lambda dtype: True, every),
    "reduce_max": reduction(least, over(jnp.max)),
    "reduce_min": reduction(greatest, over(jnp.min)),
    "reduce_prod": reduction(lambda dtype: 1, product),
    "reduce_or": reduction(lambda dtype: False, total),
    "reduce_sum": reduction(lambda dtype: 0, total),
    "reshape": reshape,
    "rev": rev,
    "round": nearest,
    "erf": error_function,
    "scatter": scatter(add=False),
    "scatter-add": scatter(add=True),
    "slice": part,
    "squeeze": reshape,
    "expand_dims": reshape,
    "stack": stack,
    "transpose": transpose,
}

#: Operations with several results.
PARTS: dict[str, Callable[..., list[Array]]] = {"split": split, "unstack": unstack}
