"""One trial of a life: the circuit runs, its rules follow, a reward arrives."""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from rulegen.circuits import Network
from rulegen.grammar.algebra.symbols import WEIGHT
from rulegen.ground.noise import Purpose, Stream
from rulegen.lives.arrivals import between
from rulegen.lives.order import CLOSING, begin, happen, hold
from rulegen.lives.rules import Given, Readings, States
from rulegen.lives.steps import Moment, Steps
from rulegen.tasks import Task
from rulegen.tasks.trials import Trial

Array = jax.Array


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
    """Runs one trial; the instance holds only frozen settings and compiled rules.

    Args:
        steps: a circuit with its rules.
        task: the task.
        warmup: trials at the start without weight changes.
    """

    def __init__(self, steps: Steps, task: Task, warmup: int) -> None:
        self.steps, self.task, self.warmup = steps, task, warmup

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
        steps, task = self.steps, self.task
        circuit, rules = steps.circuit, steps.rules
        dtype = network.weights.dtype
        trial = task.revise(memory, task.trial(streams.task, condition, circuit.dt))
        learning = number >= self.warmup
        start = circuit.init(streams.start, dtype)
        still = circuit.quiet(dtype)
        silence = jnp.zeros(task.channels if steps.plastic_input else 0, dtype)
        nothing = steps.undriven(dtype)
        at_start = start, start, still.xi, jnp.zeros((), dtype), silence, nothing
        now = steps.readings(*at_start, network)
        given = rules.given(
            rules.with_synaptic_noise(values, streams.exploration, network), condition, network
        )
        if rules.draw:
            given = given._replace(lots=streams.exploration.fold(Purpose.DRAWS))
            now = rules.with_draws(now, states, given, 0, event=True)
        constant = steps.moving and not steps.stepwise_score
        weights = states[rules.studied][WEIGHT]
        moment = Moment(
            states=begin(rules, states, now, given, learning),
            before=jax.tree.map(jnp.zeros_like, start),  # nothing drove the circuit before
            after=start,
            noise=still,
            stimulus=silence,
            drives=nothing,
            outer=jnp.zeros_like(weights) if constant else jnp.zeros((0, 0), dtype),
            pushes={} if constant else {p: jnp.zeros_like(start.u) for p in steps.moving},
            score=jnp.zeros(len(steps.rule.tangents.wrt), dtype),
            kept=steps.lessons.begin(circuit.neurons, dtype),
        )

        first, paid, parts = 0, [jnp.zeros((), dtype)], []
        for last in steps.arrivals:
            span = first, last
            moment, outputs = steps.through(
                moment, trial, span, streams.exploration, given, network, learning
            )
            parts.append(outputs)
            if last < steps.steps:
                earned = jnp.sum(task.rewards(between(trial, first, last), outputs))
                paid.append(earned.astype(dtype))
                moment = self.rewarded(moment, paid[-1], last, given, network, learning)
                first = last
        outputs = parts[0] if len(parts) == 1 else jnp.concatenate(parts)
        reward = task.reward(trial, outputs).astype(dtype)
        memory = task.remember(memory, trial, outputs)
        rest = reward if len(parts) == 1 else reward - reduce(add, paid)
        moment = moment._replace(
            states={n: {key: moment.states[n][key] for key in s} for n, s in states.items()}
        )
        end = self.rewarded(moment, rest, steps.steps, given, network, learning)
        left = self.left(trial, outputs, end.score)
        return end.states, memory, reward, left, jnp.mean(jnp.abs(moment.after.r))

    def left(self, trial: Trial, outputs: Array, score: Array) -> Array:
        """What a trial leaves behind beside its reward, one axis of numbers: its score."""
        return score

    def rewarded(
        self,
        moment: Moment,
        reward: Array,
        step: int,
        given: Given,
        network: Network,
        learning: Array,
    ) -> Moment:
        """What follows when a reward has arrived after so many steps; with the last of them, what
        comes at the end of a trial."""
        steps = self.steps
        rules, states, score = steps.rules, moment.states, moment.score
        constant = steps.moving and not steps.stepwise_score
        if constant:
            score += steps.project(moment.outer, states)
        length = jnp.asarray(step * steps.circuit.dt, reward.dtype)
        here = moment.before, moment.after, moment.noise.xi, length, moment.stimulus
        now = steps.readings(*here, moment.drives, network)
        now = {name: {**seen, "R": reward} for name, seen in now.items()}
        now = rules.with_draws(now, states, given, step, event=True)
        pre = network.transmitted(rules.studied, moment.before.r, moment.stimulus)
        pushes = steps.pushes(states, pre, given) if constant else moment.pushes
        now = steps.with_noise_tangents(now, pushes)
        events = CLOSING if step == steps.steps else CLOSING[:1]

        def closed(states: States) -> States:
            return happen(events, rules, states, now, given)

        # A branch and no selection, so that what the events read is computed once and not anew in
        # every weight and tangent that they write.
        states, score = jax.lax.optimization_barrier((states, score))
        states = jax.lax.cond(learning, closed, lambda s: hold(s, closed(s), learning), states)
        return moment._replace(states=states, score=score, outer=jnp.zeros_like(moment.outer))
