"""One form for signs and absolute values of products, and for what they make of each other."""

from __future__ import annotations

from collections.abc import Callable

import sympy as sp

from rulegen.grammar.algebra import algebra, conditions
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.cases import is_indicator
from rulegen.grammar.algebra.content import leading
from rulegen.grammar.algebra.factoring import factors, negative, not_negative
from rulegen.grammar.algebra.facts import is_root

_ONE = sp.Integer(1)


def _each_case(make: Callable[[sp.Expr], sp.Expr], expr: sp.Piecewise) -> sp.Expr:
    return conditions.chosen([(make(case.expr), case.cond) for case in expr.args])


def absolute(x: sp.Expr) -> sp.Expr:
    """The product of the absolute values of the factors."""
    return algebra.multiply([_absolute(f) for f in factors(x)])


def _absolute(factor: sp.Expr) -> sp.Expr:
    if factor.is_Rational or not_negative(factor):
        return abs(factor) if factor.is_Rational else factor
    if factor.is_Pow and factor.exp.is_Integer:
        return algebra.power(absolute(factor.base), factor.exp)
    if isinstance(factor, sp.sign):
        return algebra.power(factor, sp.Integer(2))
    if isinstance(factor, sp.Piecewise):
        return _each_case(absolute, factor)
    if factor.is_Add and not leading(factor.args)[1]:
        return algebra.call("max", [factor, negative(factor)])  # which has no sign to choose
    return algebra.call("abs", [factor])


def sign(x: sp.Expr) -> sp.Expr:
    """The product of the signs of the factors."""
    result, rest = [], []
    for factor in factors(x):
        base, exponent = factor.as_base_exp() if factor.is_Pow else (factor, _ONE)
        if factor.is_Rational:
            result.append(sp.sign(factor))
        elif isinstance(factor, op.exp):
            continue
        elif isinstance(factor, sp.sign) or is_indicator(factor):
            result.append(factor)
        elif isinstance(factor, sp.Piecewise):
            result.append(_each_case(sign, factor))
        elif isinstance(factor, sp.Abs):
            result.append(algebra.power(sign(factor.args[0]), sp.Integer(2)))
        elif exponent.is_Integer and exponent > 0 and factor.is_Pow:
            result.append(algebra.power(sign(base), 2 - exponent % 2))
        elif exponent == 1 and not is_root(base):
            result.append(algebra.call("sign", [factor]))
        else:
            rest.append(factor)
    if rest:
        result.append(algebra.call("sign", [algebra.multiply(rest)]))
    return algebra.multiply(result)


def joined(product: sp.Expr) -> sp.Expr:
    """The product with one form for what signs and absolute values make of each other.

    `sign(x)**3` is `sign(x)`, `x*sign(x)` is `abs(x)` and `abs(x)*sign(x)` is `x`; beside a root
    of x, which has a value where x is not negative, `abs(x)` is `x`.
    """
    if not product.has(sp.sign) and not (product.has(sp.Abs) and product.has(op.power)):
        return product
    powers = {}
    for factor in sp.Mul.make_args(product):
        base, exponent = factor.as_base_exp() if factor.is_Pow else (factor, _ONE)
        powers[base] = exponent
    for base in [b for b in powers if is_root(b) and b.args[1] > 0]:
        size = algebra.call("abs", [base.args[0]])
        if size in powers and powers[size].is_Integer:
            powers[base.args[0]] = powers.get(base.args[0], 0) + powers.pop(size)
        if powers.get(algebra.call("sign", [base.args[0]]), 0) > 0:
            del powers[algebra.call("sign", [base.args[0]])]
    for base in [b for b in powers if isinstance(b, sp.sign)]:
        if powers[base].is_Integer and powers[base] > 0:
            _join_sign(base, powers)
    return algebra.multiply([algebra.power(b, e) for b, e in powers.items() if e != 0])


def _join_sign(sign_: sp.Expr, powers: dict[sp.Expr, sp.Expr]) -> None:
    """Put a sign, which is there an odd or even number of times, into what has this sign."""
    (x,) = sign_.args
    odd, zero = powers[sign_] % 2, sp.Integer(0)
    size = algebra.call("abs", [x])
    roots = [b for b in powers if is_root(b) and b.args[0] == size and b.args[1] > 0]
    if powers.get(x, zero) > 0:
        del powers[sign_]
        if odd:
            powers[x] -= 1
            powers[size] = powers.get(size, zero) + 1
    elif powers.get(size, zero) > 0 or roots:
        if odd and powers.get(size, zero) > 0:
            powers[size] -= 1
            powers[x] = powers.get(x, zero) + 1
            del powers[sign_]
        elif odd and roots[0].args[1] >= 1:
            powers[algebra.power(size, roots[0].args[1] - 1)] = powers.pop(roots[0])
            powers[x] = powers.get(x, zero) + 1
            del powers[sign_]
        elif odd:
            powers[sign_] = _ONE
        else:
            del powers[sign_]
    else:
        powers[sign_] = _ONE if odd else sp.Integer(2)
