"""Facts about synapses with several states: consolidation, bistability, probabilities."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from following import follow, repeat


def test_beakers_keep_what_is_poured_in() -> None:
    silent = np.zeros((1, 80_000, 1))
    activity = {"pre": silent, "post": silent.copy()}
    activity["pre"][0, 0] = activity["post"][0, 0] = 1.0
    values = {"eta": 1.0, "tau": 20.0}
    lasting = {n: {k: v[:, :n] for k, v in activity.items()} for n in (60, 240, 960, 80_000)}
    ends = {n: follow("benna_fusi", [[0.0]], a, values).state for n, a in lasting.items()}
    for end in ends.values():
        total = end["w"] + 2 * end["u_2"] + 4 * end["u_3"] + 8 * end["u_4"]
        np.testing.assert_allclose(total, 1.0, rtol=0.05)
    w60, w240, w960, rest = (float(end["w"][0, 0]) for end in ends.values())
    exponents = np.log([w60 / w240, w240 / w960]) / np.log(4)
    np.testing.assert_allclose(exponents, 0.5, atol=0.15)
    assert np.isclose(rest, 1 / 15, rtol=0.05)


@pytest.mark.parametrize(("start", "end"), [(0.45, 0.0), (0.55, 1.0)])
def test_efficacy_is_bistable_without_calcium(start: float, end: float) -> None:
    silent = np.zeros((1, 5000, 1))
    activity = {"pre_spike": silent, "post_spike": silent}
    w = follow("graupner_brunel", [[start]], activity, {"tau_rho": 50.0}).state["w"]
    np.testing.assert_allclose(w, end, atol=1e-3)


@pytest.mark.parametrize(
    ("calcium", "balance"), [(0.9, 1.0), (1.2, 0.0), (1.6, 321.808 / (321.808 + 200))]
)
def test_calcium_decides(calcium: float, balance: float) -> None:
    rate = np.full((1, 6000, 1), calcium / 20)
    activity = {"pre_spike": rate / 3, "post_spike": rate / 3}  # 1 and 2 units of calcium
    states = {"c": jnp.full((1, 1), calcium)}
    values = {"tau_rho": 20_000.0}
    w = follow("graupner_brunel", [[0.8]], activity, values | states, dt=0.2).state["w"]
    expected = 0.8 if balance == 1.0 else balance
    np.testing.assert_allclose(w, expected, atol=0.01)


@pytest.mark.parametrize("dependence", [0.0, 0.8])
def test_bcpnn_is_the_log_of_a_ratio(dependence: float) -> None:
    rng = np.random.default_rng(0)
    pre = (rng.uniform(size=(2000, 1)) < 0.3).astype(float)
    other = (rng.uniform(size=(2000, 1)) < 0.4).astype(float)
    post = np.where(rng.uniform(size=(2000, 1)) < dependence, pre, other)
    patterns = {"pre": repeat(pre, 60_000), "post": repeat(post, 60_000)}
    course = follow("bcpnn", [[0.0]], patterns, {"tau_p": 1e4, "epsilon": 1e-6})
    expected = np.log((pre * post).mean() / (pre.mean() * post.mean()))
    np.testing.assert_allclose(course.state["w"], expected, atol=0.03)
    assert (expected > 0.5) if dependence else (abs(expected) < 0.1)


def test_bcpnn_has_a_floor_and_a_bias() -> None:
    def neuron(weights, bias, inputs, memory):
        return {"post": inputs["active"]}, bias

    activity = {"pre": np.full((1, 4000, 1), 0.5), "active": np.full((1, 4000, 1), 0.2)}
    values = {"tau_p": 200.0, "epsilon": 0.1}
    course = follow("bcpnn", [[0.0]], activity, values, circuit=neuron, memory=jnp.zeros(1))
    np.testing.assert_allclose(course.memory, np.log(0.2 + 0.1), rtol=1e-6)
    expected = np.log((0.5 * 0.2 + 0.01) / ((0.5 + 0.1) * (0.2 + 0.1)))
    np.testing.assert_allclose(course.state["w"], expected, rtol=1e-6)


def test_a_strong_change_rescues_a_weak_one() -> None:
    steps = 60_000
    pre = np.zeros((1, steps, 2))
    pre[0, :400, 0] = 1.0  # weak on the first synapse
    post = np.ones((1, steps, 1))
    circuit = {"circuit": lambda w, bias, inputs, memory: ({}, w), "memory": np.zeros((1, 2))}
    start = {"pre": pre[:, :300], "post": post[:, :300]}
    course = follow("tag_and_capture", np.zeros((1, 2)), start, **circuit)
    np.testing.assert_allclose(course.memory[0], [0.29, 0], atol=0.02)

    def late(activity):
        values = {"tau_h": 5000.0, "tau_p": 2000.0, "tau_z": 500.0}
        course = follow("tag_and_capture", np.zeros((1, 2)), activity, values, **circuit)
        early, total = course.state["h"], course.memory
        np.testing.assert_allclose(early, 0, atol=1e-3)
        assert np.all(course.state["z"] < 1)
        np.testing.assert_allclose(total, course.state["z"], atol=1e-3)
        return course.state["z"][0]

    weak = late({"pre": pre, "post": post})
    pre[0, :1500, 1] = 1.0
    both = late({"pre": pre, "post": post})
    np.testing.assert_array_equal(weak, 0)
    assert np.all(both > 0.5)
    pre[0, :, 0] = 0.0
    alone = late({"pre": pre, "post": post})
    assert alone[0] == 0
    assert alone[1] > 0.5
