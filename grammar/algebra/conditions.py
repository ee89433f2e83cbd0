"""Conditions and the choice between values."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy as sp

from rulegen.grammar.algebra.constants import exact
from rulegen.grammar.algebra.exact import AlgebraError

#: What compares two numbers, by its sign.
COMPARISONS: dict[str, Callable[..., sp.Basic]] = {
    "<": sp.StrictLessThan,
    "<=": sp.LessThan,
    ">": sp.StrictGreaterThan,
    ">=": sp.GreaterThan,
    "==": sp.Equality,
    "!=": sp.Unequality,
}


def compare(op: str, left: sp.Expr, right: sp.Expr) -> sp.Basic:
    """The condition `left op right`; one between numbers is decided at once."""
    if left.has(sp.Piecewise) or right.has(sp.Piecewise):
        raise AlgebraError("a condition inside a condition", "join conditions by `and` and `or`")
    return related(op, left, right)


def opposed(condition: sp.Basic) -> sp.Basic:
    """The condition that holds where this one does not.

    Example:
        >>> a, b = sp.symbols("a b", real=True)
        >>> opposed(combine(sp.And, [a < 0, b < 0])) == combine(sp.Or, [a >= 0, b >= 0])
        True
    """
    if isinstance(condition, sp.And | sp.Or):
        other = sp.Or if isinstance(condition, sp.And) else sp.And
        return combine(other, [opposed(part) for part in condition.args])
    return negate(condition)


def related(op: str, left: sp.Expr, right: sp.Expr) -> sp.Basic:
    """The same of any formulas: where a slope changes may depend on a choice, unlike in a text."""
    decided = left.is_number and right.is_number
    if decided:
        left, right = exact(left), exact(right)
    return COMPARISONS[op](left, right, evaluate=decided)


def combine(kind: type[sp.Basic], conditions: Sequence[sp.Basic]) -> sp.Basic:
    """`and` (kind sp.And) or `or` (kind sp.Or) of conditions."""
    decisive, neutral = (sp.false, sp.true) if kind is sp.And else (sp.true, sp.false)
    flat: list[sp.Basic] = []
    for condition in conditions:
        flat += condition.args if isinstance(condition, kind) else [condition]
    if decisive in flat:
        return decisive
    rest = {c for c in flat if c != neutral}
    if len(rest) < 2:
        return rest.pop() if rest else neutral
    return kind(*rest, evaluate=False)


def negate(comparison: sp.Basic) -> sp.Basic:
    """The comparison that holds where this one does not."""
    if comparison in (sp.true, sp.false):
        return sp.false if comparison == sp.true else sp.true
    return comparison.negated


def choose(condition: sp.Basic, first: sp.Expr, second: sp.Expr) -> sp.Expr:
    """`first` where the condition holds, else `second`."""
    if condition == sp.true or first == second:
        return first
    if condition == sp.false:
        return second
    # One flat list of cases, so that a chain of `else ... if` has a single form.
    rest = second.args if isinstance(second, sp.Piecewise) else [(second, True)]
    return sp.Piecewise((first, condition), *rest, evaluate=False)


def chosen(cases: Sequence[tuple[sp.Expr, sp.Basic]]) -> sp.Expr:
    """The first value whose condition holds; the last condition is always true."""
    result = cases[-1][0]
    for value, condition in reversed(cases[:-1]):
        result = choose(condition, value, result)
    return result
