"""Formulas of parameters as numbers."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping

import sympy as sp
from sympy.logic.boolalg import BooleanAtom

from rulegen.grammar.algebra import algebra, constants
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.parts import RuleParts
from rulegen.grammar.algebra.symbols import symbol


def own_values(rule: RuleParts) -> dict[sp.Symbol, float]:
    """The values of a rule's parameters; those that are open get numbers like no others."""
    return {
        symbol(p.name): 1.0 + (i + 1) * _GOLDEN % 1.0 if p.value is None or p.free else p.value
        for i, p in enumerate(rule.parameters)
    }


_GOLDEN = (math.sqrt(5) - 1) / 2
_FUNCTIONS: dict[type, Callable[..., float]] = {
    sp.Add: lambda *terms: sum(terms),
    sp.Mul: lambda *factors: math.prod(factors),
    sp.Pow: lambda base, exponent: base**exponent,
    sp.Abs: abs,
    sp.Min: min,
    sp.Max: max,
    op.power: lambda base, exponent: base**exponent,
    op.relu: lambda x: max(x, 0.0),
    op.clip: lambda x, low, high: min(max(x, low), high),
    sp.sign: lambda x: (x > 0) - (x < 0),
    sp.StrictLessThan: operator.lt,
    sp.LessThan: operator.le,
    sp.StrictGreaterThan: operator.gt,
    sp.GreaterThan: operator.ge,
    sp.Equality: operator.eq,
    sp.Unequality: operator.ne,
    sp.And: lambda *conditions: all(conditions),
    sp.Or: lambda *conditions: any(conditions),
    sp.Not: operator.not_,
}


def value(expr: sp.Basic, values: Mapping[sp.Symbol, float]) -> float:
    """A formula of parameters as a number; nan where it has none.

    Example:
        >>> a, b = sp.symbols("a b")
        >>> value(a / (1 + b), {a: 3.0, b: 1.0})
        1.5
    """
    if expr.is_Symbol:
        return values[expr]
    if not expr.args:
        return float(bool(expr)) if isinstance(expr, BooleanAtom) else float(expr)
    if isinstance(expr, sp.Piecewise):
        return next((value(e, values) for e, holds in expr.args if value(holds, values)), math.nan)
    function = _FUNCTIONS.get(expr.func) or constants.NUMERIC.get(algebra.operator_name(expr))
    if function is None:
        return math.nan
    try:
        result = function(*(value(a, values) for a in expr.args))
    except (ArithmeticError, ValueError, TypeError):
        return math.nan
    return float(result) if isinstance(result, int | float) else math.nan
