"""Intervals over lives keep what they promise; keys and benches."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from rulegen.circuits import RateCircuit
from rulegen.estimators import Pgpe, Score
from rulegen.grammar import RuleError, parse
from rulegen.ground.keys import Branch, branch
from rulegen.ground.statistics import (
    GROUPS,
    estimate,
    grouped,
    inclusion,
    limits,
    paired_difference,
    resampling_weights,
)
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation

DISTRIBUTIONS = {
    "normal": (lambda rng, n: rng.normal(size=n), 0.0),
    "skewed": (lambda rng, n: rng.exponential(size=n), 1.0),
    "mixed": (lambda rng, n: np.where(rng.random(n) < 0.2, -1.0, 0.1), -0.12),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_intervals_cover_the_truth(name):
    """Between 92% and 98% of 400 repetitions with 120 lives each."""
    draw, truth = DISTRIBUTIONS[name]
    rng = np.random.default_rng(1)
    found = [estimate(draw(rng, 120)) for _ in range(400)]
    assert 0.92 <= np.mean([e.low <= truth <= e.high for e in found]) <= 0.98


TOGETHER = 1 - 0.05 / 25
#: Values of a life with their mean, and how often 25 intervals of few lives must hold together;
#: percentiles of resamples reach about 86%, 75% and 72% there (docs/coverage.md).
FEW = {
    "normal": (lambda rng, n: rng.normal(size=n), 0.0, 32, 0.93),
    "skewed": (lambda rng, n: rng.exponential(size=n), 1.0, 32, 0.9),
    "seldom bad": (lambda rng, n: np.where(rng.random(n) < 0.05, -1.0, 0.0), -0.05, 128, 0.9),
}


@pytest.mark.parametrize("name", FEW)
def test_25_intervals_of_few_lives_hold_together(name):
    draw, truth, count, least = FEW[name]
    rng = np.random.default_rng(2)
    found = [estimate(draw(rng, count), TOGETHER) for _ in range(4000)]
    assert np.mean([e.low <= truth <= e.high for e in found]) ** 25 >= least


def test_the_last_third_of_1535_lives_is_not_forgotten():
    """In groups of two, as many as the first 1024 lives fill, it would be: 0.333 [0, 0]."""
    values = np.repeat([0.0, 1.0], [1024, 511])
    found = estimate(values)
    assert found.mean == pytest.approx(511 / 1535)
    assert 0.3 < found.low < found.mean < found.high < 0.37
    assert found == pytest.approx(estimate(values[::-1]))


def test_the_last_life_counts_whatever_their_number():
    """For each number of lives from 2 to 5000."""
    values = np.random.default_rng(0).normal(size=5000)
    for count in range(2, 5001):
        here = values[:count].copy()
        before = estimate(here)
        here[-1] += 1.0
        assert all(a != b for a, b in zip(before[:3], estimate(here)[:3], strict=True)), count


lives = st.integers(2, 5000), st.integers(0, 2**32 - 1)


@settings(max_examples=100, deadline=None)
@given(*lives, st.floats(0, 1), st.sampled_from([0.6, 0.95, TOGETHER, 0.9999]))
def test_every_life_counts_in_every_interval(count, seed, where, level):
    rng = np.random.default_rng(seed)
    values = rng.exponential(size=count)
    changed = values.copy()
    changed[round(where * (count - 1))] += 1.0
    before, after = estimate(values, level), estimate(changed, level)
    assert before.low < before.mean < before.high
    assert all(a != b for a, b in zip(before[:3], after[:3], strict=True))
    # In whatever order they come, and in whatever units.
    assert estimate(rng.permutation(values), level) == pytest.approx(before)
    mirrored = estimate(3.0 - 2.0 * values, level)
    expected = (3.0 - 2.0 * before.mean, 3.0 - 2.0 * before.high, 3.0 - 2.0 * before.low)
    assert mirrored[:3] == pytest.approx(expected, rel=1e-6)


def test_every_life_is_in_one_group():
    for count in range(2, 5001):
        sizes = grouped(np.ones(count))
        assert len(sizes) == min(count, GROUPS)
        assert sizes.sum() == count and sizes.max() - sizes.min() <= 1
    numbers = np.arange(5000.0)
    assert grouped(numbers).sum() == numbers.sum()


@settings(max_examples=20, deadline=None)
@given(*lives)
def test_every_life_counts_in_an_inclusion(count, seed):
    """One life that is bad beyond measure, wherever it stands, is in most resamples."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=count) + 10.0
    values[rng.integers(count)] = -100.0 * count
    assert inclusion(values, 0.0, 0.95) > 0.5


