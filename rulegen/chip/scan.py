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
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton

from rulegen.chip.body import Packed, traced
from rulegen.chip.loops import LARGE, Loop, size
from rulegen.chip.memory import Rows, Shared, Whole, laid, shared, stored, turned, wanted
from rulegen.chip.padded import padded
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
        >>> import jax.numpy as jnp
        >>> def step(total, x):
        ...     return total + x, total * x
        >>> xs = jnp.arange(3.0)
        >>> [part.tolist() for part in scan(step, jnp.zeros(()), xs, interpret=True)]
        [3.0, [0.0, 0.0, 2.0]]
    """
    first, rows = Packed.of(start), Packed.of(sequences)
    body = traced(step, first, rows)
    loop, room = body.loop, shared(wanted(body.loop.function))
    inputs = [laid(x) for x in (*body.constants, *first.leaves)]
    inputs += [jax.vmap(padded)(x.astype(stored(x.dtype))) for x in rows.leaves]
    results = [jax.eval_shape(laid, x) for x in first.leaves]
    kept = [_rows_of(x, loop.length) for x in body.kept.all if x.size]
    results += [jax.eval_shape(jax.vmap(padded), _in_memory(x)) for x in kept]
    # What has no room on a card is refused without one as well.
    options: dict[str, Any] = {
        "compiler_params": triton.CompilerParams(num_warps=body.warps, num_stages=1)
    }
    if interpret:
        options = {"interpret": True}
    kernel = partial(_kernel, loop, room, not interpret)
    found = iter(pl.pallas_call(kernel, out_shape=[*results, *room.shapes], **options)(*inputs))

    def taken(array: Array, like: Array | jax.ShapeDtypeStruct, *lead: int) -> Array:
        inside = tuple(slice(n) for n in (*lead, *like.shape))
        return array[inside].astype(like.dtype)

    after = [taken(turned(next(found)), x) for x in first.leaves]
    left = [taken(next(found), x, loop.length) for x in body.kept.all if x.size]
    return first.tree(after), body.kept.tree(left, loop.length)


def _kernel(loop: Loop, room: Shared, on_card: bool, *refs: Any) -> None:
    """All steps of one program.

    Args:
        loop: the steps.
        room: that they ask for.
        on_card: where many threads share the memory, and have to wait for each other.
        refs: of all inputs, then of what is carried, of what is kept, and of the room.
    """
    places = iter(refs)
    constants = [Whole(next(places), v.aval) for v in loop.constants]
    start = [Whole(next(places), v.aval) for v in loop.state]
    rows = [Rows(next(places), _rows_of(v.aval, loop.length)) for v in loop.rows]
    state = [Whole(next(places), v.aval) for v in loop.state]
    kept = [Rows(next(places), _rows_of(v.aval, loop.length)) for v in loop.kept]
    walk = Walk(on_card, room.given([*places]))
    # Small ones are fetched once, large ones when a step needs them.
    near = [
        get if size(v) > LARGE else get() for get, v in zip(constants, loop.constants, strict=True)
    ]
    carried: list[Any] = []
    for there, here, far in zip(start, state, loop.distant, strict=True):
        if far:
            here.put(there())
        carried.append(here if far else there())
    walk.wait()
    ends = walk.repeat(loop, near, carried, rows, kept)
    for here, end in zip(state, ends, strict=True):
        if not isinstance(end, Whole):
            here.put(end)


def _rows_of(like: Any, length: int) -> jax.ShapeDtypeStruct:
    """So many of them, one in each row."""
    return jax.ShapeDtypeStruct((length, *like.shape), like.dtype)


def _in_memory(like: jax.ShapeDtypeStruct) -> jax.ShapeDtypeStruct:
    """With numbers as memory has them."""
    return jax.ShapeDtypeStruct(like.shape, stored(like.dtype))
