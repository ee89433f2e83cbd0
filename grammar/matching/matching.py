"""Whether a rule is another one with some values of its parameters, and what else it has.

A rule is matched with a *template*, whose parameters are unknown. Both are outlines: equal shapes
give one equation for each coefficient, `template(p) = rule`, in which every state of the rule may
have a unit of its own. Nearly all equations are products of powers, hence linear in logarithms;
what is none is solved by Newton's method from there. A term that the rule lacks must vanish: one of
its parameters is 0, or a time constant infinite. The solution is put in again, so that a match is
one whatever way it was found.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import sympy as sp

from rulegen.grammar.algebra import algebra, constants
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.parts import Form, RuleParts, State
from rulegen.grammar.algebra.symbols import symbol
from rulegen.grammar.matching.outline import Outline, Slot, Sum, Term

#: Coefficients that differ by less than this share of themselves are equal.
CLOSE = 1e-6
#: More terms than this beside those of the template, and the rule is another one.
MOST_EXTRAS = 2
#: So many ways to find the states of the template in the rule are tried.
MOST_PAIRINGS = 200


class Extra(NamedTuple):
    """A term of the rule that the template lacks.

    Attributes:
        place: what it changes, as `e` or `w on reward`. basis: the term without its coefficient.
        positive: the sign of the coefficient.
    """

    place: str
    basis: sp.Expr
    positive: bool


@dataclass(frozen=True)
class Match:
    """A rule in terms of a template.

    Attributes:
        values: of the parameters of the template; 0 or infinity where a term of it is missing.
        forced: names of parameters that a missing term made 0 or infinite.
        states: the rule's names of the states of the template.
        extras: terms of the rule that the template lacks.
        stepwise: whether a state of the rule counts steps where the template counts ms.
    """

    values: Mapping[str, float]
    forced: tuple[str, ...]
    states: Mapping[str, str]
    extras: tuple[Extra, ...]
    stepwise: bool


class Equation(NamedTuple):
    """`template(p) = value * scales`, with the powers of the units of the rule's states."""

    template: sp.Expr
    value: float
    units: tuple[tuple[str, float], ...]


def matches(
    template: RuleParts, unknown: Outline, rule: Outline, values: Mapping[sp.Symbol, float]
) -> Iterator[Match]:
    """The ways in which a rule is the template, perhaps with a few more terms.

    Args:
        template: whose parameters are sought; their values are where the search starts.
        unknown: its outline.
        rule: the outline of the rule.
        values: of the rule's parameters.

    Example:
        >>> from rulegen.grammar import parse
        >>> from rulegen.grammar.matching.outline import outline
        >>> oja = parse("param eta = 0.1\\nparam alpha = 1\\ndw/dt = eta*post*(pre - alpha*post*w)")
        >>> mine = parse("dw/dt = 0.2*pre*post - 0.6*post**2*w")
        >>> found = next(matches(oja, outline(oja), outline(mine), {}))
        >>> {name: round(value, 9) for name, value in found.values.items()}
        {'eta': 0.2, 'alpha': 3.0}
    """
    if not unknown.signals <= rule.signals:
        return
    theirs = unknown.plain
    for pairs in _pairings(unknown, rule):
        mine = rule.sums({own: name for name, own in pairs.items()} | _strangers(unknown, pairs))
        if not all(_shared(terms, mine.get(place)) for place, terms in theirs.items()):
            continue
        extras = list(_extras(theirs, mine, unknown, values))
        if len(extras) > MOST_EXTRAS:
            continue
        equations = list(_equations(theirs, mine, values))
        solution = _Solver(template, equations).solve()
        if solution is not None:
            found = tuple(e._replace(place=renamed(e.place, pairs)) for e in extras)
            forms = [(unknown.states[a].form, rule.states[b].form) for a, b in pairs.items()]
            stepwise = any(a is not Form.STEP and b is Form.STEP for a, b in forms)
            yield Match(*solution, pairs, found, stepwise)


def _pairings(unknown: Outline, rule: Outline) -> Iterator[dict[str, str]]:
    """Every way to find the states of the template among those of the rule."""
    theirs, mine = _blank(unknown), _blank(rule)
    choices = [[own for own in mine if _alike(theirs[name], mine[own])] for name in theirs]
    for chosen in itertools.islice(itertools.product(*choices), MOST_PAIRINGS):
        if len(set(chosen)) == len(chosen):
            yield dict(zip(theirs, chosen, strict=True))


def _blank(outline: Outline) -> dict[str, tuple[State, set[str]]]:
    """Each state with the shapes of its change in which all states have one name."""
    found = {}
    names = dict.fromkeys(outline.states, "state")
    for name, state in outline.states.items():
        owner, expr = outline.changes.get(name, (name, sp.Integer(0)))
        found[name] = state, set(outline.sum(expr, owner, names))
    return found


def _alike(theirs: tuple[State, set[str]], mine: tuple[State, set[str]]) -> bool:
    """Whether a state of the rule can be this one of the template."""
    kinds = [(s.site, s.form is Form.AVERAGE) for s, _ in (theirs, mine)]
    return kinds[0] == kinds[1] and (not theirs[1] or bool(theirs[1] & mine[1]))


