"""The random numbers: their distribution, and the independence of everything that has its own."""

import itertools
import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.estimators import Pathwise, Pgpe, Score
from rulegen.grammar import parse
from rulegen.ground.keys import origin
from rulegen.ground.noise import Purpose, bits, normal, permutation, quantile, stream, uniform
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation

ROOT_FOLDER = Path(__file__).parent.parent
COUNT = 400_000
ROOT = stream(jax.random.key(3)).fold(7)


def correlation(a, b):
    """In standard errors of independent numbers."""
    return float(np.corrcoef(a, b)[0, 1] * np.sqrt(len(a)))


def test_moments_of_the_normal():
    x = np.asarray(normal(ROOT, (COUNT,)), float)
    moments = [x.mean(), (x**2).mean() - 1, (x**3).mean(), (x**4).mean() - 3]
    errors = np.sqrt(np.array([1, 2, 15, 96]) / COUNT)
    assert np.all(np.abs(moments) < 4 * errors), moments / errors
    assert np.isfinite(x).all()
    tails = [np.mean(np.abs(x) > limit) for limit in (2, 3, 4)]
    expected = np.array([0.0455003, 0.0026998, 6.334e-5])
    assert np.all(np.abs(tails - expected) < 4 * np.sqrt(expected / COUNT))


def test_the_quantile_is_that_of_the_normal(x64):
    """To 4e-4 of itself wherever a random number can fall, in both precisions."""
    p = np.concatenate([np.arange(1, 5000) - 0.5, np.geomspace(5000, 2**22, 5000)]) / 2**23
    p = np.concatenate([p, 1 - p])
    for dtype in (jnp.float32, jnp.float64):
        found = quantile(jnp.asarray(p, dtype)).astype(float)
        np.testing.assert_allclose(found, norm.ppf(np.asarray(p, dtype)), rtol=5e-4, atol=2e-7)


def test_uniform_is_open_and_even():
    x = np.asarray(uniform(ROOT, (COUNT,)), float)
    assert 0 < x.min() < x.max() < 1
    counts = np.histogram(x, bins=256, range=(0, 1))[0]
    chi = ((counts - COUNT / 256) ** 2 / (COUNT / 256)).sum()
    assert abs(chi - 255) < 4 * np.sqrt(2 * 255)


def test_every_bit_is_fair():
    words = np.asarray(bits(ROOT, (COUNT,)))
    ones = [((words >> np.uint32(i)) & np.uint32(1)).mean() for i in range(32)]
    assert np.abs(np.array(ones) - 0.5).max() < 4.5 * 0.5 / np.sqrt(COUNT)


def test_no_autocorrelation():
    x = np.asarray(normal(ROOT, (COUNT,)))
    for lag in (1, 2, 3, 7, 32, 100, 960, 1024, 32768):
        assert abs(correlation(x[:-lag], x[lag:])) < 4, lag
        assert abs(correlation(x[:-lag] ** 2, x[lag:] ** 2)) < 4, lag


def test_streams_are_independent():
    """Between trials, lives, purposes and keys, neighbours in number included."""
    life = stream(jax.random.key(0)).fold(0)
    sources = {
        "trial 0": life.fold(Purpose.EXPLORATION).fold(0),
        "trial 1": life.fold(Purpose.EXPLORATION).fold(1),
        "trial 2": life.fold(Purpose.EXPLORATION).fold(2),
        "purpose": life.fold(Purpose.WEIGHTS).fold(0),
        "the other way round": life.fold(0).fold(Purpose.EXPLORATION),
        "parent": life.fold(Purpose.EXPLORATION),
        "life 1": stream(jax.random.key(0)).fold(1).fold(Purpose.EXPLORATION).fold(0),
        "key 1": stream(jax.random.key(1)).fold(0).fold(Purpose.EXPLORATION).fold(0),
    }
    numbers = {name: np.asarray(normal(source, (50_000,))) for name, source in sources.items()}
    for (a, x), (b, y) in itertools.combinations(numbers.items(), 2):
        for shift in (0, 1, 5):
            assert abs(correlation(x[shift:], y[: len(y) - shift])) < 4.5, (a, b, shift)


def test_the_same_position_over_trials_and_lives():
    """Across streams, not along one: the first number of each trial and of each life."""
    for source in (ROOT, stream(jax.random.key(0))):
        each = jax.vmap(lambda i, source=source: normal(source.fold(i), (2,)))
        x = np.asarray(each(jnp.arange(100_000)), float)
        assert abs(x[:, 0].mean()) < 4 / np.sqrt(len(x))
        assert abs((x[:, 0] ** 2).mean() - 1) < 4 * np.sqrt(2 / len(x))
        assert abs(correlation(x[:-1, 0], x[1:, 0])) < 4
        assert abs(correlation(x[:, 0], x[:, 1])) < 4


