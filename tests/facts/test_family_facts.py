"""Facts about families of rules, coefficients for each synapse, and plastic components."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from following import follow, linear

from rulegen import compile_rule, drive
from rulegen.catalog import find
from rulegen.grammar import confavreux, maoutsa, mehta

RNG = np.random.default_rng(0)
PRE, POST = RNG.normal(size=(1, 40, 3)), RNG.normal(size=(1, 40, 2))
W = RNG.normal(size=(2, 3))


@pytest.mark.parametrize(
    ("name", "family"), [("confavreux", confavreux), ("mehta", mehta), ("maoutsa", maoutsa)]
)
def test_the_file_is_the_generated_family(name: str, family) -> None:
    rule = find(name).rule
    assert [t.text for t in rule.terms()] == [t.text for t in family().terms()]


def test_confavreux_contains_oja() -> None:
    family, oja = find("confavreux").rule, find("oja").rule
    zero = [p.name for p in family.free if p.value == 0]
    member = family.drop(zero).fixed()
    assert member.digest == oja.with_values({"alpha": 1}).fixed().digest
    steps = follow("confavreux", W, {"pre": PRE}, {"eta": 0.02}, circuit=linear).history["w"]
    same = follow("oja", W, {"pre": PRE}, {"eta": 0.02}, circuit=linear).history["w"]
    np.testing.assert_allclose(steps, same, rtol=1e-12)


def test_in_mehta_a_power_of_zero_is_one() -> None:
    """Also in derivatives: the constant term has tangent eta where everything is 0."""
    rule = compile_rule(find("mehta").rule, wrt=["theta_0000", "theta_0001", "theta_2000"])
    silent = {"pre": jnp.zeros((1, 1, 3)), "post": jnp.zeros((1, 1, 2))}
    values = {"theta_0000": 0.3, "theta_1101": 0.0}
    end = drive(
        rule, jnp.zeros((2, 3)), {**silent, "reward": jnp.array([2.0])}, values, dt=1.0
    ).state
    np.testing.assert_allclose(end["w"], 0.01 * 0.3, rtol=1e-12)
    np.testing.assert_allclose(end["w@theta_0000"], 0.01, rtol=1e-12)
    np.testing.assert_allclose(end["w@theta_0001"], 0.01 * 2, rtol=1e-12)
    np.testing.assert_array_equal(end["w@theta_2000"], 0)


def test_mehta_as_printed_is_reward_modulated_hebb() -> None:
    rewards = jnp.array([1.5])
    end = follow("mehta", W, {"pre": PRE, "post": POST}, rewards=rewards).state["w"]
    np.testing.assert_allclose(end, W + 0.01 * 1.5 * np.outer(POST[0, -1], PRE[0, -1]), rtol=1e-9)


def test_maoutsa_with_the_constant_alone() -> None:
    activity = {"pre": PRE, "u": POST}
    values = {"theta_11": 0.0, "theta_00": 0.7, "tau_e": 25.0, "tau_w": 10.0}
    end = follow("maoutsa", W, activity, values, rewards=jnp.array([0.5])).state
    e = 0.7 * (1 - np.exp(-40 / 25))
    np.testing.assert_allclose(end["e"], e, rtol=1e-9)
    np.testing.assert_allclose(end["w"], W + 0.5 * e - W / 10, rtol=1e-9)


def test_maoutsa_as_printed_by_hand() -> None:
    """`pre*(u - u_bar)`, read out at reward against the baseline of the condition."""
    pre, u, rewards = PRE[0], POST[0], [0.5, -1.0, 2.0]
    activity = {"pre": np.stack([pre] * 3), "u": np.stack([u] * 3)}
    course = follow("maoutsa", W, activity, rewards=jnp.array(rewards))
    w, e, u_bar, b = W, np.zeros((2, 3)), np.zeros(2), 0.0
    keep_e, keep_u = np.exp(-1 / 1000), np.exp(-1 / 30)
    for reward in rewards:
        for x, v in zip(pre, u, strict=True):
            e = keep_e * e + (1 - keep_e) * np.outer(v - u_bar, x)
            u_bar = keep_u * u_bar + (1 - keep_u) * v
        w, b = w + (reward - b) * e - w / 10_000, b + 0.2 * (reward - b)
    np.testing.assert_allclose(course.state["w"], w, rtol=1e-9)


def test_abcd_has_coefficients_for_each_synapse() -> None:
    states = {name: RNG.normal(size=(2, 3)) for name in "ABCD"}
    steps = {"pre": PRE.reshape(40, 1, 3), "post": POST.reshape(40, 1, 2)}
    course = follow("abcd", W, steps, states)
    w, a, b, c, d = W, *(states[name] for name in "ABCD")
    for x, y in zip(PRE[0], POST[0], strict=True):
        w = w + 0.1 * (a * np.outer(y, x) + b * x + c * y[:, None] + d)
        w = w / abs(w).max()
    np.testing.assert_allclose(course.state["w"], w, rtol=1e-9)
    np.testing.assert_allclose(abs(course.history["w"]).max((1, 2)), 1.0, rtol=1e-12)


CONSTANT = {"pre": np.full((1, 4000, 1), 0.8), "post": np.full((1, 4000, 1), 0.5)}


def test_plastic_components_converge() -> None:
    hebb = follow("differentiable_plasticity", [[0.1]], CONSTANT).state["H"]
    np.testing.assert_allclose(hebb, 0.8 * 0.5, rtol=1e-6)
    oja = follow("differentiable_plasticity_oja", [[0.1]], CONSTANT).state
    np.testing.assert_allclose(oja["H"], 0.8 / 0.5, rtol=1e-3)
    silent = CONSTANT | {"post": 0 * CONSTANT["post"]}
    kept = follow("differentiable_plasticity_oja", [[0.1]], silent, {"H": oja["H"]})
    np.testing.assert_array_equal(kept.state["H"], oja["H"])


@pytest.mark.parametrize(
    "name", ["differentiable_plasticity", "differentiable_plasticity_oja", "backpropamine"]
)
@pytest.mark.parametrize("alpha", [0.0, 0.5])
def test_the_circuit_uses_the_weight_plus_alpha_times_the_trace(name: str, alpha: float) -> None:
    activity = {"pre": PRE, "R": np.ones((1, 40))}
    states = {"alpha": jnp.full((2, 3), alpha)}
    course = follow(name, 0.3 * W, activity, states, circuit=linear)
    fixed = PRE[0] @ (0.3 * W).T
    plastic = np.abs(course.signals["post"][0] - fixed).max()
    assert (plastic > 0.05) if alpha else (plastic < 1e-12)
    np.testing.assert_array_equal(course.state["w"], 0.3 * W)
    previous = follow(
        name, 0.3 * W, {k: v[:, :-1] for k, v in activity.items()}, states, circuit=linear
    ).state["H"]
    expected = (0.3 * W + alpha * previous) @ PRE[0, -1]
    np.testing.assert_allclose(course.signals["post"][0, -1], expected, rtol=1e-9)


def test_the_modulator_gates_the_trace() -> None:
    activity = {"pre": PRE, "post": POST, "R": np.zeros((1, 40))}
    start = {"H": jnp.full((2, 3), 0.3)}
    frozen = follow("backpropamine", W, activity, start)
    np.testing.assert_array_equal(frozen.state["H"], 0.3)
    activity["R"] = RNG.normal(size=(1, 40))
    h = np.full((2, 3), 0.3)
    for m, x, y in zip(activity["R"][0], PRE[0], POST[0], strict=True):
        h = np.clip(h + m * np.outer(y, x), -1, 1)
    np.testing.assert_allclose(follow("backpropamine", W, activity, start).state["H"], h, rtol=1e-9)
