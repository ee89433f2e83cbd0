"""Derivatives of formulas: their conventions, what is awkward for them, and random ones."""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from rulegen import Score, World, compile_rule, drive
from rulegen.circuits import RateCircuit
from rulegen.compile.derivative import derivative, gate
from rulegen.compile.emit import Emitter
from rulegen.compile.tangents import differential
from rulegen.estimators import Estimator, Pathwise
from rulegen.grammar import RuleError, Site, parse, symbol
from rulegen.grammar.algebra.operators import delay, prev
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.tasks import DelayedAssociation

NAMES = ("u", "xi", "post", "a", "b")
SITES = dict.fromkeys(NAMES, Site.POST) | {"du": Site.POST}


def formula(text: str) -> sp.Expr:
    return parse(f"x <- {text} : post\nparam a = 1\nparam b = 1\nw += x").states[0].expr


def emitted(expr: sp.Expr, values: Mapping[str, float]) -> float:
    """The value in float64."""
    with jax.enable_x64(True):
        arrays = {name: jnp.full(1, float(value)) for name, value in values.items()}
        earlier = (prev, lambda x: delay(x, 9))
        before = {f(symbol("u")): jnp.full(1, 0.3) for f in earlier}
        before |= {f(symbol("du")): jnp.zeros(1) for f in earlier}
        return float(np.ravel(Emitter(arrays, SITES, before)(expr, Site.POST))[0])


#: Slopes at a place: formula, a, u, and the derivative along a.
PLACES = [
    # kinks: the flat side, and 0 where there is none
    ("relu(a)", 0, 1, 0),
    ("abs(a)", 0, 1, 0),
    ("sign(a)", 0, 1, 0),
    ("max(a, 1)", 1, 1, 0),
    ("min(a, 1)", 1, 1, 0),
    ("clip(a, 0, 1)", 1, 1, 0),
    ("(1 if a > 0 else 2)", 0, 1, 0),
    # a slope that would be infinite
    ("sqrt(abs(a))", 0, 1, 0),
    ("spow(a, 0.5)", 0, 1, 0),
    ("abs(u)**a", 2, 0, 0),
    ("u**0 + a", 1, 0, 1),
    # two that change alike are no kink
    ("min(a, clip(a, -1, 1))", 0.5, 1, 1),
    ("max(a, clip(a, -1, 1), 4*a - 1.5)", 0.5, 1, 2),
    ("max(a, -a)", 0, 1, 0),
    ("max(a, 2*a, u)", 1, 2, 0),
    # limits that cross: the upper one decides
    ("clip(u, a, 0.4)", 0.6, 0.5, 0),
    ("clip(u, 0.6, a)", 0.4, 0.5, 1),
    ("clip(u, a, 2)", 0.6, 0.5, 1),
    # what comes from inside is infinite, or no number, where the slope is 0
    ("clip(a/u, -1, 1)", 0.1, 0, 0),
    ("max(a/u, 3)", -0.1, 0, 0),
    ("min(a/u, 3, xi)", 0.1, 0, 0),
    ("relu(a/u)", -0.1, 0, 0),
    ("tanh(a/u)", 0.1, 0, 0),
    ("sigmoid(a/u)", 0.1, 0, 0),
    ("exp(-a/u**2)", 0.1, 0, 0),
    ("1/(1 + a/u)", 0.1, 0, 0),
    ("1/(1 + exp(a*u))", 2, 800, 0),
    ("(1 + abs(a/u))**-0.5", 0.1, 0, 0),
    ("spow(a/u, -0.5)", 0.1, 0, 0),
    ("sign(a/u)", 0.1, 0, 0),
    ("(a/u if u != 0 else 2*a)", 0.1, 0, 2),
    ("tanh(u/a)", 0, 1, 0),
    ("spow(xi, 1/a**2)", 0, 1, 0),
    ("clip(log(a*u), -5, 5)", 1, 0, 0),
    ("clip(log(1 if u < a else 0), -5, a)", 0.1, 1, 0),
    ("clip(sqrt(a/u), -1, 1)*xi/2", 1, 0, 0),
    ("abs(mod(a, u))**u", 1, 0, 0),
]


@pytest.mark.parametrize(("text", "a", "u", "slope"), PLACES)
def test_slopes_by_their_convention(text: str, a: float, u: float, slope: float) -> None:
    """Of the tangents, and of JAX's derivative, forward, of what is emitted."""
    expr, here = formula(text), {"a": float(a), "u": float(u), "xi": 0.5}
    assert emitted(differential(expr, {symbol("a"): sp.Integer(1)}), here) == slope
    with jax.enable_x64(True):

        def at(a: jax.Array) -> jax.Array:
            return jnp.asarray(Emitter({**here, "a": a}, SITES)(expr, Site.POST))

        _, moved = jax.jvp(at, (jnp.asarray(here["a"]),), (jnp.ones(()),))
    assert float(moved) == slope


