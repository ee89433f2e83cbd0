"""`jax.lax.scan` as one kernel: what is carried along stays on chip from step to step.

One program of the kernel is one group of threads; under `jax.vmap` there is one for each life. The
body is traced as `jax.lax.scan` would trace it and carried out by `walk`, so that there is nothing
to write for a circuit, a rule or a task. `interpret` runs the same kernel without a card.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton

from rulegen.chip.body import LARGE, Body, Packed, size, traced
from rulegen.chip.padded import padded, storage
from rulegen.chip.walk import Walk

Array = jax.Array


def scan(
    step: Callable[[Any, Any], tuple[Any, Any]],
    start: Any,
    sequences: Any,
    *,
    interpret: bool = False,
) -> tuple[Any, Any]:
    """`jax.lax.scan(step, start, sequences)` on chip.

    Args:
        step: from what is carried and one element of each sequence to what is carried on and kept.
        start: what is carried at first.
        sequences: arrays with a first axis of steps, one at least.
        interpret: run the kernel as ordinary operations, on any device.

    Raises:
        Unfit: when the step does what has no form on chip, or needs too much at a time.

    Example:
        >>> def step(total, x):
        ...     return total + x, total * x
        >>> xs = jnp.arange(3.0)
        >>> [part.tolist() for part in scan(step, jnp.zeros(()), xs, interpret=True)]
        [3.0, [0.0, 0.0, 2.0]]
    """
    first, rows = Packed.of(start), Packed.of(sequences)
    body, length = traced(step, first, rows), rows.leaves[0].shape[0]
    inputs = [turned(padded(_stored(x))) for x in (*body.constants, *first.leaves)]
    inputs += [jax.vmap(padded)(_stored(x)) for x in rows.leaves]
    places = [jax.eval_shape(turned, _place(x)) for x in first.leaves]
    places += [_place(x, length) for x in body.kept.all if x.size]
    # What has no room on a card is refused without one as well.
    options: dict[str, Any] = {
        "compiler_params": triton.CompilerParams(num_warps=body.warps, num_stages=1)
    }
    if interpret:
        options = {"interpret": True}
    kernel = partial(_kernel, body, length, not interpret)
    found = iter(pl.pallas_call(kernel, out_shape=places, **options)(*inputs))

    def taken(array: Array, like: Array | jax.ShapeDtypeStruct, *lead: int) -> Array:
        inside = tuple(slice(n) for n in (*lead, *like.shape))
        return array[inside].astype(like.dtype)

    after = [taken(turned(next(found)), x) for x in first.leaves]
    left = [taken(next(found), x, length) for x in body.kept.all if x.size]
    return first.tree(after), body.kept.tree(left, length)


def _kernel(body: Body, length: int, on_card: bool, *refs: Any) -> None:
    """All steps of one program.

    Args:
        body: a step. length: how many.
        on_card: where many threads share the memory, and have to wait for each other.
        refs: of all inputs, then of what is carried and what is kept.
    """
    types = [v.aval for v in body.function.invars]
    given, results = refs[: len(types)], refs[len(types) :]
    holds, lead = len(body.constants), len(body.constants) + body.carried
    final, kept, distant = results[: body.carried], results[body.carried :], body.distant
    for there, here in zip(given[holds:lead], final, strict=True):
        here[...] = there[...]
    if on_card:
        triton.debug_barrier()
    through = Walk(fused=on_card).through
    fetch = [partial(_load, ref, aval) for ref, aval in zip(given, types, strict=True)]
    carried = [partial(_load, ref, a) for ref, a in zip(final, types[holds:lead], strict=True)]
    large = [size(v) > LARGE for v in body.function.invars[:holds]]
    constants = [get if far else get() for get, far in zip(fetch[:holds], large, strict=True)]

    def once(number: Array, near: list[Array]) -> list[Array]:
        state = iter(near)
        now = [get if far else next(state) for get, far in zip(carried, distant, strict=True)]
        rows = (get(number) for get in fetch[lead:])
        found = [x for x in through(body.function, *constants, *now, *rows) if x is not None]
        for ref, value in zip(kept, found[body.carried :], strict=True):
            ref[number] = value.astype(ref.dtype)
        later = list(zip(final, distant, found, strict=False))
        for ref, far, value in later:
            if far:
                _store(ref, value)
        if on_card:
            # What one thread wrote another one reads in the next step.
            triton.debug_barrier()
        return [value for _, far, value in later if not far]

    near = [get() for get, far in zip(carried, distant, strict=True) if not far]
    near = lax.fori_loop(jnp.int32(0), jnp.int32(length), once, near)
    ends = (ref for ref, far in zip(final, distant, strict=True) if not far)
    for ref, value in zip(ends, near, strict=True):
        _store(ref, value)


def _load(ref: Any, aval: Any, *where: Array) -> Array:
    """What is in memory, or one row of it, in its own type."""
    value = ref[where] if where else turned(ref[...])
    return value != 0 if aval.dtype == bool else value.astype(aval.dtype)


def _store(ref: Any, value: Array) -> None:
    """Put where `_load` finds it."""
    ref[...] = turned(value).astype(ref.dtype)


def turned(value: Array) -> Array:
    """A matrix as it lies in memory: what is received by several neurons side by side.

    A compiler gives neighbours in memory to one thread, and works what belongs to a row out in all
    threads that have some of it. Much belongs to the neuron that receives, and little to the one
    that sends: threads with long pieces of columns do less again.
    """
    return jnp.swapaxes(value, -1, -2) if value.ndim > 1 else value


def _stored(value: Array) -> Array:
    """As it is kept in memory: truths as integers."""
    return value.astype(jnp.int32) if value.dtype == bool else value


def _place(like: Array | jax.ShapeDtypeStruct, *lead: int) -> jax.ShapeDtypeStruct:
    """Where results are written."""
    dtype = jnp.int32 if like.dtype == bool else like.dtype
    return jax.ShapeDtypeStruct((*lead, *storage(like.shape)), dtype)
