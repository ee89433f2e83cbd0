"""Tangents against jax.jvp and finite differences, and the two lowerings against each other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from grammar import parse
from rulegen.compile import compile_rule
from rulegen.compile.lowering import Lowering
from rulegen.drive import drive

RULES = {
    "coefficients": """
        param eta = 0.05
        param a = 0.7 free
        param b = -0.4 free
        u_bar <- 0.3*u_bar + 0.7*u : post
        de/dt = a*xi*pre + b*(pre*(u - u_bar))**3 : synapse
        on trial start: e <- 0
        on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
    """,
    "time constants": """
        param eta = 0.05 free
        param tau_u = 7 ms free
        param tau_e = 31 ms free
        u_bar = lowpass(u, tau_u) : post
        x_bar = accumulate(pre, tau_u) : pre
        de/dt = -e/tau_e + x_bar*(u - u_bar) : synapse
        on reward: w += eta*(R - R_bar)*e
    """,
    "weight dependent": """
        param eta = 0.02
        param a = 0.7 free
        param k = 0.3 free
        e <- 0.9*e + a*(1 - w**2)*post*pre - k*w*xi : synapse
        on reward: w += eta*(R - R_bar)*e
        on reward: e <- 0.5*e
        bounds w in [-0.5, 0.5]
    """,
    "dense": """
        param eta = 0.05
        param a = 0.7 free
        param tau_e = 20 ms free
        de/dt = -e/tau_e + tanh(a*xi*pre + post) : synapse
        on reward: w += eta*R*e
    """,
    "continuous": """
        param eta = 0.01 free
        param a = 0.5 free
        param tau_x = 9 ms free
        x_bar = lowpass(pre, tau_x) : pre
        dw/dt = eta*post*(x_bar - a*post*w)
        diagonal w = 0
    """,
    "operators": """
        param eta = 0.05
        param a = 0.7 free
        param p = 1.3 free
        y = sigmoid(a*u) + relu(u - 0.1) + max(u, a*post) + abs(xi)**p : post
        e <- e + y*spow(pre, p)*(1 if pre > 0.1 else 0.3) : synapse
        on reward: w += eta*R*sqrt(abs(e))
    """,
}
FACTORABLE = ("coefficients", "time constants", "weight dependent", "operators")


def scene(trials=3, steps=12, n_post=4, n_pre=3):
    rng = np.random.default_rng(0)
    activity = {
        "pre": rng.normal(size=(trials, steps, n_pre)),
        "post": rng.normal(size=(trials, steps, n_post)),
        "u": rng.normal(size=(trials, steps, n_post)),
        "xi": rng.normal(size=(trials, steps, n_post)),
    }
    return dict(
        weights=jnp.asarray(0.3 * rng.normal(size=(n_post, n_pre))),
        activity={k: jnp.asarray(v) for k, v in activity.items()},
        rewards=jnp.asarray(rng.normal(size=trials)),
        conditions=jnp.asarray([0, 1, 0]),
        number_of_conditions=2,
        dt=2.0,
    )


def values_of(rule):
    return {p.name: p.value for p in rule.parameters}


@pytest.mark.parametrize("name", RULES)
@pytest.mark.parametrize("lowering", Lowering)
def test_tangents_equal_jvp_and_finite_differences(x64, name, lowering):
    if lowering is Lowering.FACTORED and name not in FACTORABLE:
        pytest.skip("this rule has no factored form")
    rule = parse(RULES[name])
    wrt = [p.name for p in rule.free]
    values, given = values_of(rule), scene()
    compiled = compile_rule(rule, wrt=wrt, lowering=lowering)
    end = drive(compiled, parameters=values, **given)
    plain = compile_rule(rule, lowering=lowering)

    def weights(parameter, value):
        return drive(plain, parameters={**values, parameter: value}, **given)["w"]

    for p in wrt:
        exact = jax.jvp(lambda v, p=p: weights(p, v), (values[p],), (1.0,))[1]
        h = 1e-6
        finite = (weights(p, values[p] + h) - weights(p, values[p] - h)) / (2 * h)
        assert np.abs(exact).max() > 1e-6, "the test must see something"
        np.testing.assert_allclose(end[f"w@{p}"], exact, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(end[f"w@{p}"], finite, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", FACTORABLE)
def test_lowerings_agree(x64, name):
    rule = parse(RULES[name])
    ends = [
        drive(compile_rule(rule, wrt=wrt, lowering=low), parameters=values_of(rule), **scene())
        for low in Lowering
        for wrt in ([], [p.name for p in rule.free])
    ]
    for end in ends[1:]:
        np.testing.assert_allclose(end["w"], ends[0]["w"], rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(end["e"], ends[0]["e"], rtol=1e-11, atol=1e-13)


def test_the_compiler_chooses_and_explains():
    assert compile_rule(parse(RULES["coefficients"])).lowering is Lowering.FACTORED
    dense = compile_rule(parse(RULES["dense"]))
    assert dense.lowering is Lowering.DENSE
    assert "does not separate" in dense.explain()
    assert "weights change at every step" in compile_rule(parse(RULES["continuous"])).explain()
