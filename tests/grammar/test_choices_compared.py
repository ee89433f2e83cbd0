"""Comparisons of what is itself a choice: of what functions give, and of lots, which are 1 or 0."""

from __future__ import annotations

import itertools

import pytest
from oracle import value

from rulegen.compile import plan_rule
from rulegen.grammar import RuleError, parse
from rulegen.grammar.rule.system import make_system

#: Comparisons of lots, and the number that each adds for a lot of 0 and of 1.
LOTS = {
    "n > 0": (0, 1),
    "n == 1": (0, 1),
    "n < 0.5": (1, 0),
    "2*n - 1 >= 1 or pre > 9": (0, 1),
    "where(n > 0, 3, pre)": (0.5, 3),
    "not (n > 0 and pre > 0)": (1, 0),
    "max(n, 0.25) > 0.5": (0, 1),
}


@pytest.mark.parametrize("text", LOTS)
def test_what_a_lot_decides_may_be_asked(text: str) -> None:
    rule = parse(f"n = bernoulli(0.3) : synapse\nw += ({text})")
    assert parse(rule.text()) == rule
    assert parse(rule.canonical().text()).digest == rule.digest
    plan_rule(rule)
    (equation,) = make_system(rule).weights
    for number, lot in ((0.7, 0), (0.2, 1)):
        values = {"w": 0.0, "pre": 0.5, "draw of n": number}
        assert value(equation.expr, values) == LOTS[text][lot]


@pytest.mark.parametrize("first", [0.1, 0.4, 0.8])
@pytest.mark.parametrize("second", [0.1, 0.4, 0.8])
def test_the_chances_of_a_lot_may_follow_another(first: float, second: float) -> None:
    text = "m = bernoulli(0.5) : synapse\nn = bernoulli(0.2 + 0.5*m) : synapse\nw += n"
    (equation,) = make_system(parse(text)).weights
    values = {"w": 0.0, "draw of m": first, "draw of n": second}
    assert value(equation.expr, values) == (second < (0.7 if first < 0.5 else 0.2))


def test_a_function_of_a_condition_may_compare_it() -> None:
    rule = parse("f(x, y) = x > y\nw += f(u > 0, pre > 0) + f(2*(u > 1), 1)")
    assert parse(rule.text()) == rule
    (equation,) = make_system(rule).weights
    for u, pre in itertools.product((-1.0, 0.5, 2.0), (-1.0, 1.0)):
        expected = ((u > 0) > (pre > 0)) + (2 * (u > 1) > 1)
        assert value(equation.expr, {"w": 0.0, "u": u, "pre": pre}) == expected


def test_what_a_spike_sets_may_be_compared_where_it_chose() -> None:
    parse("x <- (1 if x > 0 else 2) : pre\non pre_spike: x <- 1\nw += x")


def test_too_many_cases_are_refused_with_their_place() -> None:
    lots = "\n".join(f"n{i} = bernoulli(0.5) : synapse" for i in range(6))
    total = " + ".join(f"n{i}" for i in range(6))
    with pytest.raises(RuleError, match="line 7, column 6: with what is drawn"):
        parse(f"{lots}\nw += ({total}) > 3")
