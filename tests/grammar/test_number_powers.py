"""Powers of numbers: in time, of the right value, and refused only where they are out of range."""

from __future__ import annotations

import math
import time

import pytest
import sympy as sp
from oracle import value

from rulegen.catalog import Record
from rulegen.catalog.export import sympy_
from rulegen.compile import plan_rule
from rulegen.grammar import RuleError, parse
from rulegen.grammar.algebra.exact import root

#: Formulas, and their values at pre = 1.
POWERS = {
    "24**0.6666667*pre": 24**0.6666667,
    "148.5**0.4641588*pre": 148.5**0.4641588,
    "0.525**2.302585092994046*pre": 0.525**2.302585092994046,
    "24**0.667*pre": 24**0.667,
    "pre/24**0.6666667": 24**-0.6666667,
    "(24*pre)**0.6666667": 24**0.6666667,
    "spow(-24, 0.6666667)*pre": -(24**0.6666667),
    "exp(0.6666667*log(24))*pre": 24**0.6666667,
    "tanh(24**0.6666667 - 8)*pre": math.tanh(24**0.6666667 - 8),
    "pre**24.6666667": 1.0,
    "24**(0.6666667*pre)": 24**0.6666667,
    "4**10.5*pre": 2.0**21,
}


@pytest.mark.parametrize("text", POWERS)
def test_powers_of_numbers_are_quick_and_right(text: str) -> None:
    start = time.process_time()
    rule = parse(f"w += {text}")
    assert rule.digest == parse(rule.text()).digest
    found = rule.sympy()["w"]
    assert plan_rule(rule).explain()
    record = Record(name="power", title="Power", description="", equations=rule.text())
    space: dict[str, dict[str, sp.Basic]] = {}
    exec(sympy_.write(record), space)
    assert time.process_time() - start < 1.0
    assert value(rule.states[0].expr, {"pre": 1.0, "w": 0.0}) == pytest.approx(POWERS[text])
    for equation in (found, space["EQUATIONS"]["w"]):
        names = {s: 1 if s.name == "pre" else 0 for s in equation.rhs.free_symbols}
        assert float(equation.rhs.evalf(subs=names)) == pytest.approx(POWERS[text])


@pytest.mark.parametrize("base", range(1, 300, 13))
def test_a_base_is_in_range_with_its_power(base: int) -> None:
    """With and without its name: the digest is that of the number."""
    named = parse(f"param theta_1 = {base / 100}\nw += (theta_1*pre)**0.667")
    assert named.digest == parse(f"w += ({base / 100}*pre)**0.667").digest


@pytest.mark.parametrize("exponent", ["11.074", "10.5"])
def test_a_number_out_of_range_stays_within_its_power(exponent: str) -> None:
    """The formula has a value where `pre` is small, and keeps it."""
    rule = parse(f"param theta_1 = 1e6\nw += (theta_1*pre)**{exponent}")
    assert rule.digest == parse(rule.text()).digest
    fixed = parse(f"w += (1e6*pre)**{exponent}")
    assert value(fixed.states[0].expr, {"pre": 1e-6, "w": 0.0}) == pytest.approx(1.0)
    assert fixed.digest == rule.digest


@pytest.mark.parametrize("text", ["(1e6*pre)**11.0741", "spow(1e6*pre, 11.0741)"])
def test_what_sympy_cannot_write_out_is_named(text: str) -> None:
    with pytest.raises(RuleError, match=r"`1000000\*pre` to the power 11.0741 has too many digits"):
        parse(f"w += {text}").sympy()


def test_roots_of_fractions() -> None:
    half = sp.Rational(1, 2)
    assert root(sp.Rational(4, 9), half) == sp.Rational(2, 3)
    assert root(sp.Integer(-4), half) is root(sp.Integer(2), half) is None
    assert root(sp.Integer(4), sp.Rational(10**9 + 1, 2)) is None
