"""One life: a circuit that learns a task by a rule, trial after trial."""

from __future__ import annotations

import enum
from typing import NamedTuple

import jax
import jax.numpy as jnp
from pydantic import Field

from grammar import Event, Site
from grammar.symbols import WEIGHT
from rulegen.circuits import Network, RateCircuit
from rulegen.compile import CompiledRule
from rulegen.compile.compiled import RuleState
from rulegen.compile.emit import Emitter
from rulegen.compile.tangents import tangent_name
from rulegen.noise import Purpose, Stream, normal
from rulegen.settings import Settings
from rulegen.tasks import Task

Array = jax.Array


class LifeSettings(Settings):
    """What a life consists of.

    Attributes:
        trials: number of trials K.
        warmup: trials at the start without weight changes, in which baselines settle.
        weight_limit: a life with a weight beyond this is counted as diverged.
        floor: the reward that a diverged life gets from then on.
    """

    trials: int = Field(200, ge=1)
    warmup: int = Field(12, ge=0)
    weight_limit: float = Field(100.0, gt=0)
    floor: float = -1.0


class Outcome(enum.IntEnum):
    """How a life ended."""

    OK = 0
    DIVERGED = 1  # a weight or reward left the finite range
    SATURATED = 2  # nearly all rates at their limit over the last trial
    SILENT = 3  # no activity over the last trial


