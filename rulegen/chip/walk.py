"""A traced function, carried out on padded arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.experimental.pallas import triton
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from rulegen.chip.fused import Product, summed
from rulegen.chip.loops import CALLS, Loop, Unfit, loop
from rulegen.chip.matrices import is_large, product
from rulegen.chip.memory import Key, Rows, Whole
from rulegen.chip.moves import MOVES, joins
from rulegen.chip.padded import storage
from rulegen.chip.primitives import ELEMENTWISE, PARTS, RULES, elementwise

Array = jax.Array
#: An array on chip, None for one without elements, or one in memory, fetched when it is needed.
Value = Array | None | Rows | Whole
#: Operations that say where or when something is, and not what.
SAME = {"optimization_barrier", "reshard", "pvary", "copy", "copy_p", "stop_gradient"}


class Walk(NamedTuple):
    """How functions are carried out.

    Attributes:
        on_card: whether many threads share the memory and have to wait for each other, and a
            product and a sum are one instruction, as NVIDIA's cards have it.
        memory: what is kept there.
        path: the numbers of the operations that lead to this one.
    """

    on_card: bool = False
    memory: Mapping[Key, Any] = MappingProxyType({})
    path: tuple[int, ...] = ()

    def through(self, function: Jaxpr, *inputs: Value) -> list[Array | None]:
        """What a function makes of padded inputs.

        What is in memory is fetched wherever it is used.

        Raises:
            Unfit: when it does what has no form on chip.
        """
        known: dict[Any, Any] = dict(zip(function.invars, inputs, strict=True))
        late = summed(function) if self.on_card else set()

        def read(atom: Any) -> Any:
            if isinstance(atom, Literal):
                kind: Any = atom.aval
                number: Any = np.asarray(atom.val, kind.dtype)[()]
                return number
            value = known[atom]
            return value() if isinstance(value, (Rows, Whole)) else value

        for number, equation in enumerate(function.eqns):
            here = self._replace(path=(*self.path, number))
            if room := self.memory.get((here.path, "moved", 0)):
                found: list[Any] = [here.move(room, equation, known, read)]
                known |= zip(equation.outvars, found, strict=True)
                continue
            taken = [read(atom) for atom in equation.invars]
            if late.intersection(equation.outvars):
                aval: Any = equation.outvars[0].aval
                found = [Product(tuple(taken), storage(aval.shape), aval.dtype)]
            elif any(isinstance(x, Product) for x in taken):
                found = [added(*taken)]
            else:
                found = here.step(equation, taken)
            known |= zip(equation.outvars, found, strict=True)
        return [read(atom) for atom in function.outvars]

    def inner(
        self, function: Jaxpr | ClosedJaxpr, inputs: Sequence[Array | None]
    ) -> list[Array | None]:
        """What a function within a function makes of its inputs."""
        if isinstance(function, ClosedJaxpr):
            if any(jnp.ndim(constant) for constant in function.consts):
                raise Unfit("it holds a table")
            return self.through(
                function.jaxpr.replace(
                    constvars=(), invars=[*function.jaxpr.constvars, *function.jaxpr.invars]
                ),
                *map(jnp.asarray, function.consts),
                *inputs,
            )
        return self.through(function, *inputs)

    def step(self, equation: Any, inputs: list[Array | None]) -> list[Any]:
        """What one operation makes of its inputs."""
        name, params = equation.primitive.name, equation.params
        if name in CALLS:
            return self.inner(params[CALLS[name]], inputs)
        if name in SAME:
            return inputs
        if found := loop(equation):
            return self.loop(found, inputs)
        if name == "cond":
            return self.choose(params["branches"], inputs)
        some = [
            (atom.aval.shape, x)
            for atom, x in zip(equation.invars, inputs, strict=True)
            if x is not None
        ]
        shapes, arrays = [shape for shape, _ in some], [x for _, x in some]
        try:
            if name in PARTS:
                return [*PARTS[name](params, shapes, *arrays)]
            (out,) = (variable.aval for variable in equation.outvars)
            if 0 in out.shape:
                return [None]
            if name == "dot_general" and len(arrays) < len(inputs):
                return [jnp.zeros(storage(out.shape), out.dtype)]  # a sum over nothing
            if is_large(equation):
                room = self.memory[self.path, "product", 0]
                self.wait()  # for those that read what was there before
                room.put(product(params, shapes, *arrays, on_card=self.on_card))
                self.wait()
                return [room]
            if name in ELEMENTWISE:
                return [elementwise(equation.primitive, params, out.shape, arrays)]
            if name in RULES:
                return [RULES[name](params, shapes, out.shape, *arrays)]
        except NotImplementedError as why:
            raise Unfit(f"`{name}` has no form there: {why}") from None
        raise Unfit(f"`{name}` has no form there")

    def move(self, room: Rows, equation: Any, known: Mapping[Any, Any], read: Any) -> Any:
        """An operation that moves rows through memory; what joins axes takes them from there."""
        stay = joins(equation)
        inputs = [known[atom] if stay else read(atom) for atom in equation.invars]
        self.wait()  # for those that read what was there before
        return MOVES[equation.primitive.name].carry_out(room, self.wait, equation, *inputs)

    def choose(
        self, branches: Sequence[ClosedJaxpr], inputs: list[Array | None]
    ) -> list[Array | None]:
        """All branches, and the results of one: what they share is computed once."""
        which, *rest = inputs
        result, *others = (
            self._replace(path=(*self.path, number)).inner(branch, rest)
            for number, branch in enumerate(branches)
        )
        for number, other in enumerate(others, 1):
            both = zip(result, other, strict=True)
            result = [
                None if no is None or yes is None else jnp.where(which == number, yes, no)
                for no, yes in both
            ]
        return result

    def loop(self, found: Loop, inputs: list[Array | None]) -> list[Any]:
        """A loop within a loop: what it reads and leaves row by row lies in memory."""

        def put(what: str, number: int, value: Any) -> Any:
            if room := self.memory.get((self.path, what, number)):
                room.put(value)
            return room or value

        first = len(found.constants)
        last = first + len(found.state)
        if not found.length:
            return [*inputs[first:last], *(None for _ in found.kept)]
        state = [put("state", i, x) for i, x in enumerate(inputs[first:last])]
        rows = [put("row", i, x) for i, x in enumerate(inputs[last:])]
        kept = [self.memory.get((self.path, "kept", i)) for i in range(len(found.kept))]
        self.wait()
        state = self.repeat(found, inputs[:first], state, rows, kept)
        self.wait()
        return [*state, *kept]

    def repeat(
        self,
        found: Loop,
        constants: Sequence[Value],
        state: Sequence[Array | Whole | None],
        rows: Sequence[Rows | None],
        kept: Sequence[Rows | None],
    ) -> list[Any]:
        """The steps of a loop, one after the other.

        Args:
            found: the loop.
            constants: what stays as it is.
            state: what is carried along, in registers or in memory.
            rows: what a step reads.
            kept: where to put what it leaves.

        Returns:
            the state after the last step, where it was.
        """
        moving = [x is not None and not isinstance(x, Whole) for x in state]
        level = len(self.path)
        shared = any(len(path) > level and path[:level] == self.path for path, *_ in self.memory)
        shared |= any(isinstance(x, Whole) for x in state)

        def once(number: Array, near: list[Array]) -> list[Array]:
            some = iter(near)
            now = [next(some) if moves else x for x, moves in zip(state, moving, strict=True)]
            here = found.length - 1 - number if found.reverse else number
            seen = [None if x is None else x.row(here) for x in rows]
            left: list[Any] = self.through(found.function, *constants, *now, *seen)
            for row, value in zip(kept, left[len(state) :], strict=True):
                if row is not None:
                    row.put_row(here, value)
            if shared:
                self.wait()
            for room, value in zip(state, left, strict=False):
                if isinstance(room, Whole):
                    room.put(value)
            if shared:
                self.wait()
            return [value for value, moves in zip(left, moving, strict=False) if moves]

        start = [x for x, moves in zip(state, moving, strict=True) if moves]
        ends = iter(lax.fori_loop(jnp.int32(0), jnp.int32(found.length), once, start))
        return [next(ends) if moves else x for x, moves in zip(state, moving, strict=True)]

    def wait(self) -> None:
        """What one thread wrote another one reads: all of them wait for the last."""
        if self.on_card:
            triton.debug_barrier()


def added(a: Array | Product, b: Array | Product) -> Array:
    """A sum of which one part at least is a product."""
    product, other = (a, b) if isinstance(a, Product) else (b, a)
    assert isinstance(product, Product)
    return product.plus(other.alone() if isinstance(other, Product) else other)
