"""The fit's step: uphill, within bounds, back to the best on evidence."""

import numpy as np
import pytest

from grammar import RunError, parse
from rulegen.coordinates import Coordinates
from rulegen.estimators import MetaGradient, Pgpe
from rulegen.fit import Phase, init, refuse_hopeless, step

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
    return MetaGradient(np.asarray(gradient, float), np.ones(2), rewards, {"ok": 100})


def test_a_step_goes_uphill_in_the_free_parameters_only():
    state = init(np.zeros(3), FREE)
    after = step(state, PHASE, FREE, HERE, 0, estimate([1.0, -2.0], -0.5))
    assert after.values[0] == pytest.approx(0.1, rel=1e-3)
    assert after.values[1] == 0.0
    assert after.values[2] == pytest.approx(-0.1, rel=1e-3)


def test_bounds_hold():
    state = init(np.array([0.99, 0.0, 0.0]), FREE)
    after = step(state, PHASE, FREE, HERE, 0, estimate([1.0, 0.0], -0.5))
    assert after.values[0] == 1.0


def test_a_fall_sends_the_fit_back_with_half_the_step():
    state = init(np.zeros(3), FREE)
    state = step(state, PHASE, FREE, HERE, 0, estimate([1.0, 1.0], -0.2))
    fallen = step(state, PHASE, FREE, HERE, 1, estimate([1.0, 1.0], -0.4))
    assert fallen.values.tolist() == [0.0, 0.0, 0.0]
    assert fallen.scale == 0.5
    again = step(fallen, PHASE, FREE, HERE, 2, estimate([1.0, 1.0], -0.2))
    assert 0.0 < again.values[0] < state.values[0] * 0.6


def test_noise_alone_does_not_send_it_back():
    state = init(np.zeros(3), FREE)
    state = step(state, PHASE, FREE, HERE, 0, estimate([1.0, 1.0], -0.2, spread=1.0))
    after = step(state, PHASE, FREE, HERE, 1, estimate([1.0, 1.0], -0.4, spread=1.0))
    assert after.scale == 1.0


def test_ascent_reaches_the_top_of_a_hill():
    top = np.array([0.7, -0.4])
    state = init(np.zeros(3), FREE)
    for number in range(PHASE.iterations):
        here = state.values[FREE]
        reward = -float(((here - top) ** 2).sum())
        state = step(state, PHASE, FREE, HERE, number, estimate(2 * (top - here), reward))
    assert np.allclose(state.values[FREE], top, atol=0.03)


def test_only_complete_divergence_stops_a_fit():
    found = estimate([1.0, 1.0], -0.5)
    refuse_hopeless(found._replace(outcomes={"ok": 1, "diverged": 99}), "fit", 0)
    with pytest.raises(RunError, match="every life diverged in iteration 3 of fit"):
        refuse_hopeless(found._replace(outcomes={"ok": 0, "diverged": 99}), "fit", 2)


def test_equal_rewards_stop_a_fit():
    found = estimate([1.0, 1.0], -0.5, spread=0.0)._replace(outcomes={"ok": 100, "diverged": 0})
    with pytest.raises(RunError, match=r"every life has the same reward .* -0.5 per trial"):
        refuse_hopeless(found, "fit", 0)


def test_time_constants_move_in_their_logarithm():
    rule = parse("param tau = 50 ms in [10, 400] free\nde/dt = -e/tau + pre*post")
    here, free = Coordinates(rule.parameters), np.array([0])
    state, phase = init(np.array([50.0]), free), Phase(estimator=Pgpe(), rate=0.1)
    up = step(state, phase, free, here, 0, estimate([1e-3], -0.5))
    assert up.values[0] == pytest.approx(50 * np.exp(0.1), rel=1e-3)
    for _ in range(99):
        state = step(state, phase, free, here, 0, estimate([-1.0], -0.5))
    assert state.values[0] == pytest.approx(10.0), "never negative, never below its bound"
