"""Weights that send errors back, and learn: a rule on the projection `errors`."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from pydantic import ValidationError

from rulegen.catalog import find
from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.grammar import parse
from rulegen.ground.noise import Purpose, stream
from rulegen.lives.engine import INTERPRETED
from rulegen.lives.life import LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.projections import Projections
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation, TrajectoryRecall

KEY = jax.random.key(5)
#: What the noise of a neuron does to the outputs of the next step says how it is read out.
MIRROR = "w += 0.02*(prev(xi)*pre - 0.02*w)"


def world(companion=MIRROR, trials=3, **circuit):
    return World(
        circuit=RateCircuit(**{"neurons": 4, "tau": 20, "errors": "random"} | circuit),
        task=DelayedAssociation(cue=20, delay=20, response=30),
        life=LifeSettings(trials=trials, warmup=0),
        projections=Projections(errors=companion),
    )


@pytest.mark.parametrize("engine", ["xla", INTERPRETED.name])
def test_a_life_is_as_by_hand(x64, engine):
    """In loops over trials and steps; errors go through the weights before the step."""
    here = world("w += 0.3*prev(xi)*pre - 0.1*w")
    rule = compile_rule(parse("dw/dt = 0.05*error*pre"))
    lives = Lives(here.model_copy(update={"engine": engine}), rule)
    (part,) = lives.live(np.zeros(0), KEY, 1)
    circuit, task, source = here.circuit, here.task, stream(KEY).fold(0)
    network = circuit.draw(source, 2, 1, jnp.float64)
    w, back, rewards = network.weights, network.errors, []
    for k, condition in enumerate(lives.run(np.zeros(0), KEY, 1).conditions[0]):
        trial, steps = task.trial(source, condition, circuit.dt), task.steps(circuit.dt)
        still = circuit.quiet(jnp.float64)
        noise = circuit.explore(source.fold(Purpose.EXPLORATION).fold(k), 0, steps, still)
        u, xi_before, total = jnp.zeros(4), jnp.zeros(4), 0.0
        for t in range(steps):
            r, xi = jnp.tanh(u), noise.xi[t]
            sent = network.readout @ r
            current = w @ r + network.inputs @ trial.stimulus[t]
            u = u + circuit.step_size * (current - u) + circuit.noise * xi
            miss = (trial.target[t] - network.readout @ jnp.tanh(u)) * (trial.weight[t] > 0)
            w = w + 0.5 * jnp.outer(back @ miss, r)
            back = 0.9 * back + 0.3 * jnp.outer(xi_before, sent)
            xi_before, total = xi, total - trial.weight[t] * jnp.sum(miss**2)
        rewards.append(total)
    np.testing.assert_allclose(part.rewards[0], rewards, rtol=1e-9)
    np.testing.assert_allclose(part.life.learned.errors[0], back, rtol=1e-9)
    np.testing.assert_allclose(part.life.learned.weights[0], w, rtol=1e-9)
    np.testing.assert_array_equal(part.life.network.errors[0], network.errors)


def test_noise_shows_the_way_back():
    """Feedback learns the transposed readout, and errors teach what random ones do not."""
    here = World(
        circuit=RateCircuit(errors="random"),
        task=TrajectoryRecall(),
        life=LifeSettings(trials=150),
        projections=Projections(errors=MIRROR),
    )
    rule = find("rflo").rule
    values, earned = np.array([p.value for p in rule.parameters]), {}
    for name, text in (("random", ""), ("learned", MIRROR)):
        there = here.model_copy(update={"projections": Projections(errors=text)})
        (part,) = Lives(there, compile_rule(rule)).live(values, KEY, 16)
        earned[name] = part.rewards[:, -50:].mean(axis=1)
        back, out = part.life.learned.errors, part.life.learned.readout
        angles = [
            np.sum(b * o.T) / np.linalg.norm(b) / np.linalg.norm(o)
            for b, o in zip(np.asarray(back), np.asarray(out), strict=True)
        ]
        assert (np.min(angles) > 0.8) if text else (np.mean(angles) < 0.3)
    assert (earned["learned"] - earned["random"] > 0).mean() > 0.9


REFUSED = {
    "the readout": (world(errors="readout"), 'set circuit.errors = "random"'),
    "a bias": (world("forward bias = 1\nw += pre"), "`forward bias` is input of the neurons"),
    "a channel's error": (world("w += pre_error*post"), "the errors projection of this circuit"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_live_there(case):
    here, message = REFUSED[case]
    with pytest.raises(ValueError, match=message):
        Lives(here, compile_rule(parse("dw/dt = 0.01*error*pre")))


def test_a_rule_that_reads_no_errors_is_what_it_is_without_them():
    """So that rules of both kinds can be compared in one world."""
    rule = compile_rule(parse("on reward: w += 0.1*R*post*pre"))
    with_them, without = (
        Lives(world(text), rule).run(np.zeros(0), KEY, 2) for text in (MIRROR, "")
    )
    np.testing.assert_array_equal(with_them.rewards, without.rewards)


def test_no_rule_of_a_run_is_about_them():
    with pytest.raises(ValidationError, match="studied"):
        Projections(studied="errors")
    assert "errors" not in Projections().model_dump()
