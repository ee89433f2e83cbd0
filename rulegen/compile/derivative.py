"""Derivatives of formulas by the conventions of the language; nothing is left to SymPy.

SymPy's own derivatives put conditions into conditions, ask of what they rebuild whether it is real,
and multiply a slope of 0 by whatever comes from inside, which is no number where that is infinite.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Set

import sympy as sp

from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.algebra import call
from rulegen.grammar.algebra.conditions import chosen, combine, related

_ZERO, _ONE = sp.Integer(0), sp.Integer(1)
#: Operators that read other neurons, synapses or steps than the one they stand at.
NEIGHBOURS = (op.Earlier, op.Reduction)


class gate(op.RuleFunction):
    """1 where a condition holds, else 0; a product with a gate is selected and not multiplied.

    So what stands beside it may be infinite where the gate is closed. Formulas cannot name it.
    """

    nargs = 1
    is_commutative = True
    is_nonnegative = True

    @classmethod
    def eval(cls, condition: sp.Basic) -> sp.Expr | None:
        """The value of what is decided, None to keep the gate."""
        return {sp.true: _ONE, sp.false: _ZERO}.get(condition)

    def _eval_power(self, exponent: sp.Expr) -> sp.Expr | None:
        """A gate twice is that gate."""
        return self if exponent.is_Integer and exponent > 0 else None


def derivative(
    expr: sp.Expr, changes: Mapping[sp.Expr, sp.Expr], steady: Set[str] = frozenset()
) -> sp.Expr:
    """d(expr) when all of `changes` change at once, with the project's conventions at kinks.

    A jump has derivative 0; max(x, 0) has slope 0 at 0; an infinite slope is 0; see
    `rulegen.grammar.algebra.operators`. Where a slope is 0, so is its product with what comes from
    inside, also where that is infinite, as in `clip(theta/pre, -1, 1)` of a silent neuron.

    Args:
        expr: a formula.
        changes: of symbols, or of `NEIGHBOURS`, which otherwise do not change.
        steady: names of what is not 0, such as time constants: nothing of these is infinite.

    Example:
        >>> from rulegen.grammar.algebra.symbols import symbol
        >>> x = symbol("x")
        >>> derivative(op.relu(2 * x), {x: sp.Integer(1)})
        2*gate(2*x > 0)
        >>> derivative(op.power(x, sp.Rational(1, 2)), {x: sp.Integer(1)}).subs(x, 4)
        1/4
    """
    if expr in changes:
        return changes[expr]
    if isinstance(expr, (*NEIGHBOURS, sp.sign)) or not expr.has(*changes):
        return _ZERO
    if isinstance(expr, sp.Piecewise):
        return chosen([(derivative(value, changes, steady), held) for value, held in expr.args])
    inner = [derivative(a, changes, steady) for a in expr.args]
    if not any(inner):
        return _ZERO
    if expr.is_Add:
        return sp.Add(*inner)
    if expr.is_Mul:
        terms = ([*expr.args[:i], d, *expr.args[i + 1 :]] for i, d in enumerate(inner) if d != 0)
        return sp.Add(*(product(factors) for factors in terms))
    if isinstance(expr, sp.Min | sp.Max):
        return _extreme(expr, inner)
    slopes = _SLOPES[_kind(expr)](expr, *expr.args)
    moved = [(s(), d) for s, d in zip(slopes, inner, strict=True) if d != 0]
    return sp.Add(*(_chained(slope, d, steady) for slope, d in moved))


def product(factors: list[sp.Expr]) -> sp.Expr:
    """The product; of equal choices the choice of powers, since SymPy would open conditions."""
    choices = {f: factors.count(f) for f in factors if isinstance(f, sp.Piecewise)}
    powers = [
        chosen([(case.expr**n, case.cond) for case in f.args]) if n > 1 else f
        for f, n in choices.items()
    ]
    return sp.Mul(*powers, *(f for f in factors if f not in choices))


def _extreme(expr: sp.Expr, changes: list[sp.Expr]) -> sp.Expr:
    """0 where something that does not change is as large; the mean of those that change alike."""
    name, order = ("max", ">") if isinstance(expr, sp.Max) else ("min", "<")
    moving = {a: d for a, d in zip(expr.args, changes, strict=True) if d != 0}
    still = [a for a in expr.args if a not in moving]

    def most(args: Iterable[sp.Expr]) -> sp.Expr:
        first, *others = args
        return call(name, [first, *others]) if others else first

    top = most(moving)
    ahead = [gate(related(order, top, most(still)))] if still else []
    if len(moving) == 1:
        return product([*ahead, *moving.values()])
    attained = {a: gate(related("==", a, top)) for a in moving}
    total = sp.Add(*(product([attained[a], d]) for a, d in moving.items()))
    return product([*ahead, total, 1 / sp.Add(*attained.values())])


def _chained(slope: sp.Expr, inner: sp.Expr, steady: Set[str]) -> sp.Expr:
    """Slope times inner derivative, and 0 where a slope of 0 meets what may be infinite."""
    if isinstance(slope, gate) or slope.is_number or is_finite(inner, steady):
        return product([slope, inner])
    return product([gate(related("!=", slope, _ZERO)), slope, inner])


def is_finite(expr: sp.Expr, steady: Set[str] = frozenset()) -> bool:
    """Whether an expression is finite wherever its symbols are, as its form shows.

    Example:
        >>> from rulegen.grammar.algebra.symbols import symbol
        >>> u, tau = symbol("u"), symbol("tau")
        >>> is_finite(u**3), is_finite(tau / u, {"tau"}), is_finite(u / tau, {"tau"})
        (True, False, True)
    """
    if isinstance(expr, sp.Piecewise):
        return all(is_finite(value, steady) for value, _ in expr.args)
    if isinstance(expr, gate):
        return True
    unbounded = isinstance(expr, sp.log | sp.exp | op.exp | op.power | op.spow | op.exprel)
    if unbounded or (expr.is_Pow and not (expr.exp.is_Integer and expr.exp > 0)):
        return all(s.name in steady for s in expr.free_symbols)
    return all(is_finite(a, steady) for a in expr.args)


def _kind(expr: sp.Expr) -> type:
    if expr.is_Pow:
        return sp.exp if expr.base is sp.E else sp.Pow if expr.exp.is_Integer else op.power
    return type(expr)


#: The slope in each argument of a function, made when it is asked for.
_Slopes = tuple[Callable[[], sp.Expr], ...]


def _whole_power(expr: sp.Expr, base: sp.Expr, n: sp.Expr) -> _Slopes:
    return (lambda: n * base ** (n - 1)), lambda: _ZERO


def _exponential(expr: sp.Expr, *args: sp.Expr) -> _Slopes:
    return (*(lambda: _ZERO for _ in args[:-1]), lambda: expr)  # also as a power of e


def _behind(condition: sp.Basic, slope: Callable[[], sp.Expr]) -> sp.Expr:
    """A slope behind a gate; what is behind one that is never open may have no value."""
    return _ZERO if gate(condition) == 0 else gate(condition) * slope()


def _power(expr: sp.Expr, base: sp.Expr, p: sp.Expr) -> _Slopes:
    # Anything to the power of 0 is 1, also what is no number.
    moves = combine(sp.And, [related("!=", base, _ZERO), related("!=", p, _ZERO)])
    return (
        lambda: _behind(moves, lambda: p * op.power(base, p - 1)),
        lambda: _behind(related(">", base, _ZERO), lambda: expr * sp.log(base, evaluate=False)),
    )


def _signed_power(expr: sp.Expr, x: sp.Expr, p: sp.Expr) -> _Slopes:
    size, inside = call("abs", [x]), related("!=", x, _ZERO)
    return (
        lambda: _behind(inside, lambda: p * size ** (p - 1)),
        lambda: _behind(inside, lambda: expr * sp.log(size, evaluate=False)),
    )


def _clip(expr: sp.Expr, x: sp.Expr, low: sp.Expr, high: sp.Expr) -> _Slopes:
    apart, crossed = related("<", low, high), related(">=", low, high)
    above, below = related(">=", x, high), related("<=", x, low)
    within = [related(">", x, low), related("<", x, high)]
    return (
        lambda: gate(combine(sp.And, within)),
        lambda: gate(combine(sp.And, [below, apart])),
        lambda: gate(combine(sp.Or, [above, crossed])),
    )


def _one(slope: Callable[[sp.Expr, sp.Expr], sp.Expr]) -> Callable[..., _Slopes]:
    """Of a function of one argument, by its value and the argument."""
    return lambda expr, x: (lambda: slope(expr, x),)


_SLOPES: dict[type, Callable[..., _Slopes]] = {
    sp.Pow: _whole_power,
    op.power: _power,
    op.spow: _signed_power,
    op.exp: _exponential,
    sp.exp: _exponential,
    op.clip: _clip,
    op.relu: _one(lambda f, x: gate(related(">", x, _ZERO))),
    sp.Abs: _one(lambda f, x: call("sign", [x])),
    sp.log: _one(lambda f, x: sp.Pow(x, -1, evaluate=not isinstance(x, sp.Piecewise))),
    sp.tanh: _one(lambda f, x: 1 - f**2),
    op.sigmoid: _one(lambda f, x: f * (1 - f)),
    sp.sin: _one(lambda f, x: sp.cos(x, evaluate=False)),
    sp.cos: _one(lambda f, x: -sp.sin(x, evaluate=False)),
    op.floor: _one(lambda f, x: _ZERO),
    op.mod: lambda f, x, y: (lambda: _ONE, lambda: -op.floor(x / y)),
    op.erf: _one(lambda f, x: 2 / sp.sqrt(sp.pi) * op.exp(-(x**2))),
    op.exprel: lambda f, x, n: (lambda: op.exprel(x, n + 1), lambda: _ZERO),
}
