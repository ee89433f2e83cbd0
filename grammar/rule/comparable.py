"""How large a rule may be to be compared with others: what more would cost is refused at once."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from rulegen.grammar.algebra.normal import growth
from rulegen.grammar.reading.errors import RuleError

#: So many functions, comparisons, roots and fractions of names may a rule have,
MAX_FUNCTIONS = 100
#: and so many symbols and numbers, times the states in units of their own that have parameters.
MAX_UNITS = 5000


def too_large(why: str) -> RuleError:
    """What is said of a rule that is not compared."""
    return RuleError(
        f"the rule is too large to be compared with others, so that it has no digest: {why}",
        remedy="make states of long formulas, or numbers of parameters",
    )


def check_functions(exprs: Sequence[sp.Expr]) -> None:
    """Refuse more functions than `MAX_FUNCTIONS`: each costs as much as a hundred products."""
    nodes = {node for expr in exprs for node in sp.preorder_traversal(expr)}
    # A choice and its condition cost what their comparisons cost.
    costly = (
        n
        for n in nodes
        if (n.is_Function and not (n.is_Piecewise or n.is_Boolean))
        or n.is_Relational
        or (n.is_Pow and not n.exp.is_nonnegative)
    )
    if (count := sum(1 for node in costly if node.free_symbols)) > MAX_FUNCTIONS:
        raise too_large(
            f"{count} functions, comparisons, roots and fractions; at most {MAX_FUNCTIONS}"
        )


def check_units(states: int, exprs: Sequence[sp.Expr]) -> None:
    """Refuse what makes more than `MAX_UNITS`: a unit that is chosen changes all that reads it."""
    size = sum(growth(expr)[1] for expr in exprs)
    if states * size > MAX_UNITS:
        raise too_large(
            f"{states} states whose units have parameters, times {size} symbols and numbers, make "
            f"{states * size}; at most {MAX_UNITS}"
        )
