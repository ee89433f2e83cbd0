"""Every operation on a rule has a bound: families that grow until they are refused, by name.

Each construct of the language has a family here. The bound is a count of calls, which is the same
on every machine; refusals come before any work, except of what only the algebra can tell.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from test_effort import bounded

from rulegen.compile import plan_rule
from rulegen.grammar import Rule, RuleError, parse
from rulegen.grammar.reading.draft import MAX_PARAMETERS
from rulegen.grammar.reading.limits import MAX_STATES
from rulegen.runs.check import check_report, check_text


def lines(count: int, make: Callable[[int], str]) -> str:
    return "\n".join(map(make, range(count))) + "\n"


def added(count: int, make: Callable[[int], str]) -> str:
    return " + ".join(map(make, range(count)))


#: Rules of any size, most of them with one state or term more a step.
FAMILIES: dict[str, Callable[[int], str]] = {
    "a ring": lambda n: lines(n, lambda i: f"s_{i} <- 0.5*s_{(i + 1) % n} + pre") + "w += post*s_0",
    "a ring that is read alike": lambda n: (
        lines(n, lambda i: f"s_{i} <- 0.5*s_{(i + 1) % n} + pre")
        + f"w += {'*'.join(f's_{i}' for i in range(n))}"
    ),
    "neighbours": lambda n: (
        lines(n, lambda i: f"s_{i} <- s_{(i + 1) % n}*s_{(i - 1) % n} + pre")
        + f"w += {added(n, lambda i: f's_{i}**2')}"
    ),
    "filters": lambda n: (
        lines(n, lambda i: f"s_{i} = lowpass(pre, {i + 2})") + f"w += {added(n, 's_{}'.format)}"
    ),
    "filters with parameters": lambda n: (
        lines(n, lambda i: f"s_{i} = lowpass(pre, tau_{i})") + f"w += {added(n, 's_{}'.format)}"
    ),
    "a chain of filters": lambda n: (
        "s_0 = pre\n" + lines(n, lambda i: f"s_{i + 1} = lowpass(s_{i}, tau_{i})") + f"w += s_{n}"
    ),
    "averages": lambda n: (
        lines(n, lambda i: f"r_{i}[condition] = average(R, 0.{i + 1})")
        + f"on reward: w += pre*({added(n, 'r_{}[condition]'.format)})"
    ),
    "products of parameters": lambda n: (
        f"w += pre*post*({added(n, lambda i: f'alpha_{i}*alpha_{i + 1}')})"
    ),
    "powers of parameters": lambda n: (
        f"w += pre*({added(n, lambda i: f'alpha_{i}**{i % 7 + 1}*alpha_{(7 * i + 1) % n}')})"
    ),
    "coefficients": lambda n: (
        lines(n, lambda i: f"param theta_{i} = 0.1 free")
        + f"w += {added(n, lambda i: f'theta_{i}*pre**{i % 8}*u**{i // 8 % 8}*post**{i // 64}')}"
    ),
    "free updates": lambda n: (
        lines(n, lambda i: f"param eta_{i} = 1 free")
        + f"on reward:\n{lines(n, lambda i: f'  w += eta_{i}*R*pre*w')}"
    ),
    "updates": lambda n: f"on reward:\n{lines(n, lambda i: f'  w += eta_{i}*R')}",
    "definitions": lambda n: (
        "a_0 = pre\n" + lines(n, lambda i: f"a_{i + 1} = a_{i} + u") + f"w += a_{n}"
    ),
    "choices": lambda n: f"w += {added(n, lambda i: f'(pre if u > {i} else post)')}",
    "choices in choices": lambda n: f"w += {'(pre if u > 0 else ' * n}1{' + 1)' * n}",
    "cases": lambda n: "w += " + "".join(f"{i} if u > {i} else " for i in range(n)) + "0",
    "conditions": lambda n: "w += pre if " + " and ".join(f"u > {i}" for i in range(n)) + " else 0",
    "clips": lambda n: f"w += {added(n, lambda i: f'clip(u*{i + 1}, -1, alpha_{i})*pre')}",
    "maxima": lambda n: f"w += {added(n, lambda i: f'max(u, pre*{i + 2}, post)')}",
    "maxima in maxima": lambda n: f"w += {'max(u + 1, ' * n}pre{')' * n}",
    "signs": lambda n: f"w += {added(n, lambda i: f'sign(u - {i})*pre')}",
    "absolute values": lambda n: f"w += {'abs(u + ' * n}pre{')' * n}",
    "functions in functions": lambda n: f"w += {'tanh(u + 0.1*' * n}pre{')' * n}",
    "floors in functions": lambda n: (
        "a_0 = pre\n" + lines(n, lambda i: f"a_{i + 1} = floor(a_{i} + u)") + f"w += a_{n}"
    ),
    "powers": lambda n: f"w += {added(n, lambda i: f'abs(u)**{i % 60}.{i + 1}')}",
    "signed powers": lambda n: f"w += {added(n, lambda i: f'spow(u + {i}, {i % 60}.5)')}",
    "powers of numbers": lambda n: f"w += {added(n, lambda i: f'{i + 2}**0.{6666667 + i}')}",
    "fractions": lambda n: f"w += {added(n, lambda i: f'pre/(u**2 + {i + 1})')}",
    "logarithms": lambda n: f"w += {added(n, lambda i: f'log(u**2 + {i + 1})')}",
    "exponentials": lambda n: f"w += {'*'.join(f'exp(u*{i + 1})' for i in range(n))}",
    "sums over neurons": lambda n: (
        f"nonlocal sum_pre\nw += {added(n, lambda i: f'sum_pre(w*pre**{i % 60 + 1})')}"
    ),
    "earlier steps": lambda n: f"w += {added(n, lambda i: f'prev(pre)**{i % 60 + 1}*prev(u)')}",
    "opposites": lambda n: (
        f"nonlocal opposite\nw += {added(n, lambda i: f'opposite(w)**{i % 60 + 1}*pre**{i % 7}')}"
    ),
    "forward": lambda n: (
        lines(n, lambda i: f"s_{i} <- 0.5*s_{i} + pre*post")
        + f"forward w = w + {added(n, 's_{}'.format)}"
    ),
    "choices in a product": lambda n: (
        "w += " + "*".join(f"(pre if u > {i} else post)" for i in range(n))
    ),
}


def asked(rule: Rule) -> dict[str, Callable[[], object]]:
    """All that `check` and a fit ask of a rule."""
    return {
        "text": rule.text,
        "latex": rule.latex,
        "units": rule.units,
        "locality": rule.locality,
        "terms": rule.terms,
        "idle": rule.idle,
        "digest": lambda: rule.digest,
        "sympy": rule.sympy,
        "plan": lambda: plan_rule(rule).explain(),
        "tangents": lambda: plan_rule(rule, wrt=[p.name for p in rule.free]),
    }


def refused(rule: Rule) -> dict[str, str]:
    """What of this is refused, and how."""
    found = {}
    for what, operation in asked(rule).items():
        try:
            operation()
        except RuleError as error:
            found[what] = str(error)
    return found


def largest(family: Callable[[int], str]) -> Rule:
    """The largest rule of a family, of a few sizes, that can be read."""
    for count in (900, MAX_PARAMETERS - 12, MAX_STATES - 1, 40, 16):
        try:
            return parse(family(count))
        except RuleError:
            continue
    raise AssertionError("none can be read")


#: Calls that a refusal takes at most, about a fifth of a second.
MOST_OF_A_REFUSAL = 2_000_000


def refused_soon(operation: Callable[[], object], message: str) -> None:
    """Fail unless it is refused, and before any work."""
    with pytest.raises(RuleError, match=message):
        bounded(operation, MOST_OF_A_REFUSAL)


#: What the refusals of large rules say, by what was asked.
EXPECTED = {
    "digest": "the rule is too large to be compared",
    "tangents": "tangents",
    "sympy": "the updates of `w`",
}


@pytest.mark.parametrize("name", FAMILIES)
def test_the_largest_rule_of_a_family_takes_bounded_time(name: str) -> None:
    rule = largest(FAMILIES[name])
    found: dict[str, str] = {}
    bounded(lambda: found.update(refused(rule)))
    assert all(EXPECTED[what] in told for what, told in found.items()), found
    for what in found:
        refused_soon(asked(rule)[what], EXPECTED[what])


@pytest.mark.parametrize(
    "name",
    [
        "functions in functions",
        "products of parameters",
        "free updates",
        "coefficients",
    ],
)
def test_what_check_says_takes_bounded_time(name: str) -> None:
    rule = largest(FAMILIES[name])
    bounded(lambda: check_text(check_report(rule)))


@pytest.mark.parametrize("name", FAMILIES)
def test_small_rules_of_a_family_are_refused_nothing(name: str) -> None:
    assert not refused(parse(FAMILIES[name](8)))


REFUSED = {
    "states": ("a ring", 200, "line 65, column 1: more than 64 states"),
    "low-pass states": ("filters", 498, "line 65, column 1: more than 64 states"),
    "parameters": ("products of parameters", 300, "the rule has more than 256 parameters"),
    "declared parameters": ("coefficients", 257, "the rule has more than 256 parameters"),
    "a line": ("products of parameters", 900, "more than 16384"),
    "a chain of definitions": ("definitions", 250, "nested too deeply"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_too_large_is_refused_by_name_at_once(case: str) -> None:
    name, count, message = REFUSED[case]
    text = FAMILIES[name](count)
    refused_soon(lambda: parse(text), message)


def test_too_many_tangents_are_refused_by_name() -> None:
    rule = parse(FAMILIES["free updates"](200))
    with pytest.raises(RuleError, match="200 free parameters in 200 formulas make 40000 tangents"):
        plan_rule(rule, wrt=[p.name for p in rule.free])


def test_updates_that_double_are_refused_by_name() -> None:
    rule = parse(FAMILIES["free updates"](40))
    message = "updates of `w` on reward, put into each other, have more"
    refused_soon(rule.sympy, message)


@pytest.mark.parametrize(
    ("name", "count", "message"),
    [
        ("clips", 250, "250 functions, comparisons, roots and fractions; at most 100"),
        ("conditions", 400, "400 functions, comparisons, roots and fractions; at most 100"),
        ("a chain of filters", 63, "63 states whose units have parameters, times .* at most 5000"),
    ],
)
def test_a_rule_without_digest_says_why(name: str, count: int, message: str) -> None:
    rule = parse(FAMILIES[name](count))
    told = f"too large to be compared with others.*{message}"
    refused_soon(lambda: rule.digest, told)
