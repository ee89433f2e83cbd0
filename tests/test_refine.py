"""Refinement: the quadratic surface against closed forms and brute force."""

import jax
import numpy as np
import pytest
from places import each_place
from pydantic import ValidationError

from rulegen.circuits import RateCircuit
from rulegen.fitting.box import (
    AT_BORDER,
    AT_BOUND,
    MANY,
    MISFIT,
    NO_CHANCE,
    NO_MAXIMUM,
    OVER_BOUND,
    STILL,
    TOO_WIDE,
)
from rulegen.fitting.refine import RefineSettings, refine, with_intervals
from rulegen.fitting.surface import Surface, design, maximise
from rulegen.grammar import parse
from rulegen.ground.journal import Journal
from rulegen.ground.stage import Stage
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation


@pytest.mark.parametrize("dimensions", [1, 2, 3, 4])
def test_the_maximiser_of_random_quadratics(dimensions):
    """Coordinate ascent finds the unconstrained peak when it lies inside the box."""
    rng = np.random.default_rng(dimensions)
    points = design(dimensions)
    for _ in range(10):
        root = rng.standard_normal((dimensions, dimensions))
        curvature = root @ root.T + 0.5 * np.eye(dimensions)
        peak = rng.uniform(-0.9, 0.9, dimensions)
        deviation = points - peak
        rewards = -np.einsum("mi,ij,mj->m", deviation, curvature, deviation)
        found, low, high = Surface(dimensions, np.tile(rewards, (8, 1))).maximiser()
        assert np.allclose(found, peak, atol=1e-4)
        assert np.allclose(low, peak, atol=1e-4)
        assert np.allclose(high, peak, atol=1e-4)


def test_the_maximum_of_saddles_lies_on_the_border():
    # 1 + x - y**2 + 2*x**2: convex in x, so x = 1; concave in y, so y = 0.
    saddle = np.array([1.0, 1.0, 0.0, 2.0, 0.0, -1.0])
    assert maximise(saddle, 2).tolist() == [1.0, 0.0]


def test_intervals_of_the_maximiser_cover_it():
    """Each life has its own peak; the interval for the peak of the mean covers it in 19 of 20."""
    rng, points, inside, repetitions = np.random.default_rng(0), design(1), 0, 400
    for _ in range(repetitions):
        slopes = 0.4 + rng.standard_normal(256)
        rewards = slopes[:, None] * points[:, 0] - points[:, 0] ** 2
        _, low, high = Surface(1, rewards).maximiser()
        inside += low[0] <= 0.2 <= high[0]
    assert 0.92 <= inside / repetitions <= 0.98


def test_refine_climbs_to_the_best_learning_rate():
    """A coefficient that starts far too small grows, and fresh lives confirm it."""
    rule = parse("""
        param a = 0.3 in [0, 5] free
        e <- e + a*0.01*xi*pre : synapse
        on trial start: e <- 0
        on reward: w += clip(R - R_bar[condition], -1, 1)*e
    """)
    world = World(
        circuit=RateCircuit(neurons=16),
        task=DelayedAssociation(cue=30, delay=30, response=30),
        life=LifeSettings(trials=100),
    )
    bench = Bench(world, rule)
    settings = RefineSettings(lives=32, moves=3)
    end = refine(bench, [bench.values], np.array([0]), settings, stage("refine"))
    assert end[0] > 0.5
    check = jax.random.key(1)
    gain = bench.rewards(end, check, 64) - bench.rewards(bench.values, check, 64)
    assert gain.mean() > 2 * gain.std() / 8


def test_a_surface_that_is_no_quadratic_is_judged_from_near_its_maximum():
    """A one-sided reward, whose best quadratic over the first box peaks beside its maximum."""

    class Cliff:
        identity = "cliff"
        values = np.array([0.8])
        bounds = np.array([[-10.0], [10.0]])

        @each_place
        def rewards(self, values, key, lives):
            x = values[0] - 1.0
            return np.random.default_rng(1).normal(0, 0.01, lives) - np.expm1(4 * x) + 4 * x

    settings = RefineSettings(width=0.8)
    here = stage("r")
    found = refine(Cliff(), [np.array([0.8])], np.array([0]), settings, here)
    surveys = [v for (n, _), v in here.journal.results.items() if n.startswith("r/")]
    assert abs(surveys[0]["miss"]["mean"]) > settings.tolerance
    assert abs(surveys[-1]["miss"]["mean"]) < settings.tolerance
    assert found[0] == pytest.approx(1.0, abs=0.02)


