"""What a life has made of its circuit: weights before and after, and activity after learning."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from grammar.symbols import WEIGHT
from rulegen.life import Life
from rulegen.noise import Purpose, Stream, stream
from rulegen.workbench import Workbench

Array = jax.Array


class Anatomy(NamedTuple):
    """Circuits opened after learning, as NumPy arrays with lives first.

    Attributes:
        before, after: recurrent weights at the start and at the end of a life, `w[post, pre]`,
            shape (L, N, N).
        readout: readout weights, shape (L, outputs, N).
        rates: in one trial of each condition after learning, shape (L, conditions, T, N).
        outputs: of the same trials, shape (L, conditions, T, outputs).
        targets: what the outputs should be, of the same shape.
        rewards: of the trials of the life itself, shape (L, K).
    """

    before: np.ndarray
    after: np.ndarray
    readout: np.ndarray
    rates: np.ndarray
    outputs: np.ndarray
    targets: np.ndarray
    rewards: np.ndarray

    @property
    def change(self) -> np.ndarray:
        """`W_after - W_before`, shape (L, N, N)."""
        return self.after - self.before


def dissect(bench: Workbench, values: np.ndarray, key: jax.Array, lives: int) -> Anatomy:
    """Run lives and open the circuits that they end with.

    These are the lives that `bench.run` runs under the same key. After each, the rule and the
    exploration noise are switched off, and every condition is shown once.

    Args:
        bench: the rule in its world.
        values: all parameters of the rule, shape (P,).
        key: a typed JAX key.
        lives: number of lives L.

    Raises:
        ValueError: when `lives` is below 1.

    Example:
        >>> from grammar import parse
        >>> from rulegen.circuits import RateCircuit
        >>> from rulegen.life import LifeSettings
        >>> from rulegen.lives import World
        >>> from rulegen.tasks import DelayedAssociation
        >>> world = World(circuit=RateCircuit(neurons=4), task=DelayedAssociation(),
        ...               life=LifeSettings(trials=3, warmup=3))
        >>> bench = Workbench(world, parse("dw/dt = 0.01*pre*post"))
        >>> found = dissect(bench, bench.values, jax.random.key(0), 2)
        >>> found.rates.shape, bool((found.change == 0).all())  # all trials were warmup
        ((2, 2, 30, 4), True)
    """
    if lives < 1:
        raise ValueError(f"the number of lives must be at least 1, not {lives}")
    parameters, source = jnp.asarray(values, jnp.zeros(()).dtype), stream(key)

    def one(index: Array) -> tuple[Array, ...]:
        return opened(bench.plain.life, parameters, source.fold(index))

    size = min(lives, bench.plain.chunk)
    run = jax.jit(lambda index: jax.lax.map(one, index, batch_size=size))
    return Anatomy(*map(np.asarray, run(jnp.arange(lives, dtype=jnp.uint32))))


def opened(life: Life, parameters: Array, source: Stream) -> tuple[Array, ...]:
    """One life and its circuit: the fields of its `Anatomy`."""
    circuit, task, number = life.circuit, life.task, life.settings.trials
    end, result = life.live(parameters, source)
    network, state = end.network, end.rule
    values = life.constants(parameters)
    # The stimuli are those of the trial that would have come next.
    after, start = (source.fold(p).fold(number) for p in (Purpose.TASK, Purpose.START))
    still = jnp.zeros(circuit.neurons, parameters.dtype)

    def show(condition: Array) -> tuple[Array, Array, Array]:
        trial = task.trial(after, condition, circuit.dt)
        weights, bias = life.rule.forward(state, values, condition, network.bounds)
        drive = (trial.stimulus @ network.inputs.T).astype(parameters.dtype) + bias

        def step(before: Any, drive: Array) -> tuple[Any, Array]:
            after = circuit.step(weights, before, drive, still)
            return after, after.r

        _, rates = jax.lax.scan(step, circuit.init(start, parameters.dtype), drive)
        return rates, rates @ network.readout.T, trial.target

    shown = jax.vmap(show)(jnp.arange(task.conditions))
    return network.weights, state[WEIGHT], network.readout, *shown, result.rewards
