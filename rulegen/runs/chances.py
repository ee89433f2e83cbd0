"""What a rule may draw that does not fit where it is read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import sympy as sp

from rulegen.grammar import Rule
from rulegen.grammar.algebra.draws import draw_in
from rulegen.grammar.algebra.parts import Form
from rulegen.grammar.algebra.symbols import MILLISECOND, symbol
from rulegen.grammar.printing.unparse import show_expression
from rulegen.grammar.reading.drawing import trouble
from rulegen.grammar.rule.draws import in_standard, standards
from rulegen.grammar.rule.timing import cases, extremes, time_constant

#: What neurons do, and numbers that all of it may be.
ACTIVITY = ("pre", "post", "u", "pre_u", "drive", "xi")
WITHIN = (sp.Integer(-1), sp.Integer(0), sp.Integer(1))
#: More of it in one draw, and nothing is said.
MOST_SIGNALS = 3
#: So near to an end of what is drawn evenly, which itself is never met.
NEAR = 1e-6


def unfit(rule: Rule) -> list[str]:
    """Time constants and distributions that there are not for some of what parameters draw.

    Example:
        >>> from rulegen.grammar import parse
        >>> unfit(parse("param s = uniform(-1, 1) : post\\nn = normal(0, s) : post\\nw += n*pre"))
        ['`n` may be drawn from normal(0, -0.999998): the deviation must be positive; bound `s` \
with `max`, `min` or `clip`']
    """
    known = {symbol(p.name): p.value for p in rule.parameters if p.value is not None}
    found = [*times(rule, known), *distributions(rule, known)] if rule.drawn else []
    return found + list(of_activity(rule, known))


def times(rule: Rule, known: dict[sp.Symbol, float]) -> Iterator[str]:
    """Notes about time constants that may be 0 or negative; arguments as of `distributions`."""
    for state in rule.states:
        tau = time_constant(state, rule)
        if not (owners := drawn_in(tau, rule)):
            continue
        found = [v for v in extremes(tau, rule, known) if v.is_number and v.is_finite]
        # What grows whatever is drawn is meant to grow.
        grows = state.form is Form.DERIVATIVE and max(found, default=0) <= 0
        if found and min(found) <= 0 and not grows:
            yield (
                f"the time constant of `{state.name}` may be {float(min(found)):g} ms, as "
                f"{named(owners)} is drawn: {bounded(rule, tau, owners, known)}"
            )


def bounded(rule: Rule, tau: sp.Expr, owners: list[str], known: dict[sp.Symbol, float]) -> str:
    """How a time constant stays positive.

    Args:
        rule: the rule. tau: the time constant. owners: what is drawn in it.
        known: values of parameters.
    """
    (number, *more) = (n for n in standards(rule) if n.owner in owners)
    first = rule.state(number.owner).initial
    middle = in_standard(rule.expand(first), sp.Integer(0) if number.normal else sp.Rational(1, 2))
    floor = middle.subs(known).doit() / 2
    if (
        more
        or not floor.is_number
        or not floor > 0
        or not tau.subs(symbol(number.owner), floor) > 0
    ):
        return f"bound {named(owners)} with `max`, `min` or `clip`"
    unit = " ms" if symbol(MILLISECOND) in first.free_symbols else ""
    shown = f"max({show_expression(rule, first)}, {float(floor):g}{unit})"
    return f"write `{shown}`, or draw a `lognormal` number, which is positive"


def distributions(rule: Rule, known: dict[sp.Symbol, float]) -> Iterator[str]:
    """Notes about draws of a step whose arguments are drawn themselves.

    Args:
        rule: the rule. known: values of its parameters.
    """
    for number in standards(rule):
        draw = draw_in(rule.expand(rule.state(number.owner).expr))
        if number.once or draw is None or not (owners := drawn_in(draw, rule)):
            continue
        for case in cases(rule, draw.free_symbols, known, NEAR):
            args = [a.subs(case).subs(known).doit() for a in draw.args]
            problem, _ = trouble(type(draw).__name__, args)
            if problem:
                shown = ", ".join(f"{float(a):g}" if a.is_number else str(a) for a in args)
                made = f"{type(draw).__name__}({shown})"
                yield (
                    f"`{number.owner}` may be drawn from {made}: {problem}; bound "
                    f"{named(owners)} with `max`, `min` or `clip`"
                )
                break


def of_activity(rule: Rule, known: dict[sp.Symbol, float]) -> Iterator[str]:
    """Notes about draws of a step with what neurons do in their arguments.

    A rate of `tanh` lies between -1 and 1, and a potential may be there as well.

    Args:
        rule: the rule. known: values of its parameters.
    """
    signals = {symbol(name) for name in ACTIVITY}
    for state in rule.states:
        draw = draw_in(rule.expand(state.expr)) if state.form is Form.DRAW else None
        read = sorted(draw.free_symbols & signals, key=str) if draw else []
        if draw is None or not read or len(read) > MOST_SIGNALS:
            continue
        for values in product(WITHIN, repeat=len(read)):
            case = dict(zip(read, values, strict=True))
            args = [a.subs(case).subs(known).doit() for a in draw.args]
            problem, _ = trouble(type(draw).__name__, args)
            if problem:
                shown = show_expression(rule, state.expr)
                where = " and ".join(f"{name} is {value}" for name, value in case.items())
                yield (
                    f"`{shown}` is no distribution where {where}: {problem}; bound it with "
                    "`sigmoid`, `max` or `clip`"
                )
                break


def drawn_in(expr: sp.Basic, rule: Rule) -> list[str]:
    """The names in an expression of parameters that are drawn."""
    return sorted(str(s) for s in expr.free_symbols if str(s) in rule.drawn)


def named(owners: list[str]) -> str:
    """Some names in a sentence."""
    return " and ".join(f"`{name}`" for name in owners)
