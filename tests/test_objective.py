"""What several worlds make of one rule, against sums that are written out."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from rulegen.circuits import RateCircuit
from rulegen.estimators import Pathwise, Pgpe, Score
from rulegen.estimators.together import LEAST, allotted, meta_gradient, prepared, stratified
from rulegen.grammar import ConfigError
from rulegen.ground.keys import branch, key
from rulegen.ground.statistics import estimate
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.outcomes import Outcome
from rulegen.lives.world import World
from rulegen.objective import Aim, Joint
from rulegen.objective.aim import scaled_lives
from rulegen.tasks import DelayedAssociation, DelayedMatch

RULE = """
param a = 0.5 in [-3, 3] free
param b = 0.1 in [-3, 3] free
e <- e + a*xi*pre + b*u*pre : synapse
on trial start: e <- 0
on reward: w += clip(0.02*(R + 0.3)*e, -0.2, 0.2)
"""


def world(neurons=5, task=None, **more) -> World:
    task = task or DelayedAssociation(cue=20.0, delay=10.0, response=20.0)
    circuit = RateCircuit(neurons=neurons, **more)
    return World(circuit=circuit, task=task, life=LifeSettings(trials=12, warmup=2))


WORLDS = {"here": world(), "there": world(7, DelayedMatch(sample=20.0, delay=10.0, test=20.0))}
#: Weights 1/4 and 3/4, scales of their own.
MEAN = Aim((0.25, 0.75), (-0.6, -0.4), (0.3, 0.2))
WORST = MEAN._replace(sharpness=6.0)


@pytest.mark.parametrize("aim", [MEAN, WORST])
def test_the_number_of_a_life_moves_the_objective_as_its_rewards_do(aim: Aim) -> None:
    """Its derivative by the means of worlds, by finite differences, and its value at them."""
    rewards = np.random.default_rng(0).normal(-0.3, 0.2, (2, 50))
    means = rewards.mean(axis=1)

    def objective(at: np.ndarray) -> float:
        z = (at - aim.nothing) / aim.unit
        if not aim.sharpness:
            return float(np.dot(aim.weights, z))
        return float(-np.log(np.dot(aim.weights, np.exp(-aim.sharpness * z))) / aim.sharpness)

    step = 1e-6
    slopes = [
        (objective(means + step * one) - objective(means - step * one)) / (2 * step)
        for one in np.eye(2)
    ]
    np.testing.assert_allclose(aim.slopes(means), slopes, rtol=1e-6)
    numbers = aim.joined(rewards)
    assert numbers.mean() == pytest.approx(objective(means), abs=1e-12)
    moved = numbers - numbers.mean()
    np.testing.assert_allclose(moved, slopes @ (rewards - means[:, None]), rtol=1e-5, atol=1e-7)


def test_a_worst_case_is_that_of_the_worst() -> None:
    sharp = WORST._replace(sharpness=500.0)
    assert sharp.value([-0.3, -0.4]) == pytest.approx(0.0, abs=0.01)
    assert sharp.slopes([-0.3, -0.4])[0] == pytest.approx(0.0, abs=1e-6)
    assert WORST.value([-0.3, -0.2]) == pytest.approx(1.0), "equal worlds are what each is"


def test_a_world_alone_is_a_bench() -> None:
    """Digit for digit, on the scale of rewards."""
    bench, alone = Bench(world(), RULE), Joint({"x": world()}, RULE, Aim.of_rewards([2.0]))
    places = [bench.values, 2 * bench.values]
    np.testing.assert_array_equal(
        bench.rewards(places, key(3), 6), alone.rewards(places, key(3), 6)
    )
    estimator = Score(lives=16, gamma=0.0)
    here = alone.values, alone.free
    one = meta_gradient(estimator, alone, prepared(estimator, alone), here, key(4))
    other = estimator.estimate(estimator.prepare(bench), *here, key(4))
    np.testing.assert_array_equal(one.gradient, other.gradient)


@pytest.mark.parametrize("aim", [MEAN, WORST])
def test_every_life_is_lived_in_every_world(aim: Aim) -> None:
    joint, ticks = Joint(WORLDS, RULE, aim), list[int]()
    benches = [Bench(there, RULE) for there in WORLDS.values()]
    found = joint.rewards([joint.values, 0 * joint.values], key(1), 8, ticks.append)
    each = np.array(
        [
            b.rewards([b.values, 0 * b.values], k, 8)
            for b, k in zip(benches, (key(1), branch(key(1), 1)), strict=True)
        ]
    )
    np.testing.assert_allclose(found, aim.joined(each), rtol=1e-6)
    assert found.shape == (2, 8) and ticks[-1] == 16 and ticks == sorted(ticks)
    (one, _) = joint.meet([joint.values, 0 * joint.values], key(1), 8)
    np.testing.assert_allclose(one.rewards, found[0], rtol=1e-6)


def test_a_life_that_diverges_in_one_world_has_its_floor_there() -> None:
    wild = "on reward: w += 1e30*pre*post"
    joint = Joint(WORLDS, wild, MEAN)
    (lot,) = joint.meet([joint.values], key(0), 4, strict=True)
    assert (lot.outcomes == Outcome.DIVERGED).all()
    floor = [[there.life.floor] * 4 for there in WORLDS.values()]
    np.testing.assert_allclose(lot.rewards, MEAN.joined(np.array(floor)))


@pytest.mark.parametrize("estimator", [Pgpe(lives=32), Score(lives=32), Pathwise(lives=32)])
def test_the_gradient_is_that_of_its_worlds(estimator) -> None:
    joint = Joint(WORLDS, RULE, MEAN)
    shares, lives = (0.25, 0.75), prepared(estimator, joint)
    place = joint.values, joint.free
    found = meta_gradient(estimator, joint, lives, place, key(2), shares)
    parts = [
        estimator.model_copy(update={"lives": count}).estimate(each, *place, k)
        for each, count, k in zip(lives, (16, 48), (key(2), branch(key(2), 1)), strict=True)
    ]
    slopes = MEAN.slopes([p.reward for p in parts])
    right = sum(s * p.gradient for s, p in zip(slopes, parts, strict=True))
    np.testing.assert_allclose(found.gradient, right, rtol=1e-12)
    assert found.outcomes.lives == 64
    assert found.reward == pytest.approx(MEAN.value([p.reward for p in parts]), abs=1e-12)
    error = np.sqrt(sum((s * p.reward_error) ** 2 for s, p in zip(slopes, parts, strict=True)))
    assert found.reward_error == pytest.approx(error, rel=0.03)
    assert sum(found.shares) == pytest.approx(1.0) and min(found.shares) >= LEAST / 2


def test_lives_go_where_they_say_most() -> None:
    """Twice the spread or a quarter of the cost: twice the lives."""
    joint = Joint(WORLDS, RULE, MEAN)
    estimator = Pgpe(lives=32)
    one = meta_gradient(
        estimator, joint, prepared(estimator, joint), (joint.values, joint.free), key(2)
    )
    same = [one._replace(parts=16)] * 2
    for errors, efforts in (([[2.0], [1.0]], [1, 1]), ([[1.0], [1.0]], [1, 4])):
        first, second = allotted(same, np.array(errors), efforts)
        even = LEAST / 2
        assert (first - even) / (second - even) == pytest.approx(2.0)


def test_numbers_of_unequal_worlds_have_the_error_of_both() -> None:
    rng = np.random.default_rng(1)
    rewards = [rng.normal(-0.3, 0.1, 4000), rng.normal(-0.1, 0.3, 1000)]
    numbers = stratified(rewards, Joint(WORLDS, RULE, MEAN))
    slopes = MEAN.slopes([r.mean() for r in rewards])
    error = np.sqrt(sum(s**2 * r.var() / len(r) for s, r in zip(slopes, rewards, strict=True)))
    assert numbers.mean() == pytest.approx(MEAN.value([r.mean() for r in rewards]))
    assert numbers.std() / len(numbers) ** 0.5 == pytest.approx(error, rel=1e-3)


@pytest.mark.parametrize("truth", [-0.5, 0.8, 2.0])
def test_the_interval_of_a_scaled_reward_holds_it(truth: float) -> None:
    """Over many repetitions, with the error of the scale."""
    rng, hits, unit, lives, times = np.random.default_rng(2), 0, 0.1, 400, 1000
    for _ in range(times):
        circuit = rng.normal(0.0, 0.3, lives)  # what all rules meet
        nothing, yard, rewards = (
            -0.5 + gain * unit + circuit + rng.normal(0.0, 0.2, lives) for gain in (0.0, 1.0, truth)
        )
        found = estimate(scaled_lives(rewards, nothing, yard))
        hits += found.low <= truth <= found.high
    assert 0.92 <= hits / times <= 0.98


def test_what_does_not_run_in_a_world_names_it() -> None:
    quiet = WORLDS | {"in spikes": world(noise=0.0)}
    with pytest.raises(ConfigError, match=r"^world `here`: .*`pre_spike`"):
        Joint(WORLDS, "on reward: w += 1e-3*pre_spike*R", MEAN)
    joint = Joint(quiet, RULE, Aim.of_rewards([1.0] * 3))
    with pytest.raises(ConfigError, match=r"^world `in spikes`: .*exploration noise"):
        prepared(Score(), joint)


def test_the_longest_step_bounds_times() -> None:
    rule = "param tau = 50 ms in [1, 100] free\nx = lowpass(pre, tau)\non reward: w += x*post"
    joint = Joint({"fine": world(dt=5.0), "coarse": world(dt=10.0)}, rule, Aim.of_rewards([1, 1]))
    assert joint.bounds[0].tolist() == [10.0]
    assert {tuple(b.bounds[0]) for b in joint.benches.values()} == {(10.0,)}
    assert jax.random.key_data(key(0)).shape == (2,)