def test_limits_are_the_wider_of_two_intervals():
    """Student's as SciPy has it, and the roots of Hall's cubic."""
    rng = np.random.default_rng(1)
    for count, level in ((5, 0.95), (32, TOGETHER), (700, 0.5)):
        values = rng.exponential(size=count)
        found = estimate(values, level)
        low, high = stats.t.interval(level, count - 1, values.mean(), stats.sem(values))
        step = stats.t.ppf((1 + level) / 2, count - 1) / np.sqrt(count)
        g = stats.skew(values)
        cubic = np.polynomial.Polynomial([g / (6 * count), 1.0, g / 3, g * g / 27])
        spread = values.std(ddof=1)
        ends = [(cubic - t).roots() for t in (step, -step)]
        first, last = (float(e[np.abs(e.imag).argmin()].real) for e in ends)
        assert found.low == pytest.approx(min(low, values.mean() - spread * first))
        assert found.high == pytest.approx(max(high, values.mean() - spread * last))
        assert found.high > high


def test_intervals_of_several_samples_are_those_of_each():
    values = np.random.default_rng(5).exponential(size=(20, 40))
    moments = values.mean(1), values.var(1), stats.skew(values, axis=1)
    each = [estimate(row, 0.9)[1:3] for row in values]
    np.testing.assert_allclose(np.array(limits(*moments, 40, 0.9)).T, each)


def test_lives_that_say_nothing():
    """All alike: no width, around what they say; one: no ends; none: no mean."""
    assert estimate(np.full(32, 0.1))[:3] == (0.1, 0.1, 0.1)
    assert estimate(np.array([0.3]))[:3] == (0.3, -np.inf, np.inf)
    assert not estimate(np.array([0.3])).excludes_zero
    with pytest.raises(ValueError, match="no lives"):
        estimate(np.array([]))


def test_paired_differences_are_sharper_than_unpaired_ones():
    rng = np.random.default_rng(0)
    network = rng.normal(size=150)
    a, b = network + 0.05 + 0.01 * rng.normal(size=150), network
    difference = paired_difference(a, b)
    assert difference.excludes_zero
    assert difference.low < 0.05 < difference.high
    assert np.isclose(difference.mean, a.mean() - b.mean())
    assert not paired_difference(a, rng.permutation(b)).excludes_zero
    assert str(difference).count("[") == 1


def test_resampling_weights_are_averages():
    weights = resampling_weights(30, resamples=50)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    np.testing.assert_array_equal(weights, resampling_weights(30, resamples=50))


def test_branches_differ_and_repeat():
    root = jax.random.key(0)
    paths = [(b, i) for b in Branch for i in range(3)] + [(b,) for b in Branch] + [()]
    words = {tuple(jax.random.key_data(branch(root, *p)).tolist()) for p in paths}
    assert len(words) == len(paths)
    again = branch(branch(root, Branch.FIT), 2)
    assert bool(again == branch(root, Branch.FIT, 2))


WORLD = World(
    circuit=RateCircuit(neurons=3),
    task=DelayedAssociation(cue=20, delay=20, response=20),
    life=LifeSettings(trials=3, warmup=1),
)
TEXT = """
    param k = 0.3 in [0, 1] free
    param eta = 0.1
    e <- e + k*xi*pre : synapse
    on reward: w += eta*(R + 0.3)*e
"""


def test_a_bench_compiles_once_and_replays_exactly():
    bench, key = Bench(WORLD, parse(TEXT)), jax.random.key(3)
    assert Pgpe().prepare(bench) is bench.plain
    assert Score(gamma=0.0).prepare(bench) is Score(gamma=0.9).prepare(bench)
    assert Score().prepare(bench) is not Score(exact=True).prepare(bench)
    first = bench.rewards(bench.values, key, 4)
    np.testing.assert_array_equal(bench.rewards(bench.values, key, 4), first)
    fresh = Bench(WORLD, parse(TEXT)).rewards(bench.values, key, 4)
    np.testing.assert_array_equal(fresh, first)


def test_the_vectors_of_a_bench():
    bench = Bench(WORLD, parse(TEXT))
    assert bench.names == ["k", "eta"]
    assert bench.free_names == ["k"]
    np.testing.assert_array_equal(bench.vector({"eta": 0.5}), [0.3, 0.5])
    np.testing.assert_array_equal(bench.values, [0.3, 0.1])
    np.testing.assert_array_equal(bench.bounds, [[0, -np.inf], [1, np.inf]])


def test_parameters_need_values():
    with pytest.raises(RuleError, match="`eta` has no value"):
        Bench(WORLD, parse(TEXT.replace("eta = 0.1", "eta")))


def test_one_value_for_each_life():
    with pytest.raises(
        ValueError, match=r"an array of shape \(3, 2\): give one value for each life"
    ):
        estimate(np.ones((3, 2)))
