"""One life: a circuit that learns a task by a rule, trial after trial."""

from __future__ import annotations

import enum
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from pydantic import Field

from grammar.symbols import WEIGHT
from rulegen.circuits import Circuit, Network
from rulegen.compile import CompiledRule
from rulegen.compile.compiled import VIOLATIONS, RuleState
from rulegen.noise import Stream
from rulegen.settings import Settings
from rulegen.tasks import Task
from rulegen.trial import Streams, TrialRun, trial_streams

Array = jax.Array


class LifeSettings(Settings):
    """What a life consists of.

    Attributes:
        trials: number of trials K.
        warmup: trials at the start without weight changes, in which everything else of the rule
            runs, so that baselines settle.
        weight_limit: a life with a weight beyond this is counted as diverged.
        floor: the reward that a diverged life gets from then on; its own worst reward where that
            is lower, so that diverging never pays.
    """

    trials: int = Field(200, ge=1)
    warmup: int = Field(12, ge=0)
    weight_limit: float = Field(100.0, gt=0)
    floor: float = -1.0


class Outcome(enum.IntEnum):
    """How a life ended."""

    OK = 0
    DIVERGED = 1  # a weight or reward left the finite range
    SATURATED = 2  # mean |rate| in the last step above 99% of the largest rate there is
    SILENT = 3  # mean |rate| in the last step below a millionth


class LifeResult(NamedTuple):
    """What one life leaves behind.

    Attributes:
        rewards: reward of each trial, shape (K,).
        conditions: condition of each trial, shape (K,).
        scores: d log p(activity of trial k) / d theta, shape (K, P); P = 0 without tangents.
        outcome: an `Outcome`.
        violations: how often a weight was kept from changing its sign.
    """

    rewards: Array
    conditions: Array
    scores: Array
    outcome: Array
    violations: Array


class LifeState(NamedTuple):
    """A life between two trials.

    Attributes:
        network: fixed and first weights.
        conditions: condition of each trial of the whole life, shape (K,).
        rule: the rule state, with the weights.
        outcome: how it has gone so far.
        worst: the worst reward so far, or the floor.
        memory: what the task remembers.
    """

    network: Network
    conditions: Array
    rule: RuleState
    outcome: Array
    worst: Array
    memory: Any

    @property
    def violations(self) -> Array:
        """How often a weight was kept from changing its sign."""
        return self.rule.get(VIOLATIONS, jnp.zeros_like(self.worst))


