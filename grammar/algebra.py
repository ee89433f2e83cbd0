"""Building SymPy expressions: bounded, exact, and never complex or infinite.

SymPy's own constructors rewrite what they are given, sometimes slowly and sometimes into complex
numbers. The functions here are the only makers of compound expressions from user input. Numbers
are exact rationals, so that `0.1*10` is `1` and a Python float survives the way to SymPy and back;
what cannot be kept exactly within 15 digits is rounded to double precision at once.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import sympy as sp
from sympy.core.assumptions import _assume_defined
from sympy.core.parameters import distribute

from grammar.operators import OPERATORS, clip, relu

MAX_EXPONENT = 64
SMALLEST, LARGEST = 1e-30, 1e30
_LARGEST = 10**30
_EXACT = 10**15
#: SymPy may write a short formula long: it turns `abs(x)**3` into `x**2*abs(x)`, at every level.
MAX_NODES = 10_000
#: Keeps `2*(a - b)` as it was written; by default SymPy would turn it into `2*a - 2*b`.
as_written = distribute


#: What is said of a compound expression to SymPy: it is a real number, and no more is known.
_KNOWN: dict[str, bool | None] = dict.fromkeys(_assume_defined)
_KNOWN |= dict.fromkeys(("real", "extended_real", "finite", "complex", "hermitian"), True)
_KNOWN |= {"commutative": True, "infinite": False, "imaginary": False, "antihermitian": None}
_NO_NUMBERS = frozenset({sp.zoo, sp.nan, sp.oo, -sp.oo, sp.I})


class AlgebraError(Exception):
    """An operation without a finite real result; the parser adds the place."""

    def __init__(self, message: str, remedy: str = "") -> None:
        self.message, self.remedy = message, remedy
        super().__init__(message)


def number(value: str | float | sp.Rational) -> sp.Rational:
    """An exact number within the bounds.

    Example:
        >>> number("0.05"), number(2.0), number("1e3")
        (1/20, 2, 1000)
    """
    if isinstance(value, str):
        # The size is judged on the float: the exact value of `1e999999999` would fill the memory.
        approximate = float(value)
        _check_size(approximate)
        zero = approximate == 0.0
    else:
        zero = value == 0
    return sp.Integer(0) if zero else _tidy(sp.Rational(str(value)))


def _check_size(value: float) -> None:
    if value != 0.0 and not SMALLEST <= abs(value) <= LARGEST:
        raise AlgebraError(
            f"a number outside {SMALLEST:g} to {LARGEST:g}", "rescale the formula's units"
        )


def _tidy(value: sp.Rational) -> sp.Rational:
    # In integers: a float would overflow just where the check matters.
    if abs(value.p) > _LARGEST * value.q or 0 < abs(value.p) * _LARGEST < value.q:
        _check_size(math.inf)
    if abs(value.p) > _EXACT or value.q > _EXACT:
        return sp.Rational(repr(value.p / value.q))
    return value


def _constant(expr: sp.Expr) -> sp.Expr:
    """Fold the irrational constants that SymPy makes of, for instance, `sqrt(2*x)`."""
    if expr.is_Rational:
        return _tidy(expr)
    if expr is sp.E:
        return number(repr(math.e))
    if expr.is_Pow and expr.base.is_Rational and expr.exp.is_Rational:
        if expr.base < 0:
            raise AlgebraError("a root of a negative number", "use `spow` or `abs`")
        try:
            return number(repr((expr.base.p / expr.base.q) ** (expr.exp.p / expr.exp.q)))
        except OverflowError:
            _check_size(math.inf)
    return expr


def _settle(expr: sp.Expr) -> sp.Expr:
    """Check the result of one operation, and round the numbers in it that grew too long."""
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
        _hide(node)
    return _rounded(expr)


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
    if node.is_Pow and node.exp.is_Integer and node.exp.is_even:
        facts |= {"nonnegative": True, "extended_nonnegative": True}
        facts |= {"negative": False, "extended_negative": False}
    node._assumptions = type(node._assumptions)(facts)


_COMPOUND = (sp.Mul, sp.Pow, sp.Piecewise, sp.exp)


def _rounded(expr: sp.Expr) -> sp.Expr:
    if expr.is_Add or expr.is_Mul:
        parts = [_rounded(a) if isinstance(a, _COMPOUND) else _constant(a) for a in expr.args]
        return expr if tuple(parts) == expr.args else _settle(expr.func(*parts))
    if isinstance(expr, sp.exp):  # products of exponentials add their exponents
        return expr if (x := _rounded(expr.args[0])) == expr.args[0] else call("exp", [x])
    if isinstance(expr, sp.Piecewise):
        return _chosen([(_rounded(case.expr), case.cond) for case in expr.args])
    if expr.is_Pow and expr.exp.is_Rational and not expr.base.is_Rational:
        exponent = _tidy(expr.exp)
        if abs(exponent) > MAX_EXPONENT:
            raise AlgebraError(f"an exponent beyond {MAX_EXPONENT}", "use a smaller power")
        return expr if exponent == expr.exp else sp.Pow(expr.base, exponent)
    return _constant(expr)


def add(terms: Sequence[sp.Expr]) -> sp.Expr:
    """The sum of the terms."""
    return _settle(sp.Add(*terms))


def multiply(factors: Sequence[sp.Expr]) -> sp.Expr:
    """The product of the factors."""
    if any(f.has(sp.Piecewise) for f in factors):
        factors = _cases_once([a for f in factors for a in sp.Mul.make_args(f)])
    return _settle(sp.Mul(*factors))


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
        raise AlgebraError(f"an exponent beyond {MAX_EXPONENT}", "use a smaller power")
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
    if _involved(exponent):
        raise AlgebraError("an exponent with a power or a limit in it", "make a state of it")
    if isinstance(base, sp.Piecewise):
        return _chosen([(power(case.expr, exponent), case.cond) for case in base.args])
    if exponent.is_Integer and base.has(sp.Piecewise):  # SymPy's way rewrites the conditions
        if base.is_Mul:
            return multiply([power(f, exponent) for f in base.args])
        if isinstance(base, sp.Abs) and exponent > 1:
            return multiply([power(base.args[0], exponent - exponent % 2), base ** (exponent % 2)])
    if exponent.is_Rational and not exponent.is_Integer:
        if base.is_Pow and not base.base.is_Symbol:
            return _root_of_power(base.base, base.exp, exponent)
        if base.is_Mul:
            return _root_of_product(base.args, exponent)
    # SymPy would search a variable exponent for logarithms, all of it at every level.
    return _settle(sp.Pow(base, exponent, evaluate=bool(exponent.is_Rational)))


def _root_of_power(base: sp.Expr, inner: sp.Expr, outer: sp.Rational) -> sp.Expr:
    """`(base**inner)**outer` for real numbers; SymPy's way asks for the complex argument."""
    if inner.is_Integer and inner.is_even:
        return power(base if isinstance(base, sp.Abs) else call("abs", [base]), inner * outer)
    exponent = multiply([inner, outer])
    if exponent.is_Integer:
        raise AlgebraError("a root that undoes an odd power", "leave out both")
    return power(base, exponent)


