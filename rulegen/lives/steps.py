"""The steps between the start of a trial and its reward, however they are carried out."""

from __future__ import annotations

import abc
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from rulegen.circuits import Circuit, Exploration, Network
from rulegen.compile.tangents import tangent_name
from rulegen.grammar.algebra.symbols import DRIVE, DRIVES, ERRORS, WEIGHT
from rulegen.ground.noise import Stream
from rulegen.lives.arrivals import arrivals, check_parts
from rulegen.lives.lessons import Lessons
from rulegen.lives.plasticity import Plasticity
from rulegen.lives.rules import Given, Readings, States, joined
from rulegen.tasks import Task, Trial

Array = jax.Array


class Moment(NamedTuple):
    """What passes from one stretch of a trial to the next.

    Attributes:
        states: of the rules, with the memories of `prev` and `delay`.
        before, after: activity before and after the last step, of arrays of shape (N,).
        noise: of the last step, shape (N,).
        stimulus: of the last step, shape (channels,). (0,) where no rule lives on the input
            projection.
        drives: what of the current in the last step rules read, by the name of the signal.
        outer: sum over time of fresh noise times what the studied projection transmitted, in the
            shape of its weights; what the score of weights that are constant over the trial is
            made of. (0, 0) where it is not needed.
        pushes: `dW/dp pre` of the last step by parameter, shape (N,), for other scores.
        score: what the score is so far, shape (P,).
        kept: what the task keeps from step to step for what it tells rules, see `Lessons`.
    """

    states: States
    before: Any
    after: Any
    noise: Exploration
    stimulus: Array
    drives: dict[str, Array]
    outer: Array
    pushes: dict[str, Array]
    score: Array
    kept: dict[str, Array]


class Step(NamedTuple):
    """What comes to a circuit in a step, or over time in several.

    Attributes:
        outside: the stimulus, shape (channels,), where a rule lives on the input projection, and
            else the current that it makes, shape (N,).
        noise: what perturbs the potentials.
        time: since the trial began, ms.
        wanted: what the outputs should be, where rules are told of it; else ().
        number: of the step, where rules draw in it; else ().
    """

    outside: Array
    noise: Exploration
    time: Array
    wanted: Any
    number: Any


