"""The steps of a trial in blocks of time, and sums over time as matrix products."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from rulegen.circuits import Network
from rulegen.compile.products import time_to_the_end
from rulegen.ground.noise import Stream
from rulegen.lives.order import gather, put_in_front, stretch
from rulegen.lives.rules import Given, Readings, States
from rulegen.lives.steps import Moment, Step, Steps
from rulegen.tasks import Trial

Array = jax.Array


class Blocks(Steps):
    """A loop over time that leaves histories behind, from which the rest is computed at once.

    The time axis is processed in blocks of at most so many steps, so that a long trial needs no
    more memory than a short one, and powers of a decay stay within the range of float32.

    Attributes:
        longest: steps of a block. Of many lives, what more leave behind no longer fits the cache.
        together: blocks of which a free core does the products of one while another runs through
            the next.
        unroll: steps that are compiled as one.
    """

    longest = 100
    together = 2
    unroll = 1

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
        circuit, dtype = self.circuit, network.weights.dtype
        start, end = span
        stimulus = trial.stimulus[start:end]
        wanted = self.lessons.wanted(trial, start, end)

        def one_block(moment: Moment, first: Array | int, steps: int) -> tuple[Moment, Array]:
            seen, here = (
                jax.tree.map(lambda x: jax.lax.dynamic_slice_in_dim(x, first, steps), whole)
                for whole in (stimulus, wanted)
            )
            number = first + start if start else first
            noise = circuit.explore(exploration, number, steps, moment.noise)
            outside = seen if self.plastic_input else seen @ network.inputs.T
            times = circuit.dt * (number + jnp.arange(steps, dtype=dtype))
            numbers = number + jnp.arange(steps) if self.rules.draw else ()
            inputs = Step(outside.astype(dtype), noise, times, here, numbers)
            return self._block(moment, given, network, learning, inputs)

        size, count, rest = blocks(end - start, self.longest)
        if count == 1:
            moment, outputs = one_block(moment, 0, size)
        else:
            starts = size * jnp.arange(count)
            moment, outputs = jax.lax.scan(
                lambda m, i: one_block(m, i, size), moment, starts, unroll=self.together
            )
            outputs = outputs.reshape(size * count, -1)
        if rest:
            moment, last = one_block(moment, size * count, rest)
            outputs = jnp.concatenate([outputs, last])
        return moment, outputs

    def _block(
        self, moment: Moment, given: Given, network: Network, learning: Array, inputs: Step
    ) -> tuple[Moment, Array]:
        """A stretch of a trial; also its outputs, shape (T, outputs).

        `inputs` are of all steps, with a first axis of steps T.
        """
        circuit, rules = self.circuit, self.rules
        outside, noise, times, _, numbers = inputs

        def act(
            states: States, memory: tuple[Any, dict[str, Array], dict[str, Array]], inputs: Step
        ) -> tuple[Readings, tuple[Any, dict[str, Array], Any], tuple[Any, Any]]:
            before, pushes, kept = memory
            seen, after, pushes, kept, more = self.step(
                states, before, pushes, inputs, given, network, kept
            )
            return seen, (after, pushes, kept), (circuit.memory(after), more)

        memory = moment.after, moment.pushes, moment.kept
        found = stretch(
            rules, moment.states, act, memory, inputs, given, learning, unroll=self.unroll
        )
        # The loop leaves behind as little as possible: what it keeps costs more than computing
        # rates again.
        (memories, (drives, scores)), (_, pushes, kept) = found.kept, found.memory
        after = circuit.recall(memories)
        before = jax.tree.map(put_in_front, moment.after, after)
        signals = circuit.signals(before, after, noise.xi) | drives | {"t": times}
        seen = rules.read(signals, before.r, outside, network)
        if rules.draw:
            seen = rules.with_draws(seen, found.states, given, numbers[0], rows=len(times))
        pre = network.transmitted(rules.studied, before.r, outside)
        outer = moment.outer
        if self.moving and not self.stepwise_score:
            # With weights constant over the trial, one product over time does for all steps.
            past = pre
            if circuit.retention:
                earlier = network.transmitted(rules.studied, moment.before.r, moment.stimulus)
                past = past - circuit.retention * put_in_front(earlier, past)
            fresh = time_to_the_end(noise.fresh)
            outer = outer + jnp.matmul(fresh, past, precision="highest")
        if self.rule.factored and self.rule.tangents.noise:
            seen = self.with_noise_tangents(seen, self.pushes(found.states, pre, given))
        states = gather(rules, found, seen, len(times), given)
        last_before, last_after, last_noise = jax.tree.map(lambda x: x[-1], (before, after, noise))
        moment = Moment(
            states=states,
            before=last_before,
            after=last_after,
            noise=last_noise,
            stimulus=outside[-1] if self.plastic_input else moment.stimulus,
            drives={name: drive[-1] for name, drive in drives.items()},
            outer=outer,
            pushes=pushes,
            score=moment.score if scores is None else moment.score + jnp.sum(scores, axis=0),
            kept=kept,
        )
        return moment, after.r @ network.readout.T


class LaunchedBlocks(Blocks):
    """The same where every operation of a step is launched by itself: fewer do for several."""

    unroll = 5


class ChipBlocks(Blocks):
    """The same on a chip, whose units for products of matrices take so many steps as a whole."""

    longest = 32
    together = 1


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
