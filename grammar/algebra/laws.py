"""One form for what functions do to sums and products: `abs(2*u)` is `2*abs(u)`.

Each law holds for all real numbers: both sides have a value at the same places, and the same one.
The arguments are in normal form.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import sympy as sp

from rulegen.grammar.algebra import algebra, constants
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.content import MAX_TWICE, leading, leaves
from rulegen.grammar.algebra.exact import AlgebraError
from rulegen.grammar.algebra.factoring import factors, negative, not_negative, times
from rulegen.grammar.algebra.facts import is_root
from rulegen.grammar.algebra.signs import absolute, joined, sign

_ONE, _HALF = sp.Integer(1), sp.Rational(1, 2)
#: The square of a sum of more terms than this is not made.
_MAX_SQUARED = 12


def _odd(name: str) -> Callable[[sp.Expr], sp.Expr]:
    """A function of which `f(-x)` is `-f(x)`."""

    def law(x: sp.Expr) -> sp.Expr:
        if leading(sp.Add.make_args(x))[1] < 0:
            return algebra.multiply([sp.Integer(-1), algebra.call(name, [negative(x)])])
        return algebra.call(name, [x])

    return law


def _cos(x: sp.Expr) -> sp.Expr:
    turned = leading(sp.Add.make_args(x))[1] < 0
    return algebra.call("cos", [negative(x) if turned else x])


def _sigmoid(x: sp.Expr) -> sp.Expr:
    half = algebra.multiply([_HALF, _LAWS["tanh"](times(x, _HALF))])
    return algebra.add([_HALF, half])


def _exp(x: sp.Expr) -> sp.Expr:
    """Numbers in the exponent become a factor, if they make one within bounds."""
    number, rest = x.as_coeff_Add()
    if number == 0:
        return algebra.call("exp", [x])
    try:
        factor = constants.exact(algebra.call("exp", [number]))
    except AlgebraError:
        return algebra.call("exp", [x])
    return algebra.multiply([factor, algebra.call("exp", [rest])])


def _log(x: sp.Expr) -> sp.Expr:
    """The sum of the logarithms of the factors that cannot be negative, and of the rest."""
    terms, rest = [], []
    for factor in factors(x):
        if factor.is_Rational:
            terms.append(constants.exact(algebra.call("log", [abs(factor)])))
            rest += [sp.Integer(-1)] if factor < 0 else []
        elif isinstance(factor, op.exp):
            terms.append(factor.args[0])
        elif is_root(factor):
            terms.append(times(_log(factor.args[0]), factor.args[1]))
        elif factor.is_Pow and factor.exp.is_Integer and factor.exp.is_even:
            terms.append(times(_log(absolute(factor.base)), factor.exp))
        elif isinstance(factor, sp.Abs) and len(sp.Mul.make_args(x)) > 1:
            terms.append(algebra.call("log", [factor]))
        else:
            rest.append(factor)
    if len(rest) == 1 and rest[0].is_Pow and rest[0].exp.is_Integer:
        terms.append(times(_log(rest[0].base), rest[0].exp))
    elif rest:
        *others, last = rest
        terms.append(algebra.call("log", [times(last, algebra.multiply(others))]))
    return algebra.add(terms)


def power(base: sp.Expr, exponent: sp.Expr) -> list[sp.Expr]:
    """The factors of a power of a sum or product that is not multiplied out."""
    if base == 0:
        return [algebra.power(base, exponent)]
    if not exponent.is_Rational:
        return _variable_power(base, exponent)
    whole = exponent.is_Integer
    apart, rest = [], []
    for factor in factors(base):
        if factor.is_Rational and (whole or factor > 0):
            raised = constants.settled(factor**exponent) if whole else None
            apart.append(raised or constants.exact(algebra.power(factor, exponent)))
        elif factor.is_Rational:
            size = constants.exact(algebra.power(-factor, exponent)) if factor != -1 else _ONE
            apart.append(size)
            rest.append(sp.Integer(-1))
        elif whole and factor.is_Add and exponent < 0 and not leading(factor.args)[1]:
            apart += _unsigned(factor, exponent)
        elif whole or not_negative(factor):
            apart.append(algebra.power(factor, exponent))
        else:
            rest.append(factor)
    if rest:
        *others, last = rest
        apart.append(algebra.power(times(last, algebra.multiply(others)), exponent))
    return apart


def _unsigned(base: sp.Expr, exponent: sp.Integer) -> list[sp.Expr]:
    """A negative power of a sum whose sign only names would decide: `1/x` as `x/x**2`."""
    if len(base.args) > _MAX_SQUARED:
        return [algebra.power(base, exponent)]
    square = algebra.add([algebra.multiply(p) for p in itertools.product(base.args, repeat=2)])
    odd = exponent % 2
    return [base] * odd + [algebra.power(square, (exponent - odd) / 2)]


def _variable_power(base: sp.Expr, exponent: sp.Expr) -> list[sp.Expr]:
    """Positive numbers as exponentials, also those that the base has as a factor."""
    result, rest = [], []
    for factor in factors(base):
        if factor.is_Rational and abs(factor) != 1:
            log = constants.exact(algebra.call("log", [abs(factor)]))
            result.append(_exp(times(exponent, log)))
            rest += [sp.Integer(-1)] if factor < 0 else []
        elif isinstance(factor, op.exp):
            result.append(_exp(times(exponent, factor.args[0])))
        elif factor != 1:
            rest.append(factor)
    if rest:
        *others, last = rest
        result.append(algebra.power(times(last, algebra.multiply(others)), exponent))
    return result


def _spow(x: sp.Expr, p: sp.Expr) -> sp.Expr:
    if p == 0:
        return sign(x)
    if p.is_Rational and p > 0 and leaves(x) <= MAX_TWICE:
        size = absolute(x)
        raised = power(size, p) if not p.is_Integer else [algebra.power(size, p)]
        return joined(algebra.multiply([sign(x), *raised]))
    number, *rest = [*factors(x), _ONE] if factors(x)[0].is_Rational else [_ONE, *factors(x)]
    inner = algebra.call("spow", [algebra.multiply(rest), p])
    size = algebra.multiply(power(abs(number), p)) if abs(number) != 1 else _ONE
    return algebra.multiply([sp.sign(number), size, inner])


def _mod(x: sp.Expr, y: sp.Expr) -> sp.Expr:
    """x - y*floor(x/y)."""
    ratio = algebra.multiply([x, *power(y, sp.Integer(-1))])
    whole = algebra.multiply([y, algebra.call("floor", [ratio])])
    return algebra.add([x, negative(whole)])


def _linear(name: str) -> Callable[[sp.Expr], sp.Expr]:
    """A sum over neurons: numbers stand before it."""

    def law(x: sp.Expr) -> sp.Expr:
        parts = [t.as_coeff_Mul() for t in sp.Add.make_args(x)]
        return algebra.add([algebra.multiply([c, algebra.call(name, [b])]) for c, b in parts])

    return law


def _largest(name: str) -> Callable[[sp.Expr], sp.Expr]:
    """A maximum over neurons: positive numbers stand before it."""

    def law(x: sp.Expr) -> sp.Expr:
        size, _ = leading(sp.Add.make_args(x))
        if size in (0, 1):
            return algebra.call(name, [x])
        return algebra.multiply([size, algebra.call(name, [times(x, 1 / size)])])

    return law


_LAWS: dict[str, Callable[..., sp.Expr]] = {
    "abs": absolute,
    "sign": sign,
    "tanh": _odd("tanh"),
    "sin": _odd("sin"),
    "erf": _odd("erf"),
    "mod": _mod,
    "cos": _cos,
    "sigmoid": _sigmoid,
    "exp": _exp,
    "log": _log,
    "spow": _spow,
    "sum_pre": _linear("sum_pre"),
    "sum_post": _linear("sum_post"),
    "cumsum_post": _linear("cumsum_post"),
    "max_pre": _largest("max_pre"),
    "max_post": _largest("max_post"),
}


def function(name: str, args: Sequence[sp.Expr]) -> sp.Expr:
    """The function of arguments in normal form.

    Example:
        >>> from rulegen.grammar.algebra.symbols import symbol
        >>> function("abs", [-2 * symbol("u") * symbol("pre")])
        2*Abs(pre)*Abs(u)
    """
    if all(a.is_Rational for a in args) and name != "prev":
        expr = algebra.call(name, args)
        return constants.exact(expr) if expr.is_number else expr
    return _LAWS[name](*args) if name in _LAWS else algebra.call(name, args)