class Steps(abc.ABC):
    """A circuit at work with its rules; the instance holds only settings and compiled rules.

    Args:
        circuit: the circuit.
        rules: of its projections.
        task: what the circuit does.

    Raises:
        ValueError: when rewards cannot arrive when they should.
    """

    def __init__(self, circuit: Circuit, rules: Plasticity, task: Task) -> None:
        self.circuit, self.rules, self.task = circuit, rules, task
        self.steps = task.steps(circuit.dt)
        #: After which steps `on reward` runs.
        self.arrivals = arrivals(task, circuit.dt)
        self.rule = rules.rule
        in_steps = frozenset[str]().union(*(rule.step_signals for rule in rules.rules.values()))
        read = frozenset[str]().union(*(rule.signals for rule in rules.rules.values()))
        # At an event a reward is what has come, and an error that of the last step.
        self.lessons = Lessons(task, circuit.dt, in_steps | (read & ERRORS))
        if len(self.arrivals) > 1:
            why, remedy = "task.delivery asks for it earlier", 'set task.delivery = "end"'
            check_parts(task, circuit.dt, why, remedy)
        self.plastic_input = "input" in rules.rules
        #: Parts of the current that some rule reads; others are never computed.
        self.drives = sorted(read & {DRIVE, *DRIVES.values()})
        #: Parameters on which the weights that the circuit uses depend.
        self.moving = [p for p in self.rule.tangents.wrt if p in self.rule.tangents.used]
        #: Whether each step has a score of its own. What correlated noise says of a step depends
        #: on the weights of the step before, which need not be those of this one.
        self.stepwise_score = (
            self.rule.continuous
            or bool(self.rule.rule.forward)
            or bool(len(self.arrivals) > 1 and circuit.retention)
        )

    @abc.abstractmethod
    def through(
        self,
        moment: Moment,
        trial: Trial,
        span: tuple[int, int],
        exploration: Stream,
        given: Given,
        network: Network,
        learning: Array,
    ) -> tuple[Moment, Array]:
        """The steps of a trial until a reward; also their outputs, shape (T, outputs).

        Args:
            moment: before the first step.
            trial: all of it.
            span: the first of these steps, and the first that is none of them.
            exploration: random numbers of the noise.
            given, network: what stays as it is.
            learning: weights stay as they are unless it is true.
        """

    def step(
        self,
        states: States,
        before: Any,
        pushes: dict[str, Array],
        inputs: Step,
        given: Given,
        network: Network,
        kept: dict[str, Array],
    ) -> tuple[
        Readings, Any, dict[str, Array], dict[str, Array], tuple[dict[str, Array], Array | None]
    ]:
        """One step: what rules read, the activity after it, pushes, what the task keeps, and where
        needed what was made for the rules, and the score.

        Args:
            states: of the rules. before: the activity. pushes, kept: of the step before.
            inputs: what comes from outside.
            given, network: what stays as it is.
        """
        circuit, rules, rule = self.circuit, self.rules, self.rule
        outside, noise, time, wanted, number = inputs
        drawn = rules.with_draws({name: {} for name in rules.rules}, states, given, number)
        if rules.draw:
            given = given._replace(values=joined(given.values, drawn))
        used, bias = rules.used(states, given, network)
        drive = used.inputs @ outside if self.plastic_input else outside
        after = circuit.step(used.effective, before, drive + bias, noise.xi)
        drives = self.driven(used, before.r, drive, bias)
        told, kept = self.lessons.tell(wanted, kept, used, after.r)
        drives |= told
        signals = circuit.signals(before, after, noise.xi) | drives | {"t": time}
        seen: Readings = joined(rules.read(signals, before.r, outside, network), drawn)
        pre = network.transmitted(rules.studied, before.r, outside)
        score = None
        if self.stepwise_score and self.moving:
            earlier, pushes = pushes, self.pushes(states, pre, given)
            score = self.score(pushes, earlier, noise.fresh)
        if rule.continuous or rule.noise_in_loop:
            seen = self.with_noise_tangents(seen, self.pushes(states, pre, given))
        return seen, after, pushes, kept, (drives, score)

    def driven(self, used: Network, rates: Array, outside: Array, bias: Array) -> dict[str, Array]:
        """What of the current rules read, each of shape (N,).

            drive = W r + W_in s + W_fb y + bias

        Args:
            used: the weights of this step.
            rates: of the step before, shape (N,).
            outside: the current of the stimulus. bias: of the rules.
        """

        def feedback() -> Array:
            if used.feedback is None:
                return jnp.zeros_like(outside)
            return used.feedback @ (used.readout @ rates)

        # Each is made when it is read: what is traced is carried out on chip.
        whole = {
            DRIVE: lambda: used.effective @ rates + outside + bias,
            DRIVES["recurrent"]: lambda: used.weights @ rates,
            DRIVES["input"]: lambda: outside,
            DRIVES["feedback"]: feedback,
        }
        return {name: whole[name]() for name in self.drives}

    def undriven(self, dtype: jnp.dtype) -> dict[str, Array]:
        """The same before the first step, when nothing drove the circuit and nothing was told."""
        neurons = self.circuit.neurons
        still = {name: jnp.zeros(neurons, dtype) for name in self.drives}
        return still | self.lessons.silence(neurons, dtype)

    def readings(
        self,
        before: Any,
        after: Any,
        xi: Array,
        time: Array,
        stimulus: Array,
        drives: dict[str, Array],
        network: Network,
    ) -> Readings:
        """What rules read outside the steps of a trial: no reward, and noise without tangent."""
        still = {"t": time, "R": jnp.zeros((), xi.dtype)}
        seen = self.circuit.signals(before, after, xi) | drives | still
        readings = self.rules.read(seen, before.r, stimulus, network)
        return self.with_noise_tangents(readings, {p: jnp.zeros_like(xi) for p in self.moving})

    def pushes(self, states: States, pre: Array, given: Given) -> dict[str, Array]:
        """`dW/dp pre + d(bias)/dp` by parameter, shape (N,), of weights as the circuit uses them.

        Or of shape (T, N), for a `pre` of shape (T, N_pre), what the studied projection transmits.
        """
        state = states[self.rules.studied]
        if self.rule.rule.forward:
            moved = self.rules.forward_tangents(states, given)
            return {
                p: jnp.matmul(pre, weights.T, precision="highest") + bias
                for p, (weights, bias) in moved.items()
            }
        return {
            p: jnp.matmul(pre, state[tangent_name(WEIGHT, p)].T, precision="highest")
            for p in self.moving
        }

    def with_noise_tangents(self, readings: Readings, pushes: dict[str, Array]) -> Readings:
        """With `xi_p = -(a/sigma) W_p pre`: at fixed potentials new weights are new noise.

        And more current of their projection, `drive_p = W_p pre`.
        """
        studied = self.rules.studied
        moved = {
            "xi": -jnp.asarray(self.circuit.sensitivity),
            DRIVE: jnp.ones(()),
            DRIVES[studied]: jnp.ones(()),
        }
        tangents = {
            tangent_name(name, p): (moved.get(name, jnp.zeros(())) * pushes[p]).astype(
                pushes[p].dtype
            )
            for p in sorted(self.rule.tangents.noise)
            for name in sorted(self.rule.tangents.inner)
        }
        return {**readings, studied: {**readings[studied], **tangents}}

    def score(self, pushes: dict[str, Array], earlier: dict[str, Array], fresh: Array) -> Array:
        """The score of one step whose weights have just changed, shape (P,)."""
        retention = self.circuit.retention
        seen = self.gain() * fresh
        return self.by_parameter(
            {p: jnp.sum(seen * (push - retention * earlier[p])) for p, push in pushes.items()},
            fresh.dtype,
        )

    def project(self, outer: Array, states: States) -> Array:
        """The score of a trial with constant weights: `<outer, dW/dp>` by parameter, shape (P,)."""
        gain, state = self.gain(), states[self.rules.studied]
        seen = (gain[:, None] if gain.ndim else gain) * outer
        return self.by_parameter(
            {p: jnp.sum(seen * state[tangent_name(WEIGHT, p)]) for p in self.moving}, outer.dtype
        )

    def gain(self) -> Array:
        """What a unit of fresh noise says about the input `W pre`, a scalar or of shape (N,)."""
        fresh_share = (1.0 - self.circuit.retention**2) ** 0.5
        return jnp.asarray(self.circuit.sensitivity / fresh_share)

    def by_parameter(self, scores: dict[str, Array], dtype: jnp.dtype) -> Array:
        """Scores in the order of the tangents; 0 for parameters that no weight depends on."""
        zero = jnp.zeros((), dtype)
        return jnp.stack([scores.get(p, zero).astype(dtype) for p in self.rule.tangents.wrt])
