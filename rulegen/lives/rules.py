"""The rules of several projections at work together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp

from rulegen.circuits import Projection
from rulegen.compile import CompiledRule
from rulegen.compile.bounds import Bounds
from rulegen.compile.compiled import RuleState, Values
from rulegen.grammar import Event
from rulegen.grammar.algebra.symbols import WEIGHT
from rulegen.ground.noise import Purpose, Stream
from rulegen.lives.draws import drawn
from rulegen.lives.foreign import turns

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
        lots: random numbers of what rules draw in this trial.
    """

    values: Readings
    condition: Array
    bounds: Mapping[Projection, Bounds]
    lots: Stream | None = None


class Rules:
    """A compiled rule for each of some projections.

    Its methods are those of a `CompiledRule`, for all projections at once: states and readings are
    dictionaries by projection.

    Args:
        rules: by projection.
        dt: length of a step, ms.

    Raises:
        ValueError: when at an event some read what the others change there, in a circle.
    """

    def __init__(self, rules: Mapping[Projection, CompiledRule], dt: float) -> None:
        self.rules, self.dt = dict(rules), dt
        numbers = [n for rule in self.rules.values() for n in rule.tangents.system.standards]
        #: Whether some rule draws numbers in every step, and whether some does once a life.
        self.draw = any(not number.once for number in numbers)
        self.draw_once = any(number.once for number in numbers)
        #: Which rule comes when at an event.
        self.turns = {event: turns(self.rules, event) for event in Event}

    def with_draws(
        self,
        readings: Readings,
        states: States,
        given: Given,
        row: Array | int,
        *,
        event: bool = False,
        rows: int = 0,
    ) -> Readings:
        """What rules read, with what they draw in a step or at events; the same where none does.

        Args:
            readings: without it. states: whose weights say how many draw.
            given: of the trial.
            row: the step, or the number of steps before the events.
            event: whether it is for events. rows: see `drawn`.
        """
        if not self.draw:
            return readings
        assert given.lots is not None
        source = given.lots.fold(int(event))
        more = {
            name: drawn(rule, states[name][WEIGHT], source.fold(i), row, rows=rows)
            for i, (name, rule) in enumerate(self.rules.items())
        }
        return joined(readings, more)

    def with_draws_once(self, values: Readings, states: States, source: Stream) -> Readings:
        """The values of a life, with what its rules draw at its beginning.

        Args:
            values: what formulas read by name.
            states: whose weights say how many draw.
            source: random numbers of the life.
        """
        if not self.draw_once:
            return values
        lots = source.fold(Purpose.DRAWN_ONCE)
        more = {
            name: drawn(rule, states[name][WEIGHT], lots.fold(i), once=True)
            for i, (name, rule) in enumerate(self.rules.items())
        }
        return joined(values, more)

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
            name: {
                state: {**states[name], **self.foreign(name, states)}[state]
                for state in rule.recorded
            }
            for name, rule in self.rules.items()
        }

    def foreign(self, name: Projection, states: States) -> RuleState:
        """The states of others that a rule reads, by what it calls them."""
        return {f.name: states[f.projection][f.state] for f in self.rules[name].rule.foreign}

    def known(self, name: Projection, states: States, given: Given) -> Values:
        """What a rule reads besides activity and its own states."""
        return {**given.values[name], **self.foreign(name, states)}

    def start_history(self, readings: Readings, states: States, given: Given) -> States:
        """The states with the memories that `prev` and `delay` need at the start of a trial."""
        return {
            name: states[name]
            | rule.start_history(
                {**self.known(name, states, given), **readings[name]}, states[name], self.dt
            )
            for name, rule in self.rules.items()
        }

    def forward(self, states: States, given: Given) -> dict[Projection, tuple[Array, Array]]:
        """The weights and the bias that the circuit uses in a step."""
        return {
            name: rule.forward(
                states[name],
                self.known(name, states, given),
                given.condition,
                given.bounds.get(name),
            )
            for name, rule in self.rules.items()
        }

    def step(self, moving: States, still: States, readings: Readings, given: Given) -> States:
        """One time step: the new `moving` part; all read the states that were there before it."""
        states = joined(still, moving)
        return {
            name: rule.step(
                moving[name],
                still[name],
                readings[name],
                self.known(name, states, given),
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
        """Apply the updates of `event`, of one rule after the other."""
        states = {name: states[name] for name in self.rules}
        for name in self.turns[event]:
            states[name] = self.rules[name].event(
                event,
                states[name],
                readings[name],
                self.known(name, states, given),
                given.condition,
                given.bounds.get(name),
            )
        return states


def joined(states: Readings, more: Readings) -> States:
    """States or readings with more of each projection, which replaces what they have."""
    return {name: {**state, **more[name]} for name, state in states.items()}
