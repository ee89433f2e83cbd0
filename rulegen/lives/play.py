"""One trial of a circuit whose weights stay as they are."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from rulegen.circuits import Circuit, Network
from rulegen.lives.trial import Streams
from rulegen.tasks import Task, Trial

Array = jax.Array


class Occasion(NamedTuple):
    """What makes a trial besides its circuit.

    Attributes:
        streams: random numbers of the trial. condition: of the trial. memory: of the task.
    """

    streams: Streams
    condition: Array
    memory: Any


class Played(NamedTuple):
    """What a circuit did in a trial.

    Attributes:
        trial: its stimulus and target.
        u, r: potentials and rates after each step, shape (T, N).
        outputs: shape (T, outputs).
        reward: of the trial.
    """

    trial: Trial
    u: Array
    r: Array
    outputs: Array
    reward: Array


def play(
    circuit: Circuit,
    task: Task,
    network: Network,
    bias: Array | float,
    occasion: Occasion,
    *,
    noisy: bool = True,
) -> Played:
    """Run a trial; the reward can be differentiated by the weights.

    Args:
        circuit, task: the world.
        network: the weights of the circuit.
        bias: what is added to the input, shape (N,).
        occasion: the trial.
        noisy: whether there is exploration noise.

    Example:
        >>> from rulegen.circuits import RateCircuit
        >>> from rulegen.ground.noise import stream
        >>> from rulegen.tasks import DelayedAssociation
        >>> from rulegen.lives.trial import trial_streams
        >>> circuit, task = RateCircuit(neurons=3), DelayedAssociation()
        >>> source = stream(jax.random.key(0))
        >>> streams = jax.tree.map(lambda x: x[0], trial_streams(source, jnp.arange(1)))
        >>> network = circuit.draw(source, 2, 1, jnp.float32)
        >>> here = Occasion(streams, jnp.array(1), task.begin(source))
        >>> play(circuit, task, network, 0.0, here).r.shape
        (30, 3)
    """
    weights, steps = network.effective, task.steps(circuit.dt)
    (streams, condition, memory), dtype = occasion, weights.dtype
    trial = task.revise(memory, task.trial(streams.task, condition, circuit.dt))
    drive = (trial.stimulus @ network.inputs.T).astype(dtype) + bias
    xi = jnp.zeros((steps, circuit.neurons), dtype)
    if noisy:
        xi = circuit.explore(streams.exploration, 0, steps, circuit.quiet(dtype)).xi

    def one_step(before: Any, inputs: tuple[Array, Array]) -> tuple[Any, Any]:
        after = circuit.step(weights, before, *inputs)
        return after, after

    start = circuit.init(streams.start, dtype)
    _, activity = jax.lax.scan(one_step, start, (drive, xi))
    outputs = activity.r @ network.readout.T
    reward = task.reward(trial, outputs).astype(dtype)
    return Played(trial, activity.u, activity.r, outputs, reward)
