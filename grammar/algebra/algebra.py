"""Building SymPy expressions: bounded, exact, and never complex or infinite.

SymPy's own constructors rewrite what they are given, sometimes slowly and sometimes into complex
numbers. The functions here are the only makers of compound expressions from user input. Numbers
are exact rationals, so that `0.1*10` is `1` and a Python float survives the way to SymPy and back.

No operation changes a value: roots, other powers that are not whole, and exponentials are
functions of their own, because SymPy rewrites its own as if their arguments were positive.
What is read again, as it was printed, therefore becomes the same expression.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import sympy as sp
from sympy.core.parameters import distribute

from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.conditions import chosen, combine, compare, opposed
from rulegen.grammar.algebra.constants import exact
from rulegen.grammar.algebra.draws import DISTRIBUTIONS
from rulegen.grammar.algebra.exact import AlgebraError, root
from rulegen.grammar.algebra.facts import MAX_EXPONENT, hide, is_root, settle, too_high
from rulegen.grammar.algebra.operators import OPERATORS

#: A comparison of choices that make more cases than this together is refused.
MOST_CASES = 16
#: Everything that is written like a function.
FUNCTIONS = OPERATORS | DISTRIBUTIONS

#: Keeps `2*(a - b)` as it was written; by default SymPy would turn it into `2*a - 2*b`.
as_written = distribute


def add(terms: Sequence[sp.Expr]) -> sp.Expr:
    """The sum of the terms."""
    return settle(sp.Add(*terms))


def multiply(factors: Sequence[sp.Expr]) -> sp.Expr:
    """The product of the factors."""
    factors = [a for f in factors for a in sp.Mul.make_args(f)]
    if any(f.has(sp.Piecewise) for f in factors):
        factors = _cases_once(factors)
    return settle(sp.Mul(*_joined(factors)))


def _joined(factors: Sequence[sp.Expr]) -> list[sp.Expr]:
    """With the exponents of exponentials, and of powers of one base, added up."""
    exponents: list[sp.Expr] = []
    roots: dict[sp.Expr, sp.Rational] = {}
    rest: list[sp.Expr] = []
    for factor in factors:
        base, times = factor.as_base_exp() if factor.is_Pow else (factor, sp.Integer(1))
        if isinstance(base, op.exp):
            exponents.append(multiply([times, base.args[0]]) if times != 1 else base.args[0])
        elif is_root(base):
            inner, exponent = base.args
            roots[inner] = roots.get(inner, 0) + times * exponent
        else:
            rest.append(factor)
    if not exponents and not roots:
        return rest
    others: list[sp.Expr] = []
    for factor in rest:
        base, times = factor.as_base_exp() if factor.is_Pow else (factor, sp.Integer(1))
        if base in roots and times.is_Integer and not base.is_Rational:
            roots[base] += times
        else:
            others.append(factor)
    if exponents:
        others.append(call("exp", [add(exponents) if len(exponents) > 1 else exponents[0]]))
    for base, exponent in roots.items():
        others += sp.Mul.make_args(_where_positive(base, exponent))
    return others


def _where_positive(base: sp.Expr, exponent: sp.Rational) -> sp.Expr:
    """base**exponent where the base is not negative, and undefined elsewhere."""
    if not exponent.is_Integer or base.is_nonnegative:
        return power(base, exponent)
    # As `sqrt(x)**2` is x only where x has a root.
    root = sp.Pow(_opaque(base, sp.Rational(1, 2)), 2)
    return settle(sp.Mul(root, power(base, exponent - 1)))


def _cases_once(factors: Sequence[sp.Expr]) -> list[sp.Expr]:
    """With powers in place of equal cases: SymPy would rewrite the conditions of their square."""
    counts = Counter(f for f in factors if isinstance(f, sp.Piecewise))
    others = [f for f in factors if not isinstance(f, sp.Piecewise)]
    powers = [power(f, sp.Integer(n)) for f, n in counts.items()]
    repeats = len(counts) < len(factors) - len(others)
    return _cases_once([*others, *powers]) if repeats else [*others, *powers]


def reciprocal(expr: sp.Expr) -> sp.Expr:
    """1/expr."""
    if expr == 0:
        raise AlgebraError("a division by zero", "check the denominator")
    return power(expr, sp.Integer(-1))


def power(base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
    """base**exponent."""
    if exponent.is_Rational and abs(exponent) > MAX_EXPONENT:
        raise too_high()
    if exponent.is_Rational and exponent < 0 and base.is_number and exact(base) == 0:
        raise AlgebraError("a division by zero", "check the base of the power")
    if base.is_Rational and base < 0 and exponent.is_Rational and not exponent.is_Integer:
        raise AlgebraError("a root of a negative number", "use `spow` or `abs`")
    if base == 1 or exponent == 1:
        return base
    if base == 0 and not exponent.is_Rational:
        raise AlgebraError("a variable power of zero", "check the base of the power")
    if exponent.has(sp.Piecewise):
        raise AlgebraError("an exponent with a condition in it", "choose between two powers")
    if isinstance(base, sp.Piecewise):
        return chosen([(power(case.expr, exponent), case.cond) for case in base.args])
    if not exponent.is_Rational:
        return _opaque(base, exponent)
    if isinstance(base, op.exp):
        return call("exp", [multiply([exponent, base.args[0]])])
    if isinstance(base, sp.Abs) and exponent.is_Integer and abs(exponent) > 1:
        # SymPy would do the same, and leave powers of roots as they are.
        inner, odd = base.args[0], exponent % 2
        return multiply([power(inner, exponent - odd), *([base] if odd else [])])
    return _whole_power(base, exponent) if exponent.is_Integer else _root(base, exponent)


def _opaque(base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
    return _finite(settle(op.power(base, exponent, evaluate=False)))


def _finite(expr: sp.Expr) -> sp.Expr:
    """The expression; one of numbers alone must have a value."""
    if expr.is_number:
        exact(expr)
    return expr


def _whole_power(base: sp.Expr, exponent: sp.Integer) -> sp.Expr:
    if base.is_Mul and base.has(sp.Piecewise, op.power, op.exp):
        return multiply([power(f, exponent) for f in base.args])
    if isinstance(base, sp.Abs) and exponent > 1 and base.has(sp.Piecewise):
        # SymPy's way rewrites the conditions.
        return multiply([power(base.args[0], exponent - exponent % 2), base ** (exponent % 2)])
    inner, times = base.as_base_exp() if base.is_Pow else (base, sp.Integer(1))
    if is_root(inner) and exponent != 0:
        return _where_positive(inner.args[0], inner.args[1] * times * exponent)
    if isinstance(inner, op.power) and times * exponent < 0:
        inverse = _opaque(inner.args[0], multiply([sp.Integer(-1), inner.args[1]]))
        return power(inverse, -times * exponent)
    return settle(sp.Pow(base, exponent))


def _root(base: sp.Expr, exponent: sp.Rational) -> sp.Expr:
    """A power that is not whole, of real numbers."""
    if base.is_Rational:
        return root(base, exponent) or _opaque(base, exponent)
    if base.is_Mul:
        return _root_of_product(base.args, exponent)
    inner, times = base.as_base_exp() if base.is_Pow else (base, sp.Integer(1))
    if is_root(inner):
        return _where_positive(inner.args[0], inner.args[1] * times * exponent)
    if times == 1 or isinstance(inner, op.power):
        return _opaque(base, exponent)
    if times.is_even:
        return power(inner if isinstance(inner, sp.Abs) else call("abs", [inner]), times * exponent)
    return _where_positive(inner, times * exponent)


def _root_of_product(factors: Sequence[sp.Expr], exponent: sp.Rational) -> sp.Expr:
    """The root of each factor that cannot be negative, times the root of the rest.

    A number whose root is not exact stays with the rest.
    """
    apart, rest = [], []
    for factor in factors:
        size = root(abs(factor), exponent) if factor.is_Rational else None
        if size is not None and abs(factor) != 1:
            apart.append(size)
            rest += [sp.Integer(-1)] if factor < 0 else []
        elif factor.is_nonnegative and _has_power(factor, exponent):
            apart.append(power(factor, exponent))
        else:
            rest.append(factor)
    whole = sp.Mul(*rest)
    if not apart:
        return _opaque(whole, exponent)
    return multiply([*apart, power(whole, exponent)])


def _has_power(factor: sp.Expr, exponent: sp.Rational) -> bool:
    """Whether a factor has a power of its own: that of a number may be out of range."""
    if not factor.is_Rational:
        return True
    try:
        _opaque(factor, exponent)
    except AlgebraError:
        return False
    return True


_EXACT_CALLS: dict[str, Callable[..., sp.Expr]] = {
    "abs": abs,
    "sign": sp.sign,
    "relu": lambda x: max(x, sp.Integer(0)),
    "min": min,
    "max": max,
    "clip": lambda x, low, high: min(max(x, low), high),
    "floor": sp.floor,
    "mod": lambda x, y: x - y * sp.floor(x / y),
}
#: Where functions of numbers have exact values.
_EXACT_VALUES: dict[tuple[str, sp.Expr], sp.Rational] = {
    ("exp", sp.Integer(0)): sp.Integer(1),
    ("log", sp.Integer(1)): sp.Integer(0),
    ("tanh", sp.Integer(0)): sp.Integer(0),
    ("sigmoid", sp.Integer(0)): sp.Rational(1, 2),
    ("sin", sp.Integer(0)): sp.Integer(0),
    ("cos", sp.Integer(0)): sp.Integer(1),
    ("erf", sp.Integer(0)): sp.Integer(0),
}


def call(name: str, args: Sequence[sp.Expr]) -> sp.Expr:
    """The function `name` of the tables of operators and distributions, applied to `args`.

    What has an exact value becomes a number. Anything else stays as it is: SymPy's automatic
    rewriting of `abs` or `tanh` asks many questions about its argument, which may take seconds.
    """
    if name == "sqrt":
        return power(args[0], sp.Rational(1, 2))
    if name == "mod" and args[1] == 0:
        raise AlgebraError("a division by zero", "check the second argument of `mod`")
    if name in _EXACT_CALLS and all(a.is_Rational for a in args):
        return _EXACT_CALLS[name](*args)
    if (name, args[0]) in _EXACT_VALUES:
        return _EXACT_VALUES[name, args[0]]
    expr = FUNCTIONS[name].make(*args, evaluate=False)
    hide(expr)
    return _finite(expr)


def substitute(expr: sp.Expr, values: Mapping[sp.Expr, sp.Expr]) -> sp.Expr:
    """Replace symbols, and functions of them, rebuilding with the functions above.

    Example:
        >>> x, y = sp.symbols("x y", real=True)
        >>> substitute(x * y + y, {x: sp.Integer(0)})
        y
    """
    with as_written(False):
        return _rebuild(expr, values)


def _rebuild(expr: sp.Basic, values: Mapping[sp.Expr, sp.Expr]) -> sp.Basic:
    if expr in values:
        return values[expr]
    if not expr.args or not expr.free_symbols & set(values):
        return expr
    return rebuilt(expr, lambda part: _rebuild(part, values))


def replaced(expr: sp.Basic, values: Mapping[sp.Basic, sp.Expr]) -> sp.Basic:
    """An expression with other parts in place of these."""
    if expr in values:
        return values[expr]
    if not expr.args or not expr.has(*values):
        return expr
    return rebuilt(expr, lambda part: replaced(part, values))


def compared(order: str, left: sp.Expr, right: sp.Expr) -> sp.Basic:
    """The condition `left order right` of formulas that may choose: that of each case where it is.

    Example:
        >>> from rulegen.grammar.algebra.conditions import choose
        >>> x, y = sp.symbols("x y", real=True)
        >>> compared(">", choose(x < 0, sp.Integer(2), y), sp.Integer(1))
        (x < 0) | ((x >= 0) & (y > 1))
    """
    choices = [c for side in (left, right) for c in sp.preorder_traversal(side) if c.is_Piecewise]
    if not choices or math.prod(len(c.args) for c in set(choices)) > MOST_CASES:
        return compare(order, left, right)
    holding: list[sp.Basic] = []
    before: list[sp.Basic] = []
    for value, condition in choices[0].args:
        sides = (replaced(side, {choices[0]: value}) for side in (left, right))
        holding.append(combine(sp.And, [*before, condition, compared(order, *sides)]))
        before.append(opposed(condition))
    return combine(sp.Or, holding)


def rebuilt(expr: sp.Basic, new: Callable[[sp.Basic], sp.Basic]) -> sp.Basic:
    """The same operation on new parts."""
    if isinstance(expr, sp.Piecewise):
        return chosen([(new(value), new(condition)) for value, condition in expr.args])
    args = [new(a) for a in expr.args]
    if expr.is_Add:
        return add(args)
    if expr.is_Mul:
        return multiply(args)
    if expr.is_Pow or isinstance(expr, op.power):
        return power(*args)
    if isinstance(expr, sp.And | sp.Or):
        return combine(sp.And if isinstance(expr, sp.And) else sp.Or, args)
    if expr.is_Relational:
        return compared(expr.rel_op, *args)
    return call(operator_name(expr), args)


_NAMES = {o.make: o.name for o in FUNCTIONS.values()} | {sp.exp: "exp"}


def operator_name(expr: sp.Basic) -> str:
    """The name in rule text of the function at the top of `expr`."""
    return _NAMES[expr.func]
