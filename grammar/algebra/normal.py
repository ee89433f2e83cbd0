"""One form for equal expressions: sums of products, with a bound on how far they grow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import sympy as sp
from sympy.ntheory import multinomial_coefficients

from rulegen.grammar.algebra import algebra, cases, conditions, constants, exact, extremes, laws
from rulegen.grammar.algebra.content import leading, leaves
from rulegen.grammar.algebra.factoring import negative, times
from rulegen.grammar.algebra.operators import power
from rulegen.grammar.algebra.signs import joined

#: A product of sums that would have more terms than this stays as it is,
MAX_TERMS = 400
#: and so does one that would have more symbols and numbers than this.
MAX_LEAVES = 1500


class _How(NamedTuple):
    """Whether products are multiplied out, and whether functions follow their laws."""

    multiply: bool
    laws: bool


_ALL = _How(multiply=True, laws=True)


def normal(expr: sp.Expr, multiply: bool = True, lawful: bool = True) -> sp.Expr:
    """Multiply out products and positive integer powers, and put functions into one form.

    Without `multiply`, products and powers of sums stay as they are. Without `lawful`, functions
    keep their arguments, with the numbers that these have as factors.

    Example:
        >>> from rulegen.grammar.algebra.symbols import symbol
        >>> u, pre = symbol("u"), symbol("pre")
        >>> normal(u * (2 * u - abs(-3 * pre)))
        2*u**2 - 3*u*Abs(pre)
    """
    with algebra.as_written(False):
        return _normal(expr, _How(multiply, lawful))


def _normal(expr: sp.Basic, how: _How) -> sp.Basic:
    if isinstance(expr, sp.Expr) and expr.is_number:
        return constants.exact(expr)
    if not expr.args:
        return expr
    if extremes.is_extreme(expr):
        if how.laws:
            return extremes.extreme(expr, lambda inner: _normal(inner, how))
        plain = extremes.plain(expr)
        if plain != expr:
            return _normal(plain, how)
    if isinstance(expr, sp.Piecewise):
        pairs = [(_normal(value, how), _normal(condition, how)) for value, condition in expr.args]
        return _cases(pairs) if how.laws else conditions.chosen(pairs)
    args = [_normal(a, how) for a in expr.args]
    if expr.is_Add:
        return _sum(args)
    if expr.is_Mul:
        return _product(args) if how.multiply else _factors(args)
    if expr.is_Pow or isinstance(expr, power):
        return _power(args[0], args[1], how)
    if isinstance(expr, sp.And | sp.Or):
        return conditions.combine(sp.And if isinstance(expr, sp.And) else sp.Or, args)
    if expr.is_Relational:
        return _comparison(expr.rel_op, args, how.laws)
    name = algebra.operator_name(expr)
    if how.laws:
        try:
            return laws.function(name, args)
        except exact.AlgebraError:
            pass  # a law leads out of the range of numbers or exponents
    return algebra.call(name, args)


def _sum(terms: list[sp.Expr]) -> sp.Expr:
    """The sum, with numbers that nearly cancel as 0."""
    counts: dict[sp.Expr, sp.Rational] = {}
    for term in (a for t in terms for a in sp.Add.make_args(t)):
        number, body = term.as_coeff_Mul()
        counts[body] = counts.get(body, sp.Integer(0)) + number
    settled = {body: constants.settled(number) for body, number in counts.items()}
    return algebra.add([sp.Mul(n, body) for body, n in settled.items() if n != 0])


def _factors(factors: list[sp.Expr]) -> sp.Expr:
    """The product, which is not multiplied out."""
    product = joined(algebra.multiply(factors))
    number, body = product.as_coeff_Mul()
    if number not in (0, 1, -1):
        product = algebra.multiply([constants.settled(number), body])
    if not body.has(sp.Piecewise):
        return product
    held = frozenset(f.args[0].cond for f in sp.Mul.make_args(body) if cases.is_indicator(f))
    less = frozenset(c for c in held if c.is_Relational and c.rel_op == "<")
    return sp.Integer(0) if cases.excluded(less, _opposite) else product


def _cases(pairs: list[tuple[sp.Expr, sp.Basic]]) -> sp.Expr:
    if cases.is_less(pairs):
        return conditions.chosen(pairs)
    products = cases.as_sum(pairs, _opposite)
    if products is None or not _fits(products):
        return conditions.chosen(cases.turned(pairs, _negated))
    return _sum([_product(factors) for factors in products])


def _fits(products: list[list[sp.Expr]]) -> bool:
    extents = [_product_growth([_extent(f) for f in factors]) for factors in products]
    known = [e for e in extents if e is not None]
    terms, size = sum(n for n, _ in known), sum(n for _, n in known)
    return len(known) == len(extents) and _multiplied_out(terms, size) is not None


def _negated(condition: sp.Basic) -> sp.Basic:
    """The condition that holds where this one does not, in normal form."""
    if isinstance(condition, sp.And | sp.Or):
        kind = sp.Or if isinstance(condition, sp.And) else sp.And
        return conditions.combine(kind, [_negated(c) for c in condition.args])
    opposite = conditions.negate(condition)
    return _comparison(opposite.rel_op, opposite.args) if opposite.args else opposite


@lru_cache(maxsize=1024)
def _opposite(comparison: sp.Basic) -> sp.Basic:
    """`-d < 0` of `d < 0`."""
    return _comparison("<", [sp.Integer(0), comparison.args[0]])


def _multiplied_out(terms: int, size: int) -> tuple[int, int] | None:
    """The terms and leaves of a product that is multiplied out, or None where it stays."""
    return (terms, size) if terms <= MAX_TERMS and size <= MAX_LEAVES else None


def growth(expr: sp.Basic) -> tuple[int, int]:
    """How many terms and leaves the normal form of an expression has, at most.

    Example:
        >>> a, b, c = sp.symbols("a b c")
        >>> growth((a + b) * (a + b + c))
        (6, 12)
    """
    if not expr.args:
        return 1, 1
    each = [growth(a) for a in expr.args]
    size = sum(n for _, n in each)
    if expr.is_Add:
        return sum(n for n, _ in each), size
    if expr.is_Mul:
        return _product_growth(each) or (1, size)
    if expr.is_Pow and expr.exp.is_Integer and expr.exp > 1:
        return _power_growth(*each[0], int(expr.exp)) or (1, size)
    return 1, size


def _product_growth(factors: list[tuple[int, int]]) -> tuple[int, int] | None:
    count = math.prod(n for n, _ in factors)
    return _multiplied_out(count, sum(size * (count // n) for n, size in factors))


def _power_growth(terms: int, size: int, n: int) -> tuple[int, int] | None:
    count = math.comb(n + terms - 1, n)
    return _multiplied_out(count, count * size)


def _extent(expr: sp.Expr) -> tuple[int, int]:
    return len(sp.Add.make_args(expr)), leaves(expr)


def _product(factors: list[sp.Expr]) -> sp.Expr:
    if _product_growth([_extent(f) for f in factors]) is not None:
        try:
            return _all_products(factors)
        except exact.AlgebraError:
            pass  # multiplied out, a number or power leaves the range that the product keeps
    return _factors(factors)


def _all_products(factors: list[sp.Expr]) -> sp.Expr:
    terms: list[sp.Expr] = [sp.Integer(1)]
    for factor in factors:
        terms = [_factors([t, a]) for t in terms for a in sp.Add.make_args(factor)]
    return _sum([_opened(t) for t in terms])


def _opened(term: sp.Expr) -> sp.Expr:
    """The roots of a sum in two factors may have made the sum itself: it is multiplied out too."""
    factors = [_whole(f) for f in sp.Mul.make_args(term)]
    return _product(factors) if any(f.is_Add for f in factors) and len(factors) > 1 else term


def _whole(factor: sp.Expr) -> sp.Expr:
    base, exponent = factor.as_base_exp()
    return (
        _power(base, exponent) if base.is_Add and exponent.is_Integer and exponent > 1 else factor
    )


def _power(base: sp.Expr, exponent: sp.Expr, how: _How = _ALL) -> sp.Expr:
    whole = how.multiply and base.is_Add and exponent.is_Integer and exponent > 1
    if whole and _power_growth(*_extent(base), int(exponent)) is not None:
        try:
            return _multinomial(base.args, int(exponent))
        except exact.AlgebraError:
            pass  # as in a product
    if not how.laws:
        return algebra.power(base, exponent)
    try:
        return _factors(laws.power(base, exponent))
    except exact.AlgebraError:  # a number leaves the range that the power keeps
        return algebra.power(base, exponent)


def _multinomial(terms: tuple[sp.Expr, ...], n: int) -> sp.Expr:
    result = []
    for powers, count in multinomial_coefficients(len(terms), n).items():
        factors = [algebra.power(t, sp.Integer(k)) for t, k in zip(terms, powers, strict=True) if k]
        result.append(_opened(_factors([sp.Integer(count), *factors])))
    return _sum(result)


def _comparison(op: str, sides: Sequence[sp.Expr], scaled: bool = True) -> sp.Basic:
    """`difference < 0` or `<= 0`, `== 0`, `!= 0`, without a positive number as a factor."""
    left, right = sides
    if op in (">", ">="):
        left, right, op = right, left, op.replace(">", "<")
    difference = _sum([left, negative(right)])
    if difference != 0:
        size, sign = leading(sp.Add.make_args(difference))
        if scaled:
            difference = times(difference, 1 / size)
        if op in ("==", "!="):
            if sign == 0:  # names would decide, which do not count: the square has no sign
                difference = _power(difference, sp.Integer(2))
            difference = negative(difference) if sign < 0 else difference
    return conditions.compare(op, difference, sp.Integer(0))
