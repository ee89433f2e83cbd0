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
from sympy.core.assumptions import _assume_defined
from sympy.core.parameters import distribute

from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.exact import AlgebraError, bounded, number, out_of_range
from rulegen.grammar.algebra.operators import OPERATORS

MAX_EXPONENT = 64
#: SymPy may write a short formula long: it turns `abs(x)**3` into `x**2*abs(x)`, at every level.
MAX_NODES = 10_000
#: Keeps `2*(a - b)` as it was written; by default SymPy would turn it into `2*a - 2*b`.
as_written = distribute


#: What is said of a compound expression to SymPy: it is a real number, and no more is known.
_KNOWN: dict[str, bool | None] = dict.fromkeys(_assume_defined)
_KNOWN |= dict.fromkeys(("real", "extended_real", "finite", "complex", "hermitian"), True)
_KNOWN |= {"commutative": True, "infinite": False, "imaginary": False, "antihermitian": None}
_NO_NUMBERS = frozenset({sp.zoo, sp.nan, sp.oo, -sp.oo, sp.I})


def _settle(expr: sp.Expr) -> sp.Expr:
    """Check the result of one operation: its numbers, its exponents and its length."""
    waiting, count = [expr], 0
    while waiting:
        node = waiting.pop()
        waiting += node.args
        count += 1
        if node in _NO_NUMBERS:
            raise AlgebraError(
                "a result that is infinite, undefined or complex", "rewrite the formula"
            )
        if count > MAX_NODES:
            raise AlgebraError("a formula too long to handle", "make states of its parts")
        if node.is_Rational:
            bounded(node)
        elif node.is_Pow and abs(node.exp) > MAX_EXPONENT:
            raise _too_high()
        _hide(node)
    return expr


def _too_high() -> AlgebraError:
    return AlgebraError(f"an exponent beyond {MAX_EXPONENT}", "use a smaller power")


def _hide(node: sp.Basic) -> None:
    """State that a compound expression is real and that nothing else is known about it.

    SymPy asks about signs, zeros and infinities whenever it builds a power or a product, and finds
    its answers by multiplying out. That takes exponential time, or fills the memory with digits,
    where powers, roots and functions stand in each other. It caches the answers on the expression,
    and that is where these are written.
    """
    if not node.args or not isinstance(node, sp.Expr) or len(node._assumptions) >= len(_KNOWN):
        return
    facts = _KNOWN | node.default_assumptions
    if (node.is_Pow and node.exp.is_even) or _is_root(node):
        facts |= {"nonnegative": True, "extended_nonnegative": True}
        facts |= {"negative": False, "extended_negative": False}
    node._assumptions = type(node._assumptions)(facts)


def _is_root(expr: sp.Basic) -> bool:
    """Whether it is a power with a number, not a whole one, as exponent: never negative."""
    return isinstance(expr, op.power) and expr.args[1].is_Rational


def add(terms: Sequence[sp.Expr]) -> sp.Expr:
    """The sum of the terms."""
    return _settle(sp.Add(*terms))


def multiply(factors: Sequence[sp.Expr]) -> sp.Expr:
    """The product of the factors."""
    factors = [a for f in factors for a in sp.Mul.make_args(f)]
    if any(f.has(sp.Piecewise) for f in factors):
        factors = _cases_once(factors)
    return _settle(sp.Mul(*_joined(factors)))


def _joined(factors: Sequence[sp.Expr]) -> list[sp.Expr]:
    """With the exponents of exponentials, and of powers of one base, added up."""
    exponents: list[sp.Expr] = []
    roots: dict[sp.Expr, sp.Rational] = {}
    rest: list[sp.Expr] = []
    for factor in factors:
        base, times = factor.as_base_exp() if factor.is_Pow else (factor, sp.Integer(1))
        if isinstance(base, op.exp):
            exponents.append(multiply([times, base.args[0]]) if times != 1 else base.args[0])
        elif _is_root(base):
            inner, exponent = base.args
            roots[inner] = roots.get(inner, 0) + times * exponent
        else:
            rest.append(factor)
    if not exponents and not roots:
        return rest
    others: list[sp.Expr] = []
    for factor in rest:
        base, times = factor.as_base_exp() if factor.is_Pow else (factor, sp.Integer(1))
        if base in roots and times.is_Integer:
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
    return _settle(sp.Mul(root, power(base, exponent - 1)))


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
        raise _too_high()
    if base == 0 and exponent.is_Rational and exponent < 0:
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
        return _chosen([(power(case.expr, exponent), case.cond) for case in base.args])
    if not exponent.is_Rational:
        return _opaque(base, exponent)
    if isinstance(base, op.exp):
        return call("exp", [multiply([exponent, base.args[0]])])
    return _whole_power(base, exponent) if exponent.is_Integer else _root(base, exponent)


