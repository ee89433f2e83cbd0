"""The estimators of the meta-gradient against definitions, differences and each other."""

import sys

import jax
import numpy as np
import pytest
from pydantic import ValidationError

from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.estimators import Estimator, Evosax, MetaGradient, Pathwise, Pgpe, Score
from rulegen.estimators.score import advantages, learned
from rulegen.grammar import ConfigError, RunError, parse
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.outcomes import Outcomes
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation

KEY = jax.random.key(6)
#: The weights after the first trial depend on k alone, so that k has a strong, smooth effect.
RULE = parse("param k = 0.5 free\nparam b = -0.4 free\non reward: w <- k*pre + b*post")
VALUES = np.array([0.5, -0.4])
FREE = np.array([0, 1])
WORLD = World(
    chunk=10_000,
    circuit=RateCircuit(neurons=2, noise=0.5, dt=20, tau=20),
    task=DelayedAssociation(cue=20, delay=20, response=20),
    life=LifeSettings(trials=2, warmup=0),
)


@pytest.fixture(scope="module")
def plain():
    return Lives(WORLD, compile_rule(RULE))


@pytest.fixture(scope="module")
def pgpe(plain):
    return Pgpe(lives=200_000, clip=0, sigma=0.1).estimate(plain, VALUES, FREE, KEY)


@pytest.mark.long
def test_pgpe_agrees_with_finite_differences(plain, pgpe):
    """On lives of its own, with common random numbers for both ends of each difference."""
    h, other, count = 0.1, jax.random.key(7), 100_000
    slopes = []
    for i in FREE:
        step = np.eye(2)[i] * h
        up, down = (plain.run(VALUES + s * step, other, count).means for s in (1, -1))
        slopes.append((up - down) / (2 * h))
    truth, error = np.mean(slopes, axis=1), np.std(slopes, axis=1) / count**0.5
    assert np.all(np.abs(pgpe.gradient - truth) < 3 * np.hypot(pgpe.error, error))
    assert np.max(np.abs(pgpe.gradient) / pgpe.error) > 5, "the test must see something"


@pytest.mark.long
def test_score_agrees_with_pgpe(pgpe):
    estimator = Score(lives=300_000, clip=0, gamma=1.0, exact=True)
    lives = estimator.prepare(Bench(WORLD, RULE))
    score = estimator.estimate(lives, VALUES, FREE, jax.random.key(8))
    z = (score.gradient - pgpe.gradient) / np.hypot(score.error, pgpe.error)
    assert np.all(np.abs(z) < 3), z
    assert np.max(np.abs(score.gradient) / score.error) > 3, "the test must see something"
    assert np.isclose(score.reward, pgpe.reward, atol=0.01)


def test_outcomes_count_both_sides_of_a_pair(plain):
    result = Pgpe(lives=9).estimate(plain, VALUES, FREE, KEY)
    assert result.outcomes.lives == 8
    assert len(result.rewards) == 4


def test_parameters_that_are_not_free_stay(plain):
    """A perturbation in `b` alone leaves the estimate without a component along `k`."""
    one = Pgpe(lives=8, clip=0).estimate(plain, VALUES, FREE[1:], KEY)
    assert one.gradient.shape == one.error.shape == (1,)


def test_clipping():
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(200, 3))
    gradients[0] *= 1e6
    mean, error, *_ = Score(clip=0).average(gradients, np.zeros(200), {})
    np.testing.assert_array_equal(mean, gradients.mean(axis=0))
    np.testing.assert_allclose(error, gradients.std(axis=0, ddof=1) / 200**0.5)
    clipped, *_ = Score(clip=3).average(gradients, np.zeros(200), {})
    limit = 3 * np.median(np.linalg.norm(gradients, axis=1))
    shortened = gradients.copy()
    for row in shortened:
        length = np.linalg.norm(row)
        row *= min(1, limit / length)
    np.testing.assert_allclose(clipped, shortened.mean(axis=0))
    np.testing.assert_array_equal(Score(clip=3).average(np.zeros((4, 2)), np.zeros(4), {})[0], 0)


#: Where in the rule its parameters stand: their gradients are spoilt at once.
PLACES = ("`k` in `k*pre`", "`b` in `b*post`")


@pytest.mark.parametrize("kind", [Score, Pathwise])
def test_gradients_that_are_not_finite_are_counted_and_left_out(kind, spoil, monkeypatch):
    seen, average = [], Estimator.average

    def watched(self, gradients, *others):
        seen.append(gradients)
        return average(self, gradients, *others)

    monkeypatch.setattr(Estimator, "average", watched)
    estimator = kind(lives=64, clip=0)
    lives = estimator.prepare(Bench(WORLD, RULE))
    whole = estimator.estimate(lives, VALUES, FREE, KEY)
    assert (whole.nonfinite, whole.parts) == (0, 64)
    spoil(6)
    found = estimator.estimate(lives, VALUES, FREE, KEY)
    assert (found.nonfinite, found.parts) == (6, 64)
    assert found.astray == PLACES
    assert found.loss == f"6 of 64 gradients not finite, along {'; '.join(PLACES)}"
    assert found.rewards.shape == (64,), "the rewards of these lives are as good as any"
    np.testing.assert_allclose(found.gradient, seen[0][6:].mean(axis=0))
    np.testing.assert_allclose(found.error, seen[0][6:].std(axis=0, ddof=1) / 58**0.5)
    spoil(7)
    with pytest.raises(
        RunError, match=rf"7 of 64 .*11% .*{kind.__name__.lower()}`, along `k`.*most 10%"
    ):
        estimator.estimate(lives, VALUES, FREE, KEY)


