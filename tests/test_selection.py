"""Looks and trimming, on rewards whose maximum over every set of terms is known."""

import jax
import numpy as np
import pytest
from places import each_place

from rulegen.circuits import RateCircuit
from rulegen.fitting.box import no_limits
from rulegen.fitting.refine import Refined, RefineSettings
from rulegen.grammar import parse
from rulegen.ground.journal import Journal
from rulegen.ground.stage import Stage
from rulegen.ground.statistics import estimate, inclusion
from rulegen.lives.bench import Bench
from rulegen.lives.world import World
from rulegen.runs.discover import rounded_rule
from rulegen.selection.looks import Looks, PruneSettings, anew, judged, needed_for
from rulegen.selection.prune import Pruned
from rulegen.selection.trim import Trimming, trim
from rulegen.tasks import DelayedAssociation

NAMES = tuple(f"theta_{i}" for i in range(1, 6))
TERMS = ("xi*pre", "u*pre", "post*pre", "pre", "u")


class Quadratic:
    """A family whose reward is -(theta - best)^T C (theta - best), and some noise of each life."""

    def __init__(self, best, curvature=None, noise=0.02):
        lines = [f"param {name} = 0 in [-4, 4] free" for name in NAMES]
        terms = " + ".join(f"{n}*{t}" for n, t in zip(NAMES, TERMS, strict=True))
        self.rule = parse("\n".join([*lines, f"dw/dt = {terms}"]))
        self.names = self.free_names = list(NAMES)
        self.bounds = np.array([[-4.0] * 5, [4.0] * 5])
        self.best, self.noise = np.array(best, float), noise
        self.curvature = np.eye(5) if curvature is None else curvature
        self.met = []

    @property
    def identity(self):
        return repr((self.best.tolist(), self.noise, self.curvature.tolist()))

    @each_place
    def rewards(self, values, key, lives):
        self.met.append((np.asarray(jax.random.key_data(key)).tobytes(), lives))
        away = np.asarray(values) - self.best
        rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
        own = rng.normal(0, self.noise, (lives, 5))
        return -away @ self.curvature @ away + own @ away + rng.normal(0, 1, lives)


def trimmed(bench, kept, values, **settings):
    values = np.array(values, float)
    journal = Journal()
    asked = PruneSettings(**{"looks": 20} | settings)
    looks = Looks(bench, asked, Stage(jax.random.key(1), journal))
    pruned = Pruned(values, tuple(kept), values, tuple(kept))
    stage = Stage(jax.random.key(2), journal)
    return trim(bench, pruned, looks, RefineSettings(), stage), looks


def test_a_term_that_was_dropped_among_others_comes_back():
    bench = Quadratic([1.0, 0, 0, 0, 0])
    found, looks = trimmed(bench, ["theta_2"], [0, 0.5, 0, 0, 0])
    assert found.kept == ("theta_1",)
    assert found.refined.values == pytest.approx([1, 0, 0, 0, 0], abs=0.02)
    assert looks.taken[0].added == ("theta_1",) and looks.taken[0].removed == ("theta_2",)


def test_two_terms_that_cancel_fall_together():
    """theta_2 and theta_3 do nearly the same: their sum matters, a tenth of each remains."""
    curvature = np.eye(5)
    curvature[1:3, 1:3] = [[1.0, 0.999], [0.999, 1.0]]
    bench = Quadratic([1.0, 0, 0, 0.7, 0], curvature)
    names = ["theta_1", "theta_2", "theta_3", "theta_4"]
    found, _ = trimmed(bench, names, [1, -2, 2, 0.7, 0])
    assert found.kept == ("theta_1", "theta_4")


def test_one_term_takes_the_place_of_two_that_stand_in_for_it():
    """Filters of 30 and 120 ms together do what one of 60 ms does, and neither does it alone."""
    short, middle, long = (1.0, 0.3), (1.0, 0.0), (1.0, -0.3)
    features = np.array([short, middle, long])
    curvature = np.eye(5)
    curvature[:3, :3] = features @ features.T
    bench = Quadratic([0, 1.0, 0, 0.7, 0], curvature)
    found, _ = trimmed(bench, ["theta_1", "theta_3", "theta_4"], [0.5, 0, 0.5, 0.7, 0])
    assert found.kept == ("theta_2", "theta_4")


