"""Arrays in memory: what has too many rows for registers, which have no addresses.

A trial has histories of many steps, of which a step reads or writes a row; and what stays as it is
while the steps go on need not take registers from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.experimental import pallas as pl
from jax.extend.core import Jaxpr

from rulegen.chip.loops import bodies, loop
from rulegen.chip.matrices import is_large
from rulegen.chip.moves import moved
from rulegen.chip.padded import Shape, power_of_two, storage

Array = jax.Array
#: Whose room it is: the numbers of the operations that lead there, what it is for, and the number
#: of what is kept.
Key = tuple[tuple[int, ...], str, int]


class Rows(NamedTuple):
    """An array that is read and written by rows.

    Attributes:
        ref: where it lies, with others of the same width.
        aval: how it looks.
        first: place of its first row.
    """

    ref: Any
    aval: Any
    first: int = 0

    def row(self, number: Array) -> Array:
        """One row."""
        return typed(self.ref[self._place(self.first + number)], self.aval.dtype)

    def rows(self, start: Array | int, length: int) -> Array:
        """So many rows, and anything in the places after them."""
        here = pl.ds(self.first + start, power_of_two(length))
        return typed(self.ref[self._place(here)], self.aval.dtype)

    def put_row(self, number: Array, value: Array) -> None:
        """Write one row."""
        self.ref[self._place(self.first + number)] = value.astype(self.ref.dtype)

    def put(self, value: Array, start: Array | int = 0) -> None:
        """Write rows, and anything after them."""
        here = pl.ds(self.first + start, value.shape[0])
        self.ref[self._place(here)] = value.astype(self.ref.dtype)

    def __call__(self) -> Array:
        """All rows."""
        return self.rows(0, self.aval.shape[0])

    def _place(self, first: Any) -> tuple[Any, ...]:
        return first, *within(self.aval.shape[1:])


class Whole(NamedTuple):
    """An array that is read and written as a whole.

    Attributes:
        ref: where it lies, perhaps with others.
        aval: how it looks.
        first: place of its first row.
    """

    ref: Any
    aval: Any
    first: int = 0

    def put(self, value: Array) -> None:
        """Write it."""
        self.ref[self._place()] = turned(value).astype(self.ref.dtype)

    def __call__(self) -> Array:
        """Read it."""
        return typed(turned(self.ref[self._place()]), self.aval.dtype)

    def _place(self) -> tuple[Any, ...]:
        rows, *others = within(turned_shape(self.aval.shape)) or (...,)
        return pl.ds(self.first, rows.size) if self.first else rows, *others


def typed(value: Array, dtype: Any) -> Array:
    """What was in memory in its own type."""
    return value != 0 if dtype == jnp.dtype(bool) else value.astype(dtype)


def stored(dtype: Any) -> Any:
    """The type in memory: truths are integers."""
    return jnp.int32 if dtype == jnp.dtype(bool) else dtype


def turned(value: Array) -> Array:
    """A matrix as it lies in memory: what is received by several neurons side by side.

    A compiler gives neighbours in memory to neighbouring threads, and works what belongs to a row
    out in all threads that have some of it. Much belongs to the neuron that receives, and little to
    the one that sends: threads with pieces of columns do less again.
    """
    return jnp.swapaxes(value, -1, -2) if value.ndim > 1 else value


def turned_shape(shape: Sequence[int]) -> Shape:
    """The shape of a turned array."""
    return (*shape[:-2], *shape[:-3:-1])


def lying(shape: Sequence[int]) -> Shape:
    """The shape in memory: there each row is one place longer.

    Rows of an even length would be read two or four places at a time, all of them by one thread,
    which would then do for each of so many neurons what all threads do that have some of its
    weights.

    Example:
        >>> lying((30, 12)), lying((30,))
        ((32, 17), (32,))
    """
    wide = storage(shape)
    return (*wide[:-1], wide[-1] + 1) if len(wide) > 1 else wide


def within(shape: Sequence[int]) -> tuple[Any, ...]:
    """What lies in such places without the last one of each row."""
    return tuple(pl.ds(0, n) for n in storage(shape))


def laid(value: Array) -> Array:
    """An array as it lies in memory as a whole."""
    value = turned(value.astype(stored(value.dtype)))
    room = lying(value.shape)
    wider = [(0, m - n) for m, n in zip(room, value.shape, strict=True)]
    return jnp.pad(value, wider) if wider else value


class Wanted(NamedTuple):
    """Room that a function asks for.

    Attributes:
        key: whose it is.
        kind: how it is read and written.
        aval: of what is kept there.
        more: places for so many rows more.
    """

    key: Key
    kind: type[Rows | Whole]
    aval: Any
    more: int = 0

    @property
    def room(self) -> jax.ShapeDtypeStruct:
        """How it looks."""
        shape = self.aval.shape
        first, *others = lying(turned_shape(shape) if self.kind is Whole else shape)
        return jax.ShapeDtypeStruct((first + self.more, *others), stored(self.aval.dtype))


def wanted(function: Jaxpr) -> list[Wanted]:
    """The room that a function asks for, for all that has elements."""
    return [want for want in _wanted(function, ()) if want.aval.size]


class Shared(NamedTuple):
    """Room for several arrays: those of one width lie one after the other.

    A place of its own takes registers for its address.

    Attributes:
        shapes: of each room.
        places: what is asked for, with the number of its room and the place of its first row.
    """

    shapes: list[jax.ShapeDtypeStruct]
    places: list[tuple[Wanted, int, int]]

    def given(self, refs: Sequence[Any]) -> dict[Key, Rows | Whole]:
        """What is kept there, once there are rooms."""
        return {
            want.key: want.kind(refs[number], want.aval, first)
            for want, number, first in self.places
        }


def shared(wants: Sequence[Wanted]) -> Shared:
    """Room for all that is asked for."""
    rows: dict[tuple[Any, Shape], int] = {}
    places = []
    for want in wants:
        kind = want.room.dtype, want.room.shape[1:]
        first = rows.setdefault(kind, 0)
        places.append((want, [*rows].index(kind), first))
        rows[kind] = first + want.room.shape[0]
    shapes = [jax.ShapeDtypeStruct((n, *shape), dtype) for (dtype, shape), n in rows.items()]
    return Shared(shapes, places)


def _wanted(function: Jaxpr, path: tuple[int, ...]) -> Iterator[Wanted]:
    for number, equation in enumerate(function.eqns):
        here = (*path, number)
        if found := loop(equation):
            for what, variables in (("row", found.rows), ("kept", found.kept)):
                yield from (Wanted((here, what, i), Rows, v.aval) for i, v in enumerate(variables))
            for i, (variable, far) in enumerate(zip(found.state, found.distant, strict=True)):
                if far:
                    yield Wanted((here, "state", i), Whole, variable.aval)
        elif is_large(equation):
            # Made one after the other, so that few registers do for all.
            yield Wanted((here, "product", 0), Whole, equation.outvars[0].aval)
        elif move := moved(equation):
            yield Wanted((here, "moved", 0), Rows, *move)
        for more, body in bodies(equation):
            yield from _wanted(body, (*here, *more))
