"""The value of a rule expression by a route of its own: Python's floats, one node at a time."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from functools import reduce
from operator import add, eq, ge, gt, le, lt, mul, ne

import numpy as np
import sympy as sp

from rulegen.grammar.algebra import operators as op


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x > 0 else math.exp(x) / (1 + math.exp(x))


def sign(x: float) -> float:
    return float((x > 0) - (x < 0))


def exprel(x: float, n: float) -> float:
    """By Gauss and Legendre, where rulegen has a series and a formula."""
    s, weight = np.polynomial.legendre.leggauss(20)
    s = (1 + s) / 2
    return float((weight / 2 * s**n * np.exp(x * s)).sum())


FUNCTIONS: dict[type, Callable[..., float]] = {
    sp.Add: lambda *terms: reduce(add, terms),
    sp.Mul: lambda *factors: reduce(mul, factors),
    sp.Pow: pow,
    op.power: pow,
    sp.Abs: abs,
    sp.sign: sign,
    op.exp: math.exp,
    sp.exp: math.exp,
    sp.log: math.log,
    sp.tanh: math.tanh,
    sp.sin: math.sin,
    sp.cos: math.cos,
    op.erf: math.erf,
    sp.erf: math.erf,
    sp.floor: math.floor,
    op.floor: math.floor,
    op.mod: operator.mod,
    sp.Min: min,
    sp.Max: max,
    op.relu: lambda x: max(x, 0.0),
    op.clip: lambda x, low, high: min(max(x, low), high),
    op.sigmoid: sigmoid,
    op.exprel: exprel,
    op.spow: lambda x, p: sign(x) * abs(x) ** p,
    sp.StrictLessThan: lt,
    sp.LessThan: le,
    sp.StrictGreaterThan: gt,
    sp.GreaterThan: ge,
    sp.Equality: eq,
    sp.Unequality: ne,
    sp.And: lambda *conditions: all(conditions),
    sp.Or: lambda *conditions: any(conditions),
    sp.Not: lambda condition: not condition,
}


def value(expr: sp.Basic, values: Mapping[str, float]) -> float:
    """The value of `expr`, with `values` for its symbols."""
    if expr.is_Symbol:
        return values[expr.name]
    if expr.is_Number or expr.is_NumberSymbol:
        return float(expr)
    if expr in (sp.true, sp.false):
        return bool(expr)
    if isinstance(expr, sp.Piecewise):
        return next(value(e, values) for e, condition in expr.args if value(condition, values))
    return FUNCTIONS[type(expr)](*(value(argument, values) for argument in expr.args))
