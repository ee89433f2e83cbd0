"""The pathwise estimator: one life against finite differences, many against `pgpe`, limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grammar import parse
from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.estimators import Pathwise, Pgpe
from rulegen.life import LifeSettings
from rulegen.lives import Lives, World
from rulegen.tasks import DelayedAssociation

KEY = jax.random.key(4)
#: Every part of a rule that depends on a parameter: a trace, an eligibility, an event.
RULE = parse("""
    param tau = 40 ms in [10, 200] free
    param a = 0.7 free
    param fixed = 0.1
    param b = -0.4 free
    u_bar = lowpass(u, tau)
    de/dt = -e/tau + 0.1*(a*xi*pre + b*(u - u_bar)*pre) : synapse
    on trial start: e <- 0
    on reward: w += clip(fixed*(R - R_bar[condition])*e, -0.5, 0.5)
""")
VALUES = np.array([40.0, 0.7, 0.1, -0.4])
NAMES, FREE = ["tau", "a", "b"], np.array([0, 1, 3])


def world(**changes):
    settings = {
        "circuit": RateCircuit(neurons=5, noise=0.3),
        "task": DelayedAssociation(cue=30, delay=30, response=30),
        "life": LifeSettings(trials=12, warmup=2),
    }
    return World(**{**settings, **changes})


def test_one_life_against_finite_differences(x64):
    lives = Pathwise().prepare(world(), RULE, NAMES)
    batch = lives.run(VALUES, KEY, 3)
    plain, h = Lives(world(), compile_rule(RULE)), 1e-6
    np.testing.assert_array_equal(plain.run(VALUES, KEY, 3).rewards, batch.rewards)
    for column, index in enumerate(FREE):
        step = np.eye(4)[index] * h * VALUES[index]
        up, down = (plain.run(VALUES + s * step, KEY, 3).rewards for s in (1, -1))
        slopes = (up - down) / (2 * step[index])
        np.testing.assert_allclose(batch.scores[:, :, column], slopes, rtol=2e-5, atol=1e-8)
    assert np.abs(batch.scores[:, 4:]).min(axis=(0, 1)).max() > 0


def test_many_lives_against_pgpe():
    """Unbiased without a clip, and in the coordinates of the fit."""
    rule = parse(
        "param k = 0.5 in [0.1, 2] free\nparam b = -0.4 free\non reward: w <- k*pre + b*post"
    )
    here = world(
        circuit=RateCircuit(neurons=2, noise=0.5, dt=20, tau=20),
        task=DelayedAssociation(cue=20, delay=20, response=20),
        life=LifeSettings(trials=2, warmup=0),
    )
    values, free = np.array([0.5, -0.4]), np.array([0, 1])
    found = []
    for estimator in (Pathwise(lives=20_000, clip=0), Pgpe(lives=200_000, clip=0, sigma=0.05)):
        lives = estimator.prepare(here, rule, ["k", "b"])
        lives.chunk = 10_000
        found.append(estimator.estimate(lives, values, free, KEY))
    z = (found[0].gradient - found[1].gradient) / np.hypot(found[0].error, found[1].error)
    assert np.all(np.abs(z) < 3.5), z
    assert np.max(np.abs(found[1].gradient) / found[1].error) > 5, "the test must see something"


def test_exploding_lives_do_not_decide():
    """Near instability a few derivatives are thousands of times the median."""
    here = world(circuit=RateCircuit(neurons=16, gain=2.5), life=LifeSettings(trials=40))
    lives = Pathwise().prepare(here, RULE, NAMES)
    wild = VALUES * [1, 20, 20, 20]
    slopes = lives.run(wild, KEY, 64).scores.mean(axis=1, dtype=float)
    lengths = np.linalg.norm(slopes, axis=1)
    assert np.nanmax(lengths) > 30 * np.nanmedian(lengths)
    free, loose, tight = (
        Pathwise(lives=64, clip=clip).estimate(lives, wild, FREE, KEY) for clip in (0, 3, 1)
    )
    assert np.linalg.norm(free.gradient) > 3 * np.linalg.norm(tight.gradient)
    assert np.linalg.norm(loose.gradient) >= np.linalg.norm(tight.gradient)
    assert np.isfinite(tight.gradient).all()


class RightOrWrong(DelayedAssociation):
    name: str = "right_or_wrong"

    def reward(self, trial, output):
        return jnp.where(super().reward(trial, output) > -0.1, 1.0, 0.0)


def test_binary_rewards_are_refused():
    with pytest.raises(ValueError, match=r"right_or_wrong.*use `score` or `pgpe`"):
        Pathwise().prepare(world(task=RightOrWrong()), RULE, NAMES)


def test_it_needs_no_exploration_noise():
    quiet = world(circuit=RateCircuit(neurons=5, noise=0))
    rule = parse("param b = 0.4 free\non reward: w += 0.1*(R - R_bar)*b*pre*post")
    lives = Pathwise().prepare(quiet, rule, ["b"])
    found = Pathwise(lives=4).estimate(lives, np.array([0.4]), np.array([0]), KEY)
    assert found.gradient[0] != 0


def test_memory_is_planned_for_the_derivatives():
    plain = Lives(world(), compile_rule(RULE))
    assert Pathwise().prepare(world(), RULE, NAMES).bytes_per_life() == 4 * plain.bytes_per_life()