class Valley:
    """Two hills: r(x) = max(1 - (x - 3)**2, 0.5 - (x + 1)**2)."""

    identity = "valley"
    bounds = np.array([[-10.0], [10.0]])

    @each_place
    def rewards(self, values, key, lives):
        rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
        x = values[0]
        return rng.normal(0, 0.01, lives) + max(1 - (x - 3) ** 2, 0.5 - (x + 1) ** 2)


def test_a_refit_climbs_from_several_places_and_returns_the_best():
    def refined(*starts, climbs=1):
        settings, places = RefineSettings(lives=16, climbs=climbs), [np.array([x]) for x in starts]
        return refine(Valley(), places, np.array([0]), settings, stage("refine"))[0]

    assert refined(-1.5) == pytest.approx(-1.0, abs=0.05)
    # 1.2 earns less than -1.5 where they meet, and leads further.
    assert refined(-1.5, 1.2) == pytest.approx(-1.0, abs=0.05)
    assert refined(-1.5, 1.2, climbs=2) > 2.0


def test_a_refit_never_ends_below_the_best_of_its_starts():
    """A spike that no quadratic finds, beside a slope that leads away from it."""

    class Spike(Valley):
        identity = "spike"

        @each_place
        def rewards(self, values, key, lives):
            return super().rewards(values, key, lives) - 5 + 50 * (values[0] == 0.0)

    starts = [np.array([-3.0]), np.array([0.0]), np.array([2.0])]
    for free in ([0], []):
        settings = RefineSettings(lives=16, climbs=3)
        end = refine(Spike(), starts, np.array(free, int), settings, stage("refine"))
        assert end.tolist() == [0.0]


def stage(name, number=0):
    """One whose results stay in memory."""
    return Stage(jax.random.key(number), Journal(), name=name)


def intervals(bench, start, number=0, **settings):
    """With intervals, on lives of their own for every number; also the surveys that were taken."""
    here, start = stage("r", number), np.array(start, float)
    free = np.arange(len(start))
    found = with_intervals(bench, start, free, RefineSettings(**settings), here)
    return found, [v for (n, _), v in here.journal.results.items() if n.startswith("r/")]


def no_interval(found, number):
    """Why there is no interval; there is none exactly where there is a reason."""
    low, high, why = found.limits[number]
    assert bool(why) == bool(np.isnan(low)) == bool(np.isnan(high))
    return why


def test_no_interval_beyond_the_bounds():
    """The reward grows up to the bound, where the value ends without an interval."""

    class Slope:
        identity = "slope"
        bounds = np.array([[0.0], [2.0]])

        @each_place
        def rewards(self, values, key, lives):
            rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
            return values[0] + rng.normal(0, 0.1, lives)

    found, _ = intervals(Slope(), [1.5])
    assert found.values[0] == 2.0
    assert no_interval(found, 0) == AT_BOUND


class Hill:
    """A lopsided reward with its maximum at 2, and lives that each pull to a side of their own."""

    identity = "hill"
    bounds = np.array([[-50.0], [50.0]])

    def __init__(self, pull, steepness=1.0):
        self.pull, self.steepness, self.met = pull, steepness, []

    @each_place
    def rewards(self, values, key, lives):
        self.met.append(lives)
        rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
        x = np.log(values[0] / 2.0)
        lopsided = np.expm1(self.steepness * x) - self.steepness * x
        return self.pull * rng.standard_normal(lives) * x - lopsided


def test_a_box_shrinks_where_lives_hardly_differ():
    """In a box of its first width a quadratic would miss the maximum by more than chance does."""
    found, surveys = intervals(Hill(0.01), [2.5], tolerance=1.0)
    low, high, why = found.limits[0]
    assert len(surveys) > 1
    assert low < 2.0 < high and not why
    assert high - low < 0.1


