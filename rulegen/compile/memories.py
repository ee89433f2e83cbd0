"""What a rule keeps of earlier steps: one value for `prev`, a ring of them for `delay`.

A ring of n rows has in step k, counted from the start of the trial, the value of step k - n in row
k mod n; what the step makes of the name takes its place. So a step moves one row, however long the
delay is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import jax
import jax.numpy as jnp

from rulegen.grammar import RuleError
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.symbols import symbol
from rulegen.grammar.reading.limits import MAX_DELAYED
from rulegen.grammar.rule.timing import shown, steps_back

Array = jax.Array

_PREVIOUS, _DELAYED = "prev ", "delay "
#: The number of steps since the trial began, where there are rings.
_CLOCK = "delay clock"


def is_memory(name: str) -> bool:
    """Whether this is the name of such a memory, which no formula reads by name."""
    return name.startswith((_PREVIOUS, _DELAYED))


def names_of(nodes: Iterable[op.Earlier]) -> set[str]:
    """The names of all memories of a rule that reads these."""
    names = {node.memory for node in nodes}
    return names | {_CLOCK} if any(map(_is_ring, names)) else names


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


def begin(nodes: Iterable[op.Earlier], known: Mapping[str, Array], dt: float) -> dict[str, Array]:
    """The memories at the start of a trial: zeros.

    Args:
        nodes: what is read of earlier steps.
        known: arrays in the shape of what is kept of each name.
        dt: length of a step, ms.

    Raises:
        RuleError: a delay is shorter than a step, or all of them keep too much.
    """
    delayed({node: known[node.args[0].name].size for node in nodes}, dt)
    memories = {}
    for node in nodes:
        here = known[node.args[0].name]
        memories[node.memory] = (
            jnp.zeros((steps_back(node, dt), *here.shape), here.dtype)
            if isinstance(node, op.delay)
            else jnp.zeros_like(here)
        )
    if any(map(_is_ring, memories)):
        memories[_CLOCK] = jnp.zeros((), jnp.int32)
    return memories


def recall(nodes: Iterable[op.Earlier], memories: Mapping[str, Array]) -> dict[op.Earlier, Array]:
    """What is read of earlier steps in this one."""
    found = {}
    for node in nodes:
        memory = memories[node.memory]
        if isinstance(node, op.delay):
            memory = jax.lax.dynamic_index_in_dim(memory, _row(memories, memory), keepdims=False)
        found[node] = memory
    return found


def keep(
    nodes: Iterable[op.Earlier], memories: Mapping[str, Array], now: Mapping[str, Array]
) -> dict[str, Array]:
    """The memories after a step, with what its names meant to the weights."""
    kept = {}
    for node in nodes:
        name, value = node.memory, now[node.args[0].name]
        if isinstance(node, op.delay):
            ring = memories[name]
            row = jnp.asarray(value, ring.dtype)
            value = jax.lax.dynamic_update_index_in_dim(ring, row, _row(memories, ring), 0)
        kept[name] = value
    if _CLOCK in memories:
        kept[_CLOCK] = memories[_CLOCK] + 1
    return kept


def _is_ring(name: str) -> bool:
    return name.startswith(_DELAYED)


def _row(memories: Mapping[str, Array], ring: Array) -> Array:
    """Where the oldest value is, which is read and replaced in this step."""
    return memories[_CLOCK] % ring.shape[0]