def _opaque(base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
    return _settle(op.power(base, exponent, evaluate=False))


def _whole_power(base: sp.Expr, exponent: sp.Integer) -> sp.Expr:
    if base.is_Mul and base.has(sp.Piecewise, op.power, op.exp):
        return multiply([power(f, exponent) for f in base.args])
    if isinstance(base, sp.Abs) and exponent > 1 and base.has(sp.Piecewise):
        # SymPy's way rewrites the conditions.
        return multiply([power(base.args[0], exponent - exponent % 2), base ** (exponent % 2)])
    inner, times = base.as_base_exp() if base.is_Pow else (base, sp.Integer(1))
    if _is_root(inner) and exponent != 0:
        return _where_positive(inner.args[0], inner.args[1] * times * exponent)
    if isinstance(inner, op.power) and times * exponent < 0:
        inverse = _opaque(inner.args[0], multiply([sp.Integer(-1), inner.args[1]]))
        return power(inverse, -times * exponent)
    return _settle(sp.Pow(base, exponent))


def _root(base: sp.Expr, exponent: sp.Rational) -> sp.Expr:
    """A power that is not whole, of real numbers."""
    if base.is_Rational:
        return _exact_root(base, exponent) or number(_float_power(base, exponent))
    if base.is_Mul:
        return _root_of_product(base.args, exponent)
    inner, times = base.as_base_exp() if base.is_Pow else (base, sp.Integer(1))
    if _is_root(inner):
        return _where_positive(inner.args[0], inner.args[1] * times * exponent)
    if times == 1 or isinstance(inner, op.power):
        return _opaque(base, exponent)
    if times.is_even:
        return power(inner if isinstance(inner, sp.Abs) else call("abs", [inner]), times * exponent)
    return _where_positive(inner, times * exponent)


def _exact_root(base: sp.Rational, exponent: sp.Rational) -> sp.Rational | None:
    over, whole = sp.integer_nthroot(base.p, exponent.q)
    under, also = sp.integer_nthroot(base.q, exponent.q)
    return sp.Rational(over, under) ** exponent.p if whole and also else None


def _float_power(base: sp.Rational, exponent: sp.Rational) -> float:
    try:
        return float((base.p / base.q) ** (exponent.p / exponent.q))
    except OverflowError:
        raise out_of_range() from None


def _root_of_product(factors: Sequence[sp.Expr], exponent: sp.Rational) -> sp.Expr:
    """The root of each factor that cannot be negative, times the root of the rest.

    A number whose root is not exact stays with the rest.
    """
    apart, rest = [], []
    for factor in factors:
        size = _exact_root(abs(factor), exponent) if factor.is_Rational else None
        if size is not None and abs(factor) != 1:
            apart.append(size)
            rest += [sp.Integer(-1)] if factor < 0 else []
        elif factor.is_nonnegative:
            apart.append(power(factor, exponent))
        else:
            rest.append(factor)
    whole = sp.Mul(*rest)
    if not apart:
        return _opaque(whole, exponent)
    return multiply([*apart, power(whole, exponent)])


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


#: Functions of numbers that have no exact value.
NUMERIC: dict[str, Callable[..., float]] = {
    "exp": math.exp,
    "log": math.log,
    "tanh": math.tanh,
    "sigmoid": _sigmoid,
    "sin": math.sin,
    "cos": math.cos,
    "spow": lambda x, p: math.copysign(abs(x) ** p, x) if x else 0.0,
}
_EXACT_CALLS: dict[str, Callable[..., sp.Expr]] = {
    "abs": abs,
    "sign": sp.sign,
    "relu": lambda x: max(x, sp.Integer(0)),
    "min": min,
    "max": max,
    "clip": lambda x, low, high: min(max(x, low), high),
}


def call(name: str, args: Sequence[sp.Expr]) -> sp.Expr:
    """The function `name` of the table of operators, applied to `args`.

    A function of numbers becomes a number. Anything else stays as it is: SymPy's automatic
    rewriting of `abs` or `tanh` asks many questions about its argument, which may take seconds.
    """
    if name == "sqrt":
        return power(args[0], sp.Rational(1, 2))
    if all(a.is_Rational for a in args):
        if name in _EXACT_CALLS:
            return _EXACT_CALLS[name](*args)
        if name in NUMERIC:
            try:
                return number(repr(NUMERIC[name](*(a.p / a.q for a in args))))
            except (ArithmeticError, ValueError):
                raise AlgebraError(
                    f"`{name}` has no finite real value here", "check its argument"
                ) from None
    expr = OPERATORS[name].make(*args, evaluate=False)
    _hide(expr)
    return expr


_COMPARE: dict[str, Callable[..., sp.Basic]] = {
    "<": sp.StrictLessThan,
    "<=": sp.LessThan,
    ">": sp.StrictGreaterThan,
    ">=": sp.GreaterThan,
    "==": sp.Equality,
    "!=": sp.Unequality,
}


def compare(op: str, left: sp.Expr, right: sp.Expr) -> sp.Basic:
    """The condition `left op right`; one between numbers is decided at once."""
    if left.has(sp.Piecewise) or right.has(sp.Piecewise):
        raise AlgebraError("a condition inside a condition", "join conditions by `and` and `or`")
    decided = left.is_Rational and right.is_Rational
    return _COMPARE[op](left, right, evaluate=bool(decided))


def combine(kind: type[sp.Basic], conditions: Sequence[sp.Basic]) -> sp.Basic:
    """`and` (kind sp.And) or `or` (kind sp.Or) of conditions."""
    decisive, neutral = (sp.false, sp.true) if kind is sp.And else (sp.true, sp.false)
    flat: list[sp.Basic] = []
    for condition in conditions:
        flat += condition.args if isinstance(condition, kind) else [condition]
    if decisive in flat:
        return decisive
    rest = {c for c in flat if c != neutral}
    if len(rest) < 2:
        return rest.pop() if rest else neutral
    return kind(*rest, evaluate=False)


def negate(comparison: sp.Basic) -> sp.Basic:
    """The comparison that holds where this one does not."""
    if comparison in (sp.true, sp.false):
        return sp.false if comparison == sp.true else sp.true
    return comparison.negated


def choose(condition: sp.Basic, first: sp.Expr, second: sp.Expr) -> sp.Expr:
    """`first` where the condition holds, else `second`."""
    if condition == sp.true or first == second:
        return first
    if condition == sp.false:
        return second
    # One flat list of cases, so that a chain of `else ... if` has a single form.
    rest = second.args if isinstance(second, sp.Piecewise) else [(second, True)]
    return sp.Piecewise((first, condition), *rest, evaluate=False)


def _chosen(cases: Sequence[tuple[sp.Expr, sp.Basic]]) -> sp.Expr:
    """The first value whose condition holds; the last condition is always true."""
    result = cases[-1][0]
    for value, condition in reversed(cases[:-1]):
        result = choose(condition, value, result)
    return result


def substitute(expr: sp.Expr, values: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """Replace symbols, rebuilding with the functions above.

    Example:
        >>> x, y = sp.symbols("x y", real=True)
        >>> substitute(x * y + y, {x: sp.Integer(0)})
        y
    """
    with as_written(False):
        return _rebuild(expr, values)


def _rebuild(expr: sp.Basic, values: Mapping[sp.Symbol, sp.Expr]) -> sp.Basic:
    if expr.is_Symbol:
        return values.get(expr, expr)
    if not expr.args or not expr.free_symbols & set(values):
        return expr
    if isinstance(expr, sp.Piecewise):
        return _chosen([(_rebuild(e, values), _rebuild(c, values)) for e, c in expr.args])
    args = [_rebuild(a, values) for a in expr.args]
    if expr.is_Add:
        return add(args)
    if expr.is_Mul:
        return multiply(args)
    if expr.is_Pow or isinstance(expr, op.power):
        return power(*args)
    if isinstance(expr, sp.And | sp.Or):
        return combine(sp.And if isinstance(expr, sp.And) else sp.Or, args)
    if expr.is_Relational:
        return compare(expr.rel_op, *args)
    return call(operator_name(expr), args)


_NAMES = {o.make: o.name for o in OPERATORS.values()} | {sp.exp: "exp"}


def operator_name(expr: sp.Basic) -> str:
    """The name in rule text of the function at the top of `expr`."""
    return _NAMES[expr.func]
