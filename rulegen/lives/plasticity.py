"""The rules of all plastic projections of a circuit."""

from __future__ import annotations

from functools import reduce
from operator import add

import jax
import jax.numpy as jnp

from rulegen.circuits import Circuit, Network, Projection
from rulegen.compile import CompiledRule, compile_rule
from rulegen.compile.compiled import Values
from rulegen.compile.tangents import tangent_name
from rulegen.grammar import RuleError
from rulegen.grammar.algebra.symbols import DRIVES, IMPULSES, INNER, ZETA, Driving
from rulegen.grammar.rule.system import check_effect
from rulegen.grammar.rule.timing import check_steps
from rulegen.ground.noise import Purpose, Stream, normal
from rulegen.lives.foreign import check_foreign, seen
from rulegen.lives.projections import Projections
from rulegen.lives.rules import Given, Readings, Rules, States

Array = jax.Array

#: What neurons have, and the sources of other projections have not, by the signal.
ABSENT = {"pre_u": "potentials", "pre_error": "errors", "pre_spike": "spikes"}
#: What other projections come from.
SOURCES: dict[Projection, str] = {"input": "channels", "feedback": "outputs", "errors": "outputs"}


class Plasticity(Rules):
    """A compiled rule for each plastic projection of a circuit, of which one is studied.

    Args:
        circuit: whose projections they are.
        rule: the studied rule.
        projections: where it lives, and the rules of others.

    Raises:
        ValueError: when a rule does not fit its projection, or the circuit lacks the projection.
        ConfigError: when the circuit is none.
    """

    def __init__(self, circuit: Circuit, rule: CompiledRule, projections: Projections) -> None:
        circuit.check()
        self.studied: Driving = projections.studied
        rules: dict[Projection, CompiledRule] = {self.studied: rule}
        companions = projections.companions
        check_foreign({self.studied: rule.rule, **companions})
        for name, companion in companions.items():
            values = {p.name: float(p.value) for p in companion.parameters if p.value is not None}
            try:
                if not seen(companion):  # it may be there to be read
                    check_effect(companion)
                check_steps(companion, values, circuit.dt)
            except RuleError as error:
                raise ValueError(f"projections.{name}: {error}") from None
            rules[name] = compile_rule(companion)
        super().__init__(rules, circuit.dt)
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
        """Raise `ValueError` where a score cannot be exact because of what a companion reads.

        At fixed potentials the weights of a companion are given, as functions of the activity,
        unless it reads the noise or the drive, which then change with the studied weights, or
        states of the studied rule. What a bias adds to the drive is no part of its projection.
        """
        part, forward = DRIVES[self.studied], dict(self.rule.rule.forward)
        tangents = self.rule.tangents
        carried = tangents.system.sites.keys()
        if "bias" in forward and part in self.rule.signals:
            raise ValueError(
                f"the rule sets the bias and reads `{part}`, whose tangents are not carried "
                "together: use exact = false, or `pgpe`"
            )
        for name, rule in self.companions.items():
            if inner := sorted(rule.signals & INNER):
                raise ValueError(
                    f"the rule of the {name} projection reads `{inner[0]}`, whose tangents are "
                    "carried for the studied rule alone: use exact = false, or `pgpe`"
                )
            read = [f.state for f in rule.rule.foreign if f.projection == self.studied]
            if {tangent_name(state, p) for state in read for p in tangents.wrt} & carried:
                raise ValueError(
                    f"the rule of the {name} projection reads a state of the studied rule that "
                    "changes with its free parameters, and tangents are carried for the studied "
                    "rule alone: use exact = false, or `pgpe`"
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

    def with_synaptic_noise(
        self, values: Readings, exploration: Stream | None, network: Network
    ) -> Readings:
        """The values of a trial with `zeta`, standard normal noise of each synapse, if it is read.

        Args:
            values: what formulas read by name.
            exploration: random numbers of the trial, or None where it has no noise.
            network: its weights.
        """
        found = dict(values)
        for number, (name, rule) in enumerate(self.rules.items()):
            if ZETA in rule.signals:
                weights = network.of(name)
                zeta = jnp.zeros_like(weights)
                if exploration is not None:
                    source = exploration.fold(Purpose.SYNAPTIC_NOISE).fold(number)
                    zeta = normal(source, weights.shape, weights.dtype)
                found[name] = {**values[name], ZETA: zeta}
        return found

    def given(self, values: Readings, condition: Array, network: Network) -> Given:
        """What the formulas read in a trial besides activity and states."""
        bounds = {name: network.bounds_of(name) for name in self.rules}
        return Given(values, condition, {n: b for n, b in bounds.items() if b is not None})

    def forward_tangents(self, states: States, given: Given) -> dict[str, tuple[Array, Array]]:
        """See `CompiledRule.forward_tangents`, of the studied rule."""
        name = self.studied
        return self.rule.forward_tangents(
            states[name], self.known(name, states, given), given.condition, given.bounds.get(name)
        )

    def used(self, states: States, given: Given, network: Network) -> tuple[Network, Array]:
        """The network that the circuit uses in a step, and its bias, shape (N,)."""
        used = self.forward(states, given)
        weights = {name: weights for name, (weights, _) in used.items()}
        return network.changed(weights), reduce(add, [bias for _, bias in used.values()])


def check_fit(circuit: Circuit, projection: Projection, rule: CompiledRule) -> None:
    """Raise `ValueError` when a rule cannot live on this projection of the circuit."""
    whose = "" if projection == "recurrent" else f"the {projection} projection of "
    if projection == "feedback" and circuit.feedback is None:
        raise ValueError(
            "a rule lives on the feedback projection, which this circuit does not have: set "
            "circuit.feedback to the standard deviation of its weights"
        )
    provided = circuit.provided(projection)
    if projection == "errors":
        if circuit.errors == "readout":
            raise ValueError(
                "a rule lives on the errors projection, but errors come back through the readout: "
                'set circuit.errors = "random", which is where its weights begin'
            )
        if any(target == "bias" for target, _ in rule.rule.forward):
            raise ValueError(
                "`forward bias` is input of the neurons, and errors are none: delete the line from "
                "the rule of the errors projection"
            )
    if missing := rule.signals - provided:
        # What no setting brings comes first: a remedy for the rest would only lead to it.
        name = min((missing & ABSENT.keys() if projection in SOURCES else ()) or missing)
        if projection in SOURCES and name in ABSENT:
            remedy = f"{SOURCES[projection]} have no {ABSENT[name]}, read `pre`, what they transmit"
        elif name in IMPULSES and not IMPULSES & circuit.provided("recurrent"):
            remedy = 'set circuit.name = "spiking"'
        elif name == DRIVES["feedback"]:
            remedy = "set circuit.feedback to the standard deviation of its weights"
        else:
            remedy = f"it provides {', '.join(sorted(provided))}"
        raise ValueError(
            f"{whose}this circuit does not provide `{name}`, which the rule reads: {remedy}"
        )
    if rule.rule.zero_diagonal and projection != "recurrent":
        raise ValueError(
            f"`diagonal w = 0` is about synapses of neurons on themselves, which {whose}this "
            "circuit does not have: delete the line"
        )
    if "opposite" in rule.rule.nonlocal_names and projection != "recurrent":
        raise ValueError(
            f"`opposite` is about synapses between the same neurons, which {whose}this circuit "
            "does not have: only a rule of the recurrent projection can read it"
        )
