"""One trial of a life: the circuit runs, its rules follow, a reward arrives."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from rulegen.circuits import Circuit, Exploration, Network
from rulegen.compile.products import time_to_the_end
from rulegen.compile.tangents import tangent_name
from rulegen.grammar.algebra.symbols import WEIGHT
from rulegen.ground.noise import Purpose, Stream
from rulegen.lives.order import begin, close, gather, hold, put_in_front, stretch
from rulegen.lives.plasticity import Plasticity
from rulegen.lives.rules import Given, Readings, States
from rulegen.tasks import Task

Array = jax.Array

#: The time axis is processed in blocks of at most so many steps, so that a long trial needs no
#: more memory than a short one, and powers of a decay stay within the range of float32. Of many
#: lives, what longer blocks leave behind no longer fits the cache.
LONGEST_BLOCK = 100


class Moment(NamedTuple):
    """What passes from one block of a trial to the next.

    Attributes:
        states: of the rules, with the memory of `prev`.
        before, after: activity before and after the last step, of arrays of shape (N,).
        noise: of the last step, shape (N,).
        stimulus: of the last step, shape (channels,). (0,) where no rule lives on the input
            projection.
        outer: sum over time of fresh noise times what the studied projection transmitted, in the
            shape of its weights; what the score of weights that are constant over the trial is
            made of. (0, 0) where it is not needed.
        pushes: `dW/dp pre` of the last step by parameter, shape (N,), for other scores.
        score: what the score is so far, shape (P,).
    """

    states: States
    before: Any
    after: Any
    noise: Exploration
    stimulus: Array
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
        >>> from rulegen.ground.noise import stream
        >>> trial_streams(stream(jax.random.key(0)), jnp.arange(5)).task.high.shape
        (5,)
    """
    purposes = Purpose.TASK, Purpose.START, Purpose.EXPLORATION
    return Streams(*(jax.vmap(source.fold(purpose).fold)(numbers) for purpose in purposes))


