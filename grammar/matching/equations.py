"""Equal coefficients as equations for the parameters of a template, and their solution.

Nearly all are products of powers, hence linear in logarithms; what is none is solved by Newton's
method from there. A term that the rule lacks must vanish: one of its parameters is 0, or a time
constant infinite. The solution is put in again, so that it is one whatever way it was found.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import sympy as sp

from rulegen.grammar.algebra.parts import RuleParts
from rulegen.grammar.matching.outline import Slot, Sum, Term
from rulegen.grammar.matching.values import value

#: Coefficients that differ by less than this share of themselves are equal.
CLOSE = 1e-6


class Equation(NamedTuple):
    """`template(p) = value * scales`, with the powers of the units of the rule's states."""

    template: sp.Expr
    value: float
    units: tuple[tuple[str, float], ...]


def equations(
    theirs: Mapping[str, Sum], mine: Mapping[str, Sum], values: Mapping[sp.Symbol, float]
) -> Iterator[Equation]:
    """One equation for each coefficient of the template.

    Args:
        theirs: the sums of the template.
        mine: those of the rule, its states under the names of the template's.
        values: of the rule's parameters.
    """
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


class Solver:
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
        """Signs of the unknowns that give every product its sign: linear equations modulo 2.

        Times, parameters in ms, are positive.
        """
        either = [
            i for i, n in enumerate(unknowns)
            if n not in self.parameters
            or (self.parameters[n].lower < 0 and self.parameters[n].unit != 1)
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
