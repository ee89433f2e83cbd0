"""`make tasks`: node perturbation on every bundled task, docs/tasks.md."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from grammar import parse
from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.life import LifeSettings, LifeState
from rulegen.lives import Lives, World
from rulegen.noise import Stream, stream
from rulegen.play import play
from rulegen.runtime import use_all_cores
from rulegen.statistics import estimate
from rulegen.tasks import TASKS, Task
from rulegen.trial import Streams, trial_streams

ROOT = Path(__file__).parent.parent
LIVES, SEED, NEURONS = 20, 1, 64
#: Trials without learning in which a circuit is examined, and their place among all numbers.
TESTS, FIRST_TEST = 500, 1_000_000
RULE = """
param eta = 0.01
e <- e + xi*pre : synapse
on trial start: e <- 0
on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
"""


class Case(NamedTuple):
    """How a task is learnt, and what counts as solved.

    Attributes:
        eta: learning rate of the rule.
        trials: of a life.
        bar: share of right answers, for each network.
        settings: of the task, where they are not the defaults.
    """

    eta: float
    trials: int
    bar: float
    settings: dict[str, object] = {}


def examine(task: Task, circuit: RateCircuit, source: Stream, end: LifeState) -> jax.Array:
    """Mean reward and share of right answers of a circuit that has stopped to learn, shape (2,)."""
    weights = end.rule["w"]

    def one(memory: object, inputs: tuple[jax.Array, Streams]) -> tuple[object, jax.Array]:
        condition, streams = inputs
        here = streams, condition, memory
        played = play(circuit, task, end.network, weights, 0.0, *here)
        right = task.performance(played.trial, played.outputs)
        memory = task.remember(memory, played.trial, played.outputs)
        return memory, jnp.stack([played.reward, right])

    tests = source.fold(FIRST_TEST)
    inputs = task.order(tests, TESTS), trial_streams(tests, jnp.arange(TESTS))
    return jnp.mean(jax.lax.scan(one, end.memory, inputs)[1], axis=0)


def learn(task: Task, case: Case, count: int = LIVES) -> tuple[np.ndarray, np.ndarray, float]:
    """Examinations before and after learning, shapes (L, 2), and lives times trials per second."""
    circuit = RateCircuit(neurons=NEURONS)
    world = World(circuit=circuit, task=task, life=LifeSettings(trials=case.trials))
    lives, key = Lives(world, compile_rule(parse(RULE))), jax.random.key(SEED)
    values, source = np.array([case.eta]), stream(key)
    one = jax.jit(jax.vmap(lambda i, end: examine(task, circuit, source.fold(i), end)))
    before, after = [], []
    for _ in lives.live(values, key, count):
        """The first time it is compiled."""
    started = time.perf_counter()
    parts = list(lives.live(values, key, count))
    seconds = time.perf_counter() - started
    for part in parts:
        numbers = jnp.asarray(part.numbers)
        start = jax.vmap(lambda i: lives.life.begin(source.fold(i), jnp.float32))(numbers)
        before.append(np.asarray(one(numbers, start)))
        end = jax.tree.map(part.kept, part.life)
        after.append(np.asarray(one(numbers, end)))
    return np.concatenate(before), np.concatenate(after), count * case.trials / seconds
