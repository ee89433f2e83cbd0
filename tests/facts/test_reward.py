"""Facts about the rules that learn from a reward."""

from __future__ import annotations

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from following import follow

from rulegen import compile_rule, drive
from rulegen.catalog import find
from rulegen.grammar import parse

KEY = jax.random.key(0)
X = np.array([0.7, -0.4, 1.1])
W = np.array([[0.3, -0.2, 0.1], [0.5, 0.4, -0.6]])


@pytest.mark.parametrize("baseline", [0.0, 1.7])
def test_reinforce_bernoulli_follows_the_gradient(baseline: float) -> None:
    """By enumeration of what two neurons can do in two steps."""
    actions = jnp.array(list(product([0.0, 1.0], repeat=4))).reshape(16, 2, 2)
    rewards = jax.random.normal(KEY, (16,))

    def neurons(weights, bias, inputs, memory):
        return {"u": weights @ inputs["pre"]}, memory

    @jax.vmap
    def change(action, reward):
        activity = {"pre": jnp.stack([X, 2 * X])[None], "post": action[None]}
        start = {"R_bar": jnp.asarray(baseline)}
        course = follow(
            "reinforce_bernoulli",
            W,
            activity,
            start,
            circuit=neurons,
            rewards=reward[None],
        )
        return course.state["w"] - W

    def probabilities(weights):
        p = jax.nn.sigmoid(jnp.stack([weights @ X, weights @ (2 * X)]))
        return jnp.prod(jnp.where(actions == 1, p, 1 - p), (1, 2))

    mean = jnp.einsum("k,kij->ij", probabilities(W), change(actions, rewards))
    truth = jax.grad(lambda weights: probabilities(weights) @ rewards)(W)
    np.testing.assert_allclose(mean, 0.1 * truth, atol=1e-12)


@pytest.mark.parametrize("baseline", [0.0, 1.7])
def test_reinforce_gaussian_follows_the_gradient(baseline: float) -> None:
    """By quadrature over the noise, for a reward that is not quadratic."""
    nodes, quadrature = np.polynomial.hermite_e.hermegauss(12)
    quadrature, sigma = jnp.asarray(quadrature / quadrature.sum()), 0.5

    def reward(y):
        return jnp.sin(y[0] * y[1]) - (y[0] - 1) ** 2 + 0.3 * y[1] ** 3

    def expected(weights, function):
        return sum(
            p * q * function(weights @ X + sigma * jnp.array([a, b]))
            for a, p in zip(nodes, quadrature, strict=True)
            for b, q in zip(nodes, quadrature, strict=True)
        )

    def neurons(weights, bias, inputs, memory):
        return {"u": weights @ inputs["pre"], "R": reward(inputs["post"])}, memory

    @jax.jit
    def change(y):
        activity = {"pre": jnp.asarray(X)[None, None], "post": y[None, None]}
        course = follow(
            "reinforce_gaussian",
            W,
            activity,
            {"sigma": sigma, "R_bar": jnp.asarray(baseline)},
            circuit=neurons,
        )
        return course.state["w"] - W

    truth = jax.grad(lambda weights: expected(weights, reward))(W)
    np.testing.assert_allclose(expected(W, change), 0.01 * truth, atol=1e-6)


TARGET = np.array([0.5, -0.3])
GRADIENT = np.outer(TARGET - W @ X, X)  # of -|y - target|^2/2


def quadratic(y):
    return -0.5 * jnp.sum((y - TARGET) ** 2)


