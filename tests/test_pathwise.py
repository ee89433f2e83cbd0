"""The pathwise estimator: one life against finite differences, many against `pgpe`, limits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.estimators import Pathwise, Pgpe, Score
from rulegen.grammar import parse
from rulegen.ground.noise import stream
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.play import Occasion, play
from rulegen.lives.trial import trial_streams
from rulegen.lives.world import World
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
    return World(**{"chunk": 10_000, **settings, **changes})


def test_one_life_against_finite_differences(x64):
    lives = Pathwise().prepare(Bench(world(), RULE))
    batch = lives.run(VALUES, KEY, 3)
    plain, h = Lives(world(), compile_rule(RULE)), 1e-6
    np.testing.assert_array_equal(plain.run(VALUES, KEY, 3).rewards, batch.rewards)
    for column, index in enumerate(FREE):
        step = np.eye(4)[index] * h * VALUES[index]
        up, down = (plain.run(VALUES + s * step, KEY, 3).rewards for s in (1, -1))
        slopes = (up - down) / (2 * step[index])
        np.testing.assert_allclose(batch.scores[:, :, column], slopes, rtol=2e-5, atol=1e-8)
    assert np.abs(batch.scores[:, 4:]).min(axis=(0, 1)).max() > 0


@pytest.mark.long
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
        lives = estimator.prepare(Bench(here, rule))
        found.append(estimator.estimate(lives, values, free, KEY))
    z = (found[0].gradient - found[1].gradient) / np.hypot(found[0].error, found[1].error)
    assert np.all(np.abs(z) < 3.5), z
    assert np.max(np.abs(found[1].gradient) / found[1].error) > 5, "the test must see something"


def test_exploding_lives_do_not_decide():
    """Near instability a few derivatives are thousands of times the median."""
    here = world(circuit=RateCircuit(neurons=16, gain=2.5), life=LifeSettings(trials=40))
    lives = Pathwise().prepare(Bench(here, RULE))
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
        Pathwise().prepare(Bench(world(task=RightOrWrong()), RULE))


def test_it_needs_no_exploration_noise():
    quiet = world(circuit=RateCircuit(neurons=5, noise=0))
    rule = parse("param b = 0.4 free\non reward: w += 0.1*(R - R_bar)*b*pre*post")
    lives = Pathwise().prepare(Bench(quiet, rule))
    found = Pathwise(lives=4).estimate(lives, np.array([0.4]), np.array([0]), KEY)
    assert found.gradient[0] != 0


def test_memory_is_planned_for_the_derivatives():
    plain = Lives(world(), compile_rule(RULE))
    assert Pathwise().prepare(Bench(world(), RULE)).bytes_per_life() == 4 * plain.bytes_per_life()


@pytest.mark.long
def test_trial_by_trial_it_has_the_expectation_of_immediate_credit():
    """The score at gamma 0 infers from noise what this differentiates; on lives of their own."""
    rule = parse("""
        param a = 0.7 free
        param b = -0.4 free
        e <- e + a*xi*pre + b*u*pre : synapse
        on trial start: e <- 0
        on reward: w += clip(0.3*(R + 0.3)*e, -0.5, 0.5)
    """)
    here = world(
        circuit=RateCircuit(neurons=3, noise=0.5, dt=20, tau=20),
        task=DelayedAssociation(cue=20, delay=20, response=20),
        life=LifeSettings(trials=4, warmup=0),
    )
    values, free, found = np.array([0.7, -0.4]), np.array([0, 1]), []
    estimators = (
        Score(lives=400_000, clip=0, exact=True),
        Pathwise(lives=100_000, clip=0, credit="trial", exact=True),
    )
    for number, estimator in enumerate(estimators):
        lives = estimator.prepare(Bench(here, rule))
        found.append(estimator.estimate(lives, values, free, jax.random.key(number)))
    score, pathwise = found
    z = (score.gradient - pathwise.gradient) / np.hypot(score.error, pathwise.error)
    assert np.all(np.abs(z) < 3.5), z
    assert np.max(np.abs(score.gradient) / score.error) > 5, "the test must see something"
    assert np.all(pathwise.error < score.error), "a quarter of the lives, and yet sharper"


@pytest.mark.parametrize("correlation", [0.0, 40.0])
def test_the_slope_of_a_trial(x64, correlation):
    """dR/dW along a weight change, against finite differences over the trial alone."""
    circuit = RateCircuit(neurons=4, noise=0.3, start=0.2, correlation=correlation)
    here = world(circuit=circuit, life=LifeSettings(trials=3, warmup=0))
    lives = Pathwise(credit="trial").prepare(Bench(here, RULE))
    source = stream(KEY).fold(0)
    life = lives.life.begin(source, jnp.float64)
    streams = jax.tree.map(lambda x: x[0], trial_streams(source, jnp.arange(1)))
    condition = life.conditions[0]

    def reward(weights):
        network = life.network._replace(weights=weights)
        return play(circuit, here.task, network, 0.0, Occasion(streams, condition, ())).reward

    plain = Lives(here, compile_rule(RULE)).run(VALUES, KEY, 1)
    start = life.network.weights
    np.testing.assert_allclose(reward(start), plain.rewards[0, 0], rtol=1e-12)
    direction, h = np.random.default_rng(0).standard_normal(start.shape), 1e-6
    slope = (reward(start + h * direction) - reward(start - h * direction)) / (2 * h)
    np.testing.assert_allclose(jnp.sum(jax.grad(reward)(start) * direction), slope, rtol=1e-6)


def test_trials_whose_weights_move_are_refused():
    rule = parse("param k = 0.1 free\ndw/dt = k*pre*post")
    with pytest.raises(ValueError, match="one trial at a time"):
        Pathwise(credit="trial").prepare(Bench(world(), rule))
