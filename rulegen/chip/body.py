"""A step of a loop as it is traced: a function of arrays that all have elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.extend.core import Jaxpr

from rulegen.chip.loops import Loop, Unfit, bodies, loops, size
from rulegen.chip.matrices import is_large

Array = jax.Array

#: Numbers that a thread can keep of the arrays of a step, and registers for all else.
PER_THREAD, OTHERS = 200, 55
#: Registers of a processor, which its threads share, and most of one thread.
REGISTERS, MOST = 65536, 255
#: Most threads that can work on one program, 32 in a warp.
MOST_WARPS = 8
#: Of fewer numbers the work is done by one of them.
FEW = 1024
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
    """A loop as it was traced: of all constants, carried arrays and elements of sequences.

    Attributes:
        loop: how it goes.
        constants: arrays that it holds.
        kept: what a step leaves behind, as it looks.
    """

    loop: Loop
    constants: list[Array]
    kept: Packed

    @property
    def warps(self) -> int:
        """So many groups of 32 threads work on one program.

        Raises:
            Unfit: when the arrays of a step do not fit there.
        """
        if (largest := max(map(size, self.loop.constants), default=0)) > TABLE:
            raise Unfit(f"a step reads a table of {largest} numbers, and at most {TABLE} fit")
        need, most = at_hand(self.loop) + largest_product(self.loop.function), room(MOST_WARPS)
        if need > most:
            raise Unfit(f"a step keeps {need} numbers, and a chip has room for {most}")
        warps = 1
        while room(warps) < need:
            warps *= 2
        # A life is over sooner where twice as many do its work, unless there is next to none.
        return warps if need < FEW else min(2 * warps, MOST_WARPS)


def at_hand(loop: Loop) -> int:
    """Numbers that are wanted in every step: of the loop, or of one within it."""
    inner = loops(loop.function)
    if not inner:
        return sum(map(size, (*loop.constants, *loop.state)))
    near = sum(size(v) for v, far in zip(loop.state, loop.distant, strict=True) if not far)
    return max([near, *map(at_hand, inner)])


def largest_product(function: Jaxpr) -> int:
    """Numbers of the largest product of matrices, which is made between the steps."""
    own = [size(v) for e in function.eqns if is_large(e) for v in e.outvars]
    return max([0, *own, *(largest_product(body) for e in function.eqns for _, body in bodies(e))])


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
    first, last = len(constants), len(constants) + len(start.leaves)
    loop = Loop(
        function,
        sequences.leaves[0].shape[0],
        reverse=False,
        constants=function.invars[:first],
        state=function.invars[first:last],
        rows=function.invars[last:],
        kept=function.outvars[last - first :],
    )
    return Body(loop, constants, kept[-1])