def test_node_perturbation_follows_the_gradient() -> None:
    """Relative variance M + 1 for M outputs."""
    sigma = 1e-3

    def neurons(weights, bias, inputs, memory):
        y = weights @ inputs["pre"] + sigma * inputs["xi"]
        return {"post": y, "R": quadratic(y)}, memory

    @jax.jit
    @jax.vmap
    def change(xi):
        activity = {"pre": jnp.asarray(X)[None, None], "xi": xi[None, None]}
        start = {"R_bar": quadratic(W @ X)[None]}
        course = follow("node_perturbation", W, activity, start, circuit=neurons)
        return course.state["w"] - W

    changes = change(jax.random.normal(KEY, (100_000, 2))) / (0.01 * sigma)
    np.testing.assert_allclose(changes.mean(0), GRADIENT, rtol=0.03, atol=0.02)
    variance = jnp.sum(changes.var(0)) / np.sum(GRADIENT**2)
    assert np.isclose(variance, 2 + 1, rtol=0.05)


def test_weight_perturbation_follows_the_gradient() -> None:
    """Relative variance M N + 1 for M outputs and N inputs."""
    sigma = 1e-3

    def neurons(weights, bias, inputs, memory):
        y = weights @ inputs["pre"]
        return {"post": y, "R": quadratic(y)}, memory

    @jax.jit
    @jax.vmap
    def change(zeta):
        activity = {"pre": jnp.asarray(X)[None, None], "zeta": zeta[None, None]}
        start, values = {"R_bar": quadratic(W @ X)}, {"sigma": sigma}
        course = follow("weight_perturbation", W, activity, values | start, circuit=neurons)
        return course.state["w"] - W

    changes = change(jax.random.normal(KEY, (100_000, 2, 3))) / 0.01
    np.testing.assert_allclose(changes.mean(0), GRADIENT, rtol=0.03, atol=0.02)
    variance = jnp.sum(changes.var(0)) / np.sum(GRADIENT**2)
    assert np.isclose(variance, 2 * 3 + 1, rtol=0.05)


def pulse(delta: float) -> dict[str, np.ndarray]:
    """A potential that jumps by delta and relaxes with 30 ms."""
    u = delta * (1 - 1 / 30) ** np.arange(600)
    return {"pre": np.ones((1, 600, 1)), "u": u[None, :, None]}


@pytest.mark.parametrize("delta", [0.5, -2.0])
def test_miconi_keeps_the_pulse_and_not_the_relaxation(delta: float) -> None:
    e = follow("miconi_supralinear", [[0.0]], pulse(delta)).state["e"]
    np.testing.assert_allclose(e, 0.9996 * delta**3, rtol=5e-5)
    text = find("miconi_supralinear").equations.replace("(pre*(u - u_bar))**3", "pre*(u - u_bar)")
    activity = {k: jnp.asarray(v) for k, v in pulse(delta).items()}
    linear = drive(compile_rule(parse(text)), jnp.zeros((1, 1)), activity, dt=1.0)
    np.testing.assert_allclose(linear.state["e"], 0.0, atol=1e-8)


@pytest.mark.parametrize("name", ["miconi_supralinear", "miconi_node_perturbation"])
def test_miconi_commits_at_reward_with_a_baseline_per_condition(name: str) -> None:
    """dJ = clip(-eta b (E - b) H, +-limit) and b <- .75 b + .25 E, with R = -E."""
    errors, conditions = [0.9, 0.8, 0.4, 1.1, 0.7], [0, 1, 0, 0, 1]
    activity = {k: np.repeat(v, 5, 0) for k, v in pulse(0.2).items()}
    activity["xi"] = 1e-4 * activity["u"]
    course = follow(
        name,
        [[0.0]],
        activity | {"condition": np.array(conditions)},
        {"eta": 0.1},
        rewards=-jnp.array(errors),
    )
    w, b, path = 0.0, [0.0, 0.0], []
    for e, (error, c) in zip(
        course.history["e"][:, 0, 0], zip(errors, conditions, strict=True), strict=True
    ):
        w += np.clip(-0.1 * b[c] * (error - b[c]) * e, -3e-4, 3e-4)
        b[c] = 0.75 * b[c] + 0.25 * error
        path.append(w)
    assert len(set(np.round(np.abs(np.diff(path)), 9))) > 1
    np.testing.assert_allclose(course.history["w"][:, 0, 0], path, atol=1e-15)
    np.testing.assert_allclose(-course.state["R_bar"], b, rtol=1e-12)


