"""Numbers that are no fractions, such as `sqrt(2)` and `tanh(20)`.

In a rule they stay what they are, functions of numbers. Where rules are compared they are fractions
with many digits, and in what is computed they are doubles.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

import mpmath
import sympy as sp

from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.exact import AlgebraError, bounded

#: With so many digits a number is compared that is no fraction, or one of more than `EXACT` digits;
DIGITS = 50
EXACT = 60
#: with so many it takes part in the arithmetic that leads there;
_WORKING = 120
#: and a sum as small as this is 0, because no number of a rule is.
_NOTHING = sp.Rational(1, 10**60)
#: A power of 2 far above and, inverted, far below all numbers of a rule.
_FARTHEST = 1000
#: A fraction with a denominator up to this is recognised by its digits.
_SIMPLE = 10**20


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _floor(x: mpmath.mpf) -> mpmath.mpf:
    """As numbers are compared: what `DIGITS` do not tell from a whole number is one."""
    near = mpmath.nint(x)
    return near if abs(x - near) * mpmath.mpf(10) ** DIGITS < max(1, abs(x)) else mpmath.floor(x)


#: Functions that have no exact value, in doubles.
NUMERIC: dict[str, Callable[..., float]] = {
    "exp": math.exp,
    "log": math.log,
    "tanh": math.tanh,
    "sigmoid": _sigmoid,
    "sin": math.sin,
    "cos": math.cos,
    "erf": math.erf,
    "floor": math.floor,
    "mod": lambda x, y: x - y * math.floor(x / y),
    "spow": lambda x, p: math.copysign(abs(x) ** p, x) if x else 0.0,
}

_FUNCTIONS: dict[type, Callable[..., mpmath.mpf]] = {
    sp.Add: lambda *terms: mpmath.fsum(terms),
    sp.Mul: lambda *factors: mpmath.fprod(factors),
    sp.Pow: mpmath.power,
    op.power: mpmath.power,
    op.exp: mpmath.exp,
    sp.exp: mpmath.exp,
    sp.log: mpmath.log,
    sp.tanh: mpmath.tanh,
    op.sigmoid: lambda x: 1 / (1 + mpmath.exp(-x)),
    sp.sin: mpmath.sin,
    sp.cos: mpmath.cos,
    op.erf: mpmath.erf,
    op.floor: _floor,
    op.mod: lambda x, y: x - y * _floor(x / y),
    op.spow: lambda x, p: mpmath.sign(x) * abs(x) ** p if x else mpmath.mpf(0),
    sp.Abs: abs,
    sp.sign: mpmath.sign,
    sp.Min: min,
    sp.Max: max,
    op.relu: lambda x: max(x, mpmath.mpf(0)),
    op.clip: lambda x, low, high: min(max(x, low), high),
}


@lru_cache(maxsize=4096)
def _value(expr: sp.Expr) -> mpmath.mpf:
    with mpmath.workdps(_WORKING + 10):
        if expr.is_Rational:
            return mpmath.mpf(expr.p) / expr.q
        if not expr.args:
            return mpmath.mpf(str(sp.N(expr, _WORKING)))
        try:
            value = _FUNCTIONS[expr.func](*map(_value, expr.args))
        except (ArithmeticError, ValueError):
            value = mpmath.nan
    if not isinstance(value, mpmath.mpf) or not mpmath.isfinite(value):
        name = type(expr).__name__
        raise AlgebraError(f"`{name}` with no finite real value", "check its argument")
    return value


def exact(expr: sp.Expr) -> sp.Rational:
    """The fraction by which a constant expression is compared.

    Raises:
        AlgebraError: it has no finite real value within the bounds of numbers.

    Example:
        >>> exact(op.power(2, sp.Rational(1, 2), evaluate=False)) ** 2 == 2
        False
        >>> exact(op.exp(sp.log(3, evaluate=False), evaluate=False))
        3
    """
    if expr.is_Rational:
        return expr
    sign, mantissa, exponent, bits = _value(expr)._mpf_
    # Beyond these a number is too large, or nothing, and might have millions of digits.
    exponent = min(max(int(exponent), -_FARTHEST - bits), _FARTHEST)
    size = Fraction(int(mantissa)) * Fraction(2) ** exponent
    return bounded(settled(sp.Rational(size.numerator, size.denominator) * (-1 if sign else 1)))


def as_float(expr: sp.Expr) -> float:
    """The double next to a constant expression.

    Example:
        >>> as_float(sp.tanh(sp.Integer(20), evaluate=False))
        1.0
    """
    return float(_value(expr))


def settled(value: sp.Rational, digits: int = _WORKING, room: int = _WORKING) -> sp.Rational:
    """The number, or, where it has more digits than there is room for, one that is next to it.

    That is the simple fraction that it nearly is, or else it is rounded to so many digits.

    Example:
        >>> third = sp.Rational(10**150, 3 * 10**150 + 1)
        >>> settled(third), settled(sp.Rational(1, 7**50)) == sp.Rational(1, 7**50)
        (1/3, True)
    """
    if abs(value) < _NOTHING:
        return sp.Integer(0)
    if max(abs(value.p), value.q) < 10**room:
        return value
    given = Fraction(value.p, value.q)
    simple = given.limit_denominator(_SIMPLE)
    if abs(simple - given) * 10 ** (2 * digits // 3 + 20) < abs(given):
        return sp.Rational(simple.numerator, simple.denominator)
    places = digits - len(str(abs(value.p) // value.q)) if abs(value) >= 1 else digits
    while abs(given) * 10**places < 10 ** (digits - 1):
        places += 1
    return sp.Rational(round(given * 10**places), 10**places)


def short(value: sp.Rational) -> sp.Rational:
    """The number as it is compared: exact up to `EXACT` digits, else to `DIGITS`."""
    return settled(value, DIGITS, EXACT)
