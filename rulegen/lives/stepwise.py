"""The steps of a trial one by one, with everything that they need made in the step itself.

Noise is drawn when it is needed, and sums over time are added up: nothing has an axis of time but
the outputs. So it is what a chip wants, which computes anew faster than it reads.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from rulegen.circuits import Exploration, Network
from rulegen.ground.noise import Stream
from rulegen.lives.order import stretch
from rulegen.lives.rules import Given, Readings, States
from rulegen.lives.steps import Moment, Step, Steps
from rulegen.tasks import Trial

Array = jax.Array


class Passing(NamedTuple):
    """What passes from one step to the next.

    Attributes:
        earlier, now: activity before and after the last step.
        noise: of the last step.
        drives, pushes, outer, score, kept: see `Moment`.
        sent: what the studied projection transmitted in the last step.
    """

    earlier: Any
    now: Any
    noise: Exploration
    drives: dict[str, Array]
    pushes: dict[str, Array]
    outer: Array
    score: Array
    sent: Array
    kept: dict[str, Array]


class Stepwise(Steps):
    """A loop over time that leaves nothing behind but outputs; for rules in dense lowering."""

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
        """See `Steps.through`."""
        circuit, rules, dtype = self.circuit, self.rules, network.weights.dtype
        summed = bool(self.moving) and not self.stepwise_score
        start, end = span
        stimulus = trial.stimulus[start:end]

        def act(
            states: States, passing: Passing, inputs: tuple[Array, Array, Any]
        ) -> tuple[Readings, Passing, Array]:
            seen, number, wanted = inputs
            fresh = circuit.explore(exploration, number, 1, passing.noise)
            noise = jax.tree.map(lambda x: x[0], fresh)
            outside = (seen if self.plastic_input else network.inputs @ seen).astype(dtype)
            row = number if rules.draw else ()
            here = Step(outside, noise, circuit.dt * number.astype(dtype), wanted, row)
            before = passing.now
            readings, after, pushes, kept, (drives, score) = self.step(
                states, before, passing.pushes, here, given, network, passing.kept
            )
            outer, sent = passing.outer, passing.sent
            if summed:
                sent = network.transmitted(rules.studied, before.r, outside)
                past = sent - circuit.retention * passing.sent if circuit.retention else sent
                outer = outer + noise.fresh[:, None] * past[None, :]
            later = Passing(
                earlier=passing.now,
                now=after,
                noise=noise,
                drives=drives,
                pushes=pushes,
                outer=outer,
                score=passing.score if score is None else passing.score + score,
                sent=sent,
                kept=kept,
            )
            return readings, later, network.readout @ after.r

        first = Passing(
            earlier=moment.before,
            now=moment.after,
            noise=moment.noise,
            drives=moment.drives,
            pushes=moment.pushes,
            outer=moment.outer,
            score=moment.score,
            sent=network.transmitted(rules.studied, moment.before.r, moment.stimulus),
            kept=moment.kept,
        )
        numbers = jnp.arange(start, end, dtype=jnp.int32)
        inputs = stimulus, numbers, self.lessons.wanted(trial, start, end)
        found = stretch(rules, moment.states, act, first, inputs, given, learning)
        last: Passing = found.memory
        later = Moment(
            states=found.states,
            before=last.earlier,
            after=last.now,
            noise=last.noise,
            stimulus=stimulus[-1].astype(dtype) if self.plastic_input else moment.stimulus,
            drives=last.drives,
            outer=last.outer,
            pushes=last.pushes,
            score=last.score,
            kept=last.kept,
        )
        return later, found.kept