def test_miconi_node_perturbation_knows_its_pulses() -> None:
    rng = np.random.default_rng(0)
    pre, xi = rng.normal(size=(1, 50, 3)), 16 * rng.uniform(-1, 1, size=(1, 50, 2))
    e = follow("miconi_node_perturbation", W, {"pre": pre, "xi": xi}).state["e"]
    np.testing.assert_allclose(e, xi[0].T @ pre[0], rtol=1e-12)


@pytest.mark.parametrize("kind", ["graded", "binary"])
def test_exploratory_hebb_finds_the_direction_of_the_gradient(kind: str) -> None:
    """eta x s^2 g, or eta x s g/(|g| sqrt(2 pi)) from one bit of feedback."""
    s, g = 0.3, jnp.array([0.4, -1.2])

    @jax.jit
    @jax.vmap
    def change(noise):
        def neurons(weights, bias, inputs, memory):
            post = weights @ inputs["pre"] + s * noise
            return {"post": post, "R": g @ post}, memory

        mean = W @ X
        states = {"post_bar": mean, "P_bar": g @ mean}
        name = f"exploratory_hebb_{kind}"
        course = follow(name, W, {"pre": jnp.asarray(X)[None, None]}, states, circuit=neurons)
        return (course.state["w"] - W) / 5e-4

    changes = change(jax.random.normal(KEY, (200_000, 2)))
    direction = s**2 * g if kind == "graded" else s * g / (jnp.linalg.norm(g) * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(changes.mean(0), jnp.outer(direction, X), atol=0.002)


@pytest.mark.parametrize("kind", ["graded", "binary"])
def test_exploratory_hebb_step_by_step(kind: str) -> None:
    """Running means of retention .8 on both sides; the binary rule anneals with 20 s."""
    rng, name = np.random.default_rng(0), f"exploratory_hebb_{kind}"
    pre, post, reward = rng.normal(1, 1, (40, 3)), rng.normal(1, 1, (40, 2)), rng.normal(1, 1, 40)
    activity = {"pre": pre[None], "post": post[None], "R": reward[None]}
    course = follow(name, W, activity, dt=500.0)
    w, y_bar, p_bar = W, np.zeros(2), 0.0
    for t, (x, y, p) in enumerate(zip(pre, post, reward, strict=True)):
        modulator = p - p_bar if kind == "graded" else (p > p_bar) / (1 + 0.5 * t / 20)
        w = w + 5e-4 * np.outer(y - y_bar, x) * modulator
        y_bar, p_bar = 0.8 * y_bar + 0.2 * y, 0.8 * p_bar + 0.2 * p
    np.testing.assert_allclose(course.state["w"], w, rtol=1e-12)


def test_td_values_are_discounted() -> None:
    """A chain of five states with reward 1 at its end: V = gamma^k."""
    trials = 400
    features = np.zeros((trials, 6, 5))
    features[:, :5] = np.eye(5)  # the sixth state is the end, of value 0
    rewards = np.zeros((trials, 6))
    rewards[:, 5] = 1.0

    def value(weights, bias, inputs, memory):
        return {"post": weights @ inputs["pre"]}, memory

    course = follow("td_lambda", np.zeros((1, 5)), {"pre": features, "R": rewards}, circuit=value)
    np.testing.assert_allclose(course.state["w"][0], 0.9 ** np.arange(4, -1, -1), atol=1e-4)
    w = np.zeros(5)  # the first two trials by hand
    for trial in range(2):
        e, old = np.zeros(5), w @ features[trial, 0]
        for t in range(1, 6):
            now = w @ features[trial, t]
            e = 0.9 * 0.8 * e + features[trial, t - 1]
            w = w + 0.1 * (rewards[trial, t] + 0.9 * now - old) * e
            old = now
    np.testing.assert_allclose(course.history["w"][1, 0], w, rtol=1e-9)
