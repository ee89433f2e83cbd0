"""The smaller, the larger and what is kept within limits, by absolute values.

`max(a, b)` is `(a + b + abs(a - b))/2`, and `clip(x, -1, 1)` is `(abs(x + 1) - abs(x - 1))/2`.
Where this would make an expression long, or where more than two things are compared, a maximum
stays one, and a minimum is the negative of one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import sympy as sp

from rulegen.grammar.algebra import algebra
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.content import MAX_TWICE, leading, leaves
from rulegen.grammar.algebra.factoring import negative, times
from rulegen.grammar.algebra.signs import absolute

_EXTREMES = (sp.Min, sp.Max, op.relu, op.clip)


def is_extreme(expr: sp.Basic) -> bool:
    """Whether it is a minimum, a maximum, or made of these."""
    return isinstance(expr, _EXTREMES)


def extreme(expr: sp.Expr, normal: Callable[[sp.Expr], sp.Expr]) -> sp.Expr:
    """The normal form of a minimum or maximum.

    Args:
        expr: as it was written.
        normal: makes normal forms of what stands in it.
    """
    if not is_extreme(plain(expr)):  # of one thing with itself
        return normal(plain(expr))
    low, high, x = _window(expr)
    if low.is_finite and high.is_finite:
        return _clipped(low, high, x, normal)
    args = sorted({normal(a) for a in _compared(expr, sp.Integer(1))}, key=str)
    if isinstance(plain(expr), sp.Min):
        return negative(_maximum([negative(a) for a in args]))
    return _maximum(args)


def plain(expr: sp.Expr) -> sp.Expr:
    """The same by `min` and `max`."""
    if isinstance(expr, op.relu):
        return algebra.call("max", [expr.args[0], sp.Integer(0)])
    if isinstance(expr, op.clip):
        # Of one thing with itself, that is this thing, which may be such a function again.
        return plain(algebra.call("min", [algebra.call("max", expr.args[:2]), expr.args[2]]))
    return expr


def _compared(expr: sp.Expr, factor: sp.Rational) -> Iterator[sp.Expr]:
    """What is compared: a maximum in a maximum compares all that it does."""
    expr = plain(expr)
    for arg in expr.args:
        coefficient, inner = arg.as_coeff_Mul()
        inner = plain(inner)
        same = expr.func if coefficient > 0 else {sp.Min: sp.Max, sp.Max: sp.Min}[expr.func]
        if isinstance(inner, same):
            yield from _compared(inner, factor * coefficient)
        else:
            yield algebra.multiply([factor, arg])


def _window(expr: sp.Expr) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    """Between which numbers minima and maxima keep an expression, and that expression.

    What is kept within limits twice is kept within those of the second that the first leave.
    """
    coefficient, inner = expr.as_coeff_Mul()
    inner = plain(inner)
    kept = dict.fromkeys(_compared(inner, sp.Integer(1))) if isinstance(inner, _EXTREMES) else {}
    numbers = [a for a in kept if a.is_Rational]
    others = [a for a in kept if not a.is_Rational]
    if not numbers or not others:
        return -sp.oo, sp.oo, expr
    within = sp.Min if isinstance(inner, sp.Min) else sp.Max
    limit = within(*numbers)
    rest = algebra.call("min" if within is sp.Min else "max", others)
    low, high, x = _window(others[0]) if len(others) == 1 else (-sp.oo, sp.oo, rest)
    ends = [coefficient * within(end, limit) for end in (low, high)]
    low, high = ends if coefficient > 0 else ends[::-1]
    return low, high, algebra.multiply([coefficient, x])


def _clipped(
    low: sp.Rational, high: sp.Rational, x: sp.Expr, normal: Callable[[sp.Expr], sp.Expr]
) -> sp.Expr:
    if low == high:
        return low
    x = normal(x)
    above = absolute(algebra.add([x, -low]))
    below = negative(absolute(algebra.add([x, -high])))
    return times(algebra.add([above, below, low + high]), sp.Rational(1, 2))


def _maximum(args: list[sp.Expr]) -> sp.Expr:
    numbers = [a for a in args if a.is_Rational]
    args = [a for a in args if not a.is_Rational] + ([max(numbers)] if numbers else [])
    if len(args) == 1:
        return args[0]
    if len(args) == 2 and sum(map(leaves, args)) <= MAX_TWICE:
        one, other = args
        gap = absolute(algebra.add([one, negative(other)]))
        return times(algebra.add([one, other, gap]), sp.Rational(1, 2))
    scale, _ = leading(t for a in args for t in sp.Add.make_args(a) if t != 0)
    scaled = algebra.call("max", [times(a, 1 / scale) for a in args])
    return algebra.multiply([scale, scaled])
