"""A planted optimum: where the best eligibility is known in closed form, the fit finds it.

A linear circuit of N neurons with weights W = 0 at first sees a cue, u1 = v + sigma xi1, and
answers, y = c.u2 with u2 = W u1 + sigma xi2. With R = -(y - t)^2 and the fixed baseline
m = -t^2 - sigma^2, its mean, the first of two trials leaves W = (R - m) e with

    e = a xi2 u1^T + 2 b 1 u1^T + 3 d (xi1 + xi2) 1^T .

The expected reward of the second trial is a quadratic of (a, b, d). By symmetry (c -> -c, v -> -v)
nothing is linear in b and d, and no product of two coefficients has a mean, so b = d = 0 and

    a = 2 t E[(R - m) z] E[u1.u1'] / 2 E[(R - m)^2 z^2] E[(u1.u1')^2] ,   z = c.xi2 ,

with Gaussian moments of v ~ N(0, I), c ~ N(0, I/N).
"""

import jax
import numpy as np
import pytest

from grammar import parse
from rulegen.circuits import RateCircuit
from rulegen.estimators import Pathwise, Pgpe, Score
from rulegen.fit import Phase, fit
from rulegen.journal import Journal
from rulegen.life import LifeSettings
from rulegen.lives import World
from rulegen.refine import RefineSettings, refine
from rulegen.tasks import Task, Trial
from rulegen.workbench import Workbench

N, SIGMA, TARGET = 8, 0.3, 1.0


class Answer(Task):
    """One cue, one step later one answer."""

    name: str = "answer"
    conditions = property(lambda self: 1)
    channels = property(lambda self: 1)
    periods = property(lambda self: {"cue": 10.0, "response": 10.0})
    chance = property(lambda self: 0.0)

    def trial(self, stream, condition, dt):
        cue, response = self.window("cue", dt), self.window("response", dt)
        return Trial(cue[:, None], TARGET * response[:, None], response)


def best():
    """The best coefficient of xi*pre."""
    s2, t2 = SIGMA**2, TARGET**2
    z2, z4, z6 = 1.0, 3 * (1 + 2 / N), 15 * (1 + 2 / N) * (1 + 4 / N)  # E[z^2] and so on
    slope = 2 * SIGMA * TARGET * z2 * N
    curvature = s2**2 * (z6 - 2 * z4 + z2) + 4 * s2 * t2 * z4
    curvature *= N**2 + 2 * N + 2 * s2 * N + N * s2**2
    return TARGET * slope / curvature


@pytest.fixture
def bench():
    world = World(
        circuit=RateCircuit(neurons=N, rate="linear", gain=0, noise=SIGMA, dt=10, tau=10),
        task=Answer(),
        life=LifeSettings(trials=2, warmup=0, weight_limit=1e6, floor=-1e6),
    )
    baseline = -(TARGET**2) - SIGMA**2
    rule = parse(f"""
        param a = 0.01 free
        param b = 0.01 free
        param d = 0.01 free
        e <- e + a*xi*pre + 2*b*pre + 3*d*xi : synapse
        on trial start: e <- 0
        on reward: w += (R - ({baseline}))*e
    """)
    return Workbench(world, rule)


PHASES = {
    "score": Score(lives=16384, gamma=1, exact=True, clip=0),
    "pgpe": Pgpe(lives=16384, sigma=0.01, clip=0),
    "pathwise": Pathwise(lives=8192, clip=0),
}


@pytest.mark.parametrize("estimator", PHASES.values(), ids=PHASES)
def test_every_estimator_climbs_to_it(bench, estimator, tmp_path):
    phase = Phase(estimator=estimator, iterations=40, rate=0.004, choice_lives=20_000)
    with Journal(tmp_path / "history.jsonl", "x") as journal:
        a, b, d = fit(bench, [phase], jax.random.key(1), journal)
    assert a == pytest.approx(best(), rel=0.25)
    assert abs(b) < 0.25 * best()
    assert abs(d) < 0.25 * best()


def test_the_intervals_hold_it(bench, tmp_path):
    settings = RefineSettings(lives=20_000, width=0.5, least=0.03)
    with Journal(tmp_path / "history.jsonl", "x") as journal:
        found = refine(
            bench, bench.vector({}), bench.free, settings, jax.random.key(2), journal, "refine"
        )
    planted = np.array([best(), 0.0, 0.0])
    assert np.all(found.low < planted), (found, planted)
    assert np.all(planted < found.high), (found, planted)
    assert np.all(found.high - found.low < 0.5 * best()), "the intervals say something"
