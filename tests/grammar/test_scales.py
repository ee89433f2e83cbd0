"""Scales of states and constants: what is one rule in other units, and what is not."""

from __future__ import annotations

import pytest
from test_laws import digest

from rulegen.grammar import RuleError, parse

RULES = [
    (
        "e <- e + pre*post : synapse\non reward: w += (e > 1)*R",
        "e <- e + 2*pre*post : synapse\non reward: w += (e > 2)*R",
    ),
    (
        "e <- e + pre*post : synapse\non reward: w += (e > 1)*R",
        "e <- e - pre*post : synapse\non reward: w += (e < -1)*R",
    ),
    (
        "de/dt = -e/20 + pre*post\non reward: w += clip(0.1*e, -1, 1)*R",
        "de/dt = -e/20 - 3*pre*post\non reward: w += clip(-e/30, -1, 1)*R",
    ),
    (
        "de/dt = -e/20 + pre*post\non reward: w += exp(0.2*e)*R",
        "de/dt = -e/20 + pre*post/5\non reward: w += exp(e)*R",
    ),
    (
        "nonlocal sum_pre\nw += sum_pre(2*w*pre + u)*pre",
        "nonlocal sum_pre\nw += (2*sum_pre(w*pre) + sum_pre(u))*pre",
    ),
]


@pytest.mark.parametrize(("one", "two"), RULES)
def test_the_scale_of_a_state_that_a_function_reads(one: str, two: str) -> None:
    assert parse(one).digest == parse(two).digest


@pytest.mark.parametrize(
    "state",
    [
        "h <- h : global\non reward: h += {}*R",
        "h <- h : synapse\ninitial h = {}*w",
        "h = average({}*R, 0.1)",
        "h <- h : pre\non pre_spike: h <- {}",
    ],
)
def test_a_state_that_no_equation_drives_keeps_its_scale(state: str) -> None:
    """What `docs/rule-language.md` does not promise."""
    texts = (f"{state.format(k)}\non trial end: w += {1 / k}*h*post" for k in (1, 2))
    assert len({parse(text).digest for text in texts}) == 2


def test_a_state_that_begins_at_a_number_has_it_as_its_unit() -> None:
    text = "h <- h : global\ninitial h = {}\non reward: h += {}*R\non trial end: w += {}*h*pre"
    assert parse(text.format(1, 1, 1)).digest == parse(text.format(2, 2, 0.5)).digest


def test_the_other_scale_is_another_rule() -> None:
    one = "e <- e + pre*post : synapse\non reward: w += (e > {})*R"
    assert parse(one.format(1)).digest != parse(one.format(2)).digest


# Numbers that are no fractions --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("(sqrt(2) - 1.4142135623730951)*1e17*pre", "0*pre"),
        ("(exp(1) - 2.718281828459045)*1e17*pre", "0*pre"),
        ("tanh(20)*pre", "pre"),
        ("sigmoid(40)*pre", "pre"),
        ("(u > tanh(20))*pre", "(u > 1)*pre"),
    ],
)
def test_constants_are_not_their_doubles(one: str, two: str) -> None:
    assert digest(one) != digest(two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("sqrt(2)*sqrt(2)*pre", "2*pre"),
        ("(sqrt(8) - 2*sqrt(2))*pre + u", "u"),
        ("sqrt(8)*pre", "2*sqrt(2)*pre"),
        ("sqrt(6)*pre", "sqrt(2)*sqrt(3)*pre"),
        ("exp(log(3))*pre/9", "pre/3"),
        ("log(8)*pre", "3*log(2)*pre"),
        ("(sqrt(2)*u + pre)*sqrt(2)", "2*u + sqrt(2)*pre"),
        ("u**exp(log(2))", "u**2"),
        ("(2 if tanh(20) < 1 else 3)*pre", "2*pre"),
        ("(sqrt(2)*u + 1)**30*pre", "(1 + 2**0.5*u)**30*pre"),
    ],
)
def test_constants_are_equal_by_their_digits(one: str, two: str) -> None:
    assert digest(one) == digest(two)


def test_constants_are_printed_as_they_are_written() -> None:
    rule = parse("w += 2*sqrt(2)*pre + tanh(20)*u")
    assert rule.text().split("  :")[0] == "w += 2*sqrt(2)*pre + tanh(20)*u"
    assert parse(rule.text()) == rule
    assert parse(rule.canonical().text()) == rule.canonical()
    with pytest.raises(RuleError, match="division by zero"):
        parse("w += pre/(sqrt(2)*sqrt(8) - 4)")


# Units that a number carried ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "param tau = 1 ms\nde/dt = -e/tau + pre\nw += 2*e",
        "param tau = 1 ms\ne = lowpass(pre, tau)\nw += 2*e*post",
        "param k = 1 ms\nw += tanh(pre_spike*k)*pre",
        "param a = 1 ms\ne <- e + pre*dt : synapse\nw += (e > a)*pre",
        "param a = 2 ms\nparam b = 0.5\nde/dt = -b*e/a/b/b + pre/b\nw += 2*e",
    ],
)
def test_a_canonical_text_is_a_rule_where_a_unit_was_one(text: str) -> None:
    form = parse(text).canonical()
    assert parse(form.text()) == form
    assert form.canonical() == form
    assert parse(form.text()).digest == parse(text).digest


# Any formula --------------------------------------------------------------------------------------