class TrialRun:
    """Runs one trial; the instance holds only frozen settings and compiled rules."""

    def __init__(self, circuit: Circuit, task: Task, rules: Plasticity, warmup: int) -> None:
        self.circuit, self.task, self.rules, self.warmup = circuit, task, rules, warmup
        self.rule = rules.rule
        self.steps = task.steps(circuit.dt)
        #: Parameters on which the weights depend.
        self.moving = [p for p in self.rule.tangents.wrt if p in self.rule.tangents.weight]

    def run(
        self,
        states: States,
        memory: Any,
        values: Readings,
        network: Network,
        streams: Streams,
        number: Array,
        condition: Array,
    ) -> tuple[States, Any, Array, Array, Array]:
        """One trial: the new states and memory, reward, score, and mean |rate| at the end.

        Args:
            states: of the rules before the trial.
            memory: of the task.
            values: parameters and what else the formulas of each rule read by name.
            network: fixed and first weights of the life.
            streams: random numbers of the trial.
            number: of the trial, from 0. condition: its condition.
        """
        circuit, task, rules = self.circuit, self.task, self.rules
        dtype = network.weights.dtype
        trial = task.revise(memory, task.trial(streams.task, condition, circuit.dt))
        learning = number >= self.warmup
        start = circuit.init(streams.start, dtype)
        still = circuit.quiet(dtype)
        plastic_input = "input" in rules.rules
        silence = jnp.zeros(task.channels if plastic_input else 0, dtype)
        now = self._readings(start, start, still.xi, jnp.zeros((), dtype), silence, network)
        given = rules.given(values, condition, network)
        constant = self.moving and not self.rule.continuous
        weights = states[rules.studied][WEIGHT]
        moment = Moment(
            states=begin(rules, states, now, given, learning),
            before=jax.tree.map(jnp.zeros_like, start),  # nothing drove the circuit before
            after=start,
            noise=still,
            stimulus=silence,
            outer=jnp.zeros_like(weights) if constant else jnp.zeros((0, 0), dtype),
            pushes={} if constant else {p: jnp.zeros_like(start.u) for p in self.moving},
            score=jnp.zeros(len(self.rule.tangents.wrt), dtype),
        )

        def one_block(moment: Moment, first: Array | int, steps: int) -> tuple[Moment, Array]:
            stimulus = jax.lax.dynamic_slice_in_dim(trial.stimulus, first, steps)
            noise = circuit.explore(streams.exploration, first, steps, moment.noise)
            outside = stimulus if plastic_input else stimulus @ network.inputs.T
            times = circuit.dt * (first + jnp.arange(steps, dtype=dtype))
            inputs = outside.astype(dtype), noise, times
            return self._block(moment, given, network, learning, inputs)

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
        states = {
            name: {key: moment.states[name][key] for key in state} for name, state in states.items()
        }
        score = moment.score
        if constant:
            score += self._project(moment.outer, states)
        length = jnp.asarray(self.steps * circuit.dt, dtype)
        here = moment.before, moment.after, moment.noise.xi, length, moment.stimulus
        now = self._readings(*here, network)
        now = {name: {**seen, "R": reward} for name, seen in now.items()}
        pre = network.transmitted(rules.studied, moment.before.r, moment.stimulus)
        pushes = self._pushes(states, pre) if constant else moment.pushes
        now = self._with_noise_tangents(now, pushes)

        def closed(states: States) -> States:
            return close(rules, states, now, given)

        # A branch and no selection, so that what the events read is computed once and not anew in
        # every weight and tangent that they write.
        states, score = jax.lax.optimization_barrier((states, score))
        states = jax.lax.cond(learning, closed, lambda s: hold(s, closed(s), learning), states)
        return states, memory, reward, score, jnp.mean(jnp.abs(moment.after.r))

    def _block(
        self,
        moment: Moment,
        given: Given,
        network: Network,
        learning: Array,
        inputs: tuple[Array, Exploration, Array],
    ) -> tuple[Moment, Array]:
        """A stretch of a trial; also its outputs, shape (T, outputs).

        `inputs` are what comes from outside, the noise and the times of the steps: from outside
        comes the stimulus, shape (T, channels), where a rule lives on the input projection, and
        else the current that it makes, shape (T, N).
        """
        circuit, rules, rule = self.circuit, self.rules, self.rule
        outside, noise, times = inputs
        in_loop = rule.continuous or rule.noise_in_loop

        def act(
            states: States, memory: tuple[Any, dict[str, Array]], inputs: tuple[Array, ...]
        ) -> tuple[Readings, tuple[Any, dict[str, Array]], tuple[Any, Array | None]]:
            (memory, pushes), (outside, xi, fresh, time) = memory, inputs
            before = circuit.recall(memory)
            used, bias = rules.used(states, given, network)
            drive = used.inputs @ outside if "input" in rules.rules else outside
            after = circuit.step(used.effective, before, drive + bias, xi)
            signals = circuit.signals(before, after, xi) | {"t": time}
            seen = rules.read(signals, before.r, outside, network)
            pre = network.transmitted(rules.studied, before.r, outside)
            score = None
            if rule.continuous and self.moving:
                earlier, pushes = pushes, self._pushes(states, pre)
                score = self._score(pushes, earlier, fresh)
            if in_loop:
                seen = self._with_noise_tangents(seen, self._pushes(states, pre))
            memory = circuit.memory(after)
            return seen, (memory, pushes), (memory, score)

        memory = circuit.memory(moment.after), moment.pushes
        steps = outside, noise.xi, noise.fresh, times
        found = stretch(rules, moment.states, act, memory, steps, given, learning)
        # The loop leaves behind as little as possible: what it keeps costs more than computing
        # rates again.
        (memories, scores), (_, pushes) = found.kept, found.memory
        after = circuit.recall(memories)
        before = jax.tree.map(put_in_front, moment.after, after)
        signals = circuit.signals(before, after, noise.xi) | {"t": times}
        seen = rules.read(signals, before.r, outside, network)
        pre = network.transmitted(rules.studied, before.r, outside)
        outer = moment.outer
        if self.moving and not rule.continuous:
            # With weights constant over the trial, one product over time does for all steps.
            past = pre
            if circuit.retention:
                earlier = network.transmitted(rules.studied, moment.before.r, moment.stimulus)
                past = past - circuit.retention * put_in_front(earlier, past)
            fresh = time_to_the_end(noise.fresh)
            outer = outer + jnp.matmul(fresh, past, precision="highest")
        seen = self._with_noise_tangents(seen, self._pushes(found.states, pre))
        states = gather(rules, found, seen, len(times), given)
        last_before, last_after, last_noise = jax.tree.map(lambda x: x[-1], (before, after, noise))
        moment = Moment(
            states=states,
            before=last_before,
            after=last_after,
            noise=last_noise,
            stimulus=outside[-1] if "input" in rules.rules else moment.stimulus,
            outer=outer,
            pushes=pushes,
            score=moment.score if scores is None else moment.score + jnp.sum(scores, axis=0),
        )
        return moment, after.r @ network.readout.T

    def _readings(
        self,
        before: Any,
        after: Any,
        xi: Array,
        time: Array,
        stimulus: Array,
        network: Network,
    ) -> Readings:
        """What rules read outside the steps of a trial: no reward, and noise without tangent."""
        seen = self.circuit.signals(before, after, xi) | {"t": time, "R": jnp.zeros((), xi.dtype)}
        readings = self.rules.read(seen, before.r, stimulus, network)
        return self._with_noise_tangents(readings, {p: jnp.zeros_like(xi) for p in self.moving})

    def _pushes(self, states: States, pre: Array) -> dict[str, Array]:
        """`dW/dp pre` by parameter, shape (N,), for what the studied projection transmits.

        Or of shape (T, N), for a `pre` of shape (T, N_pre).
        """
        state = states[self.rules.studied]
        return {
            p: jnp.matmul(pre, state[tangent_name(WEIGHT, p)].T, precision="highest")
            for p in self.moving
        }

    def _with_noise_tangents(self, readings: Readings, pushes: dict[str, Array]) -> Readings:
        """With `xi_p = -(a/sigma) W_p pre`: at fixed potentials new weights are new noise."""
        tangents = {
            tangent_name("xi", p): -jnp.asarray(self.circuit.sensitivity) * pushes[p]
            for p in sorted(self.rule.tangents.noise)
        }
        studied = self.rules.studied
        return {**readings, studied: {**readings[studied], **tangents}}

    def _score(self, pushes: dict[str, Array], earlier: dict[str, Array], fresh: Array) -> Array:
        """The score of one step whose weights have just changed, shape (P,)."""
        retention = self.circuit.retention
        seen = self._gain() * fresh
        return self._by_parameter(
            {p: jnp.sum(seen * (push - retention * earlier[p])) for p, push in pushes.items()},
            fresh.dtype,
        )

    def _project(self, outer: Array, states: States) -> Array:
        """The score of a trial with constant weights: `<outer, dW/dp>` by parameter, shape (P,)."""
        gain, state = self._gain(), states[self.rules.studied]
        seen = (gain[:, None] if gain.ndim else gain) * outer
        return self._by_parameter(
            {p: jnp.sum(seen * state[tangent_name(WEIGHT, p)]) for p in self.moving}, outer.dtype
        )

    def _gain(self) -> Array:
        """What a unit of fresh noise says about the input `W pre`, a scalar or of shape (N,)."""
        fresh_share = (1.0 - self.circuit.retention**2) ** 0.5
        return jnp.asarray(self.circuit.sensitivity / fresh_share)

    def _by_parameter(self, scores: dict[str, Array], dtype: jnp.dtype) -> Array:
        """Scores in the order of the tangents; 0 for parameters that no weight depends on."""
        zero = jnp.zeros((), dtype)
        return jnp.stack([scores.get(p, zero).astype(dtype) for p in self.rule.tangents.wrt])


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
