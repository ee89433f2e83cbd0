"""How large a rule may be: every operation on it has a bound that follows from these numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sympy as sp

from rulegen.grammar.reading.draft import Assignment
from rulegen.grammar.reading.formula import Formula
from rulegen.grammar.reading.sites import Equation

#: How many states a rule may have, each of which the units of all others depend on,
MAX_STATES = 64
#: How many operations and symbols a rule may have, its definitions written out,
MAX_SIZE = 5000
#: and how many of them may stand in each other.
MAX_HEIGHT = 100
#: How many numbers a rule may keep for its delays: of each the steps times what a step has.
MAX_DELAYED = 1 << 24


def check_states(states: Collection[Assignment]) -> None:
    """Refuse a rule with too many states, where one too many stands."""
    for assignment in [*states][MAX_STATES:]:
        raise assignment.line.error(
            f"more than {MAX_STATES} states",
            assignment.target.column,
            "split the rule, or give several states one equation",
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
