"""A critic on one projection and an actor on another, which reads its error."""

from pathlib import Path

import numpy as np
from test_projections import KEY, drawn

from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.grammar import parse
from rulegen.lives.life import LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.projections import Projections
from rulegen.lives.world import World
from rulegen.runs.simulate import load_scene, simulate
from rulegen.tasks import DelayedAssociation

EXAMPLE = Path(__file__).parent.parent / "examples" / "actor_critic.toml"

#: Temporal differences: the error of a step is there for others in the next one.
CRITIC = """
nonlocal sum_pre
x <- 0.8*x + pre : pre
V = sum_pre(v*x)
before <- V
delta <- R + 0.9*V - before
v += 0.3*delta*prev(x)
on trial start: x <- 0; before <- 0; delta <- 0
"""
ACTOR = """
e <- 0.9*e + xi*pre : synapse
w += 0.05*input.delta*prev(e)
on trial start: e <- 0
on trial end: w += 0.05*input.delta*e
"""


def by_hand(circuit, task, network, noises, conditions):
    """Rewards of trials and the recurrent weights after each, in loops over everything."""
    w, v, rewards, learned = np.array(network.weights), np.zeros(2), [], []
    readout, inputs = np.array(network.readout), np.array(network.inputs)
    for noise, condition in zip(noises, conditions, strict=True):
        trial = task.trial(None, condition, circuit.dt)
        u, e, x, before, delta = np.zeros(4), np.zeros((4, 4)), np.zeros(2), 0.0, 0.0
        x_earlier, e_earlier, total = np.zeros(2), np.zeros((4, 4)), 0.0
        for t, stimulus in enumerate(np.asarray(trial.stimulus)):
            r, xi = np.tanh(u), np.asarray(noise.gaussian[t])
            mean = u + circuit.step_size * (w @ r + inputs @ stimulus - u)
            u = mean + circuit.noise * xi
            missed = np.tanh(u) @ readout.T - np.asarray(trial.target[t])
            reward = -float(trial.weight[t]) * np.mean(missed**2)
            total += reward
            e = 0.9 * e + np.outer(xi, r)
            w = w + 0.05 * delta * e_earlier
            value = v @ x
            v = v + 0.3 * delta * x_earlier
            before, delta = value, reward + 0.9 * value - before
            x_earlier, e_earlier, x = x, e, 0.8 * x + stimulus
        w = w + 0.05 * delta * e
        rewards.append(total)
        learned.append(w)
    return np.array(rewards), learned


def test_temporal_differences_are_those_by_hand(x64):
    circuit = RateCircuit(neurons=4, noise=0.5, tau=20)
    task = DelayedAssociation(cue=20, delay=20, response=20, delivery="steps")
    life = LifeSettings(trials=4, warmup=0)
    projections = Projections(input=CRITIC)
    here = World(circuit=circuit, task=task, life=life, projections=projections)
    (part,) = Lives(here, compile_rule(parse(ACTOR))).live(np.zeros(0), KEY, 1)
    rewards, learned = by_hand(circuit, task, *drawn(here, 4))
    np.testing.assert_allclose(part.rewards[0], rewards, rtol=1e-9)
    last = part.kept(part.life.learned.weights)[0]
    np.testing.assert_allclose(last, learned[-1], rtol=1e-9, atol=1e-13)
    assert np.abs(np.diff(learned, axis=0)).max(axis=(1, 2)).min() > 1e-4


def test_a_critic_does_for_a_baseline_of_each_condition():
    """It is not told which trial it is, and teaches as well as a baseline that is."""
    scene = load_scene(EXAMPLE)
    world = scene.world.model_copy(update={"life": LifeSettings(trials=160)})
    rules = {r.name: parse(r.rule) for r in scene.rules if r.name != "one baseline"}
    batches = simulate(world, rules, lives=16, seed=0)
    late = {name: batch.rewards[:, 120:].mean(axis=1) for name, batch in batches.items()}
    chance = world.task.chance(world.circuit.dt)
    assert np.median(late["actor and critic"]) > chance / 2
    apart = late["actor and critic"] - late["a baseline for each condition"]
    assert np.abs(apart.mean()) < 0.01
    assert (late["actor and critic"] - late["no baseline"]).mean() > 0