@pytest.mark.parametrize("gamma", [0.0, 0.9, 1.0])
def test_a_learned_baseline_knows_nothing_of_its_own_trial(gamma):
    """Unbiased: changing what a life earns from trial k on leaves its baselines up to k alone."""
    rng = np.random.default_rng(0)
    rewards, conditions = rng.normal(size=(40, 12)), rng.integers(0, 3, (40, 12))
    changed, k = rewards.copy(), 7
    changed[5, k:] += rng.normal(size=12 - k)
    discounts = gamma ** np.arange(12)

    def baselines(rewards):
        returns = np.array([discounts[: 12 - k] @ rewards[5, k:] for k in range(12)])
        return returns - learned(rewards, conditions, gamma)[5]

    np.testing.assert_allclose(baselines(changed)[: k + 1], baselines(rewards)[: k + 1], rtol=1e-9)
    assert np.abs(baselines(changed)[k + 1 :] - baselines(rewards)[k + 1 :]).max() > 1e-3


@pytest.mark.parametrize("gamma", [0.0, 0.7, 1.0])
def test_advantages_follow_their_definition(gamma):
    rng = np.random.default_rng(0)
    rewards, conditions = rng.normal(size=(3, 9)), rng.integers(0, 3, size=(3, 9))
    got = advantages(rewards, conditions, gamma, gain=0.3)
    for life in range(3):
        baseline = np.zeros(3)
        for k in range(9):
            expected = sum(
                gamma ** (j - k) * (rewards[life, j] - baseline[conditions[life, j]])
                for j in range(k, 9)
            )
            assert np.isclose(got[life, k], expected)
            c = conditions[life, k]
            baseline[c] += 0.3 * (rewards[life, k] - baseline[c])


def test_signal_to_noise():
    parts = np.array([3.0, 4.0]), np.array([0.0, 0.5]), np.array([1.0, 2.0])
    estimate = MetaGradient(*parts, Outcomes(2), 0, 2)
    assert estimate.signal_to_noise == 10
    assert estimate.reward == 1.5
    assert np.isclose(estimate.reward_error, 0.5)
    assert MetaGradient(np.ones(1), np.zeros(1), np.ones(2), Outcomes(2), 0, 2).signal_to_noise == 0


@pytest.mark.parametrize(
    ("kind", "settings"),
    [(Score, {"gamma": 1.5}), (Score, {"gain": 0}), (Pgpe, {"sigma": 0}), (Pgpe, {"lives": 2})],
)
def test_errors_name_the_field(kind, settings):
    with pytest.raises(ValidationError, match=next(iter(settings))):
        kind(**settings)


def test_gradients_are_in_the_coordinates_of_the_fit():
    """A parameter that must be positive is fitted in its logarithm: dR/dlog k = k dR/dk."""
    text = "param k = 0.5 {} free\nparam b = -0.4 free\non reward: w <- k*pre + b*post"
    score, gradients = Score(lives=8, clip=0), []
    for bounds in ("", "in [0.1, 2]"):
        lives = score.prepare(Bench(WORLD, parse(text.format(bounds))))
        gradients.append(score.estimate(lives, VALUES, FREE, KEY).gradient)
    np.testing.assert_allclose(gradients[1], gradients[0] * [0.5, 1.0], rtol=1e-6)


@pytest.mark.long
def test_evosax_points_where_pgpe_does(plain, pgpe):
    pytest.importorskip("evosax")
    estimator = Evosax(lives=80_000, sigma=0.1, shared=True)
    lives = estimator.prepare(Bench(WORLD, RULE))
    found = estimator.estimate(plain, VALUES, FREE, KEY)
    assert lives.chunk > 0
    cosine = found.gradient @ pgpe.gradient
    cosine /= np.linalg.norm(found.gradient) * np.linalg.norm(pgpe.gradient)
    assert cosine > 0.9, (found, pgpe)
    assert found.signal_to_noise > 5
    assert found.outcomes.lives == len(found.rewards) == 80_000
    with pytest.raises(ValueError, match=r"choose from .*Open_ES"):
        Evosax(strategy="Magic").prepare(Bench(WORLD, RULE))


def test_halves_of_a_group_share_their_lives(plain):
    """Members with equal parameters earn the same when their lives are the same."""
    values = np.tile(VALUES, (16, 1))
    for shared in (True, False):
        estimator = Evosax(lives=16, groups=2, shared=shared)
        means, outcomes = estimator.live(plain, values, KEY, None)
        assert means.shape == (2, 8)
        assert outcomes.lives == 16
        assert np.array_equal(means[:, :4], means[:, 4:]) == shared
        assert not np.array_equal(means[0], means[1])


def test_groups_of_evosax_have_two_lives_each():
    with pytest.raises(ValueError, match="16 lives are not two for each of 9 groups"):
        Evosax(lives=16, groups=9).prepare(Bench(WORLD, RULE))


def test_evosax_must_be_there(monkeypatch):
    monkeypatch.setitem(sys.modules, "evosax", None)
    monkeypatch.setitem(sys.modules, "evosax.algorithms", None)
    with pytest.raises(ConfigError, match=r"pip install 'rulegen\[evosax\]'"):
        Evosax(strategy="SNES", lives=18).prepare(Bench(WORLD, RULE))
