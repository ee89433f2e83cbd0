"""Short texts stay cheap, whatever stands in what: to read, to print and to compare.

A count of calls is the same on every machine, and a blow-up exceeds it by orders of magnitude.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from rulegen.grammar import RuleError, parse

MAX_CALLS = 60_000_000


class TooLong(Exception):
    pass


def bounded(action: Callable[[], object], most: int = MAX_CALLS) -> None:
    """Run the action, and fail as soon as it has made more calls than this."""
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += 1
        if calls > most:
            raise TooLong

    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)


def read_and_ask(text: str) -> None:
    try:
        rule = parse(text)
        rule.text(), rule.latex(), rule.units(), rule.locality(), rule.terms(), rule.digest
    except RuleError:
        pass


NESTED = [
    "({}*pre + xi)",
    "(pre + xi*{})**2",
    "((pre > 1)*{} + 0.1)**64",
    "1/({} + pre)",
    "(1/({}*R + xi))**(1/3)",
    "sqrt(1/({} + pre))",
    "tanh(abs({} + u)**3)",
    "sin(({})**(1/3) + pre)**2",
    "log(1/({} + pre))",
    "spow({}, 2.5)",
    "exp({} + R)**(1/3)*w",
    "(pre + 1)**({} + xi)",
    "clip({} + 1, -1, pre)",
    "({} + 1 if pre > 0 else 2)",
    "max({}*pre, post + 1)",
    "abs(({} + pre)**2)**0.3",
    "((({} + pre)**3)**u)**0.5",
    "(-{} if u > 0 else pre)",
    "((u > 0)*abs((u > 0)*{} + 2)**3 + xi)",
]


@pytest.mark.parametrize("shape", NESTED)
def test_brackets_in_brackets(shape: str) -> None:
    formula = "u"
    for _ in range(26):
        formula = shape.replace("{}", formula)
    bounded(lambda: read_and_ask(f"w += {formula}"))


LONG = {
    "powers of definitions": "d0 = u + pre\n"
    + "".join(f"d{i} = d{i - 1}**3 + xi\n" for i in range(1, 40))
    + "w += d39",
    "products of definitions": "d0 = u + pre\n"
    + "".join(f"d{i} = d{i - 1}*d{i - 1} + xi\n" for i in range(1, 11))
    + "w += d10",
    "a power of a long sum": "w += (u + pre + post + xi + R + w + zeta + error)**64",
    "two powers": "w += (u + pre)**19*(post + xi)**19",
    "equal states": "".join(f"x{i} = lowpass(pre, 10)\n" for i in range(60))
    + "w += "
    + " + ".join(f"x{i}" for i in range(60)),
    "states with parameters of their own": "".join(
        f"x{i} = lowpass(pre, tau_{i})\n" for i in range(40)
    )
    + "w += "
    + " + ".join(f"x{i}" for i in range(40)),
    "a chain of states": "x0 = lowpass(pre, 10)\n"
    + "".join(f"x{i} = lowpass(x{i - 1}, 10)\n" for i in range(1, 60))
    + "w += x59",
    "many parameters": "w += (" + " + ".join(f"alpha_{i}" for i in range(120)) + ")*pre",
    "many updates": "on reward:\n" + "".join(f"  w += eta_{i}*R\n" for i in range(100)),
    "negations": "w += 1 if "
    + "not(" * 31
    + " and ".join(f"u > {i}" for i in range(100))
    + ")" * 31
    + " else 0",
}


@pytest.mark.parametrize("case", LONG)
def test_long_rules(case: str) -> None:
    bounded(lambda: read_and_ask(LONG[case]))


def test_what_is_printed_of_a_long_formula_can_be_read() -> None:
    formula = "+".join(f"u**{i % 60 + 1}*pre**{i // 60 + 1}*theta_{i}" for i in range(200))
    rule = parse(f"w+={formula}")
    assert len(rule.text()) > 4096
    assert parse(rule.text()) == rule


def test_a_long_chain_of_states_has_a_digest() -> None:
    """Scaled one by one, they would leave the range of numbers."""
    states = "x0 = lowpass(pre, 10)\n"
    states += "".join(f"x{i} = lowpass(x{i - 1}, 10)\n" for i in range(1, 40))
    rule = parse(states + "w += x39")
    assert rule.canonical().canonical() == rule.canonical()


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("w += (u*(pre - xi))**2*post", "w += u**2*(pre**2 - 2*pre*xi + xi**2)*post"),
        ("c = u > 0\nw += c*c*pre", "w += (u > 0)*pre"),
        ("w += sqrt(u**2*(pre + 1)**2)", "w += abs(u)*abs(pre + 1)"),
        ("w += (1/(u + pre))**0.5", "w += 1/sqrt(u + pre)"),
        ("w += not (u > 0 and not pre < 1)", "w += u <= 0 or pre < 1"),
    ],
)
def test_equal_in_real_numbers(one: str, two: str) -> None:
    assert parse(one).digest == parse(two).digest


@pytest.mark.parametrize(
    "text",
    [
        "w += exp(exp(1)**2*u)**2*pre",
        "w += (exp(u/3)*pre)**0.3",
        "w += (((min(w, u) == 1)/2 + 1)*(min(w, u) == 1) + R)*(min(w, u) == 1)",
        "w += (pre > 1)**2*(0 - (u > 0))**3",
        "w += (pre == 0.5)*abs((pre == 0.5)*abs((pre == 0.5)*u + 2)**3 + xi)**3",
    ],
)
def test_numbers_and_conditions_keep_their_form(text: str) -> None:
    rule = parse(text)
    assert parse(rule.text()) == rule
    assert rule.canonical().canonical() == rule.canonical()
    assert parse(rule.canonical().text()) == rule.canonical()
