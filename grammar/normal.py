"""One form for equal expressions: sums of products, with a bound on how far they grow."""

from __future__ import annotations

import math
from collections.abc import Callable

import sympy as sp

from grammar import algebra
from grammar.operators import clip, relu

#: A product of sums that would have more terms than this stays as it is.
MAX_TERMS = 400


def normal(expr: sp.Expr) -> sp.Expr:
    """Multiply out products and positive integer powers, and settle on one way of comparing.

    Example:
        >>> x, y = sp.symbols("x y", real=True)
        >>> normal(x * (x + y)) == x**2 + x * y
        True
    """
    with algebra.as_written(False):
        return _normal(expr)


def _normal(expr: sp.Basic) -> sp.Basic:
    if not expr.args:
        return round_number(expr) if expr.is_Rational else expr
    if isinstance(expr, sp.Piecewise):
        result = _normal(expr.args[-1].expr)
        for case in reversed(expr.args[:-1]):
            result = algebra.choose(_normal(case.cond), _normal(case.expr), result)
        return result
    args = [_normal(a) for a in expr.args]
    if expr.is_Add:
        return algebra.add(args)
    if expr.is_Mul:
        return _product(args)
    if expr.is_Pow:
        return _power(*args)
    if isinstance(expr, sp.And | sp.Or):
        return algebra.combine(sp.And if isinstance(expr, sp.And) else sp.Or, args)
    if expr.is_Relational:
        return _comparison(expr.rel_op, *args)
    if isinstance(expr, relu):
        return algebra.call("max", [args[0], sp.Integer(0)])
    if isinstance(expr, clip):
        return algebra.call("min", [algebra.call("max", args[:2]), args[2]])
    return algebra.call(algebra.operator_name(expr), args)


def round_number(value: sp.Rational) -> sp.Rational:
    """A number with at most 12 digits: equal rules may differ in the last bits."""
    if max(abs(value.p), value.q) < 10**6:
        return value
    return sp.Rational(f"{value.p / value.q:.12g}")


def _product(factors: list[sp.Expr]) -> sp.Expr:
    terms: list[sp.Expr] = [sp.Integer(1)]
    count = math.prod(len(sp.Add.make_args(f)) for f in factors)
    if count > MAX_TERMS:
        return _rounded(algebra.multiply(factors))
    for factor in factors:
        terms = [algebra.multiply([t, a]) for t in terms for a in sp.Add.make_args(factor)]
    return algebra.add([_rounded(t) for t in terms])


def _rounded(term: sp.Expr) -> sp.Expr:
    coefficient, rest = term.as_coeff_Mul()
    rounded = round_number(coefficient)
    return term if rounded == coefficient else algebra.multiply([rounded, rest])


def times(expr: sp.Expr, factor: sp.Expr) -> sp.Expr:
    """A sum in normal form times one factor, with the numbers rounded once."""
    terms = sp.Add.make_args(expr)
    return algebra.add([_rounded(algebra.multiply([t, factor])) for t in terms])


def _power(base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
    count = len(base.args) if base.is_Add else 1
    if count > 1 and exponent.is_Integer and exponent > 1:
        n = int(exponent)
        if math.comb(n + count - 1, n) <= MAX_TERMS:
            result = base
            for _ in range(n - 1):
                result = _product([result, base])
            return result
    return _rounded(algebra.power(base, exponent))


def _comparison(op: str, left: sp.Expr, right: sp.Expr) -> sp.Basic:
    """`difference < 0` or `<= 0`, `== 0`, `!= 0`."""
    if op in (">", ">="):
        left, right, op = right, left, op.replace(">", "<")
    difference = algebra.add([left, _product([sp.Integer(-1), right])])
    if op in ("==", "!=") and serialise(difference) > serialise(-difference):
        difference = _product([sp.Integer(-1), difference])
    return algebra.compare(op, difference, sp.Integer(0))


def _no_names(symbol: sp.Symbol) -> str:
    return ""


def serialise(expr: sp.Basic, colour: Callable[[sp.Symbol], str] = _no_names) -> str:
    """The expression as a string that does not depend on the names of its variables.

    `colour` gives the word that stands for a symbol. The arguments of commutative operations are
    sorted, because SymPy's own order depends on the names.
    """
    if expr.is_Symbol:
        return colour(expr) or "."
    if not expr.args:
        return str(expr)
    args = [serialise(a, colour) for a in expr.args]
    if isinstance(expr, sp.Add | sp.Mul | sp.And | sp.Or | sp.Min | sp.Max):
        args.sort()
    return f"{type(expr).__name__}({','.join(args)})"
