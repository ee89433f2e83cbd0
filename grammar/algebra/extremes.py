"""The smaller, the larger and what is kept within limits, by absolute values.

`max(a, b)` is `(a + b + abs(a - b))/2`, and `clip(x, -1, 1)` is `(abs(x + 1) - abs(x - 1))/2`.
Where this would make an expression long, or where more than two things are compared, a maximum
stays one, and a minimum is the negative of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy as sp

from rulegen.grammar.algebra import algebra, laws
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.content import leading

#: Maxima of expressions with more symbols and numbers than this stay maxima.
MAX_SIZE = 60
_EXTREMES = (sp.Min, sp.Max, op.relu, op.clip)


def is_extreme(expr: sp.Basic) -> bool:
    """Whether it is a minimum, a maximum, or made of these."""
    return isinstance(expr, _EXTREMES)


def extreme(
    expr: sp.Expr, normal: Callable[[sp.Expr], sp.Expr], size: Callable[[sp.Expr], int]
) -> sp.Expr:
    """The normal form of a minimum or maximum.

    Args:
        expr: as it was written.
        normal: makes normal forms of what stands in it.
        size: counts symbols and numbers.
    """
    limits = _limits(_plain(expr))
    if limits is not None:
        return _clipped(*limits, normal)
    args = sorted({normal(a) for a in _compared(expr, sp.Integer(1))}, key=str)
    if isinstance(_plain(expr), sp.Min):
        return laws.negative(_maximum([laws.negative(a) for a in args], size))
    return _maximum(args, size)


def _plain(expr: sp.Expr) -> sp.Expr:
    """The same by `min` and `max`."""
    if isinstance(expr, op.relu):
        return algebra.call("max", [expr.args[0], sp.Integer(0)])
    if isinstance(expr, op.clip):
        return algebra.call("min", [algebra.call("max", expr.args[:2]), expr.args[2]])
    return expr


def _compared(expr: sp.Expr, factor: sp.Rational) -> Iterator[sp.Expr]:
    """What is compared: a maximum in a maximum compares all that it does."""
    expr = _plain(expr)
    for arg in expr.args:
        coefficient, inner = arg.as_coeff_Mul()
        inner = _plain(inner)
        same = expr.func if coefficient > 0 else {sp.Min: sp.Max, sp.Max: sp.Min}[expr.func]
        if isinstance(inner, same):
            yield from _compared(inner, factor * coefficient)
        else:
            yield algebra.multiply([factor, arg])


def _limits(expr: sp.Expr) -> tuple[type, sp.Rational, sp.Rational, sp.Expr] | None:
    """Of `min(high, max(low, x))`, or the other way round, its limits and x."""
    for outer, inner in ((sp.Min, sp.Max), (sp.Max, sp.Min)):
        if not isinstance(expr, outer) or len(expr.args) != 2:
            continue
        numbers = [a for a in expr.args if a.is_Rational]
        others = [_plain(a) for a in expr.args if not a.is_Rational]
        if len(numbers) != 1 or not isinstance(others[0], inner) or len(others[0].args) != 2:
            continue
        also = [a for a in others[0].args if a.is_Rational]
        if len(also) == 1:
            (x,) = (a for a in others[0].args if not a.is_Rational)
            return outer, numbers[0], also[0], x
    return None


def _clipped(
    outer: type,
    limit: sp.Rational,
    other: sp.Rational,
    x: sp.Expr,
    normal: Callable[[sp.Expr], sp.Expr],
) -> sp.Expr:
    low, high = (other, limit) if outer is sp.Min else (limit, other)
    if low >= high:
        return limit
    x = normal(x)
    above = laws.absolute(algebra.add([x, -low]))
    below = laws.negative(laws.absolute(algebra.add([x, -high])))
    return laws.times(algebra.add([above, below, low + high]), sp.Rational(1, 2))


def _maximum(args: list[sp.Expr], size: Callable[[sp.Expr], int]) -> sp.Expr:
    numbers = [a for a in args if a.is_Rational]
    args = [a for a in args if not a.is_Rational] + ([max(numbers)] if numbers else [])
    if len(args) == 1:
        return args[0]
    if len(args) == 2 and sum(map(size, args)) <= MAX_SIZE:
        one, other = args
        gap = laws.absolute(algebra.add([one, laws.negative(other)]))
        return laws.times(algebra.add([one, other, gap]), sp.Rational(1, 2))
    scale, _ = leading(t for a in args for t in sp.Add.make_args(a) if t != 0)
    scaled = algebra.call("max", [laws.times(a, 1 / scale) for a in args])
    return algebra.multiply([scale, scaled])
