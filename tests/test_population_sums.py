"""Sums over a population: scalars that all neurons share, such as the value of a critic."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from rulegen.catalog.export import export
from rulegen.compile import compile_rule
from rulegen.compile.tangents import tangent_name
from rulegen.grammar import RuleError, Site, parse
from rulegen.lives.drive import drive

CRITIC = """
    param eta = 0.3
    param gamma = 0.9 free
    param rate = 0.05
    nonlocal sum_post
    value = sum_post(v*post)
    V <- value
    surprise = R + gamma*value - V
    v += rate*surprise*prev(post)
    e <- 0.8*e + post*pre : synapse
    w += eta*surprise*e
    on trial start: e <- 0
"""
RNG = np.random.default_rng(0)
PRE, POST, REWARD = RNG.random((2, 7, 3)), RNG.random((2, 7, 4)), RNG.random((2, 7))


def by_hand(gamma: float) -> tuple[np.ndarray, np.ndarray, float]:
    w, v, V, e = np.full((4, 3), 0.1), np.zeros(4), 0.0, np.zeros((4, 3))
    for k in range(2):
        e, last = np.zeros((4, 3)), np.zeros(4)
        for t in range(7):
            value = float(v @ POST[k, t])
            surprise = REWARD[k, t] + gamma * value - V
            e = 0.8 * e + np.outer(POST[k, t], PRE[k, t])
            w = w + 0.3 * surprise * e
            v = v + 0.05 * surprise * last
            V, last = value, POST[k, t]
    return w, v, V


def lived(wrt=()) -> dict:
    rule = compile_rule(parse(CRITIC), wrt=wrt)
    activity = {"pre": jnp.array(PRE), "post": jnp.array(POST), "R": jnp.array(REWARD)}
    return drive(rule, jnp.full((4, 3), 0.1), activity, dt=1.0).state


def test_a_critic_of_all_neurons_learns_as_by_hand(x64) -> None:
    state, (w, v, value) = lived(), by_hand(0.9)
    assert parse(CRITIC).site_of("V") is Site.GLOBAL
    assert state["V"].shape == ()
    for name, expected in {"w": w, "v": v, "V": value}.items():
        np.testing.assert_allclose(state[name], expected, rtol=1e-12)


def test_its_tangents_are_derivatives(x64) -> None:
    state, h = lived(("gamma",)), 1e-6
    (up, _, high), (down, _, low) = by_hand(0.9 + h), by_hand(0.9 - h)
    found = state[tangent_name("w", "gamma")]
    np.testing.assert_allclose(found, (up - down) / (2 * h), rtol=1e-6)
    assert float(state[tangent_name("V", "gamma")]) == pytest.approx((high - low) / (2 * h))


@pytest.mark.parametrize(
    ("formula", "site"),
    [
        ("sum_post(post)", Site.GLOBAL),
        ("sum_pre(pre)*2", Site.GLOBAL),
        ("max_post(u)", Site.GLOBAL),
        ("sum_post(post*w)", Site.PRE),
        ("sum_pre(pre*w)", Site.POST),
        ("sum_pre(post)", Site.POST),
        ("max_pre(max_post(w))", Site.GLOBAL),
        ("sum_pre(sum_post(w)*pre)", Site.GLOBAL),
        ("post - sum_post(post)/N_post", Site.POST),
    ],
)
def test_where_sums_live(formula: str, site: Site) -> None:
    names = sorted({n for n in ("sum_pre", "sum_post", "max_pre", "max_post") if n in formula})
    rule = parse(f"nonlocal {', '.join(names)}\nx = {formula}\nw += 0.1*x*pre*post")
    assert rule.site_of("x") is site
    assert parse(rule.text()) == rule
    activity = {n: jnp.array(POST[:, :, :k]) for n, k in (("pre", 3), ("post", 4), ("u", 4))}
    found = drive(compile_rule(rule), jnp.full((4, 3), 0.1), activity, dt=1.0).state["w"]
    assert np.isfinite(found).all()


def test_a_sum_within_a_function_of_ones_own() -> None:
    rule = parse("nonlocal sum_post\nf(x) = sum_post(x)\ny = f(post)\nz = f(post*pre)\nw += y*z")
    assert rule.site_of("y") is Site.GLOBAL and rule.site_of("z") is Site.PRE


def test_what_a_scalar_cannot_see() -> None:
    with pytest.raises(RuleError, match="`sum_post` lives at pre, but `V` is a global variable"):
        parse("nonlocal sum_post\nV <- sum_post(w*post) : global\nw += V*pre*post")
    with pytest.raises(RuleError, match="write `sum_post"):
        parse("nonlocal sum_post\nV <- mean_post(post) : global\nw += V*pre*post")


@pytest.mark.parametrize("target", ["numpy", "jax"])
def test_exported_programs_sum_alike(x64, target: str) -> None:
    program: dict = {}
    exec(export(parse(CRITIC), target), program)
    state = program["init"](np.full((4, 3), 0.1))
    given = {**program["PARAMETERS"]}
    for k in range(2):
        start = {"pre": np.zeros(3), "post": np.zeros(4), "R": 0.0}
        state = program["on_trial_start"](state, start, 1.0, given)
        for t in range(7):
            signals = {"pre": PRE[k, t], "post": POST[k, t], "R": REWARD[k, t]}
            state = program["step"](state, signals, 1.0, given)
    for name, expected in zip(("w", "v", "V"), by_hand(0.9), strict=True):
        np.testing.assert_allclose(state[name], expected, rtol=1e-12)
