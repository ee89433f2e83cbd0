"""Choices as sums of products of indicators, `1 where a < 0`, which have one form.

`A if condition else B` is `B + [condition]*(A - B)` where both A and B always have a value, and
`[a and b]` is `[a]*[b]`, `[a or b]` is `1 - (1 - [a])*(1 - [b])`. Of `d < 0`, `d == 0` and `d > 0`
one holds: the middle one is written by the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sympy as sp

from rulegen.grammar.algebra import conditions
from rulegen.grammar.algebra import operators as op

#: Conditions that would make more products of indicators than this stay as they are.
MAX_PRODUCTS = 40

#: Sums of products of conditions `d < 0`, each with its whole coefficient.
_Polynomial = dict[frozenset[sp.Basic], int]
_ONE: _Polynomial = {frozenset(): 1}


class _TooMany(Exception):
    pass


def indicator(condition: sp.Basic) -> sp.Expr:
    """1 where the condition holds, else 0."""
    return conditions.choose(condition, sp.Integer(1), sp.Integer(0))


def is_indicator(expr: sp.Basic) -> bool:
    """Whether it is 1 where a condition holds, and 0 elsewhere."""
    return isinstance(expr, sp.Piecewise) and [a.expr for a in expr.args] == [1, 0]


def is_less(pairs: Sequence[tuple[sp.Expr, sp.Basic]]) -> bool:
    """Whether these are the cases of an indicator of `d < 0`."""
    first = pairs[0][1]
    return [v for v, _ in pairs] == [1, 0] and first.is_Relational and first.rel_op == "<"


def excluded(all_of: frozenset[sp.Basic], opposite: Callable[[sp.Basic], sp.Basic]) -> bool:
    """Whether two of the conditions never hold at once."""
    return any(opposite(c) in all_of for c in all_of)


def total(expr: sp.Basic) -> bool:
    """Whether the expression has a value wherever its symbols have one."""
    if isinstance(expr, sp.log | op.power):
        return False
    if expr.is_Pow and not (expr.exp.is_Integer and expr.exp > 0):
        return False
    return all(map(total, expr.args))


def as_sum(
    cases: Sequence[tuple[sp.Expr, sp.Basic]], opposite: Callable[[sp.Basic], sp.Basic]
) -> list[list[sp.Expr]] | None:
    """The products whose sum is the first value whose condition holds, or None.

    Args:
        cases: values and conditions, the last of which is true; comparisons are `d < 0`, `d <= 0`,
            `d == 0` or `d != 0`.
        opposite: makes `-d < 0` of `d < 0`.
    """
    if not all(total(value) for value, _ in cases):
        return None
    left, result = _ONE, []
    try:
        for value, condition in cases:
            here = _times(left, _polynomial(condition, opposite), opposite)
            left = _plus(left, here, -1)
            for holding, count in here.items():
                result.append([value, sp.Integer(count), *map(indicator, holding)])
    except _TooMany:
        return None
    return result


def _polynomial(condition: sp.Basic, opposite: Callable[[sp.Basic], sp.Basic]) -> _Polynomial:
    if condition in (sp.true, sp.false):
        return _ONE if condition == sp.true else {}
    if isinstance(condition, sp.And | sp.Or):
        product = _ONE
        either = isinstance(condition, sp.Or)
        for part in condition.args:
            one = _polynomial(part, opposite)
            product = _times(product, _plus(_ONE, one, -1) if either else one, opposite)
        return _plus(_ONE, product, -1) if either else product
    if condition.rel_op == "<":
        return {frozenset([condition]): 1}
    below = conditions.compare("<", *condition.args)
    above = opposite(below)
    no_more = {frozenset(): 1, frozenset([above]): -1}
    if condition.rel_op == "<=":
        return no_more
    same = {**no_more, frozenset([below]): -1}
    return same if condition.rel_op == "==" else _plus(_ONE, same, -1)


def _plus(one: _Polynomial, other: _Polynomial, times: int) -> _Polynomial:
    result = dict(one)
    for key, count in other.items():
        result[key] = result.get(key, 0) + times * count
    return {key: count for key, count in result.items() if count}


def _times(
    one: _Polynomial, other: _Polynomial, opposite: Callable[[sp.Basic], sp.Basic]
) -> _Polynomial:
    result: _Polynomial = {}
    for a, m in one.items():
        for b, n in other.items():
            both = a | b
            if not excluded(both, opposite):
                result[both] = result.get(both, 0) + m * n
        if len(result) > MAX_PRODUCTS:
            raise _TooMany
    return {key: count for key, count in result.items() if count}
