"""Operations that move rows of an array, through memory: registers have no addresses.

In registers a part is selected by number, which costs as much as the number of rows times that of
the part. So small arrays stay there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend.core import JaxprEqn

from rulegen.chip.padded import clamped, elements, picked, places, power_of_two, storage

Array = jax.Array
#: Arrays with fewer elements are moved in registers.
SMALL = 64


class Move(NamedTuple):
    """An operation through memory.

    Attributes:
        room: what is kept there, and how many rows more than it has; None where nothing moves.
        carry_out: it, from the room, a wait until all threads are there, the operation and its
            inputs. An input that lies in memory comes as it is.
    """

    room: Callable[[JaxprEqn], tuple[Any, int] | None]
    carry_out: Callable[..., Any]


def moved(equation: JaxprEqn) -> tuple[Any, int] | None:
    """What an operation has to put into memory, and how many rows more than it has."""
    move = MOVES.get(equation.primitive.name)
    avals: list[Any] = [v.aval for v in (*equation.invars, *equation.outvars)]
    small = max(elements(aval.shape) for aval in avals) < SMALL
    return None if move is None or (small and move is not JOINED) else move.room(equation)


# -- one after the other -----------------------------------------------------------------------


def room_for_all(equation: JaxprEqn) -> tuple[Any, int] | None:
    """Arrays one after the other."""
    if equation.params["dimension"]:
        return None
    avals: list[Any] = [v.aval for v in equation.invars]
    rows = [power_of_two(aval.shape[0]) for aval in avals if aval.size]
    return equation.outvars[0].aval, max(rows)


def concatenate(room: Any, wait: Callable[[], None], equation: JaxprEqn, *parts: Array) -> Any:
    """Each overwrites what was more than the rows of the one before."""
    first = 0
    for variable, part in zip(equation.invars, parts, strict=True):
        aval: Any = variable.aval
        if aval.size:
            room.put(part, first)
            wait()
            first += aval.shape[0]
    return room


# -- a part ------------------------------------------------------------------------------------


def part_of(shape: Sequence[int], sizes: Sequence[int]) -> bool:
    """Whether it is some rows as they are."""
    return bool(shape) and sizes[0] != shape[0] and tuple(sizes[1:]) == tuple(shape[1:])


def room_for_slice(equation: JaxprEqn) -> tuple[Any, int] | None:
    """Rows from a known one on; those from the first on are where they are."""
    whole, part = _avals(equation)
    params = equation.params
    steps = {*(params["strides"] or (1,))} == {1}
    if params["start_indices"][0] and steps and part_of(whole.shape, part.shape):
        return whole, power_of_two(part.shape[0])
    return None


def known_slice(room: Any, wait: Callable[[], None], equation: JaxprEqn, whole: Array) -> Array:
    """Rows from a known one on."""
    room.put(whole)
    wait()
    return room.rows(equation.params["start_indices"][0], _avals(equation)[1].shape[0])


def room_for_part(equation: JaxprEqn) -> tuple[Any, int] | None:
    """Rows from one on that is known on chip."""
    whole, part = _avals(equation)
    return (whole, power_of_two(part.shape[0])) if part_of(whole.shape, part.shape) else None


def dynamic_slice(
    room: Any, wait: Callable[[], None], equation: JaxprEqn, whole: Array, start: Array, *_: Array
) -> Array:
    """Rows from one on that is known on chip."""
    before, after = (aval.shape[0] for aval in _avals(equation))
    room.put(whole)
    wait()
    return room.rows(clamped(start, before - after), after)


# -- edges -------------------------------------------------------------------------------------


def room_for_edges(equation: JaxprEqn) -> tuple[Any, int] | None:
    """Rows in front."""
    whole, result = _avals(equation)
    (low, high, between), *others = equation.params["padding_config"] or [(0, 0, 0)]
    if low > 0 and high >= 0 and not between and not any(map(any, others)) and whole.size:
        return result, power_of_two(whole.shape[0])
    return None


def pad(
    room: Any, wait: Callable[[], None], equation: JaxprEqn, whole: Array, value: Array
) -> Array:
    """Rows of one value in front, and perhaps after."""
    (low, _, _), *_ = equation.params["padding_config"]
    shape: Any = equation.invars[0].aval
    room.put(whole, low)
    wait()
    found = room()
    here = places(found.shape, 0)
    inside = (here >= low) & (here < low + shape.shape[0])
    return jnp.where(inside, found, jnp.broadcast_to(value, found.shape))


# -- axes --------------------------------------------------------------------------------------


def room_for_rows(equation: JaxprEqn) -> tuple[Any, int] | None:
    """The first two axes joined."""
    whole, result = _avals(equation)
    padded = storage(whole.shape) != whole.shape or storage(result.shape) != result.shape
    if whole.ndim < 2 or 1 in whole.shape[:2] or not whole.size or not padded:
        return None
    blocks, rows, *others = whole.shape
    return (result, power_of_two(rows)) if result.shape == (blocks * rows, *others) else None


def reshape(room: Any, wait: Callable[[], None], equation: JaxprEqn, blocks: Any) -> Any:
    """Blocks of rows one after the other."""
    shape: Any = equation.invars[0].aval
    count, rows = shape.shape[:2]

    def one(number: Array, none: Array) -> Array:
        near = isinstance(blocks, jax.Array)
        block = picked(blocks, 0, number, 1).squeeze(0) if near else blocks.row(number)
        room.put(block, number * rows)
        wait()
        return none

    lax.fori_loop(jnp.int32(0), jnp.int32(count), one, jnp.int32(0))
    return room


def _avals(equation: JaxprEqn) -> tuple[Any, Any]:
    """The first input and the output, as they look."""
    return equation.invars[0].aval, equation.outvars[0].aval


JOINED = Move(room_for_rows, reshape)
MOVES = {
    "concatenate": Move(room_for_all, concatenate),
    "slice": Move(room_for_slice, known_slice),
    "dynamic_slice": Move(room_for_part, dynamic_slice),
    "pad": Move(room_for_edges, pad),
    "reshape": JOINED,
}


def joins(equation: JaxprEqn) -> bool:
    """Whether an operation takes its input from where it lies."""
    return MOVES.get(equation.primitive.name) is JOINED