@pytest.mark.parametrize("size", [2, 3, 4])
def test_permutations_are_equally_likely(size):
    draw = jax.vmap(lambda i: permutation(ROOT.fold(i), size))
    rows = np.asarray(draw(jnp.arange(24_000)))
    kinds, counts = np.unique(rows, axis=0, return_counts=True)
    assert len(kinds) == [2, 6, 24][size - 2]
    expected = len(rows) / len(kinds)
    degrees = len(kinds) - 1
    assert ((counts - expected) ** 2 / expected).sum() < degrees + 4 * np.sqrt(2 * degrees)


def test_both_precisions_have_the_same_numbers(x64):
    """Uniform numbers are equal, and normal ones equal up to the rounding of single precision."""
    single, double = (uniform(ROOT, (10_000,), dtype) for dtype in (jnp.float32, jnp.float64))
    assert single.dtype == jnp.float32
    assert double.dtype == jnp.float64
    np.testing.assert_array_equal(np.asarray(single, float), double)
    single, double = (normal(ROOT, (10_000,), dtype) for dtype in (jnp.float32, jnp.float64))
    np.testing.assert_allclose(single, double, rtol=1e-5, atol=1e-6)


def test_numbers_depend_on_the_position_only():
    """A longer draw begins with the shorter one."""
    np.testing.assert_array_equal(bits(ROOT, (7, 3)).ravel(), bits(ROOT, (30,))[:21])


def test_threefry_keys_give_the_numbers_that_they_always_gave():
    """Two words, as published lives know them."""
    source = stream(jax.random.key(2026))
    assert (int(source.high), int(source.low)) == (0, 2144469980)
    assert np.asarray(bits(source.fold(3), (3,))).tolist() == [
        1481237397,
        2790813024,
        2837033141,
    ]


@pytest.mark.parametrize("kind", ["rbg", "unsafe_rbg"])
def test_every_word_of_a_longer_key_counts(kind):
    words, seen = np.array([1, 2, 3, 4], np.uint32), set()
    for place in range(-1, 4):
        changed = words.copy()
        changed[place] += place >= 0
        source = stream(jax.random.wrap_key_data(changed, impl=kind))
        seen.add(tuple(np.asarray(bits(source, (4,))).tolist()))
    assert len(seen) == 5
    assert (
        len(
            {
                tuple(np.asarray(bits(stream(k), (2,))).tolist())
                for k in jax.random.split(jax.random.key(0, impl=kind), 50)
            }
        )
        == 50
    )


@pytest.mark.parametrize("kind", ["rbg", "unsafe_rbg"])
def test_lives_of_keys_that_differ_in_their_last_words_differ(kind):
    world = World(
        circuit=RateCircuit(neurons=3),
        task=DelayedAssociation(),
        life=LifeSettings(trials=3, warmup=0),
    )
    lives = Lives(world, compile_rule(parse("param a = 0\non reward: w += a*pre")))
    one, other = (
        lives.run(
            [0.0], jax.random.wrap_key_data(np.array([1, 2, 3, last], np.uint32), impl=kind), 4
        )
        for last in (4, 5)
    )
    assert not np.isclose(one.rewards, other.rewards).any()


@pytest.mark.parametrize("kind", ["rbg", "unsafe_rbg"])
def test_runs_do_not_depend_on_the_default_kind_of_keys(kind, tmp_path):
    """A seed means the same lives under every setting of JAX."""
    tables = []
    for name in ("threefry2x32", kind):
        out = tmp_path / f"{name}.csv"
        command = [
            sys.executable,
            "-m",
            "rulegen",
            "simulate",
            "-",
            "--lives",
            "3",
            "--out",
            str(out),
        ]
        subprocess.run(
            [*command, "--trials", "13"], input="w += 0.1*pre*post", text=True, check=True,
            env=os.environ | {"JAX_DEFAULT_PRNG_IMPL": name}, cwd=ROOT_FOLDER, capture_output=True,
        )  # fmt: skip
        tables.append(out.read_text())
    assert tables[0] == tables[1]


@pytest.mark.parametrize("kind", ["rbg", "unsafe_rbg"])
def test_estimates_take_keys_of_any_kind(kind):
    world = World(
        circuit=RateCircuit(neurons=3),
        task=DelayedAssociation(),
        life=LifeSettings(trials=3, warmup=0),
    )
    bench = Bench(world, parse("param a = 0.1 free\non reward: w += a*R*xi*pre"))
    key = jax.random.key(5, impl=kind)
    for estimator in (Score(lives=8), Pgpe(lives=8), Pathwise(lives=8)):
        found = estimator.estimate(estimator.prepare(bench), bench.values, bench.free, key)
        assert np.isfinite(found.gradient).all()


@pytest.mark.parametrize("seed", [-1, 2**32, 2**32 + 1, 2**63])
def test_no_two_seeds_are_one(seed):
    with pytest.raises(ValueError, match="a seed is an integer"):
        origin(seed)