def _root_of_product(factors: Sequence[sp.Expr], exponent: sp.Rational) -> sp.Expr:
    """The root of each factor that cannot be negative, times the root of the rest."""
    apart = [f for f in factors if f.is_nonnegative]
    rest = [f for f in factors if not f.is_nonnegative]
    if not apart:
        return _settle(sp.Pow(sp.Mul(*rest), exponent, evaluate=False))
    whole = [power(sp.Mul(*rest), exponent)] if rest else []
    return multiply([*(power(f, exponent) for f in apart), *whole])


def _involved(exponent: sp.Expr) -> bool:
    """Whether SymPy would take too long over an exponent: it factors it whenever it meets it."""
    variable = any(not p.exp.is_Rational for p in exponent.atoms(sp.Pow))
    return variable or exponent.has(sp.Min, sp.Max, clip, relu)


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
    if expr.is_Pow:
        return power(*args)
    if isinstance(expr, sp.And | sp.Or):
        return combine(sp.And if isinstance(expr, sp.And) else sp.Or, args)
    if expr.is_Relational:
        return compare(expr.rel_op, *args)
    return call(operator_name(expr), args)


_NAMES = {o.make: o.name for o in OPERATORS.values()}


def operator_name(expr: sp.Basic) -> str:
    """The name in rule text of the function at the top of `expr`."""
    return _NAMES[expr.func]
