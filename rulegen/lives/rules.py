"""The rules of several projections at work together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp

from rulegen.circuits import Projection
from rulegen.compile import CompiledRule
from rulegen.compile.compiled import Bounds, RuleState, Values
from rulegen.grammar import Event

Array = jax.Array
#: The rule state, or some of it, of every plastic projection.
States = dict[Projection, RuleState]
#: What the rule of every plastic projection reads by name.
Readings = Mapping[Projection, Values]


class Given(NamedTuple):
    """What the formulas of a rule read in a trial besides activity and states.

    Attributes:
        values: parameters and what else has a name and stays as it is, by projection.
        condition: of the trial.
        bounds: between what weights stay, of projections that have any.
    """

    values: Readings
    condition: Array
    bounds: Mapping[Projection, Bounds]


class Rules:
    """A compiled rule for each of some projections.

    Its methods are those of a `CompiledRule`, for all projections at once: states and readings are
    dictionaries by projection.

    Args:
        rules: by projection.
    """

    def __init__(self, rules: Mapping[Projection, CompiledRule]) -> None:
        self.rules = dict(rules)

    def start(self, states: States, values: Readings, first: Array | bool = True) -> States:
        """Where this is the `first` trial, with the initial values that are formulas."""
        begun = {}
        for name, rule in self.rules.items():
            old, new = states[name], rule.start(states[name], values[name])
            begun[name] = old | {k: jnp.where(first, v, old[k]) for k, v in new.items()}
        return begun

    def split(self, states: States) -> tuple[States, States]:
        """Part states into what the time loop changes and what stays still during a trial."""
        parts = {name: rule.split(states[name]) for name, rule in self.rules.items()}
        moving, still = ({name: part[i] for name, part in parts.items()} for i in (0, 1))
        return moving, still

    def recorded(self, states: States) -> States:
        """Those states whose history over a trial the factored lowering needs."""
        return {
            name: {state: states[name][state] for state in rule.recorded}
            for name, rule in self.rules.items()
        }

    def start_history(self, readings: Readings, states: States) -> States:
        """The states with the memory that `prev` needs at the start of a trial."""
        return {
            name: states[name] | rule.start_history(readings[name], states[name])
            for name, rule in self.rules.items()
        }

    def forward(self, states: States, given: Given) -> dict[Projection, tuple[Array, Array]]:
        """The weights and the bias that the circuit uses in a step."""
        return {
            name: rule.forward(
                states[name], given.values[name], given.condition, given.bounds.get(name)
            )
            for name, rule in self.rules.items()
        }

    def step(self, moving: States, still: States, readings: Readings, given: Given) -> States:
        """One time step: the new `moving` part."""
        return {
            name: rule.step(
                moving[name],
                still[name],
                readings[name],
                given.values[name],
                given.condition,
                given.bounds.get(name),
            )
            for name, rule in self.rules.items()
        }

    def integrate(self, states: States, history: Readings, steps: int, given: Given) -> States:
        """Advance the factored synapse states over a stretch of a trial."""
        return {
            name: rule.integrate(
                states[name], history[name], given.values[name], steps, given.condition
            )
            for name, rule in self.rules.items()
        }

    def event(self, event: Event, states: States, readings: Readings, given: Given) -> States:
        """Apply the updates of `event`."""
        return {
            name: rule.event(
                event,
                states[name],
                readings[name],
                given.values[name],
                given.condition,
                given.bounds.get(name),
            )
            for name, rule in self.rules.items()
        }


def joined(states: Readings, more: Readings) -> States:
    """States or readings with more of each projection, which replaces what they have."""
    return {name: {**state, **more[name]} for name, state in states.items()}
