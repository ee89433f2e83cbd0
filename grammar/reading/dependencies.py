"""The order in which definitions can be evaluated."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp
from sympy.core.relational import Relational

from rulegen.grammar.algebra.symbols import symbol
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.reading.reads import Formula
from rulegen.grammar.reading.sites import Equation


def in_order(definitions: Sequence[Equation]) -> list[Equation]:
    """Definitions with those they use before them; otherwise in the order of the text."""
    waiting = {e.target.text: e for e in definitions}
    needs = {n: {r.name for r in e.formula.reads} & set(waiting) for n, e in waiting.items()}
    ordered: list[Equation] = []
    while waiting:
        ready = next((n for n in waiting if not needs[n] & set(waiting)), None)
        if ready is None:
            raise _loop(waiting, needs)
        ordered.append(waiting.pop(ready))
    return ordered


def _loop(waiting: dict[str, Equation], needs: dict[str, set[str]]) -> RuleError:
    path = [next(iter(waiting))]
    while path[-1] not in path[:-1]:
        path.append(min(needs[path[-1]] & set(waiting)))
    path = path[path.index(path[-1]) :]
    equation = waiting[path[0]]
    return equation.line.error(
        "an algebraic loop: " + " -> ".join(path),
        equation.target.column,
        f"make one of them a state, for instance with `{path[0]} <- ...`",
    )


def check_conditions(ordered: Sequence[Equation], formulas: Sequence[Formula]) -> None:
    """Refuse a condition inside a condition also where a definition stands between them."""
    cased: set[sp.Symbol] = set()
    for equation in ordered:
        expr = equation.formula.expr
        if expr.has(sp.Piecewise) or expr.free_symbols & cased:
            cased.add(symbol(equation.target.text))
    for formula in formulas:
        tested = {s for c in formula.expr.atoms(Relational) for s in c.free_symbols} & cased
        for read in formula.reads:
            if symbol(read.name) in tested:
                raise formula.line.error(
                    f"a condition inside a condition: `{read.name}` has one",
                    read.column,
                    "join conditions by `and` and `or`, or make a state of it",
                )
