"""Facts about rules in which it matters what came before: resets, suppression, bursts, delays."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from following import follow, linear, repeat


def trains(steps: int, pre: list[int], post: list[int]) -> dict[str, np.ndarray]:
    spikes = {"pre_spike": np.zeros((1, steps, 1)), "post_spike": np.zeros((1, steps, 1))}
    spikes["pre_spike"][0, pre] = 1.0
    spikes["post_spike"][0, post] = 1.0
    return spikes


def test_only_the_nearest_spike_pairs() -> None:
    spikes = trains(200, pre=[100, 105], post=[115])
    nearest = follow("stdp_nearest", [[0.0]], spikes).state["w"]
    every = follow("stdp_pair", [[0.0]], spikes).state["w"]
    np.testing.assert_allclose(nearest, 0.005 * np.exp(-10 / 17), rtol=1e-9)
    np.testing.assert_allclose(every - nearest, 0.005 * np.exp(-15 / 17), rtol=1e-9)
    backward = follow("stdp_nearest", [[0.0]], trains(200, pre=[115], post=[100, 105]))
    np.testing.assert_allclose(backward.state["w"], -0.00525 * np.exp(-10 / 34), rtol=1e-9)


def test_a_spike_suppresses_the_next_of_its_neuron() -> None:
    w = follow("stdp_suppression", [[0.0]], trains(200, pre=[100, 110], post=[120])).state["w"]
    second = (1 - np.exp(-10 / 28)) * np.exp(-10 / 13.3)
    np.testing.assert_allclose(w, 0.0103 * (np.exp(-20 / 13.3) + second), rtol=1e-9)
    w = follow("stdp_suppression", [[0.0]], trains(200, pre=[120], post=[100, 110])).state["w"]
    second = (1 - np.exp(-10 / 88)) * np.exp(-10 / 34.5)
    np.testing.assert_allclose(w, -0.0051 * (np.exp(-20 / 34.5) + second), rtol=1e-9)


def test_law_and_cooper_end_where_bcm_does() -> None:
    pair = np.array([[1.0, 0.3], [0.3, 1.0]])
    values = {"eta": 0.002, "tau_th": 100.0}
    activity = {"pre": repeat(pair, 30_000)}
    w = follow("law_cooper", [[0.6, 0.4]], activity, values, circuit=linear).state["w"][0]
    np.testing.assert_allclose(sorted(pair @ w), [0, 2], atol=0.05)


def test_law_and_cooper_divide_by_the_threshold() -> None:
    now = {"pre": np.ones((1, 1, 1)), "post": np.full((1, 1, 1), 3.0)}
    states = {"th": jnp.full(1, 2.5)}
    w = follow("law_cooper", [[0.0]], now, states).state["w"]
    np.testing.assert_allclose(2.5 * w, follow("bcm", [[0.0]], now, states).state["w"])


@pytest.mark.parametrize("bursts", [0, 20, 100])
def test_bursts_count_against_their_running_probability(bursts: int) -> None:
    """100 events, some of them bursts of two, at a burst probability that stays 0.2."""
    starts = [200 + 100 * k for k in range(100)]
    post = sorted(starts + [t + 10 for t in starts[:bursts]])
    spikes = trains(10_200, pre=[], post=post)
    spikes["pre_spike"][:] = np.exp(1 / 50) - 1  # keeps the trace at 1
    values, states = {"tau_P": 1e7}, {"pre_tr": jnp.ones(1)}
    w = follow("burst_dependent", [[0.0]], spikes, values | states).state["w"]
    np.testing.assert_allclose(w, 0.001 * (bursts - 0.2 * 100), rtol=0.02, atol=2e-4)


def test_a_triplet_is_one_burst() -> None:
    states = {"pre_tr": jnp.ones(1)}
    values = {"tau_P": 1e7, "tau_pre": 1e3}
    two = follow("burst_dependent", [[0.0]], trains(300, [], [100, 110]), values | states)
    three = follow("burst_dependent", [[0.0]], trains(300, [], [100, 110, 118]), values | states)
    assert two.state["w"] > 0
    np.testing.assert_allclose(three.state["w"], two.state["w"], rtol=1e-12)


@pytest.mark.parametrize("delay", [100, 1000, 3000])
def test_a_late_reward_finds_depression(delay: int) -> None:
    spikes = trains(21 + delay, pre=[10], post=[20])
    w = follow("two_eligibilities", [[0.0]], spikes, rewards=jnp.array([1.0])).state["w"]
    t = delay + 1
    left = np.exp(-10 / 20) * (np.exp(-t / 1000) - 0.5 * np.exp(-t / 3000))
    np.testing.assert_allclose(w, 0.01 * left, rtol=1e-9)
    assert (w > 0) == (delay < 1500 * np.log(2))
