"""Compiled formulas have SymPy's values, also where values are awkward."""

from __future__ import annotations

import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import value

from rulegen import compile_rule, drive
from rulegen.compile.emit import FUNCTIONS, Emitter
from rulegen.grammar import RuleError, Site, parse
from rulegen.grammar.algebra.operators import NONLOCAL, OPERATORS, exprel

EDGES = [0.0, 1.0, -1.0, 0.5, -1.5, 2.0, 1e-9, -1e-9, 30.0, -30.0, 700.0, -700.0, 1e9, -1e9]
ONE = ["abs", "sign", "sqrt", "exp", "log", "tanh", "sigmoid", "sin", "cos", "relu"]
ONE += ["erf", "floor"]
FORMULAS = {
    **{name: f"{name}(u)" for name in ONE},
    "min": "min(u, xi)",
    "max": "max(u, xi, -u)",
    "clip": "clip(u, -1, xi)",
    "spow": "spow(u, xi)",
    "mod": "mod(u, xi)",
    "pi": "pi*u",
    "square": "u**2",
    "cube": "u**3",
    "inverse": "u**-3",
    "constant": "u**0 + xi**0",
    "root of a square": "(u**2)**0.5",
    "inverse root": "abs(u)**-0.5",
    "power": "abs(u)**xi",
    "exponential": "2**u",
    "quotient": "(u - xi)/(1 + xi**2)",
    "equal": "(u == xi) + 2*(u != xi)",
    "order": "(u < xi) + 2*(u <= xi) + 4*(u > xi) + 8*(u >= xi)",
    "logic": "(u > 0 and xi > 0) + 2*(u > 0 or xi > 0) + 4*(not u > 0)",
    "choice": "xi if u > 0 else (-xi if u == 0 else u)",
}
SITES = {"u": Site.POST, "xi": Site.POST}


def formula(text: str) -> sp.Expr:
    return parse(f"x <- {text} : post\nw += x").states[0].expr


def in_sympy(expr: sp.Expr, u: float, xi: float) -> float:
    """SymPy's value in 30 digits; nan where it is no real number, as that of sqrt(-1)."""
    exact = {s: sp.Float({"u": u, "xi": xi}[s.name], 30) for s in expr.free_symbols}
    result = expr.doit().subs(exact).evalf(30)
    if result in (sp.zoo, sp.nan) or not result.is_real:
        return np.nan
    return float(result)


def test_every_function_is_in_the_table_of_formulas() -> None:
    assert OPERATORS.keys() - NONLOCAL - {"prev", "delay"} <= FORMULAS.keys()
    used = {
        type(node) for text in FORMULAS.values() for node in sp.preorder_traversal(formula(text))
    }
    # SymPy has no node of its own for `not (a > b)` and the like; formulas cannot name exprel
    assert FUNCTIONS.keys() - used <= {sp.exp, sp.Not, exprel}


@pytest.mark.parametrize(("dtype", "digits"), [(jnp.float32, 2e-6), (jnp.float64, 1e-14)])
@pytest.mark.parametrize("n", [0, 1, 2])
def test_what_a_decay_keeps_of_a_drive(n: int, dtype: jnp.dtype, digits: float, x64: None) -> None:
    """Also at rates of 0 and near it, where `(1 - exp(-k dt))/k` has no digits."""
    points = [0.0, -1e-12, -1e-8, 1e-8, -1e-5, -1e-3, -0.1, -0.499, -0.5, -0.501, 0.5, -2.0, 3.0]
    x = sp.Symbol("x")
    for at in points:
        given = {"x": jnp.asarray(at, dtype)}
        found = Emitter(given, {"x": Site.GLOBAL})(exprel(x, sp.Integer(n)), Site.GLOBAL)
        assert found.dtype == dtype
        assert float(found) == pytest.approx(value(exprel(x, sp.Integer(n)), {"x": at}), rel=digits)


@pytest.mark.parametrize(
    "text",
    ["(-u/3)**-0.5", "exp(log(u) - xi)", "sqrt(u)**2", "(u**3)**(1/3)", "(u**xi)**2", "(4*u)**1.5"],
)
def test_powers_have_the_values_of_their_text(x64: None, text: str) -> None:
    """Also where they have none: NumPy reads the same text."""
    u, xi = (x.ravel() for x in np.meshgrid([-2.0, -0.3, 0.7, 3.0], [-1.5, 0.5, 2.0]))
    with np.errstate(all="ignore"):
        known = {"u": u, "xi": xi, "exp": np.exp, "log": np.log, "sqrt": np.sqrt}
        expected = eval(text, known)
    arrays = {"u": jnp.asarray(u), "xi": jnp.asarray(xi)}
    np.testing.assert_allclose(Emitter(arrays, SITES)(formula(text), Site.POST), expected, 1e-12)


