"""Facts about the unsupervised rules, for linear neurons and given activity."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from following import eigen_patterns, follow, linear, repeat
from scipy.linalg import expm
from scipy.special import erfc


def test_hebb_is_the_exponential_of_the_correlations() -> None:
    patterns, (first, *_) = eigen_patterns([1.5, 0.5, 0.1])
    w0, steps = np.array([[0.2, -0.1, 0.3]]), 3000
    w = follow("hebb", w0, {"pre": repeat(patterns, steps)}, circuit=linear).state["w"]
    correlations = patterns.T @ patterns / len(patterns)
    np.testing.assert_allclose(w, w0 @ expm(0.001 * steps * correlations), rtol=0.02, atol=0.02)
    assert abs(w[0] @ first) / np.linalg.norm(w) > 0.998
    assert np.linalg.norm(w) > 5 * np.linalg.norm(w0)


@pytest.mark.parametrize("offset", [0.0, 3.0, -2.0])
def test_covariance_ignores_offsets(offset: float) -> None:
    t = 2 * np.pi * np.arange(20_000) / 100
    pre = np.sin(t)[None, :, None] + offset
    post = np.stack([np.sin(t - shift) for shift in (0.0, np.pi / 2, np.pi)], -1)[None] - offset
    means = {"pre_bar": jnp.full(1, offset), "post_bar": jnp.full(3, -offset)}
    activity = {"pre": pre, "post": post}
    course = follow("covariance", np.zeros((3, 1)), activity, {"tau_bar": 1e5} | means)
    np.testing.assert_allclose(
        course.state["w"][:, 0] / (0.001 * len(t)), [0.5, 0, -0.5], atol=0.01
    )


def test_covariance_multiplies_deviations() -> None:
    rng = np.random.default_rng(0)
    pre, post = rng.normal(1.0, 1.0, (1, 60, 2)), rng.normal(2.0, 1.0, (1, 60, 3))
    w = follow("covariance", np.zeros((3, 2)), {"pre": pre, "post": post}, {"tau_bar": 20.0})
    expected, x_bar, y_bar, keep = np.zeros((3, 2)), np.zeros(2), np.zeros(3), np.exp(-1 / 20)
    for x, y in zip(pre[0], post[0], strict=True):
        expected += 0.001 * np.outer(y - y_bar, x - x_bar)
        x_bar, y_bar = keep * x_bar + (1 - keep) * x, keep * y_bar + (1 - keep) * y
    np.testing.assert_allclose(w.state["w"], expected, rtol=1e-9)


@pytest.mark.parametrize("alpha", [1.0, 4.0])
def test_oja_finds_the_first_component(alpha: float) -> None:
    patterns, (first, *_) = eigen_patterns([1.0, 0.3, 0.1])
    pre = repeat(patterns, 8000)
    w = follow(
        "oja", [[0.1, 0.2, 0.1]], {"pre": pre}, {"alpha": alpha, "eta": 0.005}, circuit=linear
    ).state["w"][0]
    assert np.isclose(np.linalg.norm(w), alpha**-0.5, rtol=0.01)
    assert abs(w @ first) / np.linalg.norm(w) > 0.9999


def test_sanger_orders_the_components() -> None:
    patterns, basis = eigen_patterns([3.0, 1.5, 0.7, 0.2])
    w0 = 0.3 * np.random.default_rng(1).normal(size=(3, 4))
    pre = repeat(patterns, 60_000)
    w = follow("sanger", w0, {"pre": pre}, {"eta": 0.001}, circuit=linear).state["w"]
    np.testing.assert_allclose(w @ w.T, np.eye(3), atol=0.03)
    np.testing.assert_allclose(abs(w @ basis.T), np.eye(3, 4), atol=0.05)


PAIR = np.array([[1.0, 0.3], [0.3, 1.0]])


def test_bcm_becomes_selective() -> None:
    values = {"eta": 0.002, "tau_th": 100.0}
    w = follow("bcm", [[0.6, 0.4]], {"pre": repeat(PAIR, 30_000)}, values, circuit=linear).state[
        "w"
    ][0]
    np.testing.assert_allclose(sorted(PAIR @ w), [0, 2], atol=0.05)


def test_bcm_needs_a_fast_threshold() -> None:
    """eta tau_th = 1 is stable, 2 oscillates, 4 diverges."""
    tau, steps = 1000.0, 40_000

    @jax.jit
    @jax.vmap
    def responses(product):
        course = follow(
            "bcm",
            [[0.6, 0.4]],
            {"pre": repeat(PAIR, steps)},
            {"eta": product / tau, "tau_th": tau},
            circuit=linear,
        )
        return course.signals["post"][0, ::2, 0]

    stable, oscillating, diverging = responses(jnp.array([1.0, 2.0, 4.0]))[:, -steps // 8 :]
    assert np.std(stable) < 0.02
    assert 0.1 < np.std(oscillating) < 3
    assert not np.all(np.abs(diverging) < 100)


def test_foldiak_neurons_are_active_with_probability_p() -> None:
    n, steps = 8, 12_000
    drive = (
        1.5
        * np.random.default_rng(0).normal(size=(1, steps, 3))
        @ (np.random.default_rng(1).normal(size=(3, n)))
    )

    def layer(weights, bias, inputs, memory):
        y = jnp.zeros(n)
        for _ in range(20):  # the lateral inhibition settles while the input lasts
            y += 0.3 * (jax.nn.sigmoid(10 * (inputs["input"] + weights @ y + bias)) - y)
        y = (y > 0.5).astype(float)
        return {"pre": y, "post": y}, memory

    activity = {"input": drive}
    values = {"alpha": 0.1, "gamma": 0.02}
    course = follow("foldiak", np.zeros((n, n)), activity, values, circuit=layer)
    later = course.signals["post"][0, steps // 2 :]
    np.testing.assert_allclose(later.mean(0), 0.125, atol=0.01)
    w = course.state["w"]
    assert np.all(np.diag(w) == 0)
    assert np.all(w <= 0)
    pairs = later.T @ later / len(later)
    inhibited = w < -0.1
    assert inhibited.any(), "what is driven together inhibits each other"
    np.testing.assert_allclose(pairs[inhibited], 0.125**2, atol=0.006)
    free = (w == 0) & ~np.eye(n, dtype=bool)
    assert np.all(pairs[free] < 0.125**2 + 0.006)


def patterns_of_two_sides() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.uniform(size=(20, 3)) * (rng.uniform(size=(20, 3)) > 0.3), rng.uniform(size=(20, 2))


def test_instar_averages_over_what_excites_the_neuron() -> None:
    x, y = patterns_of_two_sides()
    activity = {"pre": repeat(x, 20_000), "post": repeat(y, 20_000)}
    w = follow("instar", np.zeros((2, 3)), activity).state["w"]
    np.testing.assert_allclose(w, (y.T @ x) / y.sum(0)[:, None], atol=0.005)


def test_outstar_averages_over_what_the_input_excites() -> None:
    x, y = patterns_of_two_sides()
    x[:, 2] = 0
    activity = {"pre": repeat(x, 20_000), "post": repeat(y, 20_000)}
    w = follow("outstar", np.zeros((2, 3)), activity).state["w"]
    np.testing.assert_allclose(w[:, :2], ((y.T @ x) / np.maximum(x.sum(0), 1))[:, :2], atol=0.005)
    assert np.all(w[:, 2] == 0)


def test_vogels_balances_every_channel() -> None:
    channels = np.eye(3)
    excitation = np.array([0.5, 1.0, 2.0])

    def neuron(weights, bias, inputs, memory):
        post = jax.nn.relu(inputs["excitation"] - weights @ inputs["pre"])
        return {"post": post}, memory

    activity = {"pre": repeat(channels, 9000), "excitation": repeat(excitation[:, None], 9000)}
    course = follow("vogels", np.zeros((1, 3)), activity, {"eta": 0.01}, circuit=neuron)
    np.testing.assert_allclose(course.signals["post"][0, -3:, 0], 0.1, atol=1e-6)
    quiet = activity | {"excitation": 0 * activity["excitation"]}
    course = follow("vogels", np.full((1, 3), 0.02), quiet, circuit=neuron)
    np.testing.assert_array_equal(course.state["w"], 0)


def test_scaling_keeps_ratios() -> None:
    pre = repeat(np.random.default_rng(0).uniform(size=(50, 3)), 100_000)
    values = {"kappa": 1e-3, "tau_bar": 200.0, "rho_0": 2.0}
    w0 = np.array([[0.1, 0.2, 0.4]])
    course = follow("synaptic_scaling", w0, {"pre": pre}, values, circuit=linear)
    assert np.isclose(course.signals["post"][0, -5000:].mean(), 2.0, rtol=1e-3)
    np.testing.assert_allclose(course.state["w"] / course.state["w"][0, 0], w0 / 0.1, rtol=1e-9)


@pytest.mark.parametrize(("load", "recalls"), [(0.08, True), (0.105, None), (0.2, False)])
def test_hopfield_errors(load: float, recalls: bool | None) -> None:
    n = 400
    count = round(load * n)
    patterns = np.random.default_rng(0).choice([-1.0, 1.0], size=(count, 1, n))
    w = follow("hopfield", np.zeros((n, n)), {"pre": patterns, "post": patterns}).state["w"]
    assert np.all(np.diag(w) == 0)
    s = patterns[:, 0]
    expected = 0.5 * erfc(np.sqrt(n / (2 * count)))
    spread = np.sqrt(expected / s.size)
    assert abs(np.mean(np.sign(s @ w.T) != s) - expected) < 5 * spread
    if recalls is not None:
        state = s
        for _ in range(30):
            state = np.sign(state @ w.T)
        assert (np.mean(state * s) > 0.98) == recalls


@pytest.mark.parametrize("power", [1.0, 2.0, 3.5])
def test_bcm_with_a_power_settles_at_y_0(power: float) -> None:
    pre = np.full((1, 20_000, 1), 0.8)
    values = {"p": power, "y_0": 1.5, "tau_bar": 50.0}
    course = follow("bcm_power", [[0.5]], {"pre": pre}, values, circuit=linear)
    np.testing.assert_allclose(course.signals["post"][0, -1], 1.5, rtol=1e-3)


def test_intrinsic_plasticity_makes_rates_exponential() -> None:
    pre = np.random.default_rng(0).normal(size=(1, 100_000, 1))

    def sigmoidal(weights, bias, inputs, memory):
        u = weights @ inputs["pre"] + bias
        return {"u": u, "post": jax.nn.sigmoid(u)}, memory

    course = follow("intrinsic_plasticity", [[1.0]], {"pre": pre}, circuit=sigmoidal)
    rates = np.sort(course.signals["post"][0, 50_000:, 0])
    assert np.isclose(rates.mean(), 0.1, rtol=0.05)
    quantiles = np.interp([0.25, 0.5, 0.75, 0.9], np.linspace(0, 1, len(rates)), rates)
    np.testing.assert_allclose(quantiles, -0.1 * np.log([0.75, 0.5, 0.25, 0.1]), rtol=0.15)
    np.testing.assert_array_equal(course.state["w"], 1.0)
    early = course.signals["post"][0, :2, 0]
    gain, offset = 1.0, 0.0  # its first steps by hand
    for x, y in zip(pre[0, :2, 0], early, strict=True):
        np.testing.assert_allclose(y, 1 / (1 + np.exp(-(gain * x + offset))), rtol=1e-9)
        change = 0.001 * (1 - (2 + 1 / 0.1) * y + y**2 / 0.1)
        gain, offset = gain + 0.001 / gain + x * change, offset + change
    two = follow("intrinsic_plasticity", [[1.0]], {"pre": pre[:, :2]}, circuit=sigmoidal).state
    np.testing.assert_allclose((two["a"][0], two["b"][0]), (gain, offset), rtol=1e-12)
