"""The rules of all plastic projections of a circuit at work together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import add

import jax
import jax.numpy as jnp

from rulegen.circuits import Circuit, Network, Projection
from rulegen.compile import CompiledRule, compile_rule
from rulegen.compile.compiled import VIOLATIONS, RuleState, Values
from rulegen.grammar import Event, RuleError
from rulegen.grammar.algebra.symbols import IMPULSES, WEIGHT
from rulegen.grammar.rule.system import check_effect, check_steps
from rulegen.lives.projections import Projections

Array = jax.Array
#: The rule state, or some of it, of every plastic projection.
States = dict[Projection, RuleState]
#: What the rule of every plastic projection reads by name.
Readings = Mapping[Projection, Values]


class Plasticity:
    """A compiled rule for each plastic projection, of which one is studied.

    Its methods are those of a `CompiledRule`, for all projections at once: states, signals and
    parameter values are dictionaries by projection. Bounds are those of the recurrent weights.

    Args:
        circuit: whose projections they are.
        rule: the studied rule.
        projections: where it lives, and the rules of others.

    Raises:
        ValueError: when a rule does not fit its projection, or the circuit lacks the projection.
    """

    def __init__(self, circuit: Circuit, rule: CompiledRule, projections: Projections) -> None:
        self.studied: Projection = projections.studied
        self.rules: dict[Projection, CompiledRule] = {self.studied: rule}
        for name, companion in projections.companions.items():
            values = {p.name: float(p.value) for p in companion.parameters if p.value is not None}
            try:
                check_effect(companion)
                check_steps(companion, values, circuit.dt)
            except RuleError as error:
                raise ValueError(f"projections.{name}: {error}") from None
            self.rules[name] = compile_rule(companion)
        for name, compiled in self.rules.items():
            check_fit(circuit, name, compiled)

    @property
    def rule(self) -> CompiledRule:
        """The studied rule."""
        return self.rules[self.studied]

    @property
    def companions(self) -> dict[Projection, CompiledRule]:
        """The rules of the other plastic projections."""
        return {name: rule for name, rule in self.rules.items() if name != self.studied}

    def check_noise(self) -> None:
        """Raise `ValueError` where a score cannot be exact because a companion reads `xi`.

        At fixed potentials the weights of a companion are given, as functions of the activity,
        unless it reads the noise, which then changes with the studied weights.
        """
        for name, rule in self.companions.items():
            if "xi" in rule.signals:
                raise ValueError(
                    f"the rule of the {name} projection reads `xi`, whose tangents are carried for "
                    "the studied rule alone: use exact = false, or `pgpe`"
                )

    def init(self, network: Network, conditions: int) -> States:
        """The states before the first trial."""
        return {
            name: rule.init(network.of(name), conditions, network.bounds_of(name))
            for name, rule in self.rules.items()
        }

    def read(self, signals: Values, rates: Array, stimulus: Array, network: Network) -> Readings:
        """What each rule reads: the signals of the neurons, and as `pre` what it transmits.

        Args:
            signals: what a rule of the recurrent weights reads.
            rates, stimulus: see `Network.transmitted`.
            network: the readout.
        """
        return {
            name: signals
            if name == "recurrent"
            else {**signals, "pre": network.transmitted(name, rates, stimulus)}
            for name in self.rules
        }

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

    def forward(
        self, states: States, values: Readings, condition: Array, network: Network
    ) -> tuple[Network, Array]:
        """The network that the circuit uses in a step, and its bias, shape (N,)."""
        used = {
            name: rule.forward(states[name], values[name], condition, network.bounds_of(name))
            for name, rule in self.rules.items()
        }
        weights = {name: weights for name, (weights, _) in used.items()}
        return network.changed(weights), reduce(add, [bias for _, bias in used.values()])

    def step(
        self,
        moving: States,
        still: States,
        readings: Readings,
        values: Readings,
        condition: Array,
        network: Network,
    ) -> States:
        """One time step: the new `moving` part."""
        return {
            name: rule.step(
                moving[name],
                still[name],
                readings[name],
                values[name],
                condition,
                network.bounds_of(name),
            )
            for name, rule in self.rules.items()
        }

    def integrate(
        self, states: States, history: Readings, values: Readings, steps: int, condition: Array
    ) -> States:
        """Advance the factored synapse states over a stretch of a trial."""
        return {
            name: rule.integrate(states[name], history[name], values[name], steps, condition)
            for name, rule in self.rules.items()
        }

    def event(
        self,
        event: Event,
        states: States,
        readings: Readings,
        values: Readings,
        condition: Array,
        network: Network,
    ) -> States:
        """Apply the updates of `event`."""
        return {
            name: rule.event(
                event,
                states[name],
                readings[name],
                values[name],
                condition,
                network.bounds_of(name),
            )
            for name, rule in self.rules.items()
        }


def check_fit(circuit: Circuit, projection: Projection, rule: CompiledRule) -> None:
    """Raise `ValueError` when a rule cannot live on this projection of the circuit."""
    whose = "" if projection == "recurrent" else f"the {projection} projection of "
    if projection == "feedback" and circuit.feedback is None:
        raise ValueError(
            "a rule lives on the feedback projection, which this circuit does not have: set "
            "circuit.feedback to the standard deviation of its weights"
        )
    provided = circuit.provided(projection)
    if missing := sorted(rule.signals - provided):
        spiking = IMPULSES & circuit.provided("recurrent")
        raise ValueError(
            f"{whose}this circuit does not provide `{missing[0]}`, which the rule reads: "
            + (
                'set circuit.name = "spiking"'
                if missing[0] in IMPULSES and not spiking
                else f"it provides {', '.join(sorted(provided))}"
            )
        )
    if "R" in rule.step_signals:
        raise ValueError(
            "the rule reads R at every step, but this task rewards only at the end of a trial: "
            "use `on reward:`"
        )
    if rule.rule.zero_diagonal and projection != "recurrent":
        raise ValueError(
            f"`diagonal w = 0` is about synapses of neurons on themselves, which {whose}this "
            "circuit does not have: delete the line"
        )


def joined(states: Readings, more: Readings) -> States:
    """States or readings with more of each projection, which replaces what they have."""
    return {name: {**state, **more[name]} for name, state in states.items()}


def hold(old: States, new: States, learning: Array) -> States:
    """The new states, but with the old weights and what comes with them unless `learning`."""

    def is_held(name: str) -> bool:
        return name == VIOLATIONS or name.partition("@")[0] == WEIGHT

    return {
        projection: {
            k: jnp.where(learning, v, old[projection][k]) if is_held(k) else v
            for k, v in state.items()
        }
        for projection, state in new.items()
    }
