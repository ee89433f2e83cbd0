"""A step of a loop as it is traced: a function of arrays that all have elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import Jaxpr, JaxprEqn, Var

from rulegen.chip.padded import elements
from rulegen.chip.walk import Unfit

Array = jax.Array

#: Numbers that a thread can keep of the arrays of a step, and registers for all else.
PER_THREAD, OTHERS = 200, 55
#: Registers of a processor, which its threads share, and most of one thread.
REGISTERS, MOST = 65536, 255
#: Most threads that can work on one program, 32 in a warp.
MOST_WARPS = 8
#: Arrays of more elements are fetched from memory in each step, when it needs them.
LARGE = 512
#: The largest table that a step may read: it is fetched as a whole.
TABLE = 1 << 14


class Packed(NamedTuple):
    """A tree of arrays as a list of those that have elements.

    Attributes:
        leaves: these.
        all: shapes and types of all, in order.
        structure: of the tree.
    """

    leaves: list[Array]
    all: list[jax.ShapeDtypeStruct]
    structure: Any

    @classmethod
    def of(cls, tree: Any) -> Packed:
        """A tree of arrays, packed."""
        leaves, structure = jax.tree.flatten(jax.tree.map(jnp.asarray, tree))
        shapes = [jax.ShapeDtypeStruct(x.shape, x.dtype) for x in leaves]
        return cls([x for x in leaves if x.size], shapes, structure)

    def tree(self, leaves: Sequence[Array], *lead: int) -> Any:
        """A tree of this structure; those without elements are made anew.

        Args:
            leaves: those that have elements. lead: axes that all have in front.
        """
        some = iter(leaves)
        full = [next(some) if x.size else jnp.zeros((*lead, *x.shape), x.dtype) for x in self.all]
        return jax.tree.unflatten(self.structure, full)


class Body(NamedTuple):
    """A step as it was traced.

    Attributes:
        function: of all constants, carried arrays and elements of sequences, in this order.
        constants: arrays that it holds.
        carried: the number of arrays that it carries along.
        kept: what it leaves behind, as it looks.
    """

    function: Jaxpr
    constants: list[Array]
    carried: int
    kept: Packed

    @property
    def state(self) -> list[Var]:
        """What stands for the carried arrays."""
        first = len(self.constants)
        return self.function.invars[first : first + self.carried]

    @property
    def distant(self) -> list[bool]:
        """Which carried arrays stay in memory: large ones that no loop within a step works on."""
        read = {id(v) for e in self.function.eqns for v in e.invars}
        looped = {id(v) for e in self.loops for v in e.invars}
        return [size(v) > LARGE and id(v) in read - looped for v in self.state]

    @property
    def loops(self) -> list[JaxprEqn]:
        """The loops within a step."""
        return [e for e in self.function.eqns if e.primitive.name == "scan"]

    @property
    def need(self) -> int:
        """Numbers that are wanted at the same time: by the whole step, or a loop within it."""
        near = [v for v, far in zip(self.state, self.distant, strict=True) if not far]
        inputs = [sum(size(v) for v in e.invars if isinstance(v, Var)) for e in self.loops]
        return max([sum(map(size, near)), *inputs])

    @property
    def warps(self) -> int:
        """So many groups of 32 threads work on one program.

        Raises:
            Unfit: when the arrays of a step do not fit there.
        """
        tables = self.function.invars[: len(self.constants)]
        if (largest := max(map(size, tables), default=0)) > TABLE:
            raise Unfit(f"a step reads a table of {largest} numbers, and at most {TABLE} fit")
        warps = 1
        while self.need > room(warps):
            if warps == MOST_WARPS:
                raise Unfit(
                    f"a step keeps {self.need} numbers, and a chip has room for {room(warps)}"
                )
            warps *= 2
        return warps


def size(variable: Var) -> int:
    """The number of elements that are kept for an array."""
    aval: Any = variable.aval
    return elements(aval.shape)


def room(warps: int) -> int:
    """Numbers that so many warps can keep.

    Example:
        >>> room(1), room(8)
        (6400, 51200)
    """
    threads = 32 * warps
    return threads * min(PER_THREAD, min(MOST, REGISTERS // threads) - OTHERS)


def traced(step: Callable[[Any, Any], tuple[Any, Any]], start: Packed, sequences: Packed) -> Body:
    """A step as a function of arrays, with all that it holds among its inputs."""
    kept: list[Packed] = []

    def flat(*inputs: Array) -> list[Array]:
        carry = start.tree(inputs[: len(start.leaves)])
        row = [jax.ShapeDtypeStruct(x.shape[1:], x.dtype) for x in sequences.all]
        seen = sequences._replace(all=row).tree(inputs[len(start.leaves) :])
        after, left = step(carry, seen)
        kept.append(Packed.of(left))
        now = zip(Packed.of(after).leaves, start.leaves, strict=True)
        return [*(a.astype(b.dtype).reshape(b.shape) for a, b in now), *kept[-1].leaves]

    shapes = [jax.ShapeDtypeStruct(x.shape, x.dtype) for x in start.leaves]
    shapes += [jax.ShapeDtypeStruct(x.shape[1:], x.dtype) for x in sequences.leaves]
    closed = jax.make_jaxpr(flat)(*shapes)
    inner = closed.jaxpr
    function = inner.replace(constvars=(), invars=[*inner.constvars, *inner.invars])
    constants = [jnp.asarray(constant) for constant in closed.consts]
    return Body(function, constants, len(start.leaves), kept[-1])
