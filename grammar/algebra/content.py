"""The number that the terms of a sum have in common, in an order that does not depend on names."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import sympy as sp

from rulegen.grammar.algebra.symbols import SIGNALS, WEIGHT, is_outside

#: Operations whose arguments have no order.
COMMUTATIVE = (sp.Add, sp.Mul, sp.And, sp.Or, sp.Min, sp.Max)
#: Of expressions with more symbols and numbers, no law makes two copies.
MAX_TWICE = 40
#: The names that are the same in every rule.
_FIXED = {*SIGNALS, WEIGHT}


def no_names(symbol: sp.Symbol) -> str:
    """Nothing, for any symbol."""
    return ""


def fixed_names(symbol: sp.Symbol) -> str:
    """The name of a signal, of the weight, or of what lives outside a rule; its own have none."""
    return str(symbol.name) if symbol.name in _FIXED or is_outside(symbol.name) else ""


def serialise(expr: sp.Basic, colour: Callable[[sp.Symbol], str] = no_names) -> str:
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


def leaves(expr: sp.Basic) -> int:
    """How many symbols and numbers an expression is written with."""
    return sum(map(leaves, expr.args)) or 1


def leading(
    terms: Iterable[sp.Expr], colour: Callable[[sp.Symbol], str] = fixed_names
) -> tuple[sp.Rational, int]:
    """The size and sign of the coefficient of the leading term; 0 where several signs lead.

    Example:
        >>> from rulegen.grammar.algebra.symbols import symbol
        >>> u, pre, a, b = map(symbol, ("u", "pre", "a", "b"))
        >>> leading([-3 * pre, 2 * u]), leading([2 * a, -2 * b])
        ((3, -1), (2, 0))
    """
    rows = []
    for term in terms:
        coefficient, body = term.as_coeff_Mul()
        rows.append((serialise(body, colour), -abs(coefficient), int(sp.sign(coefficient))))
    first = min(rows)[:2]
    signs = {sign for *rest, sign in rows if (*rest,) == first}
    return -first[1], signs.pop() if len(signs) == 1 else 0
