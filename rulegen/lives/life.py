"""One life: a circuit that learns a task by a rule, trial after trial."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import add
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import Field, model_validator

from rulegen.circuits import Circuit, Network, Projection
from rulegen.compile import CompiledRule
from rulegen.compile.bounds import VIOLATIONS
from rulegen.compile.compiled import Values
from rulegen.compile.tangents import is_tangent
from rulegen.grammar.algebra.symbols import WEIGHT
from rulegen.ground.noise import Stream
from rulegen.ground.settings import Settings
from rulegen.lives.engine import XLA, Engine
from rulegen.lives.groups import told_apart
from rulegen.lives.outcomes import Outcome
from rulegen.lives.plasticity import Plasticity
from rulegen.lives.projections import Projections
from rulegen.lives.rules import Readings, States
from rulegen.lives.size import MOST_TRIALS, check_size
from rulegen.lives.trial import Streams, TrialRun, trial_streams
from rulegen.tasks import Task

Array = jax.Array

#: A reward beyond this, of a circuit without a limit of its rates, is no better than none.
MOST_REWARD = 1e12


class LifeSettings(Settings):
    """What a life consists of.

    Attributes:
        trials: number of trials K.
        warmup: trials at the start without weight changes, in which everything else of the rule
            runs, so that baselines settle; fewer than all.
        weight_limit: a life with a weight beyond this is counted as diverged.
        floor: the reward that a diverged life gets from then on; its own worst reward where that
            is lower, so that diverging never pays.
    """

    trials: int = Field(200, ge=1, le=MOST_TRIALS)
    warmup: int = Field(12, ge=0)
    weight_limit: float = Field(100.0, gt=0)
    floor: float = -1.0

    @model_validator(mode="after")
    def _check(self) -> LifeSettings:
        if self.warmup >= self.trials:
            raise ValueError(
                f"trials = {self.trials} end before any weight may change, after a warmup of "
                f"{self.warmup}: set trials above, or warmup below"
            )
        return self


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
        rules: the rule state of each plastic projection, with its weights.
        outcome: how it has gone so far.
        worst: the worst reward so far, or the floor.
        memory: what the task remembers.
    """

    network: Network
    conditions: Array
    rules: States
    outcome: Array
    worst: Array
    memory: Any

    @property
    def learned(self) -> Network:
        """The network with its weights as they are now."""
        return self.network.changed({name: state[WEIGHT] for name, state in self.rules.items()})

    @property
    def violations(self) -> Array:
        """How often a weight was kept from changing its sign."""
        counts = (state[VIOLATIONS] for state in self.rules.values() if VIOLATIONS in state)
        return reduce(add, counts, jnp.zeros_like(self.worst))