class Life:
    """Simulates one life; the instance holds only frozen settings and a compiled rule.

    In trial k, with weights W_k constant over the trial, the activity has the score

        s_k = < (a/sigma) sum_t xi(t) r(t-1)^T , dW_k/dtheta >

    where dW_k/dtheta is the tangent that the rule carries along, so that nothing is
    differentiated through the learning trajectory.

    Args:
        circuit: the circuit.
        task: the task.
        settings: length of the life and its limits.
        rule: the compiled rule; its tangents decide which scores are computed.

    Raises:
        ValueError: when the rule and the circuit do not fit each other, a period of the task is
            shorter than a step, or its trials have other shapes than it says.

    Example:
        >>> from grammar import parse
        >>> from rulegen.compile import compile_rule
        >>> from rulegen.noise import stream
        >>> from rulegen.tasks import DelayedAssociation
        >>> rule = compile_rule(parse("e <- e + xi*pre : synapse\\non reward: w += 0.01*R*e"))
        >>> from rulegen.circuits import RateCircuit
        >>> circuit = RateCircuit(neurons=3)
        >>> life = Life(circuit, DelayedAssociation(), LifeSettings(trials=4), rule)
        >>> life(jnp.zeros(0), stream(jax.random.key(0))).rewards.shape
        (4,)
    """

    def __init__(
        self, circuit: Circuit, task: Task, settings: LifeSettings, rule: CompiledRule
    ) -> None:
        missing = sorted(rule.signals - circuit.provides)
        if missing:
            raise ValueError(f"this circuit does not provide `{missing[0]}`, which the rule reads")
        if "R" in rule.step_signals:
            raise ValueError(
                "the rule reads R at every step, but this task rewards only at the end of a trial: "
                "use `on reward:`"
            )
        if rule.tangents.wrt and circuit.scoreless:
            raise ValueError(circuit.scoreless)
        if rule.tangents.wrt and rule.rule.forward:
            raise ValueError("the score is not defined for a rule that changes the forward pass")
        task.check(circuit.dt)
        self.circuit, self.task, self.settings, self.rule = circuit, task, settings, rule
        self.trial = TrialRun(circuit, task, rule, settings.warmup)
        self.names = tuple(p.name for p in rule.rule.parameters)

    def __call__(self, parameters: Array, stream: Stream) -> LifeResult:
        """Run one life.

        Args:
            parameters: values of all parameters of the rule in the order of its text, shape (P,).
            stream: random numbers of this life.
        """
        return self.live(parameters, stream)[-1]

    def live(self, parameters: Array, stream: Stream) -> tuple[LifeState, LifeResult]:
        """Run one life; also what it ends with."""
        start = self.begin(stream, parameters.dtype)
        end, (rewards, scores) = self.go_on(parameters, stream, start, 0, self.settings.trials)
        return end, LifeResult(rewards, start.conditions, scores, end.outcome, end.violations)

    def begin(self, stream: Stream, dtype: jnp.dtype) -> LifeState:
        """The life before its first trial."""
        network = self.circuit.draw(stream, self.task.channels, self.task.outputs, dtype)
        return LifeState(
            network=network,
            conditions=self.task.order(stream, self.settings.trials),
            rule=self.rule.init(network.weights, self.task.conditions, network.bounds),
            outcome=jnp.asarray(Outcome.OK),
            worst=jnp.asarray(self.settings.floor, dtype),
            memory=self.task.begin(stream),
        )

    def go_on(
        self, parameters: Array, stream: Stream, life: LifeState, first: Array | int, trials: int
    ) -> tuple[LifeState, tuple[Array, Array]]:
        """Live through so many trials; also their rewards, shape (K,), and scores, (K, P).

        Args:
            parameters: values of all parameters of the rule, shape (P,).
            stream: random numbers of this life.
            life: the life so far.
            first: number of the first of the trials.
            trials: how many.
        """
        values = self.constants(parameters)
        numbers = first + jnp.arange(trials)

        def one_trial(
            carry: tuple[RuleState, Array, Array, Any], inputs: tuple[Array, Array, Streams]
        ) -> tuple[tuple[RuleState, Array, Array, Any], tuple[Array, Array]]:
            (state, outcome, worst, memory), (number, condition, streams) = carry, inputs
            state, memory, reward, score, level = self.trial.run(
                state, memory, values, life.network, streams, number, condition
            )
            # Counted by column, which XLA does in vectors, unlike a conjunction over all weights.
            inside = jnp.sum(jnp.abs(state[WEIGHT]) <= self.settings.weight_limit, axis=0)
            within = jnp.min(inside) == self.circuit.neurons
            finite = jnp.isfinite(reward) & within
            saturated = level > 0.99 * self.circuit.limit
            now = jnp.where(saturated, Outcome.SATURATED, Outcome.OK)
            now = jnp.where(level < 1e-6, Outcome.SILENT, now)
            dead = (outcome == Outcome.DIVERGED) | ~finite
            outcome = jnp.where(dead, Outcome.DIVERGED, now)
            reward = jnp.where(dead, worst, reward)
            worst = jnp.minimum(worst, reward)
            return (state, outcome, worst, memory), (reward, jnp.where(dead, 0.0, score))

        conditions = jax.lax.dynamic_slice_in_dim(life.conditions, first, trials)
        inputs = (numbers, conditions, trial_streams(stream, numbers))
        start = (life.rule, life.outcome, life.worst, life.memory)
        (state, outcome, worst, memory), results = jax.lax.scan(one_trial, start, inputs)
        return life._replace(rule=state, outcome=outcome, worst=worst, memory=memory), results

    def constants(self, parameters: Array) -> dict[str, Array]:
        """What formulas read by name and what does not change during a life."""
        n = float(self.circuit.neurons)
        fixed = {"dt": self.circuit.dt, "N_pre": n, "N_post": n}
        values = dict(zip(self.names, parameters, strict=True))
        return values | {k: jnp.asarray(v, parameters.dtype) for k, v in fixed.items()}
