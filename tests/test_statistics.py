"""Intervals over lives keep what they promise; keys and benches."""

import jax
import numpy as np
import pytest

from grammar import RuleError, parse
from rulegen.circuits import RateCircuit
from rulegen.estimators import Pgpe, Score
from rulegen.keys import Branch, branch
from rulegen.life import LifeSettings
from rulegen.lives import World
from rulegen.statistics import estimate, paired_difference, resampling_weights
from rulegen.tasks import DelayedAssociation
from rulegen.workbench import Workbench

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
    bench, key = Workbench(WORLD, parse(TEXT)), jax.random.key(3)
    assert bench.for_estimator(Pgpe()) is bench.plain
    assert bench.for_estimator(Score(gamma=0.0)) is bench.for_estimator(Score(gamma=0.9))
    assert bench.for_estimator(Score()) is not bench.for_estimator(Score(exact=True))
    first = bench.rewards(bench.values, key, 4)
    np.testing.assert_array_equal(bench.rewards(bench.values, key, 4), first)
    fresh = Workbench(WORLD, parse(TEXT)).rewards(bench.values, key, 4)
    np.testing.assert_array_equal(fresh, first)


def test_the_vectors_of_a_bench():
    bench = Workbench(WORLD, parse(TEXT))
    assert bench.names == ["k", "eta"]
    assert bench.free_names == ["k"]
    np.testing.assert_array_equal(bench.vector({"eta": 0.5}), [0.3, 0.5])
    np.testing.assert_array_equal(bench.values, [0.3, 0.1])
    np.testing.assert_array_equal(bench.bounds, [[0, -np.inf], [1, np.inf]])


def test_parameters_need_values():
    with pytest.raises(RuleError, match="`eta` has no value"):
        Workbench(WORLD, parse(TEXT.replace("eta = 0.1", "eta")))