class Life:
    """Simulates one life; the instance holds only frozen settings and compiled rules.

    In trial k, with weights W_k constant over the trial, the activity has the score

        s_k = < (a/sigma) sum_t xi(t) x(t)^T , dW_k/dtheta >

    where W_k are the weights of the studied projection, x(t) is what it transmits in step t,
    r(t-1) by the recurrent one, and dW_k/dtheta is the tangent that the rule carries along, so that
    nothing is differentiated through the learning trajectory.

    Args:
        circuit: the circuit.
        task: the task.
        settings: length of the life and its limits.
        rule: the compiled rule; its tangents decide which scores are computed.
        projections: where it lives, and the rules of other projections.
        runs: what runs a trial.
        engine: how trials are carried out.

    Raises:
        ValueError: when a rule and the circuit do not fit each other, a period of the task is
            shorter than a step, its trials have other shapes than it says, or a life is too large.
        RuleError: when delays of a rule are shorter than a step, or keep too much.

    Example:
        >>> from rulegen.grammar import parse
        >>> from rulegen.compile import compile_rule
        >>> from rulegen.ground.noise import stream
        >>> from rulegen.tasks import DelayedAssociation
        >>> rule = compile_rule(parse("e <- e + xi*pre : synapse\\non reward: w += 0.01*R*e"))
        >>> from rulegen.circuits import RateCircuit
        >>> circuit = RateCircuit(neurons=3)
        >>> life = Life(circuit, DelayedAssociation(), LifeSettings(trials=4, warmup=0), rule)
        >>> life(jnp.zeros(0), stream(jax.random.key(0))).rewards.shape
        (4,)
    """

    def __init__(
        self,
        circuit: Circuit,
        task: Task,
        settings: LifeSettings,
        rule: CompiledRule,
        projections: Projections | None = None,
        runs: type[TrialRun] = TrialRun,
        engine: Engine = XLA,
    ) -> None:
        check_size(circuit, task, settings.trials)
        self.rules = Plasticity(circuit, rule, projections or Projections())
        if rule.tangents.wrt and circuit.scoreless:
            raise ValueError(circuit.scoreless)
        task.check(circuit.dt)
        self.circuit, self.task, self.settings, self.rule = circuit, task, settings, rule
        self.engine = engine
        for name, each in self.rules.rules.items():  # refused before anything runs
            each.delayed(self.sources(name), circuit.neurons, circuit.dt)
            self.groups(name)
        steps = engine.steps(circuit, self.rules, task)
        self.trial = runs(steps, task, settings.warmup)
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
            rules=self.rules.init(network, self.task.conditions),
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
            carry: tuple[States, Array, Array, Any], inputs: tuple[Array, Array, Streams]
        ) -> tuple[tuple[States, Array, Array, Any], tuple[Array, Array]]:
            (states, outcome, worst, memory), (number, condition, streams) = carry, inputs
            states, memory, reward, score, level = self.trial.run(
                states, memory, values, life.network, streams, number, condition
            )
            finite = (jnp.abs(reward) <= MOST_REWARD) & self._within(states)
            saturated = level > 0.99 * self.circuit.limit
            now = jnp.where(saturated, Outcome.SATURATED, Outcome.OK)
            now = jnp.where(level < 1e-6, Outcome.SILENT, now)
            dead = (outcome == Outcome.DIVERGED) | ~finite
            outcome = jnp.where(dead, Outcome.DIVERGED, now)
            reward = jnp.where(dead, worst, reward)
            worst = jnp.minimum(worst, reward)
            return (states, outcome, worst, memory), (reward, jnp.where(dead, 0.0, score))

        conditions = jax.lax.dynamic_slice_in_dim(life.conditions, first, trials)
        inputs = (numbers, conditions, trial_streams(stream, numbers))
        begun = self.rules.with_draws_once(values, life.rules, stream)
        states = self.rules.start(life.rules, begun, first == 0)
        start = (states, life.outcome, life.worst, life.memory)
        (states, outcome, worst, memory), results = self.engine.scan(one_trial, start, inputs)
        return life._replace(rules=states, outcome=outcome, worst=worst, memory=memory), results

    def _within(self, states: States) -> Array:
        """Whether all plastic weights are within the limit, and what rules keep is finite.

        A state that is not need not show in the weights: a comparison with nan is false.
        """
        # Counted by column, which XLA does in vectors, unlike a conjunction over all weights.
        counts = [
            jnp.min(jnp.sum(jnp.abs(state[WEIGHT]) <= self.settings.weight_limit, axis=0))
            for state in states.values()
        ]
        kept = [
            jnp.sum(value)
            for state in states.values()
            for name, value in state.items()
            if name not in (WEIGHT, VIOLATIONS) and not is_tangent(name)
        ]
        within = reduce(jnp.minimum, counts) == self.circuit.neurons
        return within & jnp.isfinite(reduce(add, kept)) if kept else within

    def sources(self, projection: Projection) -> int:
        """The number of channels, outputs or neurons that a projection comes from, N_pre."""
        if projection == "recurrent":
            return self.circuit.neurons
        return self.task.channels if projection == "input" else self.task.outputs

    def groups(self, projection: Projection) -> dict[str, np.ndarray]:
        """Which neurons belong to the groups that the rule of a projection tells apart."""
        rule = self.rules.rules[projection].rule
        return told_apart(rule, self.circuit, projection, self.sources(projection))

    def constants(self, parameters: Array) -> Readings:
        """What the formulas of each rule read by name and what does not change during a life.

        Args:
            parameters: values of those of the studied rule, shape (P,).
        """

        def known(name: Projection, values: Mapping[str, Array]) -> Values:
            fixed: dict[str, float | np.ndarray] = {"dt": self.circuit.dt}
            fixed["N_pre"] = self.sources(name)
            fixed["N_post"] = self.circuit.neurons
            fixed |= self.groups(name)
            return {**values, **{k: jnp.asarray(v, parameters.dtype) for k, v in fixed.items()}}

        own: dict[Projection, dict[str, Array]] = {
            self.rules.studied: dict(zip(self.names, parameters, strict=True))
        }
        for name, rule in self.rules.companions.items():
            own[name] = {
                p.name: jnp.asarray(p.value, parameters.dtype) for p in rule.rule.parameters
            }
        return {name: known(name, values) for name, values in own.items()}
