"""The fit's step: uphill, within bounds, back to the best on evidence."""

import jax
import numpy as np
import pytest
from places import each_place

from rulegen.estimators import Estimator, MetaGradient, Pgpe
from rulegen.estimators.coordinates import Coordinates
from rulegen.fitting.ascent import Phase, init, refuse_hopeless, run_phase, step
from rulegen.grammar import RunError, parse
from rulegen.ground.journal import Journal
from rulegen.ground.stage import Stage
from rulegen.lives.outcomes import Outcomes

FREE = np.array([0, 2])
RULE = parse("""
    param a = 0 in [-1, 1]
    param b = 0 in [-1, 1]
    param c = 0 in [-1, 1]
    dw/dt = a*pre + b*post + c*pre*post
""")
HERE = Coordinates(RULE.parameters)
PHASE = Phase(estimator=Pgpe(), iterations=100, rate=0.1)


def estimate(gradient, reward, spread=0.01):
    rewards = reward + spread * np.array([-1.0, 1.0] * 50)
    return MetaGradient(np.asarray(gradient, float), np.ones(2), rewards, Outcomes(100), 0, 100)


def test_a_step_goes_uphill_in_the_free_parameters_only():
    state = init(np.zeros(3), FREE, PHASE)
    after = step(state, PHASE, FREE, HERE, 0, estimate([1.0, -2.0], -0.5))
    assert after.values[0] == pytest.approx(0.1, rel=1e-3)
    assert after.values[1] == 0.0
    assert after.values[2] == pytest.approx(-0.1, rel=1e-3)


def test_bounds_hold():
    state = init(np.array([0.99, 0.0, 0.0]), FREE, PHASE)
    after = step(state, PHASE, FREE, HERE, 0, estimate([1.0, 0.0], -0.5))
    assert after.values[0] == 1.0


def test_a_fall_sends_the_fit_back_with_half_the_step():
    state = init(np.zeros(3), FREE, PHASE)
    state = step(state, PHASE, FREE, HERE, 0, estimate([1.0, 1.0], -0.2))
    fallen = step(state, PHASE, FREE, HERE, 1, estimate([1.0, 1.0], -0.4))
    assert fallen.values.tolist() == [0.0, 0.0, 0.0]
    assert fallen.scale == 0.5
    again = step(fallen, PHASE, FREE, HERE, 2, estimate([1.0, 1.0], -0.2))
    assert 0.0 < again.values[0] < state.values[0] * 0.6


def test_noise_alone_does_not_send_it_back():
    state = init(np.zeros(3), FREE, PHASE)
    state = step(state, PHASE, FREE, HERE, 0, estimate([1.0, 1.0], -0.2, spread=1.0))
    after = step(state, PHASE, FREE, HERE, 1, estimate([1.0, 1.0], -0.4, spread=1.0))
    assert after.scale == 1.0


def test_ascent_reaches_the_top_of_a_hill():
    top = np.array([0.7, -0.4])
    state = init(np.zeros(3), FREE, PHASE)
    for number in range(PHASE.iterations):
        here = state.values[FREE]
        reward = -float(((here - top) ** 2).sum())
        state = step(state, PHASE, FREE, HERE, number, estimate(2 * (top - here), reward))
    assert np.allclose(state.values[FREE], top, atol=0.03)


def test_only_complete_divergence_stops_a_fit():
    found = estimate([1.0, 1.0], -0.5)
    refuse_hopeless(found._replace(outcomes=Outcomes(1, 99)), "fit", 0)
    with pytest.raises(RunError, match="every life diverged in iteration 3 of fit"):
        refuse_hopeless(found._replace(outcomes=Outcomes(0, 99)), "fit", 2)


def test_equal_rewards_stop_a_fit():
    found = estimate([1.0, 1.0], -0.5, spread=0.0)._replace(outcomes=Outcomes(100))
    with pytest.raises(RunError, match=r"every life has the same reward .* -0.5 per trial"):
        refuse_hopeless(found, "fit", 0)


