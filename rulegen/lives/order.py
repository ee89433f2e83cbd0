"""The order of evaluation in a trial, for every circuit that a rule lives in.

    begin    `on trial start`, then what `prev` and `delay` remember is 0
    stretch  in every step the forward pass with what the rules have made so far, then the rules:
             synapse states read what was there before the step, weights the new synapse states,
             neurons and traces come last (`CompiledRule.step`)
    gather   synapse states that are sums over time, once for all steps of a stretch
    happen   `on reward`, and at the end of a trial `on trial end`

A life (`trial.py`) and a rule on activity of one's own (`drive.py`) differ in the circuit alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from rulegen.compile.bounds import VIOLATIONS
from rulegen.grammar import Event
from rulegen.grammar.algebra.symbols import WEIGHT
from rulegen.lives.rules import Given, Readings, Rules, States, joined

Array = jax.Array
#: What happens at the end of a trial.
CLOSING = (Event.REWARD, Event.TRIAL_END)
#: One step of a circuit: from the states of the rules, what it remembers and its inputs to what
#: the rules read, what it remembers then, and what is kept of the step.
Act = Callable[[States, Any, Any], tuple[Readings, Any, Any]]


class Stretch(NamedTuple):
    """What some steps in a row lead to.

    Attributes:
        states: of the rules, without the sums over time of this stretch.
        memory: of the circuit.
        kept: what the circuit keeps of each step, with a first axis of steps T.
        record: the states before each step that `gather` needs, with the same axis.
    """

    states: States
    memory: Any
    kept: Any
    record: States


def begin(
    rules: Rules, states: States, silent: Readings, given: Given, learning: Array | None = None
) -> States:
    """The states at the start of a trial; weights stay as they are unless `learning`."""
    states = hold(states, rules.event(Event.TRIAL_START, states, silent, given), learning)
    return rules.start_history(silent, states, given)


def stretch(
    rules: Rules,
    states: States,
    act: Act,
    memory: Any,
    inputs: Any,
    given: Given,
    learning: Array | None = None,
    unroll: int = 1,
) -> Stretch:
    """Some steps in a row.

    Args:
        rules: that follow the circuit.
        states: before the first step.
        act: one step of the circuit.
        memory: what the circuit remembers.
        inputs: of each step, arrays with a first axis of steps T.
        given: what the formulas read and what stays as it is in a trial.
        learning: weights stay as they are unless it is true; None when it always is.
        unroll: steps that are compiled as one.
    """
    moving, still = rules.split(states)

    def one_step(carry: tuple[Any, States], now: Any) -> tuple[tuple[Any, States], tuple]:
        memory, moving = carry
        readings, memory, kept = act(joined(still, moving), memory, now)
        moving = hold(moving, rules.step(moving, still, readings, given), learning)
        return (memory, moving), (kept, rules.recorded(joined(still, moving)))

    (memory, moved), (kept, later) = jax.lax.scan(one_step, (memory, moving), inputs, unroll=unroll)
    # What comes after a step is what stands before the next one.
    record = jax.tree.map(put_in_front, rules.recorded(joined(still, moving)), later)
    return Stretch(joined(still, moved), memory, kept, record)


def gather(rules: Rules, found: Stretch, readings: Readings, steps: int, given: Given) -> States:
    """The states after a stretch; `readings` of all its steps have a first axis of steps T."""
    return rules.integrate(found.states, joined(readings, found.record), steps, given)


def happen(
    events: Iterable[Event], rules: Rules, states: States, last: Readings, given: Given
) -> States:
    """The states after some events, from what the rules read at that time."""
    for event in events:
        states = rules.event(event, states, last, given)
    return states


def put_in_front(first: Array, later: Array) -> Array:
    """What stands before each step, from what stood before the first and what came after each."""
    return jnp.concatenate([first[None], later[:-1]])


def hold(old: States, new: States, learning: Array | None) -> States:
    """The new states, but with the old weights and what comes with them unless `learning`."""
    if learning is None:
        return new

    def is_held(name: str) -> bool:
        return name == VIOLATIONS or name.partition("@")[0] == WEIGHT

    def held(name: str, now: Array, before: Mapping[str, Array]) -> Array:
        if not is_held(name) or now is before[name]:
            return now
        return jnp.where(learning, now, before[name])

    return {
        projection: {name: held(name, value, old[projection]) for name, value in state.items()}
        for projection, state in new.items()
    }