@pytest.mark.parametrize("name", FORMULAS)
def test_values_at_the_edges(x64: None, name: str) -> None:
    expr = formula(FORMULAS[name])
    two = "xi" in FORMULAS[name]
    points = (
        [(u, xi) for u in EDGES for xi in (0.0, 2.0, -1.5, u)] if two else [(u, 0) for u in EDGES]
    )
    if name in ("power", "spow"):
        points = [(u, xi) for u, xi in points if abs(xi) < 100]
    expected = np.array([in_sympy(expr, u, xi) for u, xi in points])
    if name == "mod":  # SymPy rounds before it takes the floor, Python's remainder is exact
        expected = np.array([u % xi if xi else np.nan for u, xi in points])

    def emit(u: jax.Array, xi: jax.Array) -> jax.Array:
        return jnp.broadcast_to(Emitter({"u": u, "xi": xi}, SITES)(expr, Site.POST), u.shape)

    u, xi = jnp.asarray(points, float).T
    for found in (emit(u, xi), jax.jit(emit)(u, xi), jax.vmap(emit)(u[:, None], xi[:, None])[:, 0]):
        proper = np.isfinite(expected)
        np.testing.assert_allclose(np.asarray(found)[proper], expected[proper], rtol=1e-14)
        assert not np.isfinite(np.asarray(found)[~proper]).any()
    assert proper.any()


def test_sums_and_maxima_count_every_synapse(x64: None) -> None:
    rng = np.random.default_rng(0)
    w, pre, post = rng.normal(size=(3, 2)), rng.normal(size=2), rng.normal(size=3)
    sites = {"w": Site.SYNAPSE, "pre": Site.PRE, "post": Site.POST}
    emitter = Emitter(
        {"w": jnp.asarray(w), "pre": jnp.asarray(pre), "post": jnp.asarray(post)}, sites
    )
    full = np.broadcast_to(post[:, None], (3, 2))
    cases = {
        "sum_pre(w*pre)": (w @ pre)[:, None],
        "sum_pre(post)": 2 * full,
        "sum_post(w*post)": post @ w,
        "sum_post(pre)": 3 * pre,
        "max_pre(w)": w.max(1, keepdims=True),
        "max_post(abs(w))": abs(w).max(0),
        "max_pre(max_post(w))": w.max(),
        "cumsum_post(post)": np.cumsum(full, 0),
        "cumsum_post(w*post)": np.cumsum(w * post[:, None], 0),
    }
    for text, expected in cases.items():
        names = ", ".join(sorted(NONLOCAL & set(re.findall(r"\w+", text))))
        expr = parse(f"w <- {text}\nnonlocal {names}").states[0].expr
        found = np.broadcast_to(emitter(expr, Site.SYNAPSE), (3, 2))
        np.testing.assert_allclose(found, np.broadcast_to(expected, (3, 2)), rtol=1e-14)
    assert set(re.findall(r"\w+", " ".join(cases))) >= NONLOCAL - {"opposite"}


def test_the_other_direction_of_a_synapse(x64: None) -> None:
    """Also of a whole course of time."""
    w, e = np.random.default_rng(0).normal(size=(2, 5, 3, 3))
    sites = {"w": Site.SYNAPSE, "e": Site.SYNAPSE}
    emitter = Emitter({"w": jnp.asarray(w), "e": jnp.asarray(e)}, sites)
    rule = parse("nonlocal opposite\ne <- 0.5*e + opposite(w)*e - opposite(e)*w\nw <- 0*e")
    found = emitter(rule.states[0].expr, Site.SYNAPSE)
    expected = 0.5 * e + w.swapaxes(1, 2) * e - e.swapaxes(1, 2) * w
    np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_prev_is_one_step_old_and_zero_at_first(x64: None) -> None:
    rule = compile_rule(parse("x <- prev(u) + 10*prev(x) : post\nw <- x"))
    u = jnp.arange(1.0, 5.0)[None, :, None]
    ends = [drive(rule, jnp.zeros((1, 1)), {"u": u[:, :n]}, dt=1.0).state["x"] for n in range(1, 5)]
    np.testing.assert_array_equal(np.ravel(ends), [0.0, 1.0, 2.0, 13.0])


LEAVES = st.sampled_from(["u", "xi", "post", "0.5", "2", "-1", "0"])
SHAPES = [
    "({0} + {1})", "({0} - {1})", "({0})*({1})", "({0})/({1})", "min({0}, {1})", "max({0}, {1}, 0)",
    "clip({0}, -1, 1)", "(({0}) if ({1}) > 0 else u)", "(({0}) == ({1}))", "abs({0})", "sign({0})",
    "tanh({0})", "sigmoid({0})", "relu({0})", "exp(-abs({0}))", "sqrt(abs({0}))", "({0})**2",
    "({0})**3", "sin({0})", "cos({0})", "log(1 + abs({0}))", "spow({0}, 1.5)",
    "erf({0})", "floor({0})", "mod({0}, {1})", "pi*({0})",
]  # fmt: skip
TEXTS = st.recursive(
    LEAVES,
    lambda inner: st.builds(str.format, st.sampled_from(SHAPES), inner, inner),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.tuples(*[st.sampled_from([0.0, 1.0, -1.0, 0.5, -2.5])] * 3))
def test_random_formulas(text: str, point: tuple[float, ...]) -> None:
    try:
        expr = parse(f"w += ({text})").states[0].expr
    except RuleError:
        return
    names = ("u", "xi", "post")
    numbers = {**dict(zip(names, point, strict=True)), "w": 0.0}
    try:
        expected = value(expr, numbers)
    except (ZeroDivisionError, OverflowError):
        return
    with jax.enable_x64(True):
        arrays = {k: jnp.full(1, v) for k, v in numbers.items()}
        sites = {**dict.fromkeys(names, Site.POST), "w": Site.POST}
        found = Emitter(arrays, sites)(expr, Site.POST)
    np.testing.assert_allclose(np.ravel(found)[0], expected, rtol=1e-9, atol=1e-12)