class LifeResult(NamedTuple):
    """What one life leaves behind.

    Attributes:
        rewards: reward of each trial, shape (K,).
        conditions: condition of each trial, shape (K,).
        scores: d log p(activity of trial k) / d theta, shape (K, P); P = 0 without tangents.
        outcome: an `Outcome`.
    """

    rewards: Array
    conditions: Array
    scores: Array
    outcome: Array


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
    """

    def __init__(
        self, circuit: RateCircuit, task: Task, settings: LifeSettings, rule: CompiledRule
    ) -> None:
        missing = sorted(rule.signals - circuit.provides)
        if missing:
            raise ValueError(f"this circuit does not provide `{missing[0]}`, which the rule reads")
        if "R" in rule.step_signals:
            raise ValueError(
                "the rule reads R at every step, but this task rewards only at the end of a trial: "
                "use `on reward:`"
            )
        if rule.tangents.wrt and circuit.noise == 0:
            raise ValueError("the score needs exploration noise: set circuit.noise above 0")
        if rule.tangents.wrt and rule.rule.forward:
            raise ValueError("the score is not defined for a rule that changes the forward pass")
        task.steps(circuit.dt)
        self.circuit, self.task, self.settings, self.rule = circuit, task, settings, rule
        self.names = tuple(p.name for p in rule.rule.parameters)

    def __call__(self, parameters: Array, stream: Stream) -> LifeResult:
        """Run one life.

        Args:
            parameters: values of all parameters of the rule in the order of its text, shape (P,).
            stream: random numbers of this life.
        """
        dtype = parameters.dtype
        circuit, task = self.circuit, self.task
        values = dict(zip(self.names, parameters, strict=True))
        network = circuit.draw(stream, task.channels, task.outputs, dtype)
        conditions = task.order(stream, self.settings.trials)
        numbers = jnp.arange(self.settings.trials)

        def one_trial(
            carry: tuple[RuleState, Array], inputs: tuple[Array, Array]
        ) -> tuple[tuple[RuleState, Array], tuple[Array, Array]]:
            (state, outcome), (number, condition) = carry, inputs
            state, reward, score, level = self._trial(
                state, values, network, stream, number, condition
            )
            finite = jnp.isfinite(reward) & (
                jnp.max(jnp.abs(state[WEIGHT])) <= self.settings.weight_limit
            )
            now = jnp.where(level > 0.99, Outcome.SATURATED, Outcome.OK)
            now = jnp.where(level < 1e-6, Outcome.SILENT, now)
            dead = (outcome == Outcome.DIVERGED) | ~finite
            outcome = jnp.where(dead, Outcome.DIVERGED, now)
            reward = jnp.where(dead, self.settings.floor, reward)
            return (state, outcome), (reward, jnp.where(dead, 0.0, score))

        state = self.rule.init(network.weights, task.conditions)
        start = (state, jnp.asarray(Outcome.OK))
        (_, outcome), (rewards, scores) = jax.lax.scan(one_trial, start, (numbers, conditions))
        return LifeResult(rewards, conditions, scores, outcome)

    def _trial(
        self,
        state: RuleState,
        values: dict[str, Array],
        network: Network,
        stream: Stream,
        number: Array,
        condition: Array,
    ) -> tuple[RuleState, Array, Array, Array]:
        """One trial: the new rule state, the reward, the score and the mean absolute rate."""
        circuit, task, rule = self.circuit, self.task, self.rule
        dtype = network.weights.dtype
        n, dt = circuit.neurons, circuit.dt
        fixed = {"dt": dt, "N_pre": float(n), "N_post": float(n)}
        values = {**values, **{k: jnp.asarray(v, dtype) for k, v in fixed.items()}}
        trial = task.trial(stream.fold(Purpose.TASK).fold(number), condition, dt)
        before = state
        state = rule.event(Event.TRIAL_START, state, {}, values, condition)
        xi = normal(stream.fold(Purpose.EXPLORATION).fold(number), (task.steps(dt), n), dtype)
        drive = (trial.stimulus @ network.inputs.T).astype(dtype)
        moving, still = rule.split(state)
        u0 = circuit.init(stream.fold(Purpose.START).fold(number), dtype)
        moving |= rule.start_history(circuit.signals(u0, u0, u0), state)
        noise_scale = circuit.step_size / circuit.noise if circuit.noise else 0.0

        def one_step(
            carry: tuple[Array, RuleState], inputs: tuple[Array, Array]
        ) -> tuple[tuple[Array, RuleState], tuple[Array, dict[str, Array], Array]]:
            (u, moving), (drive, xi) = carry, inputs
            weights, bias = self._forward({**still, **moving}, values)
            after = circuit.step(weights, u, drive + bias, xi)
            signals = circuit.signals(u, after, xi)
            score = jnp.zeros(len(rule.tangents.wrt), dtype)
            if rule.continuous:
                score = noise_scale * self._project({**still, **moving}, xi[None], signals["pre"][None])
            if rule.noise_in_loop:
                signals |= self._noise_tangents({**still, **moving}, signals["pre"], noise_scale)
            moving, record = rule.step(moving, still, signals, values, condition)
            return (after, moving), (after, record, score)

        (_, moving), (u, record, scores) = jax.lax.scan(one_step, (u0, moving), (drive, xi))
        state = {**still, **{k: v for k, v in moving.items() if k in state}}
        rates = circuit.rates(u)
        pre = jnp.concatenate([circuit.rates(u0)[None], rates[:-1]])
        score = jnp.sum(scores, axis=0)
        if not rule.continuous:
            score = noise_scale * self._project(state, xi, pre)
        history = {k: v[:, None] if v.ndim == 1 else v for k, v in record.items()}
        history |= self._noise_tangents(state, pre, noise_scale)
        state = rule.integrate(state, history, values, u.shape[0])
        reward = task.reward(trial, rates @ network.readout.T)
        now = circuit.signals(u[-2] if u.shape[0] > 1 else u0, u[-1], xi[-1])
        now["R"] = reward.astype(dtype)
        state = rule.event(Event.REWARD, state, now, values, condition)
        state = rule.event(Event.TRIAL_END, state, now, values, condition)
        learning = number >= self.settings.warmup
        for name in state:
            if name == WEIGHT or name.startswith(WEIGHT + "@"):
                state[name] = jnp.where(learning, state[name], before[name])
        return state, now["R"], score, jnp.mean(jnp.abs(rates))

    def _forward(self, state: RuleState, values: dict[str, Array]) -> tuple[Array, Array | float]:
        """The weights and the bias that the forward pass uses."""
        weights: Array = state[WEIGHT]
        bias: Array | float = 0.0
        emitter = Emitter({**state, **values}, self.rule.tangents.system.sites)
        for target, expr in self.rule.rule.forward:
            expanded = self.rule.rule.expand(expr)
            if target == WEIGHT:
                weights = emitter(expanded, Site.SYNAPSE)
            else:
                bias = emitter(expanded, Site.POST)
        return weights, bias

    def _project(self, state: RuleState, xi: Array, pre: Array) -> Array:
        """`<sum_t xi(t) pre(t)^T, dW/dp>` for every parameter p, shape (P,)."""
        tangents = self.rule.tangents
        if not tangents.wrt:
            return jnp.zeros(0, xi.dtype)
        outer = jnp.matmul(xi.T, pre, precision="highest")
        zero = jnp.zeros((), xi.dtype)
        return jnp.stack(
            [
                jnp.sum(outer * state[tangent_name(WEIGHT, p)]) if p in tangents.weight else zero
                for p in tangents.wrt
            ]
        )

    def _noise_tangents(self, state: RuleState, pre: Array, scale: float) -> dict[str, Array]:
        """`xi_p = -(a/sigma) W_p pre`: with the potentials held fixed, changed weights are
        changed noise. `pre` has shape (N,) or (T, N)."""
        return {
            tangent_name("xi", p): -scale
            * jnp.matmul(pre, state[tangent_name(WEIGHT, p)].T, precision="highest")
            for p in sorted(self.rule.tangents.noise)
        }
