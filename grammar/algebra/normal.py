"""One form for equal expressions: sums of products, with a bound on how far they grow."""

from __future__ import annotations

import math
from collections.abc import Callable

import sympy as sp
from sympy.ntheory import multinomial_coefficients

from rulegen.grammar.algebra import algebra, exact
from rulegen.grammar.algebra.operators import clip, power, relu

#: Operations whose arguments have no order.
COMMUTATIVE = (sp.Add, sp.Mul, sp.And, sp.Or, sp.Min, sp.Max)
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
    if isinstance(expr, sp.Piecewise):
        *cases, last = [(_normal(e, multiply), _normal(c, multiply)) for e, c in expr.args]
        result = last[0]
        for value, condition in reversed(cases):
            result = algebra.choose(condition, value, result)
        return result
    args = [_normal(a, multiply) for a in expr.args]
    if expr.is_Add:
        return algebra.add(args)
    if expr.is_Mul:
        return _product(args) if multiply else algebra.multiply(args)
    if expr.is_Pow or isinstance(expr, power):
        return _power(args[0], args[1], multiply)
    if isinstance(expr, sp.And | sp.Or):
        return algebra.combine(sp.And if isinstance(expr, sp.And) else sp.Or, args)
    if expr.is_Relational:
        return _comparison(expr.rel_op, *args)
    if isinstance(expr, relu):
        return algebra.call("max", [args[0], sp.Integer(0)])
    if isinstance(expr, clip):
        return algebra.call("min", [algebra.call("max", args[:2]), args[2]])
    return algebra.call(algebra.operator_name(expr), args)


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
    return algebra.multiply(factors)


def _all_products(factors: list[sp.Expr]) -> sp.Expr:
    terms: list[sp.Expr] = [sp.Integer(1)]
    for factor in factors:
        terms = [algebra.multiply([t, a]) for t in terms for a in sp.Add.make_args(factor)]
    return algebra.add([_opened(t) for t in terms])


def _opened(term: sp.Expr) -> sp.Expr:
    """The roots of a sum in two factors may have made the sum itself: it is multiplied out too."""
    factors = [_whole(f) for f in sp.Mul.make_args(term)]
    return _product(factors) if any(f.is_Add for f in factors) and len(factors) > 1 else term


def _whole(factor: sp.Expr) -> sp.Expr:
    base, exponent = factor.as_base_exp()
    return _power(base, exponent, True) if base.is_Add and exponent.is_Integer else factor


def times(expr: sp.Expr, factor: sp.Expr) -> sp.Expr:
    """A sum in normal form times one factor, term by term."""
    return algebra.add([algebra.multiply([t, factor]) for t in sp.Add.make_args(expr)])


def _power(base: sp.Expr, exponent: sp.Expr, multiply: bool) -> sp.Expr:
    whole = multiply and base.is_Add and exponent.is_Integer and exponent > 1
    if whole and _power_growth(*_extent(base), int(exponent)) is not None:
        try:
            return _multinomial(base.args, int(exponent))
        except exact.AlgebraError:
            pass  # as in a product
    return algebra.power(base, exponent)


def _multinomial(terms: tuple[sp.Expr, ...], n: int) -> sp.Expr:
    result = []
    for powers, count in multinomial_coefficients(len(terms), n).items():
        factors = [algebra.power(t, sp.Integer(k)) for t, k in zip(terms, powers, strict=True) if k]
        result.append(_opened(algebra.multiply([sp.Integer(count), *factors])))
    return algebra.add(result)


def _comparison(op: str, left: sp.Expr, right: sp.Expr) -> sp.Basic:
    """`difference < 0` or `<= 0`, `== 0`, `!= 0`."""
    if op in (">", ">="):
        left, right, op = right, left, op.replace(">", "<")
    difference = algebra.add([left, _product([sp.Integer(-1), right])])
    if op in ("==", "!="):
        opposite = _product([sp.Integer(-1), difference])
        shown, other = serialise(difference), serialise(opposite)
        if shown == other:  # names would decide, which do not count: the square has no sign
            difference = _power(difference, sp.Integer(2), True)
        difference = opposite if shown > other else difference
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
    if isinstance(expr, COMMUTATIVE):
        args.sort()
    return f"{type(expr).__name__}({','.join(args)})"
