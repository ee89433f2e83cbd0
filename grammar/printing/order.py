"""The order in which people write factors and terms, for text and for LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import sympy as sp

from rulegen.grammar.algebra.operators import power
from rulegen.grammar.algebra.parts import Definition, RuleParts, State
from rulegen.grammar.algebra.symbols import MILLISECOND, Site
from rulegen.grammar.reading.sites import site_of

_DIGITS = re.compile(r"(\d+)")

#: After numbers with their unit and parameters: the third factor, then the synapse, post and pre.
_SITE_RANK = {Site.GLOBAL: 2, Site.SYNAPSE: 3, Site.POST: 4, Site.PRE: 5}


def natural(text: str) -> list[tuple[int, int, str]]:
    """A sorting key that puts `theta_2` before `theta_10`.

    Example:
        >>> sorted(["theta_10", "theta_2"], key=natural)
        ['theta_2', 'theta_10']
    """
    parts = _DIGITS.split(text)
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts if p]


def split_product(expr: sp.Expr) -> tuple[sp.Rational, list[sp.Expr], list[sp.Expr]]:
    """The numeric coefficient, the factors above the line and those below it."""
    coefficient, above, below = sp.Integer(1), [], []
    for factor in sp.Mul.make_args(expr):
        if factor.is_Rational:
            coefficient = factor
        elif factor.is_Pow and factor.exp.is_Rational and factor.exp < 0:
            below.append(sp.Pow(factor.base, -factor.exp))
        elif isinstance(factor, power) and factor.args[1].is_Rational and factor.args[1] < 0:
            below.append(power(factor.args[0], -factor.args[1], evaluate=False))
        else:
            above.append(factor)
    return coefficient, above, below


def sort_factors(
    factors: Iterable[sp.Expr],
    sites: Mapping[str, Site],
    parameters: frozenset[str],
    show: Callable[[sp.Expr], str],
) -> list[sp.Expr]:
    """Factors in the order eta, third factor, eligibility or post, pre."""

    def key(factor: sp.Expr) -> tuple[int, list[tuple[int, int, str]]]:
        names = {s.name for s in factor.free_symbols}
        if not names or names == {MILLISECOND}:
            return (-1 if not names else 0), natural(show(factor))
        rank = 1 if names <= parameters else _SITE_RANK[site_of(factor, sites)]
        return rank, natural(show(factor))

    return sorted(factors, key=key)


def sort_terms(
    terms: Iterable[sp.Expr], show: Callable[[sp.Expr], str], own: sp.Symbol | None = None
) -> list[sp.Expr]:
    """Terms with the decay of `own` first, then positive ones, then negative ones, numbers last."""

    def key(term: sp.Expr) -> tuple[int, bool, list[tuple[int, int, str]]]:
        coefficient, above, _ = split_product(term)
        if own is not None and coefficient < 0 and above == [own]:
            return 0, False, []
        body = sp.Mul(*[f for f in sp.Mul.make_args(term) if not f.is_Rational])
        return (1 if coefficient > 0 else 2), bool(term.is_Rational), natural(show(body))

    return sorted(terms, key=key)


def equations(parts: RuleParts) -> list[Definition | State]:
    """Definitions and states, a definition just before the first state that uses it."""
    rows: list[Definition | State] = []
    waiting = list(parts.definitions)
    for state in parts.states:
        names = {s.name for s in state.expr.free_symbols}
        used = [i for i, d in enumerate(waiting) if d.name in names]
        count = used[-1] + 1 if used else 0
        rows += waiting[:count]
        del waiting[:count]
        rows.append(state)
    return rows + waiting
