"""One trial of a life: the circuit runs, the rule follows, a reward arrives."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from grammar import Event
from grammar.symbols import WEIGHT
from rulegen.circuits import Circuit, Exploration, Network
from rulegen.compile import CompiledRule
from rulegen.compile.compiled import VIOLATIONS, RuleState, Values
from rulegen.compile.products import time_to_the_end
from rulegen.compile.tangents import tangent_name
from rulegen.noise import Purpose, Stream
from rulegen.tasks import Task

Array = jax.Array

#: The time axis is processed in blocks of at most so many steps, so that a long trial needs no
#: more memory than a short one, and powers of a decay stay within the range of float32.
LONGEST_BLOCK = 256


class Moment(NamedTuple):
    """What passes from one block of a trial to the next.

    Attributes:
        state: the rule state, with the memory of `prev`.
        before, after: activity before and after the last step, of arrays of shape (N,).
        noise: of the last step, shape (N,).
        outer: sum over time of fresh noise times past rates, shape (N, N); what the score of
            weights that are constant over the trial is made of. (0, 0) where it is not needed.
        pushes: `dW/dp r` of the last step by parameter, shape (N,), for other scores.
        score: what the score is so far, shape (P,).
    """

    state: RuleState
    before: Any
    after: Any
    noise: Exploration
    outer: Array
    pushes: dict[str, Array]
    score: Array


class Streams(NamedTuple):
    """Random numbers of one trial, or with an axis of trials those of many."""

    task: Stream
    start: Stream
    exploration: Stream


def trial_streams(source: Stream, numbers: Array) -> Streams:
    """The streams of the trials with these numbers, shape (K,), of the life with this stream.

    They are made for a whole life at once: made in a trial, XLA would make them anew for every
    single random number.

    Example:
        >>> from rulegen.noise import stream
        >>> trial_streams(stream(jax.random.key(0)), jnp.arange(5)).task.high.shape
        (5,)
    """
    purposes = Purpose.TASK, Purpose.START, Purpose.EXPLORATION
    return Streams(*(jax.vmap(source.fold(purpose).fold)(numbers) for purpose in purposes))


class TrialRun:
    """Runs one trial; the instance holds only frozen settings and a compiled rule."""

    def __init__(self, circuit: Circuit, task: Task, rule: CompiledRule, warmup: int) -> None:
        self.circuit, self.task, self.rule, self.warmup = circuit, task, rule, warmup
        self.steps = task.steps(circuit.dt)
        #: Parameters on which the weights depend.
        self.moving = [p for p in rule.tangents.wrt if p in rule.tangents.weight]

    def run(
        self,
        state: RuleState,
        memory: Any,
        values: Values,
        network: Network,
        streams: Streams,
        number: Array,
        condition: Array,
    ) -> tuple[RuleState, Any, Array, Array, Array]:
        """One trial: the new rule state and memory, reward, score, and mean |rate| at the end.

        Args:
            state: the rule state before the trial.
            memory: of the task.
            values: parameters and what else formulas read by name.
            network: fixed and first weights of the life.
            streams: random numbers of the trial.
            number: of the trial, from 0. condition: its condition.
        """
        circuit, task, rule = self.circuit, self.task, self.rule
        dtype = network.weights.dtype
        trial = task.revise(memory, task.trial(streams.task, condition, circuit.dt))
        learning = number >= self.warmup
        start = circuit.init(streams.start, dtype)
        still = circuit.quiet(dtype)
        now = self._signals(start, start, still.xi, jnp.zeros((), dtype))
        fixed = values, condition, network.bounds
        state = hold(state, rule.event(Event.TRIAL_START, state, now, *fixed), learning)
        constant = self.moving and not rule.continuous
        moment = Moment(
            state=state | rule.start_history(now, state),
            before=jax.tree.map(jnp.zeros_like, start),  # nothing drove the circuit before
            after=start,
            noise=still,
            outer=jnp.zeros_like(network.weights) if constant else jnp.zeros((0, 0), dtype),
            pushes={} if constant else {p: jnp.zeros_like(start.u) for p in self.moving},
            score=jnp.zeros(len(rule.tangents.wrt), dtype),
        )

        def one_block(moment: Moment, first: Array | int, steps: int) -> tuple[Moment, Array]:
            stimulus = jax.lax.dynamic_slice_in_dim(trial.stimulus, first, steps)
            noise = circuit.explore(streams.exploration, first, steps, moment.noise)
            drive = (stimulus @ network.inputs.T).astype(dtype)
            times = circuit.dt * (first + jnp.arange(steps, dtype=dtype))
            inputs = drive, noise, times
            return self._block(moment, values, network, condition, learning, *inputs)

        size, count, rest = blocks(self.steps, LONGEST_BLOCK)
        if count == 1:
            moment, outputs = one_block(moment, 0, size)
        else:
            starts = size * jnp.arange(count)
            # Two at a time, so that a free core does the products of one block while another runs
            # through the next.
            moment, outputs = jax.lax.scan(
                lambda m, i: one_block(m, i, size), moment, starts, unroll=2
            )
            outputs = outputs.reshape(size * count, -1)
        if rest:
            moment, last = one_block(moment, size * count, rest)
            outputs = jnp.concatenate([outputs, last])
        reward = task.reward(trial, outputs).astype(dtype)
        memory = task.remember(memory, trial, outputs)
        state = {name: moment.state[name] for name in state}
        score = moment.score
        if constant:
            score += self._project(moment.outer, state)
        length = jnp.asarray(self.steps * circuit.dt, dtype)
        now = self._signals(moment.before, moment.after, moment.noise.xi, length) | {"R": reward}
        pushes = self._pushes(state, moment.before.r) if constant else moment.pushes
        now |= self._noise_tangents(pushes)

        def close(state: RuleState) -> RuleState:
            for event in (Event.REWARD, Event.TRIAL_END):
                state = rule.event(event, state, now, *fixed)
            return state

        # A branch and no selection, so that what the events read is computed once and not anew in
        # every weight and tangent that they write.
        state, score = jax.lax.optimization_barrier((state, score))
        state = jax.lax.cond(learning, close, lambda s: hold(s, close(s), learning), state)
        return state, memory, reward, score, jnp.mean(jnp.abs(moment.after.r))

    def _block(
        self,
        moment: Moment,
        values: Values,
        network: Network,
        condition: Array,
        learning: Array,
        drive: Array,
        noise: Exploration,
        times: Array,
    ) -> tuple[Moment, Array]:
        """A stretch of a trial; also its outputs, shape (T, outputs)."""
        circuit, rule = self.circuit, self.rule
        moving, still = rule.split(moment.state)
        in_loop = rule.continuous or rule.noise_in_loop
        fixed = values, condition, network.bounds

        def one_step(
            carry: tuple[Any, RuleState, dict[str, Array]], inputs: tuple[Array, ...]
        ) -> tuple[tuple[Any, RuleState, dict[str, Array]], tuple]:
            (memory, moving, pushes), (drive, xi, fresh, time) = carry, inputs
            before = circuit.recall(memory)
            state = {**still, **moving}
            weights, bias = rule.forward(state, *fixed)
            after = circuit.step(weights, before, drive + bias, xi)
            signals = circuit.signals(before, after, xi) | {"t": time}
            score = None
            if rule.continuous and self.moving:
                earlier, pushes = pushes, self._pushes(state, before.r)
                score = self._score(pushes, earlier, fresh)
            if in_loop:
                signals |= self._noise_tangents(self._pushes(state, before.r))
            new = hold(moving, rule.step(moving, still, signals, *fixed), learning)
            record = {name: new[name] for name in rule.recorded}
            memory = circuit.memory(after)
            return (memory, new, pushes), (memory, record, score)

        carry = (circuit.memory(moment.after), moving, moment.pushes)
        inputs = (drive, noise.xi, noise.fresh, times)
        (_, moved, pushes), (memories, later, scores) = jax.lax.scan(one_step, carry, inputs)
        # The loop leaves behind as little as possible: what it keeps costs more than computing
        # rates again, and what comes after a step is what stands before the next one.
        after = circuit.recall(memories)
        before = jax.tree.map(put_in_front, moment.after, after)
        record = {name: put_in_front(moving[name], values) for name, values in later.items()}
        state = {**still, **moved}
        outer = moment.outer
        if self.moving and not rule.continuous:
            # With weights constant over the trial, one product over time does for all steps.
            past = before.r
            if circuit.retention:
                past = past - circuit.retention * put_in_front(moment.before.r, past)
            fresh = time_to_the_end(noise.fresh)
            outer = outer + jnp.matmul(fresh, past, precision="highest")
        history = circuit.signals(before, after, noise.xi) | {"t": times} | record
        history |= self._noise_tangents(self._pushes(state, before.r))
        state = rule.integrate(state, history, values, len(drive), condition)
        last_before, last_after, last_noise = jax.tree.map(lambda x: x[-1], (before, after, noise))
        moment = Moment(
            state=state,
            before=last_before,
            after=last_after,
            noise=last_noise,
            outer=outer,
            pushes=pushes,
            score=moment.score if scores is None else moment.score + jnp.sum(scores, axis=0),
        )
        return moment, after.r @ network.readout.T

    def _signals(self, before: Any, after: Any, xi: Array, time: Array) -> dict[str, Array]:
        """What a rule reads outside the steps of a trial: no reward, and noise without tangent."""
        still = jnp.zeros_like(xi)
        noise = {tangent_name("xi", p): still for p in self.rule.tangents.noise}
        seen = self.circuit.signals(before, after, xi)
        return seen | {"t": time, "R": jnp.zeros((), xi.dtype)} | noise

    def _pushes(self, state: RuleState, pre: Array) -> dict[str, Array]:
        """`dW/dp r` by parameter, for rates of shape (N,) or (T, N)."""
        return {
            p: jnp.matmul(pre, state[tangent_name(WEIGHT, p)].T, precision="highest")
            for p in self.moving
        }

    def _noise_tangents(self, pushes: dict[str, Array]) -> dict[str, Array]:
        """`xi_p = -(a/sigma) W_p r`: at fixed potentials changed weights are changed noise."""
        return {
            tangent_name("xi", p): -jnp.asarray(self.circuit.sensitivity) * pushes[p]
            for p in sorted(self.rule.tangents.noise)
        }

    def _score(self, pushes: dict[str, Array], earlier: dict[str, Array], fresh: Array) -> Array:
        """The score of one step whose weights have just changed, shape (P,)."""
        retention = self.circuit.retention
        seen = self._gain() * fresh
        return self._by_parameter(
            {p: jnp.sum(seen * (push - retention * earlier[p])) for p, push in pushes.items()},
            fresh.dtype,
        )

    def _project(self, outer: Array, state: RuleState) -> Array:
        """The score of a trial with constant weights: `<outer, dW/dp>` by parameter, shape (P,)."""
        gain = self._gain()
        seen = (gain[:, None] if gain.ndim else gain) * outer
        return self._by_parameter(
            {p: jnp.sum(seen * state[tangent_name(WEIGHT, p)]) for p in self.moving}, outer.dtype
        )

    def _gain(self) -> Array:
        """What a unit of fresh noise says about `W r`, a scalar or of shape (N,)."""
        fresh_share = (1.0 - self.circuit.retention**2) ** 0.5
        return jnp.asarray(self.circuit.sensitivity / fresh_share)

    def _by_parameter(self, scores: dict[str, Array], dtype: jnp.dtype) -> Array:
        """Scores in the order of the tangents; 0 for parameters that no weight depends on."""
        zero = jnp.zeros((), dtype)
        return jnp.stack([scores.get(p, zero).astype(dtype) for p in self.rule.tangents.wrt])


def put_in_front(first: Array, later: Array) -> Array:
    """What stands before each step, from what stood before the first and what came after each."""
    return jnp.concatenate([first[None], later[:-1]])


def blocks(steps: int, longest: int) -> tuple[int, int, int]:
    """Cut a length into blocks: their size, their number, and what is left over.

    Blocks of one size are preferred to larger ones with a rest.

    Example:
        >>> blocks(30, 256), blocks(1000, 256), blocks(997, 256)
        ((30, 1, 0), (250, 4, 0), (256, 3, 229))
    """
    least = -(-steps // longest)
    for count in range(least, least + least // 2 + 1):
        if steps % count == 0:
            return steps // count, count, 0
    return longest, steps // longest, steps % longest


def hold(old: RuleState, new: RuleState, learning: Array) -> RuleState:
    """The new state, but with the old weights and what comes with them unless `learning`."""

    def is_held(name: str) -> bool:
        return name == VIOLATIONS or name.partition("@")[0] == WEIGHT

    return {k: jnp.where(learning, v, old[k]) if is_held(k) else v for k, v in new.items()}
