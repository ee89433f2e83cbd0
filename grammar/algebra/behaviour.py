"""What a formula does: its values on made-up activity, by which equal formulas are recognised.

Rewriting finds that `a*(b + c)` is `a*b + a*c`, but no set of rewriting rules knows that
`x*(x > 0)` is `relu(x)` and that two filters commute. Values of a formula on random activity over
time know all of that: formulas that agree there to rounding are one.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping
from functools import cache

import sympy as sp

from rulegen.grammar.algebra import algebra, constants
from rulegen.grammar.algebra import operators as op

#: How many steps of activity are made up: at so many points no two smooth formulas agree by chance,
STEPS = 48
#: and here none that switch at different thresholds, unless these nearly agree.
MANY_STEPS = 2000
#: Activity of both signs between these sizes, equally often at every scale.
SIZES = (0.01, 100.0)
#: What keeps its value over time.
CONSTANT = frozenset({"dt", "N_pre", "N_post"})
#: What a signal becomes when the two neurons of a synapse change places.
PARTNERS = {"pre": "post", "u": "pre_u", "error": "pre_error", "pre_spike": "post_spike"}
PARTNERS |= {"N_pre": "N_post"} | {name: name for name in ("w", "zeta", "R", "t", "dt")}
PARTNERS |= {other: name for name, other in PARTNERS.items()}

#: The values of a formula, one a step; nan where it has none.
History = tuple[float, ...]


def history(
    expr: sp.Expr,
    drives: Mapping[sp.Symbol, sp.Expr],
    decays: Mapping[sp.Symbol, float],
    values: Mapping[sp.Symbol, float] | None = None,
    exchanged: bool = False,
    steps: int = STEPS,
) -> History:
    """The values of a formula on made-up activity.

    Args:
        expr: the formula.
        drives: what each trace filters; x <- decay*x + (1 - decay)*drive, read before the step.
        decays: of the traces, by their symbols.
        values: of symbols that are known numbers.
        exchanged: whether the two neurons change places.
        steps: how many.

    Example:
        >>> from rulegen.grammar.algebra.symbols import symbol
        >>> x = symbol("u")
        >>> history(sp.Max(x, 0), {}, {}) == history((x + abs(x)) / 2, {}, {})
        True
    """
    known: dict[sp.Basic, History] = {x: (v,) * steps for x, v in (values or {}).items()}

    def of(node: sp.Basic) -> History:
        if node not in known:
            known[node] = fresh(node)
        return known[node]

    def fresh(node: sp.Basic) -> History:
        if node in drives:
            return _filtered(of(drives[node]), decays[node])
        if node.is_Symbol:
            name = str(node.name)
            return _activity(PARTNERS.get(name, "alone " + name) if exchanged else name, steps)
        if node.is_number:
            return (constants.as_float(node),) * steps
        if isinstance(node, op.Reduction):
            return _activity(str(node), steps)
        if isinstance(node, op.prev):
            return (0.0, *of(node.args[0])[:-1])
        if isinstance(node, op.delay):
            # Steps have no length here: each delay takes what was in an order of its own.
            order = list(of(node.args[0]))
            random.Random(f"delay {node.args[1]}").shuffle(order)
            return tuple(order)
        if isinstance(node, sp.Piecewise):
            cases = [(of(e), of(c)) for e, c in node.args]
            first = (next((e[t], c[t]) for e, c in cases if c[t]) for t in range(steps))
            return tuple(math.nan if math.isnan(holds) else value for value, holds in first)
        if node in (sp.true, sp.false):
            return (float(node == sp.true),) * steps
        function = _FUNCTIONS.get(type(node)) or constants.NUMERIC[algebra.operator_name(node)]
        return _applied(function, [of(a) for a in node.args])

    return of(expr)


def ratio(x: History, y: History) -> float | None:
    """The number c with y = c*x to rounding, or None when there is none.

    Example:
        >>> ratio((1.0, 2.0), (-2.0, -4.0)), ratio((1.0, 2.0), (1.0, 3.0))
        (-2.0, None)
    """
    finite = ((abs(v), t) for t, v in enumerate(x) if not math.isnan(v))
    size, place = max(finite, default=(0.0, 0))
    scale = y[place] / x[place] if size else 0.0
    if math.isnan(scale) or scale == 0:
        return None
    least = 1e-12 * size * abs(scale)
    for a, b in zip(x, y, strict=True):
        if math.isnan(a) != math.isnan(b):
            return None
        if not math.isnan(a) and not math.isclose(b, scale * a, rel_tol=1e-7, abs_tol=least):
            return None
    return scale


def vanishes(x: History) -> bool:
    """Whether a formula is 0, or undefined, everywhere."""
    return all(math.isnan(v) or abs(v) < 1e-9 for v in x)


def switches(expr: sp.Expr, drives: Mapping[sp.Symbol, sp.Expr]) -> bool:
    """Whether a formula is put together of pieces, so that a few points do not tell it all."""
    inner = (drives[s] for s in expr.free_symbols & drives.keys())
    return expr.has(*_SWITCHES) or any(switches(drive, drives) for drive in inner)


_SWITCHES: tuple[type, ...] = (sp.Piecewise, sp.Abs, sp.sign, sp.Min, sp.Max)
_SWITCHES += (op.relu, op.clip, op.floor, op.mod)


class Collection:
    """Histories that are no multiples of each other, in the order in which they came."""

    def __init__(self) -> None:
        self._places: dict[float, list[tuple[History, int]]] = {}
        self._count = 0

    def find(self, candidate: History) -> Iterator[int]:
        """The places of those that the candidate is a multiple of."""
        for other, place in self._places.get(_mark(candidate), ()):
            if ratio(other, candidate) is not None:
                yield place

    def add(self, new: History) -> None:
        """Keep one more."""
        self._places.setdefault(_mark(new), []).append((new, self._count))
        self._count += 1


def _mark(x: History) -> float:
    """A number that multiples share."""
    over = under = 0.0
    for t, value in enumerate(x):
        if not math.isnan(value):
            over += value * math.sin(t + 1)
            under += value * math.cos(t + 1)
    return float(f"{over / under:.6g}") if under else 0.0


@cache
def _activity(name: str, steps: int) -> History:
    """The made-up values of a signal, which depend on its name alone."""
    rng = random.Random(name)
    low, high = map(math.log, SIZES)
    values = [rng.choice((-1, 1)) * math.exp(rng.uniform(low, high)) for _ in range(steps)]
    return (abs(values[0]),) * steps if name in CONSTANT else tuple(values)


def _filtered(drive: History, decay: float) -> History:
    state, values = 0.0, []
    for value in drive:
        values.append(state)
        state = decay * state + (1 - decay) * value
    return tuple(values)


def _applied(function: Callable[..., float], arguments: list[History]) -> History:
    """A function at every step."""
    try:  # Most have a value everywhere, and this is several times faster.
        if all(all(map(math.isfinite, x)) for x in arguments):
            values = tuple(map(function, *arguments))
            if all(map(math.isfinite, values)):
                return values
    except (ArithmeticError, TypeError, ValueError):
        pass
    return tuple(_value(function, x) for x in zip(*arguments, strict=True))


def _value(function: Callable[..., float], arguments: tuple[float, ...]) -> float:
    if any(map(math.isnan, arguments)):
        return math.nan
    try:
        value = function(*arguments)
    except (ArithmeticError, ValueError):
        return math.nan
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else math.nan


_FUNCTIONS: dict[type, Callable[..., float]] = {
    sp.Add: lambda *terms: sum(terms),
    sp.Mul: lambda *factors: math.prod(factors),
    sp.Pow: pow,
    op.power: pow,
    sp.Abs: abs,
    sp.sign: lambda x: (x > 0) - (x < 0),
    sp.Min: min,
    sp.Max: max,
    op.relu: lambda x: max(x, 0.0),
    op.clip: lambda x, low, high: min(max(x, low), high),
    sp.StrictLessThan: lambda a, b: a < b,
    sp.LessThan: lambda a, b: a <= b,
    sp.StrictGreaterThan: lambda a, b: a > b,
    sp.GreaterThan: lambda a, b: a >= b,
    sp.Equality: lambda a, b: a == b,
    sp.Unequality: lambda a, b: a != b,
    sp.And: lambda *conditions: all(conditions),
    sp.Or: lambda *conditions: any(conditions),
}
