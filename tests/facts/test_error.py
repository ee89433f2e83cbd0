"""Facts about the rules that learn from an error of the output."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from following import eigen_patterns, follow, linear, repeat

N, STEPS, TAU = 4, 30, 10.0
RNG = np.random.default_rng(0)
READOUT = RNG.normal(size=(2, N))
INPUT, TARGET = RNG.normal(size=(STEPS, N)), RNG.normal(size=(STEPS, 2))


def leaky_rates(weights, bias, inputs, memory):
    """h <- h + (tanh(u) - h)/tau with u = W h + input, and the output's error sent back."""
    u = weights @ memory + inputs["input"]
    h = memory + (jnp.tanh(u) - memory) / TAU
    error = READOUT.T @ (inputs["target"] - READOUT @ h)
    return {"pre": memory, "post": h, "slope": 1 - jnp.tanh(u) ** 2, "error": error}, h


def leaky_potentials(weights, bias, inputs, memory):
    """v <- alpha v + W z + input, z = tanh(v), and a readout that filters with kappa."""
    v, y = memory
    pre = jnp.tanh(v)
    v = 0.9 * v + weights @ pre + inputs["input"]
    z = jnp.tanh(v)
    y = 0.8 * y + READOUT @ z
    error = READOUT.T @ (inputs["target"] - y)
    return {"pre": pre, "post": z, "slope": 1 - z**2, "error": error}, (v, y)


CIRCUITS = {
    "rflo": (leaky_rates, np.zeros(N)),
    "e_prop": (leaky_potentials, (np.zeros(N), np.zeros(2))),
}


def squared_error(name: str, weights: jax.Array) -> jax.Array:
    """The loss over a trial, by a loop of its own."""
    total, h, v, y = 0.0, jnp.zeros(N), jnp.zeros(N), jnp.zeros(2)
    for current, target in zip(INPUT, TARGET, strict=True):
        if name == "rflo":
            h = (1 - 1 / TAU) * h + jnp.tanh(weights @ h + current) / TAU
            output = READOUT @ h
        else:
            v = 0.9 * v + weights @ jnp.tanh(v) + current
            output = y = 0.8 * y + READOUT @ jnp.tanh(v)
        total += jnp.sum((target - output) ** 2) / 2
    return total


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_gradient_is_exact_without_recurrent_weights(name: str) -> None:
    circuit, memory = CIRCUITS[name]
    activity = {"input": INPUT[None], "target": TARGET[None]}
    eta = 1e-9  # so small that the weights stay at 0 while their change is collected
    course = follow(name, np.zeros((N, N)), activity, {"eta": eta}, circuit=circuit, memory=memory)
    truth = jax.grad(lambda w: squared_error(name, w))(jnp.zeros((N, N)))
    np.testing.assert_allclose(course.state["w"] / eta, -truth, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CIRCUITS)
def test_the_error_falls_in_a_recurrent_network(name: str) -> None:
    circuit, memory = CIRCUITS[name]
    start = 0.3 * RNG.normal(size=(N, N))
    one = {"input": INPUT[None], "target": TARGET[None]}
    course = follow(name, start, one, {"eta": 1e-6}, circuit=circuit, memory=memory)
    change = course.state["w"] - start
    gradient = jax.grad(lambda w: squared_error(name, w))(jnp.asarray(start))
    cosine = -jnp.sum(change * gradient) / (jnp.linalg.norm(change) * jnp.linalg.norm(gradient))
    assert 0.5 < cosine < 0.9999, "downhill, but without the non-local part"


def test_shervani_tabar_is_gradient_descent_with_exact_errors() -> None:
    w, x, target = RNG.normal(size=(2, 3)), RNG.normal(size=3), RNG.normal(size=2)

    def layer(weights, bias, inputs, memory):
        y = weights @ inputs["pre"]
        return {"post": y, "error": target - y, "pre_error": jnp.zeros(3)}, memory

    only_error = {"theta_1": 0.0, "theta_2": 0.0}
    activity = {"pre": x[None, None]}
    change = follow("shervani_tabar", w, activity, only_error, circuit=layer).state["w"] - w
    loss = jax.grad(lambda w: jnp.sum((target - w @ x) ** 2) / 2)
    np.testing.assert_allclose(change, -0.001 * loss(jnp.asarray(w)), rtol=1e-9)


def test_shervani_tabar_multiplies_the_errors_of_both_sides() -> None:
    error, pre_error = RNG.normal(size=2), RNG.normal(size=3)
    activity = {"pre": np.zeros(3), "post": np.zeros(2), "error": error, "pre_error": pre_error}
    activity = {k: v[None, None] for k, v in activity.items()}
    w = follow("shervani_tabar", np.zeros((2, 3)), activity).state["w"]
    np.testing.assert_allclose(w, -1e-4 * np.outer(error, pre_error), rtol=1e-9)


def test_shervani_tabar_spans_the_leading_components() -> None:
    patterns, basis = eigen_patterns([3.0, 1.5, 0.3, 0.1])
    pre = repeat(patterns, 30_000)
    activity = {"pre": pre, "error": 0 * pre[..., :2], "pre_error": 0 * pre}
    w = follow(
        "shervani_tabar",
        0.3 * RNG.normal(size=(2, 4)),
        activity,
        {"theta_2": 0.002},
        circuit=linear,
    ).state["w"]
    np.testing.assert_allclose(w @ w.T, np.eye(2), atol=0.03)
    np.testing.assert_allclose((w @ basis.T)[:, 2:], 0, atol=0.03)


def test_e_prop_of_leaky_rates_is_rflo() -> None:
    """Without a filter of the input, and with that of the rates for the output, they are one."""
    circuit, memory = CIRCUITS["rflo"]
    start = 0.3 * RNG.normal(size=(N, N)) * (1 - np.eye(N))
    activity = {"input": INPUT[None], "target": TARGET[None]}
    rflo = follow("rflo", start, activity, {"eta": 0.01}, circuit=circuit, memory=memory)
    values = {"eta": 0.01 / TAU, "alpha": 0.0, "kappa": 1 - 1 / TAU}
    e_prop = follow("e_prop", start, activity, values, circuit=circuit, memory=memory)
    assert np.abs(rflo.state["w"] - start).max() > 1e-3
    np.testing.assert_allclose(e_prop.state["w"], rflo.state["w"], rtol=1e-9)