def test_every_kept_term_is_worth_it_and_says_how_surely():
    bench = Quadratic([1.0, 0, 0.5, 0, 0])
    found, looks = trimmed(bench, ["theta_1", "theta_3"], [1, 0, 0.5, 0, 0])
    assert found.kept == ("theta_1", "theta_3")
    assert found.inclusion == {"theta_1": 1.0, "theta_3": 1.0}
    assert found.without["theta_1"][0] == 0 and found.without["theta_3"][2] == 0
    assert all(look.kept != look.removed for look in looks.taken)


def test_a_gain_below_the_margin_buys_no_term():
    """theta_2 = 0.05 would gain 0.0025, half the margin."""
    bench = Quadratic([1.0, 0.05, 0, 0, 0], noise=0.005)
    found, _ = trimmed(bench, ["theta_1"], [1, 0, 0, 0, 0], margin=0.005)
    assert found.kept == ("theta_1",)


def test_the_looks_can_be_used_up():
    bench = Quadratic([1.0, 0, 0.5, 0, 0])
    names = ["theta_1", "theta_2", "theta_3"]
    found, looks = trimmed(bench, names, [1, 0.1, 0.5, 0, 0], looks=1)
    assert len(looks.taken) == 1
    assert set(found.kept) <= set(names) and set(found.without) == set(found.kept)


def test_nothing_is_compared_for_a_look_that_is_not_taken(monkeypatch):
    best, late = Trimming.best, []

    def recorded(self, name, places):
        late.extend([name] if self.looks.exhausted else [])
        return best(self, name, places)

    monkeypatch.setattr(Trimming, "best", recorded)
    bench = Quadratic([1.0, 0, 0.5, 0, 0])
    _, looks = trimmed(bench, NAMES[:3], [1, 0.1, 0.5, 0, 0], looks=1)
    assert looks.exhausted and not late


class Known(Quadratic):
    """A family whose reward is known of some sets of terms, whatever their coefficients."""

    def __init__(self):
        super().__init__([0] * 5)
        self.told = {"1234": 1.0, "123": 0.9955, "125": 0.9960, "12": 0.9915, "15": 0.9920}

    @each_place
    def rewards(self, values, key, lives):
        terms = "".join(name[-1] for name, v in zip(NAMES, values, strict=True) if v)
        rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
        return self.told.get(terms, 0.5) + rng.normal(0, 1e-5, lives)


def test_all_that_a_selection_loses_is_within_one_margin(monkeypatch):
    """An exchange that gains a little after a removal is no new mark to lose a margin from."""

    def refine(self, starts, terms, climbs=1):
        self.refits += 1
        return np.array([float(name in terms) for name in self.names])

    monkeypatch.setattr(Trimming, "refine", refine)
    monkeypatch.setattr(
        Trimming, "with_intervals", lambda self, values, terms: Refined(values, no_limits(5, ""))
    )
    found, _ = trimmed(Known(), NAMES[:4], [1, 1, 1, 1, 0], margin=0.005, lives=64)
    assert found.kept == ("theta_1", "theta_2", "theta_5")


def test_an_open_question_gets_more_lives_and_each_look_its_own():
    """A difference at the margin itself stays open until the lives are used up."""
    bench = Quadratic([1.0, 0.1, 0, 0, 0], noise=0.5)
    settings = PruneSettings(lives=64, most_lives=1024, margin=0.01, looks=10)
    looks = Looks(bench, settings, Stage(jax.random.key(1), Journal()))
    one, two = np.array([1.0, 0, 0, 0, 0]), np.array([1.0, 0.1, 0, 0, 0])
    last = looks.take(one, ("theta_1",), two, ("theta_1", "theta_2"))
    assert last is looks.taken[-1]
    assert [look.difference.lives for look in looks.taken][:2] == [64, 256]
    before = {key for key, _ in bench.met}
    looks.take(two, ("theta_1", "theta_2"), one, ("theta_1",))
    assert bench.met[-1][0] not in before
    assert settings.level == pytest.approx(0.995)


