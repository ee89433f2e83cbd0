"""Facts about the rules of spike timing."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from following import follow

SIZES = {"A_plus": 0.5, "A_minus": 0.3}


def window(dt: float, distances: np.ndarray) -> np.ndarray:
    """The change of the weight by one pair of spikes, for each distance t_post - t_pre."""
    steps = int(300 / dt)

    @jax.vmap
    def change(distance):
        step, middle = jnp.arange(steps), steps // 2
        pre = (step == middle) / dt
        post = (step == middle + distance) / dt
        activity = {"pre_spike": pre[None, :, None], "post_spike": post[None, :, None]}
        return follow("stdp_pair", [[0.0]], activity, SIZES, dt=dt).state["w"][0, 0]

    return np.asarray(change(jnp.asarray(np.round(distances / dt).astype(int))))


@pytest.mark.parametrize("dt", [1.0, 0.25])
def test_the_window_of_pair_stdp(dt: float) -> None:
    d = np.array([-60.0, -20.0, -5.0, -1.0, 0.0, 1.0, 5.0, 20.0, 60.0])
    expected = np.where(d > 0, 0.5 * np.exp(-d / 17), -0.3 * np.exp(d / 34)) * (d != 0)
    np.testing.assert_allclose(window(dt, d), expected, atol=1e-12)


def test_pair_stdp_at_constant_rates() -> None:
    """Spread evenly, the impulses are rates: the drift is (A+ tau+ - A- tau-) x y."""
    dt, steps, x, y = 0.1, 40_000, 0.02, 0.03
    activity = {"pre_spike": np.full((1, steps, 1), x), "post_spike": np.full((1, steps, 1), y)}
    weights = [
        follow("stdp_pair", [[0.0]], {k: v[:, :n] for k, v in activity.items()}, SIZES, dt=dt)
        for n in (steps // 2, steps)
    ]
    drift = (weights[1].state["w"] - weights[0].state["w"]) / (dt * steps / 2)
    np.testing.assert_allclose(drift, (0.5 * 17 - 0.3 * 34) * x * y, rtol=0.02)


def test_stdp_of_rates() -> None:
    """Constant rates: (A+ - A-) x y. Two pulses: the order decides."""
    steps = 3000
    activity = {"pre": np.full((1, steps, 1), 0.7), "post": np.full((1, steps, 1), 0.4)}
    traces = {"pre_tr": jnp.array([0.7]), "post_tr": jnp.array([0.4])}
    drift = follow("stdp_rate", [[0.0]], activity, SIZES | traces).state["w"] / steps
    np.testing.assert_allclose(drift, 0.2 * 0.7 * 0.4, rtol=1e-9)
    first, second = np.zeros((2, 1, 400, 1))
    first[0, 100], second[0, 110] = 1.0, 1.0
    forward = follow("stdp_rate", [[0.0]], {"pre": first, "post": second}, SIZES).state["w"]
    backward = follow("stdp_rate", [[0.0]], {"pre": second, "post": first}, SIZES).state["w"]
    np.testing.assert_allclose(forward, 0.5 / 17 * np.exp(-10 / 17), rtol=0.1)
    np.testing.assert_allclose(backward, -0.3 / 34 * np.exp(-10 / 34), rtol=0.1)


def test_r_max_learns_the_covariance_with_the_reward() -> None:
    trials, steps, rng = 300, 60, np.random.default_rng(0)
    spikes = (rng.uniform(size=(2, trials, steps, 1)) < 0.15).astype(float)
    rewards = rng.normal(size=trials) + 2.0
    values = {"eta": 0.1, "tau_e": 40.0}
    course = follow(
        "r_max",
        [[0.0]],
        {"pre_spike": spikes[0], "post_spike": spikes[1]},
        values,
        rewards=jnp.asarray(rewards),
    )
    e, x, y, now = [], 0.0, 0.0, 0.0  # the traces by hand
    for pre, post in zip(spikes[0, :, :, 0], spikes[1, :, :, 0], strict=True):
        for s, p in zip(pre, post, strict=True):
            kick = x * p - y * s
            x, y = (x + s) * np.exp(-1 / 20), (y + p) * np.exp(-1 / 20)
            now = (now + kick / 40) * np.exp(-1 / 40)
        e.append(now)
    np.testing.assert_allclose(course.history["e"][:, 0, 0], e, rtol=1e-9)
    b = np.concatenate([[0.0], course.history["R_bar"][:-1]])
    assert np.isclose(b[-1], rewards.mean(), atol=1.0)
    gain = rewards - b
    covariance = np.mean(gain * e) - gain.mean() * np.mean(e)
    mean = 0.1 * (covariance + gain.mean() * np.mean(e))
    np.testing.assert_allclose(course.state["w"][0, 0] / trials, mean, rtol=1e-9)


def test_triplets_potentiate_above_a_threshold_rate() -> None:
    """(A3+ tau+ tau_y y - A2- tau-) x y at constant rates."""
    dt, steps, x = 0.2, 10_000, 0.02
    threshold = 0.0071 * 33.7 / (0.0065 * 16.8 * 114)
    for y in (0.5 * threshold, 2 * threshold):
        spikes = {"pre_spike": np.full((1, steps, 1), x), "post_spike": np.full((1, steps, 1), y)}
        traces = {
            "r1": jnp.full(1, 16.8 * x),
            "r2": jnp.full(1, 101 * x),
            "o1": jnp.full(1, 33.7 * y),
            "o2": jnp.full(1, 114 * y),
        }
        w = follow("triplet_stdp", [[0.0]], spikes, traces, dt=dt).state["w"][0, 0]
        expected = (0.0065 * 16.8 * 114 * y - 0.0071 * 33.7) * x * y
        np.testing.assert_allclose(w / (dt * steps), expected, rtol=0.05)
    assert w > 0


def test_a_triplet_needs_both_postsynaptic_spikes() -> None:
    spikes = np.zeros((2, 1, 200, 1))
    spikes[0, 0, 100], spikes[1, 0, 110] = 1.0, 1.0
    one = {"pre_spike": spikes[0], "post_spike": spikes[1].copy()}
    assert follow("triplet_stdp", [[0.0]], one).state["w"] == 0
    spikes[1, 0, 90] = 1.0
    two = {"pre_spike": spikes[0], "post_spike": spikes[1]}
    expected = 0.0065 * np.exp(-10 / 16.8 - 20 / 114) - 0.0071 * np.exp(-10 / 33.7)
    np.testing.assert_allclose(follow("triplet_stdp", [[0.0]], two).state["w"], expected, rtol=1e-9)
    mirrored = {"pre_spike": spikes[1], "post_spike": spikes[0]}
    sizes = {"A2_minus": 0.001, "A3_minus": 0.002, "A3_plus": 0.0}
    expected = -(0.001 + 0.002 * np.exp(-20 / 101)) * np.exp(-10 / 33.7)
    w = follow("triplet_stdp", [[0.0]], mirrored, sizes).state["w"]
    np.testing.assert_allclose(w, expected, rtol=1e-9)


@pytest.mark.parametrize("u", [-75.0, -60.0, -44.0, -43.0])
def test_clopath_at_a_clamped_potential(u: float) -> None:
    dt, steps, x = 0.05, 4000, 0.02
    activity = {"pre_spike": np.full((1, steps, 1), x), "u": np.full((1, steps, 1), u)}
    states = {"x_bar": jnp.full(1, x), "u_minus": jnp.full(1, u), "u_plus": jnp.full(1, u)}
    w = follow("clopath", [[1.0]], activity, states, dt=dt).state["w"][0, 0] - 1
    above = max(u + 70.6, 0)
    expected = x * above * (8e-5 * max(u + 45.3, 0) - 14e-5)
    np.testing.assert_allclose(w / (dt * steps), expected, rtol=0.02)
    assert np.sign(expected) == {-75.0: 0, -60.0: -1, -44.0: -1, -43.0: 1}[u]


def test_dopamine_meets_the_tag() -> None:
    steps = 6000
    spikes, reward = np.zeros((2, 1, steps, 1)), np.zeros((1, steps))
    spikes[0, 0, 10], spikes[1, 0, 15] = 1.0, 1.0
    for at in (1015, 2015):
        reward[:], reward[0, at] = 0.0, 0.5
        activity = {"pre_spike": spikes[0], "post_spike": spikes[1], "R": reward}
        w = follow("dopamine_stdp", [[0.0]], activity).state["w"][0, 0]
        tag = np.exp(-5 / 20) * np.exp(-(at - 15) / 1000)
        np.testing.assert_allclose(w, 0.001 * tag * 0.5 / (1 / 1000 + 1 / 200), rtol=0.01)
    swapped = {"pre_spike": spikes[1], "post_spike": spikes[0], "R": reward}
    tag = follow("dopamine_stdp", [[0.0]], swapped).state["c"]
    np.testing.assert_allclose(tag, -1.5 * np.exp(-5 / 20 - (steps - 15) / 1000), rtol=1e-9)
    reward[:] = 0.0
    assert follow("dopamine_stdp", [[0.0]], activity | {"R": reward}).state["w"] == 0


@pytest.mark.parametrize("order", [1, -1])
def test_reward_turns_depression_into_potentiation(order: int) -> None:
    spikes = np.zeros((2, 1, 500, 1))
    spikes[0, 0, 100], spikes[1, 0, 100 + 8 * order] = 1.0, 1.0
    activity = {"pre_spike": spikes[0], "post_spike": spikes[1]}
    window = np.exp(-8 / 10)
    for reward in (0.0, 1.0):
        w = follow("sequential_neuromodulation", [[0.5]], activity, rewards=jnp.array([reward]))
        kept = np.exp(-(500 - max(100, 100 + 8 * order)) / 2000)
        expected = 0.5 - 0.002 * window + 0.01 * reward * window * kept
        np.testing.assert_allclose(w.state["w"], expected, rtol=1e-9)