def test_time_constants_move_in_their_logarithm():
    rule = parse("param tau = 50 ms in [10, 400] free\nde/dt = -e/tau + pre*post")
    here, free = Coordinates(rule.parameters), np.array([0])
    phase = Phase(estimator=Pgpe(), rate=0.1)
    state = init(np.array([50.0]), free, phase)
    up = step(state, phase, free, here, 0, estimate([1e-3], -0.5))
    assert up.values[0] == pytest.approx(50 * np.exp(0.1), rel=1e-3)
    for _ in range(99):
        state = step(state, phase, free, here, 0, estimate([-1.0], -0.5))
    assert state.values[0] == pytest.approx(10.0), "never negative, never below its bound"


def test_lives_grow_while_the_gradient_drowns():
    phase = Phase(estimator=Pgpe(lives=100), iterations=100, signal=3.0, most_lives=300)
    state, lives = init(np.zeros(3), FREE, phase), []
    for gradient in ([9.0, 0.0], [1.0, 0.0], [0.5, 0.0], [1.0, 0.0], [9.0, 0.0]):
        state = step(state, phase, FREE, HERE, 0, estimate(gradient, -0.5))
        lives.append(state.lives)
    assert lives == [100, 200, 300, 300, 300], "errors are 1 along both parameters"
    assert init(np.zeros(3), FREE, PHASE).lives == PHASE.estimator.lives
    more = phase.model_copy(update={"most_lives": 50})
    assert (
        step(init(np.zeros(3), FREE, more), more, FREE, HERE, 0, estimate([0, 0], 0)).lives == 100
    )


class Hill(Estimator):
    """A gradient without lives: the reward is -(a - 0.5)^2, with noise that never hides it."""

    name: str = "hill"
    lives: int = 2

    def estimate(self, lives, values, free, key, tick=None):
        slope = 2 * (0.5 - values[free])
        reward = -float(((values[free] - 0.5) ** 2).sum())
        rewards = reward + np.array([-1e-3, 1e-3] * (self.lives // 2))
        outcomes = Outcomes(self.lives)
        return MetaGradient(slope, np.ones(len(free)), rewards, outcomes, 0, self.lives)


class HillBench:
    """What a phase needs of a bench, on the hill."""

    identity = "hill"
    rule, plain = parse("param a = 0 in [-9, 9] free\ndw/dt = a*pre"), None

    @property
    def benches(self):
        return {"": self}

    @each_place
    def rewards(self, values, key, lives):
        return -((values[0] - 0.5) ** 2) + 1e-3 * np.sin(np.arange(lives))


def run(journal, start=0.0, **settings):
    phase = Phase.model_construct(**{**PHASE.model_dump(), "estimator": Hill(), **settings})
    stage = Stage(jax.random.key(0), journal, name="fit")
    return run_phase(HillBench(), phase, np.array([start]), np.array([0]), stage)


def test_a_plateau_ends_a_phase():
    journal = Journal()
    assert run(journal, iterations=100, plateau=5)[0] == pytest.approx(0.5, abs=0.05)
    iterations = [name for name in journal.names if name.rpartition("/")[2].isdigit()]
    assert 10 <= len(iterations) < 60
    assert len(iterations) % 5 == 0


def test_the_best_of_several_starts_is_returned():
    """From far away a few short steps do not arrive, but one start among many is near the top."""
    journal, other = Journal(), Journal()
    alone = run(journal, start=-2.0, iterations=2)
    several = run(other, start=-2.0, iterations=2, starts=12, spread=2.0)
    assert "fit, start 12/1" in other
    first = {name: result for (name, _), result in other.results.items()}["fit/0"]
    assert first in journal.results.values(), "the first start is the same"
    assert alone[0] < -1.7
    assert several[0] == pytest.approx(0.5, abs=0.3)