@pytest.mark.parametrize("text", ["max(a, 2*u)", "abs(a*u)", "spow(a, u)", "clip(a, u, 2)*a"])
def test_reverse_derivatives_agree_with_forward_ones(x64: None, text: str) -> None:
    """Pathwise derivatives of one trial go backwards through `forward w` of a companion."""
    expr, here = formula(text), jnp.asarray([0.7, 0.3])

    def at(point: jax.Array) -> jax.Array:
        return jnp.asarray(Emitter({"a": point[0], "u": point[1]}, SITES)(expr, Site.POST))

    np.testing.assert_allclose(jax.grad(at)(here), jax.jacfwd(at)(here), rtol=1e-12)
    assert np.abs(jax.grad(at)(here)).max() > 0.1


#: As large as each other, and changing alike: between them there is no kink.
TIES = [
    "min(a, u)",
    "max(u, a)*b",
    "max(a, u, xi)**2",
    "clip(min(a, u), -2, 2)",
    "1/(1 + max(a, u))",
]


@pytest.mark.parametrize("text", TIES)
def test_what_changes_alike_is_no_kink(text: str) -> None:
    """Of two states that are one number, such as a weight and that of the opposite synapse."""
    expr, here = formula(text), {"a": 0.7, "u": 0.7, "xi": 0.1, "b": 1.2}
    found = emitted(differential(expr, dict.fromkeys(map(symbol, "au"), sp.Integer(1))), here)
    assert found == pytest.approx(slope_at(expr, here, "a", "u"), rel=1e-6)
    assert found != 0


def test_an_infinite_change_stays_behind_a_closed_gate() -> None:
    """Of a state that is infinite itself, where the formula has a value all the same."""
    for text in ("clip(u, -1, 1)*xi", "xi*(min(u, 2) + max(-u, 0.1*a))", "relu(-u) + xi"):
        change = differential(formula(text), {symbol("u"): symbol("du")})
        assert emitted(change, {"u": np.inf, "xi": 0.5, "a": 1, "du": np.inf}) == 0


def test_nothing_is_selected_that_is_finite_anyway() -> None:
    """A decay is a division by a parameter: its tangent costs no comparison."""
    decay = "de/dt = -e/tau + tanh(u*dt/tau)*pre/dt"
    rule = parse(f"param tau = 20 in [1, 100] free\n{decay}\non reward: w += R*e")
    system = compile_rule(rule, wrt=["tau"]).tangents.system
    assert not any(e.expr.has(gate) for e in (*system.synapse, *system.neuron))
    assert derivative(sp.tanh(symbol("u") / 2), {symbol("u"): sp.Integer(1)}).has(sp.tanh)


#: Rules that once ended in a traceback, with free parameters around choices, signs and roots.
AROUND = {
    "clip": "clip(a*(R - R_bar if R > R_bar else 0.5*(R - R_bar))*e, -2, 2)",
    "relu": "relu(a*(R - R_bar if R > R_bar else 0.5*(R - R_bar))*e)",
    "min": "min(a*(R if R > 0 else -2*R), 0.3)*e",
    "max": "max(a*(R if R > 0 else -2*R), b*R)*e",
    "sqrt": "sqrt(abs(a*(R if R > 0 else -2*R)*e))",
    "spow": "spow(a*(R if R > 0 else -2*R)*e, 0.7)",
    "abs": "abs(a*(R if R > 0 else -2*R)*e - b)",
    "choice": "(a*e if R > 0 else clip(a*(e if e > 0 else -2*e), -b, b))",
    "product of choices": "(a if R > 0 else b)*(a if R > 0 else b)*e*(exp(a) if R > 0 else 1)",
    "sign of a sum": "sign(a*sqrt(abs(e)) - 1/(b + e**2))*a",
    "absolute minimum": "abs(min(1/(e - 2), a))",
    "crossed limits": "clip(e, b, a)",
}


@pytest.mark.parametrize("name", AROUND)
def test_free_parameters_around_choices(x64: None, name: str) -> None:
    """Tangents of whole rules against finite differences."""
    text = f"""
        param a = 0.7 free
        param b = 0.4 free
        e <- 0.8*e + a*abs(min(1/prev(u), b))*pre + sign(a*sqrt(abs(u)) - 1/post) : synapse
        on reward: w += {AROUND[name]}
    """
    rng = np.random.default_rng(1)
    activity = {name: jnp.asarray(rng.normal(size=(3, 4, 2))) for name in ("pre", "post", "u")}
    scene = {"weights": jnp.zeros((2, 2)), "dt": 1.0}
    scene["activity"] = activity | {"reward": jnp.asarray([0.7, -0.9, 1.3])}
    rule, values = compile_rule(parse(text), wrt=["a", "b"]), {"a": 0.7, "b": 0.4}

    @jax.jit
    def end(values: Mapping[str, float]) -> Mapping[str, jax.Array]:
        return drive(rule, values=values, **scene).state

    found = end(values)
    for p in values:
        up, down = (end(values | {p: values[p] + h})["w"] for h in (1e-6, -1e-6))
        np.testing.assert_allclose(found[f"w@{p}"], (up - down) / 2e-6, rtol=1e-6, atol=1e-8)
    assert np.abs(found["w@a"]).max() > 1e-3, "the test must see something"


