"""One form for equal expressions: sums of products, with a bound on how far they grow."""

from __future__ import annotations

import math

import sympy as sp
from sympy.ntheory import multinomial_coefficients

from rulegen.grammar.algebra import algebra, cases, conditions, constants, exact, extremes, laws
from rulegen.grammar.algebra.content import leading
from rulegen.grammar.algebra.operators import power

#: A product of sums that would have more terms than this stays as it is,
MAX_TERMS = 400
#: and so does one that would have more symbols and numbers than this.
MAX_LEAVES = 1500


def normal(expr: sp.Expr, multiply: bool = True) -> sp.Expr:
    """Multiply out products and positive integer powers, and settle on one way of comparing.

    Without `multiply`, products and powers of sums stay as they are.

    Example:
        >>> x, y = sp.symbols("x y", real=True)
        >>> normal(x * (x + y)) == x**2 + x * y
        True
    """
    with algebra.as_written(False):
        return _normal(expr, multiply)


def _normal(expr: sp.Basic, multiply: bool) -> sp.Basic:
    if not expr.args:
        return expr
    if isinstance(expr, sp.Expr) and expr.is_number:
        return constants.exact(expr)
    if extremes.is_extreme(expr):
        return extremes.extreme(expr, lambda inner: _normal(inner, multiply), leaves)
    if isinstance(expr, sp.Piecewise):
        return _cases([(_normal(e, multiply), _normal(c, multiply)) for e, c in expr.args])
    args = [_normal(a, multiply) for a in expr.args]
    if expr.is_Add:
        return _sum(args)
    if expr.is_Mul:
        return _product(args) if multiply else _factors(args)
    if expr.is_Pow or isinstance(expr, power):
        return _power(args[0], args[1], multiply)
    if isinstance(expr, sp.And | sp.Or):
        return conditions.combine(sp.And if isinstance(expr, sp.And) else sp.Or, args)
    if expr.is_Relational:
        return _comparison(expr.rel_op, *args)
    return laws.function(algebra.operator_name(expr), args)


def _sum(terms: list[sp.Expr]) -> sp.Expr:
    """The sum, with numbers that nearly cancel as 0."""
    counts: dict[sp.Expr, sp.Rational] = {}
    for term in (a for t in terms for a in sp.Add.make_args(t)):
        number, body = term.as_coeff_Mul()
        counts[body] = counts.get(body, sp.Integer(0)) + number
    settled = {body: constants.settled(number) for body, number in counts.items()}
    return algebra.add([algebra.multiply([n, body]) for body, n in settled.items() if n != 0])


def _factors(factors: list[sp.Expr]) -> sp.Expr:
    """The product, which is not multiplied out."""
    product = laws.joined_signs(algebra.multiply(factors))
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
        return conditions.chosen(pairs)
    return _sum([_product(factors) for factors in products])


def _fits(products: list[list[sp.Expr]]) -> bool:
    extents = [_product_growth([_extent(f) for f in factors]) for factors in products]
    known = [e for e in extents if e is not None]
    terms, size = sum(n for n, _ in known), sum(n for _, n in known)
    return len(known) == len(extents) and _multiplied_out(terms, size) is not None


def _opposite(comparison: sp.Basic) -> sp.Basic:
    """`-d < 0` of `d < 0`."""
    return _comparison("<", sp.Integer(0), comparison.args[0])


def leaves(expr: sp.Basic) -> int:
    """How many symbols and numbers an expression is written with."""
    return sum(map(leaves, expr.args)) or 1


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
    return _power(base, exponent, True) if base.is_Add and exponent.is_Integer else factor


def _power(base: sp.Expr, exponent: sp.Expr, multiply: bool) -> sp.Expr:
    whole = multiply and base.is_Add and exponent.is_Integer and exponent > 1
    if whole and _power_growth(*_extent(base), int(exponent)) is not None:
        try:
            return _multinomial(base.args, int(exponent))
        except exact.AlgebraError:
            pass  # as in a product
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


def _comparison(op: str, left: sp.Expr, right: sp.Expr) -> sp.Basic:
    """`difference < 0` or `<= 0`, `== 0`, `!= 0`, without a positive number as a factor."""
    if op in (">", ">="):
        left, right, op = right, left, op.replace(">", "<")
    difference = _sum([left, laws.negative(right)])
    if difference != 0:
        size, sign = leading(sp.Add.make_args(difference))
        difference = laws.times(difference, 1 / size)
        if op in ("==", "!="):
            if sign == 0:  # names would decide, which do not count: the square has no sign
                difference = _power(difference, sp.Integer(2), True)
            difference = laws.negative(difference) if sign < 0 else difference
    return conditions.compare(op, difference, sp.Integer(0))
