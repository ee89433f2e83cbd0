"""What a rule keeps of earlier steps: what `prev` and `delay` are in this one, and rings of values.

The ring of a delay of n steps has the value of step k, counted from the start of the trial, in row
k mod n. When a step has written its row, what the delay will be in the next one is read from row
k + 1 mod n. So a step moves one row, however long the delay is: a ring that were read before it is
written would be copied in every step.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import jax
import jax.numpy as jnp
from jax import lax

from rulegen.grammar import RuleError
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.symbols import symbol
from rulegen.grammar.reading.limits import MAX_DELAYED
from rulegen.grammar.rule.timing import shown, steps_back

Array = jax.Array

#: What begins the names of values, see `op.Earlier.memory`, and those of rings.
_VALUES, _RING = ("prev ", "delay "), "ring of "
#: The number of steps since the trial began, where there are rings.
_CLOCK = "ring clock"


def is_memory(name: str) -> bool:
    """Whether this is the name of such a memory, which no formula reads by name."""
    return name.startswith((*_VALUES, _RING)) or name == _CLOCK


def names_of(nodes: Collection[op.Earlier]) -> set[str]:
    """The names of all memories of a rule that reads these."""
    rings = {_ring(node) for node in nodes if isinstance(node, op.delay)}
    return {node.memory for node in nodes} | rings | ({_CLOCK} if rings else set())


def delayed(sizes: Mapping[op.Earlier, int], dt: float) -> int:
    """How many numbers delays keep.

    Args:
        sizes: how many numbers a step has of what each reads.
        dt: length of a step, ms.

    Raises:
        RuleError: a delay is shorter than a step, or they keep too many.
    """
    kept = 0
    for node, size in sizes.items():
        steps = steps_back(node, dt) if isinstance(node, op.delay) else 0
        kept += steps * size
        if kept > MAX_DELAYED:
            # A tangent is delayed as its name is, which is what the rule says.
            name, _, _ = node.args[0].name.partition("@")
            here = op.delay(symbol(name), node.args[1])
            raise RuleError(
                f"with `{shown(here)}`, {steps} steps of {size} numbers, delays keep more than "
                f"{MAX_DELAYED}",
                remedy="use a larger dt or shorter delays, or delay what synapses share",
            )
    return kept


def begin(nodes: Collection[op.Earlier], known: Mapping[str, Array], dt: float) -> dict[str, Array]:
    """The memories at the start of a trial: zeros.

    Args:
        nodes: what is read of earlier steps.
        known: arrays in the shape of what is kept of each name.
        dt: length of a step, ms.

    Raises:
        RuleError: a delay is shorter than a step, or all of them keep too much.
    """
    delayed({node: known[node.args[0].name].size for node in nodes}, dt)
    memories = {node.memory: jnp.zeros_like(known[node.args[0].name]) for node in nodes}
    for node in nodes:
        if isinstance(node, op.delay):
            here = memories[node.memory]
            memories[_ring(node)] = jnp.zeros((steps_back(node, dt), *here.shape), here.dtype)
            memories[_CLOCK] = jnp.zeros((), jnp.int32)
    return memories


def recall(nodes: Collection[op.Earlier], memories: Mapping[str, Array]) -> dict[op.Earlier, Array]:
    """What is read of earlier steps in this one."""
    return {node: memories[node.memory] for node in nodes}


def keep(
    nodes: Collection[op.Earlier], memories: Mapping[str, Array], now: Mapping[str, Array]
) -> dict[str, Array]:
    """The memories after a step, with what its names meant to the weights."""
    kept = {}
    if _CLOCK in memories:
        kept[_CLOCK] = memories[_CLOCK] + 1
    for node in nodes:
        value = now[node.args[0].name]
        if isinstance(node, op.delay):
            ring = memories[_ring(node)]
            rows, row = ring.shape[0], jnp.asarray(value, ring.dtype)
            ring = lax.dynamic_update_index_in_dim(ring, row, memories[_CLOCK] % rows, 0)
            value = lax.dynamic_index_in_dim(ring, kept[_CLOCK] % rows, keepdims=False)
            kept[_ring(node)] = ring
        kept[node.memory] = value
    return kept


def _ring(node: op.delay) -> str:
    return _RING + str(node.memory)