ESTIMATORS = [Score(lives=16), Pathwise(lives=16), Pathwise(lives=16, credit="trial")]


@pytest.mark.parametrize("estimator", ESTIMATORS, ids=["score", "life", "trial"])
def test_silent_neurons_do_not_spoil_gradients(estimator: Estimator) -> None:
    """Rates of exactly 0 below a line within a clip: every life has a gradient, and none is 0."""
    rule = """
        param theta_1 = 0.1 free
        param theta_2 = 0.1 free
        de/dt = clip(theta_1/pre, -1, 1)*xi + theta_2*xi*pre
        on reward: w += clip(0.001*(R - R_bar)*e, -0.02, 0.02)
    """
    circuit = RateCircuit(neurons=8, rate="relu")
    life = LifeSettings(trials=5, warmup=0)
    bench = Bench(World(circuit=circuit, task=DelayedAssociation(), life=life), rule)
    found = estimator.estimate(
        estimator.prepare(bench), bench.values, bench.free, jax.random.key(0)
    )
    assert (found.nonfinite, found.parts) == (0, 16)
    assert np.all(np.isfinite(found.gradient) & (found.gradient != 0))


LEAVES = st.sampled_from([*NAMES, "prev(u)", "delay(u, 9)", "0.5", "2", "-1", "0"])
SHAPES = [
    "({0} + {1})", "({0} - {1})", "({0})*({1})", "({0})/({1})", "({0})**-2", "min({0}, {1}, {2})",
    "max({0}, {1}, 0)", "clip({0}, -1, 1)", "clip({0}, {1}, {2})", "(({0}) == ({1}))", "abs({0})",
    "(({0}) if ({1}) > {2} else u)", "sign({0})", "tanh({0})", "sigmoid({0})", "relu({0})",
    "exp({0})", "sqrt({0})", "({0})**2", "({0})**3", "sin({0})", "cos({0})", "log({0})",
    "spow({0}, 1.5)", "spow({0}, {1})", "abs({0})**({1})", "2**({0})",
    "({0} if ({1}) > 0 and ({2}) < 1 else ({1} if ({0}) > ({1}) else {2}))",
]  # fmt: skip
TEXTS = st.recursive(
    LEAVES,
    lambda inner: st.builds(str.format, st.sampled_from(SHAPES), inner, inner, inner),
    max_leaves=10,
)
NUMBERS = st.sampled_from([0.0, 1.0, -1.0, 0.5, -2.5, 0.83, -0.37, 1.9])


def slope_at(expr: sp.Expr, here: Mapping[str, float], *names: str) -> float | None:
    """The central difference, or None where the two sides differ or there is no value."""

    def at(step: float) -> float:
        return emitted(expr, here | {name: here[name] + step for name in names})

    middle, slopes = at(0.0), []
    for step in (1e-6, 1e-4):
        slopes += [(middle - at(-step)) / step, (at(step) - middle) / step]
    left, right, *wide = slopes
    rough = 1e-3 * (1 + abs(left) + abs(right))
    if not np.isfinite(slopes).all() or np.ptp([left, right]) > rough:
        return None
    if np.ptp([left, *wide]) > 0.1 * (1 + abs(left)):  # a jump is as high from however far
        return None
    return (left + right) / 2


@settings(max_examples=100, deadline=None)
@given(TEXTS, st.tuples(*[NUMBERS] * len(NAMES)))
def test_random_formulas(text: str, point: tuple[float, ...]) -> None:
    """Along a parameter, a variable, and both at once, against finite differences in float64."""
    try:
        expr = formula(text)
    except RuleError:
        return
    here = {**dict(zip(NAMES, point, strict=True)), "du": 1.0}
    along_a, along_u = {symbol("a"): sp.Integer(1)}, {symbol("u"): symbol("du")}
    for changes in (along_a, along_u, along_a | along_u):
        found = emitted(differential(expr, changes), here)
        expected = slope_at(expr, here, *(changed.name for changed in changes))
        if expected is not None:
            assert found == pytest.approx(expected, rel=5e-3, abs=5e-3)
