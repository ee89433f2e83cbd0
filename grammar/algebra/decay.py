"""Linear decay: what of `dx/dt` forgets, and what drives."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp

from rulegen.grammar.algebra.normal import normal
from rulegen.grammar.algebra.symbols import symbol

#: The length of a step.
DT = symbol("dt")


def split_decay(f: sp.Expr, x: sp.Symbol, constants: Iterable[str]) -> tuple[sp.Expr, sp.Expr]:
    """Write `f = drive - rate*x` with `rate` made of `constants`; (0, f) where that fails.

    It does not matter how `f` is written, as `(pre - x)/tau` or as `pre/tau - x/tau`.

    Example:
        >>> from rulegen.grammar.algebra.symbols import symbol
        >>> x, pre, tau = symbol("x"), symbol("pre"), symbol("tau")
        >>> split_decay((pre - x) / tau, x, ["tau"])
        (1/tau, pre/tau)
    """
    if not f.has(x):
        return sp.Integer(0), f
    rate, drive = _split(f, x)
    if drive.has(x):
        rate, drive = _split(normal(f), x)
    known = {symbol(name) for name in constants} | {DT}
    if rate == 0 or drive.has(x) or not rate.free_symbols <= known:
        return sp.Integer(0), f
    return rate, drive


def _split(f: sp.Expr, x: sp.Symbol) -> tuple[sp.Expr, sp.Expr]:
    """The sum of the terms that are a multiple of `x`, divided by `-x`, and the other terms."""
    linear: list[sp.Expr] = []
    rest: list[sp.Expr] = []
    for term in sp.Add.make_args(f):
        quotient = term / x
        (rest if quotient.has(x) or not term.has(x) else linear).append(term)
    return -sp.Add(*(term / x for term in linear)), sp.Add(*rest)
