"""What the devices of this machine are, what they can do at best, and how lives are run on them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.grammar import parse
from rulegen.lives.many import Lives
from rulegen.lives.policy import CPU, GPU, Policy, room
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation

#: Seconds for which each ceiling is measured.
SECONDS = 0.5
#: Numbers that are copied: more than any cache holds.
COPIED = 1 << 26
#: Node perturbation, a rule that most lives cost about as much as.
RULE = "param eta = 0.001 1/ms\nde/dt = xi*pre\non trial start: e <- 0\non reward: w += eta*R*e"


class Ceilings(NamedTuple):
    """What one device can do at best.

    Attributes:
        copied: bytes read and written in a second.
        multiplied: multiplications of weights and rates in a second, in batched products of the
            size that a step of as many lives takes as run together.
        lives: of node perturbation in a second, of all devices together, with their compilation
            left out.
    """

    copied: float
    multiplied: float
    lives: float


class Devices(NamedTuple):
    """What was found.

    Attributes:
        names: of the devices, as JAX calls them. kinds: what they are.
        memory: bytes that lives may take on each.
        policy: how lives of the default world are run on one. trials: that they live in one go.
        engine: that runs them, and why.
        ceilings: what the first one can do.
    """

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    memory: float
    policy: Policy
    trials: int
    engine: str
    ceilings: Ceilings


def devices(neurons: int = 32) -> Devices:
    """Look at the devices of this process, and measure the first one.

    Args:
        neurons: of the circuits for which the policy and the products are.

    Example:
        >>> found = devices(neurons=8)
        >>> len(found.names) == len(jax.local_devices()) and found.ceilings.copied > 1e6
        True
    """
    local = jax.local_devices()
    world = World(circuit=RateCircuit(neurons=neurons), task=DelayedAssociation())
    lives = Lives(world, compile_rule(parse(RULE)))
    kind = CPU if local[0].platform == "cpu" else GPU
    return Devices(
        names=tuple(map(str, local)),
        kinds=tuple(device.device_kind for device in local),
        memory=room(local, kind),
        policy=lives.policy,
        trials=lives.stretches()[0],
        engine=lives.chosen.explain(),
        ceilings=ceilings(local[0], lives),
    )


def ceilings(device: jax.Device, lives: Lives) -> Ceilings:
    """Measure one device, and lives on all of them.

    Args:
        device: where copies and products are made.
        lives: what is run.
    """
    count, neurons = lives.chunk, lives.world.circuit.neurons
    with jax.default_device(device):
        copied = seconds_of(jax.jit(lambda x: x + 1.0), jnp.ones(COPIED))
        weights, rates = jnp.ones((count, neurons, neurons)), jnp.ones((count, neurons, 1))
        multiplied = seconds_of(jax.jit(jnp.matmul), weights, rates)
    values = np.array([p.value for p in lives.rule.rule.parameters], float)
    many = count * len(lives.devices)
    took = seconds_of(lambda key: lives.run(values, key, many).rewards, jax.random.key(0))
    return Ceilings(
        copied=2 * 4 * COPIED / copied,
        multiplied=count * neurons**2 / multiplied,
        lives=many / took,
    )


def seconds_of(function: Callable, *arguments: object) -> float:
    """Seconds of a call, the shortest of as many as fit, without its compilation."""
    jax.block_until_ready(function(*arguments))
    end, shortest = time.perf_counter() + SECONDS, float("inf")
    while time.perf_counter() < end or shortest == float("inf"):
        began = time.perf_counter()
        jax.block_until_ready(function(*arguments))
        shortest = min(shortest, time.perf_counter() - began)
    return shortest
