"""What a life has made of its circuit: weights before and after, and activity after learning."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rulegen.circuits import Circuit, Network
from rulegen.ground import hosts
from rulegen.ground.noise import Purpose, Stream, stream
from rulegen.ground.progress import Tick
from rulegen.lives.bench import Bench
from rulegen.lives.life import Life, LifeState
from rulegen.lives.outcomes import Outcomes
from rulegen.lives.play import Occasion, Played, play
from rulegen.lives.rules import States
from rulegen.lives.trial import Streams, trial_streams
from rulegen.tasks import Task

Array = jax.Array

#: Noisy trials are kept at no more than so many points of time.
MOST_TIMES = 60


class Anatomy(NamedTuple):
    """Circuits opened after learning, as NumPy arrays with lives first.

    What is shown is a trial of each condition after learning, with neither learning nor exploration
    noise; in `noisy` alone there is noise.

    Attributes:
        circuit, task: the world of the lives.
        before, after: recurrent weights at the start and at the end of a life, `w[post, pre]`,
            shape (L, N, N).
        readout: readout weights, shape (L, outputs, N).
        inputs: input weights at the start and at the end, shape (L, 2, N, channels).
        feedback: those of the feedback projection, shape (L, 2, N, outputs), or (L, 2, N, 0) in a
            circuit without one.
        weights, bias: what the circuit runs with in each condition after learning, shapes
            (L, conditions, N, N) and (L, conditions, N): `after` and 0, unless the rule has a
            forward pass of its own, or the circuit a feedback projection, which is a part of the
            recurrent weights here, `W + W_fb W_out`.
        potentials, rates: in the trials shown, shape (L, conditions, T, N).
        outputs: of the same trials, shape (L, conditions, T, outputs).
        effects: what they bring about, which is compared with the target; of the same shape.
        targets: what that should be, of the same shape.
        worth: how much each step counts for the reward, of sum 1, shape (L, conditions, T).
        noisy: rates in several trials of each condition with noise,
            shape (L, repeats, conditions, times, N).
        gradient: derivative of the mean reward of as many trials by the recurrent weights, at
            `before`, shape (L, N, N); NaN where the activity does not change smoothly with them.
        rewards: of the trials of the life itself, shape (L, K).
        outcomes: how each life ended, an `Outcome`, shape (L,).
    """

    circuit: Circuit
    task: Task
    before: np.ndarray
    after: np.ndarray
    readout: np.ndarray
    inputs: np.ndarray
    feedback: np.ndarray
    weights: np.ndarray
    bias: np.ndarray
    potentials: np.ndarray
    rates: np.ndarray
    outputs: np.ndarray
    effects: np.ndarray
    targets: np.ndarray
    worth: np.ndarray
    noisy: np.ndarray
    gradient: np.ndarray
    rewards: np.ndarray
    outcomes: np.ndarray

    @property
    def counts(self) -> Outcomes:
        """How many lives ended how."""
        return Outcomes.of(self.outcomes)

    @property
    def change(self) -> np.ndarray:
        """`W_after - W_before`, shape (L, N, N)."""
        return self.after - self.before

    @property
    def times(self) -> np.ndarray:
        """The steps, from 0, at which `noisy` has rates, shape (times,)."""
        return kept_times(self.task.steps(self.circuit.dt))

    def only(self, lives: np.ndarray) -> Anatomy:
        """The circuits of some lives, shape (L,) of truth values."""
        world, arrays = self[:2], self[2:]
        return Anatomy(*world, *(array[lives] for array in arrays))


def kept_times(steps: int) -> np.ndarray:
    """At most `MOST_TIMES` evenly spaced steps of so many.

    Example:
        >>> kept_times(4).tolist(), kept_times(1000)[:3].tolist()
        ([0, 1, 2, 3], [0, 17, 34])
    """
    return np.arange(0, steps, -(-steps // MOST_TIMES))


def dissect(
    bench: Bench,
    values: np.ndarray,
    key: jax.Array,
    lives: int,
    repeats: int = 8,
    tick: Tick | None = None,
) -> Anatomy:
    """Run lives and open the circuits that they end with.

    These are the lives that `bench.run` runs under the same key. After each, the rule is switched
    off, and every condition is shown once without noise and `repeats` times with it.

    Args:
        bench: the rule in its world.
        values: all parameters of the rule, shape (P,).
        key: a typed JAX key.
        lives: number of lives L.
        repeats: number of noisy trials of each condition.
        tick: called with the number of lives finished so far.

    Raises:
        ValueError: when `lives` or `repeats` is below 1.

    Example:
        >>> from rulegen.circuits import RateCircuit
        >>> from rulegen.grammar import parse
        >>> from rulegen.lives.life import LifeSettings
        >>> from rulegen.lives.world import World
        >>> from rulegen.tasks import DelayedAssociation
        >>> world = World(circuit=RateCircuit(neurons=4), task=DelayedAssociation(),
        ...               life=LifeSettings(trials=3, warmup=2))
        >>> bench = Bench(world, parse("on trial end: w += 0.25"))
        >>> found = dissect(bench, bench.values, jax.random.key(0), 2)
        >>> found.rates.shape, float(found.change.max())  # of one trial after the warmup
        ((2, 2, 30, 4), 0.25)
    """
    if repeats < 1:
        raise ValueError(f"the number of noisy trials must be at least 1, not {repeats}")
    life, circuit = bench.plain.life, bench.world.circuit
    parameters, source = jnp.asarray(values, jnp.zeros(()).dtype), stream(key)

    @jax.jit
    def open_one(index: Array, end: LifeState) -> dict[str, Array]:
        return opened(life, parameters, source.fold(index), end, repeats)

    found = []
    for part in bench.plain.live(values, key, lives, tick=tick):
        ends = jax.tree.map(part.kept, part.life)
        for i, index in enumerate(part.numbers):
            end = jax.tree.map(lambda x, i=i: x[i], ends)
            lived = {"rewards": part.rewards[i], "outcomes": ends.outcome[i]}
            found.append(jax.tree.map(np.asarray, open_one(index, end)) | lived)
    columns = {n: hosts.gather(np.stack([one[n] for one in found]), lives) for n in found[0]}
    return Anatomy(circuit, life.task, **columns)


def opened(
    life: Life, parameters: Array, source: Stream, end: LifeState, repeats: int
) -> dict[str, Array]:
    """One circuit: the fields of its `Anatomy` by name, but for what the life itself says."""
    circuit, task, network = life.circuit, life.task, end.network
    values, conditions = life.constants(parameters), jnp.arange(task.conditions)
    # The stimuli and the noise are those of the trials that would have come next.
    streams = trial_streams(source, life.settings.trials + jnp.arange(repeats))

    def used_by(
        states: States, condition: Array, network: Network, exploration: Stream | None = None
    ) -> tuple[Network, Array]:
        """What the circuit runs with in a trial of this noise, or of none."""
        read = life.rules.with_synaptic_noise(values, exploration, network)
        given = life.rules.given(read, condition, network)
        if life.rules.draw:  # what the rule draws in a step stays as it is in the first one
            given = given._replace(lots=source.fold(Purpose.DRAWS))
            given = given._replace(values=life.rules.with_draws(given.values, states, given, 0))
        return life.rules.used(states, given, network)

    def run(states: States, streams: Streams, condition: Array, noisy: bool) -> Played:
        used, bias = used_by(states, condition, network, streams.exploration if noisy else None)
        return play(
            circuit, task, used, bias, Occasion(streams, condition, end.memory), noisy=noisy
        )

    def shown(condition: Array) -> dict[str, Array]:
        played = run(end.rules, jax.tree.map(lambda x: x[0], streams), condition, False)
        trial, outputs = played.trial, played.outputs
        return {
            "potentials": played.u,
            "rates": played.r,
            "outputs": outputs,
            "effects": task.effect(trial, outputs),
            "targets": trial.target,
            "worth": trial.weight,
        }

    def noisy(streams: Streams) -> Array:
        times = kept_times(task.steps(circuit.dt))
        return jax.vmap(lambda c: run(end.rules, streams, c, True).r[times])(conditions)

    def mean_reward(weights: Array, streams: Streams) -> Array:
        if (between := network.bounds_of("recurrent")) is not None:
            weights = between.hold(weights)
        changed = network._replace(weights=weights)
        begun = life.rules.with_draws_once(values, end.rules, source)
        first = life.rules.start(life.rules.init(changed, task.conditions), begun)

        def reward(condition: Array) -> Array:
            used, bias = used_by(first, condition, changed, streams.exploration)
            here = Occasion(streams, condition, end.memory)
            return play(circuit, task, used, bias, here).reward

        return jnp.mean(jax.vmap(reward)(conditions))

    def used(condition: Array) -> dict[str, Array]:
        now, bias = used_by(end.rules, condition, network)
        return {"weights": now.effective, "bias": bias}

    gradients = jnp.full((1, *network.weights.shape), jnp.nan)
    if circuit.smooth:
        gradients = jax.lax.map(lambda s: jax.grad(mean_reward)(network.weights, s), streams)
    learned, none = end.learned, jnp.zeros((circuit.neurons, 0))
    feedback = [none if n.feedback is None else n.feedback for n in (network, learned)]
    return {
        "before": network.weights,
        "after": learned.weights,
        "readout": network.readout,
        "inputs": jnp.stack([network.inputs, learned.inputs]),
        "feedback": jnp.stack(feedback),
        **jax.vmap(used)(conditions),
        **jax.vmap(shown)(conditions),
        "noisy": jax.lax.map(noisy, streams),
        "gradient": jnp.mean(gradients, axis=0),
    }
