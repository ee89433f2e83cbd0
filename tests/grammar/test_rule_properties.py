"""Properties of random rules: text, canonical form and numbers agree."""

from __future__ import annotations

import math

from hypothesis import example, given, settings
from hypothesis import strategies as st
from oracle import value

from rulegen.grammar import RuleError, parse, symbol
from rulegen.grammar.algebra.normal import normal
from rulegen.grammar.algebra.operators import NONLOCAL, OPERATORS, RuleFunction
from rulegen.grammar.matching.values import value as number

LEAVES = st.sampled_from(
    ["u", "pre", "post", "w", "xi", "R", "theta_1", "0.3", "2", "1", "5", "0.25"]
)
# fmt: off
VALUES = {
    "u": 0.7, "pre": 0.3, "post": -0.4, "w": 1.3, "xi": 0.9, "R": -0.6, "theta_1": 1.7,
}
BINARY = [
    "({} + {})", "({} - {})", "({})*({})", "min({}, {})", "max({}, {}, 1)", "clip({}, -1, {})",
    "(({}) if pre > w else ({}))", "({} + 3)/(4 + ({})**2)",
]
UNARY = [
    "-({})", "({})**2", "({})**3", "abs({})", "tanh({})", "relu({})", "sqrt(abs({}))", "sign({})",
    "sigmoid({})", "({} > 0.5)", "({})/2", "exp(-({})**2)", "log(1 + abs({}))", "sin({})",
    "cos({})", "spow({}, 1.5)", "erf({})", "floor({})", "mod({}, 0.7)", "pi*({})",
]
# fmt: on
POINTWISE = OPERATORS.keys() - NONLOCAL - {"prev", "delay"}


def test_the_formulas_use_every_function() -> None:
    assert {name for name in POINTWISE if f"{name}(" in " ".join(BINARY + UNARY)} == POINTWISE


def _grow(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary, unary = st.sampled_from(BINARY), st.sampled_from(UNARY)
    return st.builds(str.format, binary, inner, inner) | st.builds(str.format, unary, inner)


FORMULAS = st.recursive(LEAVES, _grow, max_leaves=12)


@settings(max_examples=120, deadline=None)
@given(FORMULAS)
def test_the_text_gives_the_rule_back(formula: str) -> None:
    try:
        rule = parse(f"w += ({formula})")
    except RuleError as error:
        assert error.line == 1
        return
    text = rule.text()
    assert parse(text) == rule
    assert parse(text).text() == text


@settings(max_examples=100, deadline=None)
@example("min(pre, ((u) if pre > w else (pre)))")
@given(FORMULAS)
def test_the_normal_form_has_the_same_value(formula: str) -> None:
    try:
        rule = parse(f"w <- ({formula}) : synapse")
    except RuleError:
        return
    expr = rule.states[0].expr
    reference = value(expr, VALUES)
    for form in (normal(expr), expr.doit()):
        assert math.isclose(reference, value(form, VALUES), rel_tol=1e-7, abs_tol=1e-7)
    assert not expr.doit().atoms(RuleFunction)


@settings(max_examples=100, deadline=None)
@example("(pre > w) if pre > w and u != 0.3 or not R > 2 else sign(u)")
@given(FORMULAS)
def test_formulas_of_parameters_as_numbers(formula: str) -> None:
    """By the walk that matches coefficients, which has to know every operator, choices too."""
    try:
        expr = parse(f"w <- ({formula}) : synapse").states[0].expr
    except RuleError:
        return
    found = number(expr, {symbol(name): known for name, known in VALUES.items()})
    assert math.isclose(found, value(expr, VALUES), rel_tol=1e-9, abs_tol=1e-9)


@settings(max_examples=60, deadline=None)
@given(FORMULAS, FORMULAS)
def test_the_canonical_form_is_its_own_and_ignores_notation(first: str, second: str) -> None:
    head = "de/dt = -e/tau_e + ({})/tau_e : synapse\n"
    try:
        one = parse(head.format(f"({first}) + ({second})") + "on reward: w += eta*R*e")
        two = parse(
            f"g = ({second}) + ({first}) : synapse\nh = lowpass(g, tau_h) : synapse\n"
            "on reward: w += kappa*h*R"
        )
        canonical = one.canonical()
    except RuleError:
        return
    assert canonical.canonical() == canonical
    assert parse(canonical.text()) == canonical
    assert one.digest == two.digest == canonical.digest
