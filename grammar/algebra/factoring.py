"""What sums in normal form are products of, and products with them."""

from __future__ import annotations

import sympy as sp

from rulegen.grammar.algebra import algebra
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.cases import is_indicator
from rulegen.grammar.algebra.content import leading
from rulegen.grammar.algebra.facts import is_root

_ONE = sp.Integer(1)


def times(expr: sp.Expr, factor: sp.Expr) -> sp.Expr:
    """A sum in normal form times one factor, term by term."""
    if factor == 1:
        return expr
    product = sp.Mul if factor.is_Rational else lambda *both: algebra.multiply(both)
    return algebra.add([product(factor, t) for t in sp.Add.make_args(expr)])


def negative(expr: sp.Expr) -> sp.Expr:
    """A sum in normal form with the other sign."""
    return times(expr, sp.Integer(-1))


def factors(expr: sp.Expr) -> list[sp.Expr]:
    """What an expression is a product of; of a sum, what its terms have in common, and the rest.

    Example:
        >>> from rulegen.grammar.algebra.symbols import symbol
        >>> u, pre = symbol("u"), symbol("pre")
        >>> factors(6 * u * pre - 2 * u)
        [6, u, pre - 1/3]
    """
    if not expr.is_Add:
        return list(sp.Mul.make_args(expr))
    size, sign = leading(expr.args)
    shared: dict[sp.Expr, sp.Integer] | None = None
    for term in expr.args:
        own = {}
        for factor in sp.Mul.make_args(term):
            base, exponent = factor.as_base_exp() if factor.is_Pow else (factor, _ONE)
            plain = not (base.is_Rational or isinstance(base, op.exp) or is_root(base))
            if plain and exponent.is_Integer and exponent > 0:
                own[base] = exponent
        shared = own if shared is None else {b: min(shared[b], own[b]) for b in shared if b in own}
    shared = shared or {}
    number = -size if sign < 0 else size
    # Taken out of each term, and not divided by: what is shared may be 0, such as an indicator.
    rest = [times(_without(term, shared), 1 / number) for term in expr.args]
    return [number, *(algebra.power(b, e) for b, e in shared.items()), algebra.add(rest)]


def _without(term: sp.Expr, shared: dict[sp.Expr, sp.Integer]) -> sp.Expr:
    """A product with fewer of some factors."""
    left = dict(shared)
    powers = [f.as_base_exp() if f.is_Pow else (f, _ONE) for f in sp.Mul.make_args(term)]
    return algebra.multiply([algebra.power(b, e - left.pop(b, 0)) for b, e in powers])


def not_negative(expr: sp.Expr) -> bool:
    """Whether an expression is 0 or more wherever it has a value, as its form shows."""
    if expr.is_Rational:
        return bool(expr >= 0)
    if expr.is_Pow and expr.exp.is_Integer:
        return bool(expr.exp.is_even) or not_negative(expr.base)
    if expr.is_Add or expr.is_Mul:
        return all(map(not_negative, expr.args))
    return isinstance(expr, op.exp | sp.Abs) or is_root(expr) or is_indicator(expr)
