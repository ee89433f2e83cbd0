"""A planted optimum: where the best eligibility is known in closed form, the fit finds it."""

import jax
import numpy as np
import pytest

from benchmarks.linear import best, rule, world
from rulegen.estimators import Pathwise, Pgpe, Score
from rulegen.fitting.ascent import Phase, fit
from rulegen.fitting.refine import RefineSettings, with_intervals
from rulegen.ground.journal import Journal
from rulegen.ground.stage import Stage
from rulegen.lives.bench import Bench


@pytest.fixture
def bench():
    return Bench(world(), rule("a*xi*pre + 2*b*pre + 3*d*xi"))


PHASES = {
    "score": Score(lives=16384, gamma=1, exact=True, clip=0),
    "pgpe": Pgpe(lives=16384, sigma=0.01, clip=0),
    "pathwise": Pathwise(lives=8192, clip=0),
}


@pytest.mark.long
@pytest.mark.parametrize("estimator", PHASES.values(), ids=PHASES)
def test_every_estimator_climbs_to_it(bench, estimator):
    phase = Phase(estimator=estimator, iterations=40, rate=0.004, choice_lives=20_000)
    a, b, d = fit(bench, [phase], Stage(jax.random.key(1), Journal()))
    assert a == pytest.approx(best(), rel=0.25)
    assert abs(b) < 0.25 * best()
    assert abs(d) < 0.25 * best()


@pytest.mark.long
def test_the_intervals_hold_it(bench):
    settings = RefineSettings(lives=20_000, most_lives=20_000, width=0.5, least=0.03)
    stage = Stage(jax.random.key(2), Journal(), name="refine")
    found = with_intervals(bench, bench.vector({}), bench.free, settings, stage)
    planted = np.array([best(), 0.0, 0.0])
    low, high, why = zip(*found.limits, strict=True)
    assert not any(why)
    assert np.all(low < planted), (found, planted)
    assert np.all(planted < high), (found, planted)
    # One life in ten thousand weighs hundreds of times the mean, so they cannot be narrow.
    assert np.all(np.subtract(high, low) < 0.6 * best()), "the intervals say something"