def test_lives_multiply_where_they_leave_the_maximum_open():
    bench = Hill(8.0)
    found, _ = intervals(bench, [2.5])
    assert bench.met[0] == 192 and bench.met[-1] == 3072
    assert found.limits[0].low < 2.0 < found.limits[0].high
    bench = Hill(8.0)
    found, _ = intervals(bench, [2.5], number=1, most_lives=192)
    assert set(bench.met) == {192}


def test_an_interval_that_reaches_too_far_is_none():
    found, _ = intervals(Hill(400.0), [2.5])
    assert no_interval(found, 0) in (AT_BORDER, TOO_WIDE)


@pytest.mark.parametrize("pull", [0.02, 1.0])
def test_intervals_hold_the_maximum_in_19_of_20(pull):
    """What a quadratic misses is in them, whether lives differ much or little."""
    each = [intervals(Hill(pull, 2.0), [2.2], n, lives=64)[0] for n in range(100)]
    held = [low < 2.0 < high for low, high, why in (f.limits[0] for f in each) if not why]
    assert len(held) >= 95
    assert 0.9 <= np.mean(held) <= 0.99


def test_settings_that_contradict_each_other():
    with pytest.raises(ValidationError, match="less than `lives`"):
        RefineSettings(lives=512, most_lives=256)


class Plain:
    """The reward is a given function of the parameters and of one number of each life.

    These numbers are 0 in the mean, so that they do not move the maximum.
    """

    identity = "plain"

    def __init__(self, reward, least=-50.0, most=50.0, dimensions=1):
        self.reward = reward
        self.bounds = np.tile([[least], [most]], dimensions)

    @each_place
    def rewards(self, values, key, lives):
        rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
        z = rng.standard_normal(lives)
        return self.reward(values, z - z.mean())


#: What a bench earns, and why its first parameter then has no interval.
WITHOUT = {
    "at a bound": (Plain(lambda v, z: v[0] + 0.1 * z, most=2.0), AT_BOUND),
    "beyond what was tried": (
        Plain(lambda v, z: -((np.arcsinh(v[0] / 0.3) - 30.0) ** 2) + 0.1 * z, most=1e20),
        AT_BORDER,
    ),
    "no maximum": (Plain(lambda v, z: v[0] ** 2 + 0.1 * z, most=1e20), NO_MAXIMUM),
    "no chance": (Plain(lambda v, z: -((v[0] - 2.0) ** 2) + 0 * z), NO_CHANCE),
    "wide open": (Plain(lambda v, z: 60 * z * v[0] - (v[0] - 2.0) ** 2), TOO_WIDE),
    "over a bound": (
        Plain(lambda v, z: 15 * z * v[0] - (v[0] - 2.0) ** 2, least=1.3, most=2.7),
        OVER_BOUND,
    ),
    "no quadratic": (Plain(lambda v, z: -(np.abs(v[0] - 2.0) ** 0.5) + 0 * z), MISFIT),
}


@pytest.mark.parametrize("case", WITHOUT)
def test_what_has_no_interval_says_why(case):
    bench, why = WITHOUT[case]
    found, _ = intervals(bench, [2.0], most_lives=192)
    assert no_interval(found, 0) == why


def test_parameters_that_do_not_move_or_are_too_many_say_so():
    bench = Plain(lambda v, z: -((v - 1.0) ** 2).sum() + 0.1 * z * v.sum(), dimensions=6)
    found, _ = intervals(bench, [1.0] * 6)
    assert no_interval(found, 0) == MANY.format(most=5, free=6)
    found = with_intervals(bench, np.ones(6), np.array([1]), RefineSettings(), stage("r"))
    assert no_interval(found, 0) == STILL
    assert no_interval(found, 1) == ""


@pytest.mark.parametrize("count", [8, 1025, 1535, 1536, 4095])
def test_every_life_counts_in_the_interval_of_the_maximiser(count):
    """Whichever life changes, the limits change."""
    rng = np.random.default_rng(count)
    rewards = rng.standard_normal((count, 5)) - design(1)[:, 0] ** 2
    before = Surface(1, rewards).maximiser()
    for life in (0, count // 2, count - 2, count - 1):
        changed = rewards.copy()
        changed[life, 3] += 0.5
        after = Surface(1, changed).maximiser()
        assert all(a != b for a, b in zip(np.ravel(before), np.ravel(after), strict=True)), life
