"""The order in which definitions can be evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sympy as sp
from sympy.core.relational import Relational

from rulegen.grammar.algebra.symbols import symbol
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.reading.reads import Formula
from rulegen.grammar.reading.sites import Equation

#: How many operations and symbols a rule may have, its definitions written out,
MAX_SIZE = 5000
#: and how many of them may stand in each other.
MAX_HEIGHT = 100


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


def check_size(ordered: Sequence[Equation], formulas: Sequence[Formula]) -> None:
    """Refuse a rule that becomes too long or too deep when its definitions are written out.

    Definitions of definitions can double in size at every line.
    """
    extents: dict[str, tuple[int, int]] = {}
    for equation in ordered:
        extents[equation.target.text] = _check_extent(equation.formula, extents)
    total = 0
    defining = {id(e.formula) for e in ordered}
    for formula in formulas:
        size, _ = _check_extent(formula, extents)
        total += 0 if id(formula) in defining else size
        if total > MAX_SIZE:
            raise formula.line.error(
                f"with this, the rule has more than {MAX_SIZE} operations and symbols",
                formula.column,
                "split the rule, or make states of definitions that are used often",
            )


def _check_extent(formula: Formula, extents: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    size, height = _extent(formula.expr, extents)
    if size > MAX_SIZE:
        raise formula.line.error(
            f"written out, this has more than {MAX_SIZE} operations and symbols",
            formula.column,
            "make a state of one of the definitions that it uses",
        )
    if height > MAX_HEIGHT:
        raise formula.line.error(
            "written out, this formula is nested too deeply",
            formula.column,
            "make a state of one of the definitions that it uses",
        )
    return size, height


def _extent(expr: sp.Basic, extents: Mapping[str, tuple[int, int]]) -> tuple[int, int]:
    """The number of nodes of an expression and their depth, with definitions written out."""
    if not expr.args:
        return extents.get(str(expr), (1, 1)) if expr.is_Symbol else (1, 1)
    each = [_extent(a, extents) for a in expr.args]
    return 1 + sum(size for size, _ in each), 1 + max(height for _, height in each)


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