def test_no_look_accepts_a_rule_without_terms():
    bench = Quadratic([0.0, 0, 0, 0, 0])
    looks = Looks(bench, PruneSettings(lives=64), Stage(jax.random.key(1), Journal()))
    nothing, something = np.zeros(5), np.array([0.5, 0, 0, 0, 0])
    look = looks.take(nothing, (), something, ("theta_1",))
    assert look.difference.low > 0 and not look.accepted


def test_inclusion_is_of_the_rule_that_is_published():
    """After a move, what was said of the rule before it is no longer true."""
    bench = Quadratic([1.0, 0, 0.5, 0, 0])
    # The looks end with the move to theta_1 and theta_3: nobody asks what these are worth in it.
    for most in range(1, 12):
        found, looks = trimmed(bench, ["theta_1", "theta_2"], [1, 0.1, 0, 0, 0], looks=most)
        if set(found.kept) == {"theta_1", "theta_3"}:
            break
    assert looks.taken[-1].accepted and len(looks.taken) == most
    assert all(np.isnan(share) for share in found.inclusion.values())


def test_what_is_left_without_a_term_earns_no_less_than_nothing():
    """The start of a refit lies where it earns less than with all coefficients at 0."""
    curvature = np.eye(5)
    curvature[0, 1] = curvature[1, 0] = 0.9
    bench = Quadratic([3.0, -3.0, 0, 0, 0], curvature)
    found, _ = trimmed(bench, ["theta_1", "theta_2"], [3, -3, 0, 0, 0])
    assert found.kept == ("theta_1", "theta_2")
    nothing = -bench.best @ curvature @ bench.best
    for rest in found.without.values():
        assert -(rest - bench.best) @ curvature @ (rest - bench.best) >= nothing - 1e-9


@pytest.mark.parametrize(("terms", "mean"), [(2, -0.002), (3, 0.002), (4, 0.002), (4, 0.006)])
def test_inclusion_is_the_share_of_resamples_that_decide_otherwise(terms, mean):
    """Against decisions on fresh samples of the same size, about a rule of three terms."""
    rng, level, margin = np.random.default_rng(3), 0.99, 0.005
    population = rng.normal(mean, 0.02 if terms < 4 else 0.01, 100_000)
    needed = needed_for(terms, 3, margin)
    shares, kept = [], []
    for _ in range(200):
        sample = rng.choice(population, 400)
        shares.append(inclusion(sample, needed.low, level, needed.mean))
        kept.append(judged(estimate(sample, level), terms, 3, margin) != "accepted")
    assert np.mean(shares) == pytest.approx(np.mean(kept), abs=0.08)


def test_a_term_can_go_whose_coefficient_may_not_be_0():
    """What goes has the coefficient 0 in the vectors of the selection, whatever its bounds."""
    rule = parse(
        "param a = 1 in [-3, 3] free\nparam g = 0.9 in [0.5, 1] free\n"
        "e <- g*e + a*xi*pre : synapse\non reward: w += R*e"
    )
    bench = Bench(World(circuit=RateCircuit(neurons=4), task=DelayedAssociation()), rule)
    values = bench.vector({"a": 1.5}) * np.array([name != "g" for name in bench.names])
    rest = rounded_rule(bench, Refined(values, no_limits(2, "")), ["a"])
    assert rest.digest == parse("e <- 1.5*xi*pre : synapse\non reward: w += R*e").digest


def test_the_level_of_a_look_is_no_1():
    with pytest.raises(ValueError, match="less than or equal to 10000"):
        PruneSettings(looks=20_000)


def test_what_is_kept_begins_where_its_bounds_allow():
    bench = Quadratic([0] * 5)
    bench.bounds = np.array([[0.5, *[-4.0] * 4], [4.0] * 5])
    assert anew(bench, np.ones(5), ["theta_1", "theta_2"]).tolist() == [0.5, 0, 0, 0, 0]
    assert anew(bench, np.ones(5), ["theta_2"]).tolist() == [0.0] * 5