def _shared(theirs: Sum, mine: Sum | None) -> bool:
    """Whether a formula of the template is there, with one term of it at least."""
    return mine is not None and (not theirs or bool(theirs.keys() & mine.keys()))


def _strangers(unknown: Outline, pairs: Mapping[str, str]) -> dict[str, str]:
    """Other names for states of the rule that would be taken for those of the template."""
    return {n: f"other {n}" for n in unknown.states if n not in pairs.values()}


def renamed(place: str, names: Mapping[str, str]) -> str:
    """A place such as `e on trial start`, with another name for its state."""
    owner, *event = place.split(" ", 1)
    return " ".join([names.get(owner, owner), *event])


def _extras(
    theirs: Mapping[str, Sum],
    mine: Mapping[str, Sum],
    unknown: Outline,
    values: Mapping[sp.Symbol, float],
) -> Iterator[Extra]:
    """What the rule adds, where the template has something to add to."""
    for place, terms in mine.items():
        owner = place.split(" ", 1)[0]
        if place in theirs or owner in ("w", "forward") or owner in unknown.states:
            for shape, term in terms.items():
                size = value(term.slots[0].coefficient, values)
                if shape not in theirs.get(place, {}) and size != 0:
                    yield Extra(place, term.basis, size > 0)


def _equations(
    theirs: Mapping[str, Sum], mine: Mapping[str, Sum], values: Mapping[sp.Symbol, float]
) -> Iterator[Equation]:
    for place, terms in theirs.items():
        for shape, term in terms.items():
            if shape not in mine[place]:
                yield Equation(term.slots[0].coefficient, 0.0, ())
                continue
            other: Term = mine[place][shape]
            for slot, own in zip(term.slots, other.slots, strict=True):
                size = value(own.coefficient, values)
                yield Equation(slot.coefficient, size, _units(slot))


def _units(slot: Slot) -> tuple[tuple[str, float], ...]:
    """In units s of the states, y = s*x, a coefficient of the rule counts s**n times."""
    powers = {name: float(n) for name, n in slot.states}
    if slot.owner and slot.owner != "w":
        powers[slot.owner] = powers.get(slot.owner, 0.0) - 1.0
    return tuple((name, n) for name, n in sorted(powers.items()) if n)


class _Solver:
    """Solves the equations of one pairing for parameters and units."""

    def __init__(self, template: RuleParts, equations: Sequence[Equation]) -> None:
        self.equations = list(equations)
        self.parameters = {p.name: p for p in template.parameters}
        self.start = {
            p.name: 1.0 if p.value is None or p.value == 0 else abs(p.value)
            for p in template.parameters
        }
        self.forced: dict[str, float] = {}

    def solve(self) -> tuple[dict[str, float], tuple[str, ...]] | None:
        """Values of the parameters, and which of them are forced; None without a solution."""
        open_equations = self._without_forced()
        if open_equations is None:
            return None
        units = sorted({name for e in open_equations for name, _ in e.units})
        names = sorted({str(s.name) for e in open_equations for s in e.template.free_symbols})
        unknowns = [*names, *(f"unit of {u}" for u in units)]
        place = {name: i for i, name in enumerate(unknowns)}
        rows = [self._row(e, place) for e in open_equations]
        signs = self._signs(open_equations, rows, unknowns)
        if signs is None:
            return None
        x = np.array([math.log(self.start.get(n, 1.0)) for n in unknowns])
        linear = [(row, e) for row, e in zip(rows, open_equations, strict=True) if row is not None]
        if linear and unknowns:
            matrix = np.array([row[0] for row, _ in linear])
            target = np.array([math.log(abs(e.value)) - math.log(row[1]) for row, e in linear])
            x = x + np.linalg.lstsq(matrix, target - matrix @ x, rcond=None)[0]
        if any(row is None for row in rows):
            x = _newton(lambda at: self._misses(open_equations, at, unknowns, signs), x)
        if not np.all(np.abs(self._misses(open_equations, x, unknowns, signs)) < CLOSE):
            return None
        found = dict(zip(unknowns, (signs * np.exp(x)).tolist(), strict=True))
        values = {n: found[n] for n in self.parameters if n in found} | self.forced
        return values, tuple(self.forced)

    def _without_forced(self) -> list[Equation] | None:
        """The equations that remain when what must vanish has been made to."""
        missing = [e for e in self.equations if e.value == 0]
        present = [e for e in self.equations if e.value != 0]
        needed = {str(s.name) for e in present for s in e.template.free_symbols}
        left = []
        for equation in missing:
            parts = _monomial(equation.template)
            if parts is None:
                left.append(equation)
                continue
            powers = parts[1]
            if not any(name in self.forced for name in powers):
                free = [n for n in powers if n not in needed]
                if not free:
                    return None
                self.forced[free[0]] = 0.0 if powers[free[0]] > 0 else math.inf
        if not present:
            return None
        return present + [e for e in left if not _names(e.template) & self.forced.keys()]

    def _row(self, equation: Equation, place: Mapping[str, int]) -> tuple[np.ndarray, float] | None:
        """The powers of the unknowns and the size of the number; None where it is no product."""
        parts = _monomial(equation.template)
        if parts is None:
            return None
        row = np.zeros(len(place))
        for name, power in parts[1].items():
            row[place[name]] += power
        for name, power in equation.units:
            row[place[f"unit of {name}"]] -= power
        return row, abs(parts[0])

    def _signs(
        self,
        equations: Sequence[Equation],
        rows: Sequence[tuple[np.ndarray, float] | None],
        unknowns: Sequence[str],
    ) -> np.ndarray | None:
        """Signs of the unknowns that give every product its sign: linear equations modulo 2."""
        either = [
            i for i, n in enumerate(unknowns)
            if n not in self.parameters or self.parameters[n].lower < 0
        ]  # fmt: skip
        system = []
        for equation, row in zip(equations, rows, strict=True):
            if row is not None:
                parts = _monomial(equation.template)
                assert parts is not None
                bits = [round(float(row[0][i])) % 2 for i in either]
                system.append([*bits, int((parts[0] > 0) != (equation.value > 0))])
        answer = _modulo_two(system, len(either))
        if answer is None:
            return None
        signs = np.ones(len(unknowns))
        signs[either] = [-1.0 if bit else 1.0 for bit in answer]
        return signs

    def _misses(
        self,
        equations: Sequence[Equation],
        x: np.ndarray,
        unknowns: Sequence[str],
        signs: np.ndarray,
    ) -> np.ndarray:
        """By what share each equation is missed."""
        known = dict(zip(unknowns, signs * np.exp(np.clip(x, -200, 200)), strict=True))
        env = {s: known[str(s.name)] for e in equations for s in e.template.free_symbols}
        misses = []
        for e in equations:
            want = e.value * math.prod(known[f"unit of {n}"] ** power for n, power in e.units)
            misses.append((value(e.template, env) - want) / (abs(want) or 1.0))
        return np.array(misses)


def _newton(
    misses: Callable[[np.ndarray], np.ndarray], x: np.ndarray, steps: int = 40
) -> np.ndarray:
    """A zero of many functions by Gauss and Newton's method with shorter steps where needed."""
    now = misses(x)
    for _ in range(steps):
        if not np.isfinite(now).all() or np.abs(now).max() < CLOSE / 100:
            break
        slopes = np.array([(misses(x + 1e-6 * e) - now) / 1e-6 for e in np.eye(len(x))]).T
        if not np.isfinite(slopes).all():
            break
        step = np.linalg.lstsq(slopes, -now, rcond=1e-9)[0]
        step *= min(1.0, 2.0 / max(np.abs(step).max(), 1e-300))
        for _ in range(12):
            later = misses(x + step)
            if np.isfinite(later).all() and later @ later < now @ now:
                break
            step = step / 2
        else:
            break
        x, now = x + step, later
    return x


def _modulo_two(system: list[list[int]], unknowns: int) -> list[int] | None:
    """A solution of linear equations modulo 2, rows of coefficients and right-hand side."""
    rows, pivots = [row[:] for row in system], dict[int, list[int]]()
    for row in rows:
        for column, pivot in pivots.items():
            if row[column]:
                row[:] = [a ^ b for a, b in zip(row, pivot, strict=True)]
        first = next((i for i in range(unknowns) if row[i]), None)
        if first is None:
            if row[-1]:
                return None
            continue
        for other in pivots.values():
            if other[first]:
                other[:] = [a ^ b for a, b in zip(other, row, strict=True)]
        pivots[first] = row
    return [pivots[i][-1] if i in pivots else 0 for i in range(unknowns)]


def _names(expr: sp.Expr) -> set[str]:
    return {str(s.name) for s in expr.free_symbols}


def _monomial(expr: sp.Expr) -> tuple[float, dict[str, float]] | None:
    """The number and the powers of a product of parameters; None where it is none."""
    number, rest = expr.as_coeff_Mul()
    powers: dict[str, float] = {}
    for factor in sp.Mul.make_args(rest):
        base, exponent = factor.as_base_exp()
        if factor == 1:
            continue
        if not (base.is_Symbol and exponent.is_Rational):
            return None
        powers[str(base.name)] = float(exponent)
    return float(number), powers


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
}


def value(expr: sp.Expr, values: Mapping[sp.Symbol, float]) -> float:
    """A formula of parameters as a number; nan where it has none.

    Example:
        >>> a, b = sp.symbols("a b")
        >>> value(a / (1 + b), {a: 3.0, b: 1.0})
        1.5
    """
    if expr.is_Symbol:
        return values[expr]
    if not expr.args:
        return float(expr)
    function = _FUNCTIONS.get(expr.func) or constants.NUMERIC.get(algebra.operator_name(expr))
    if function is None:
        return math.nan
    try:
        result = function(*(value(a, values) for a in expr.args))
    except (ArithmeticError, ValueError, TypeError):
        return math.nan
    return float(result) if isinstance(result, int | float) else math.nan
