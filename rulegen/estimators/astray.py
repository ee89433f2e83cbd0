"""Which terms of a rule gradients that are not finite come from."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp

from rulegen.grammar import Rule
from rulegen.grammar.algebra.symbols import symbol
from rulegen.grammar.printing.unparse import show_expression


def places(rule: Rule, names: Sequence[str]) -> list[str]:
    """Where a rule reads each of some parameters: its name, and the first term that it stands in.

    Example:
        >>> from rulegen.grammar import parse
        >>> rule = parse("param a = 1 free\\nparam b = 2 free\\nw += a*pre/post - pre_u")
        >>> places(rule, ["a", "b"])
        ['`a` in `a*pre/post`', '`b`']
    """
    formulas = [d.expr for d in rule.definitions] + [s.expr for s in rule.states]
    formulas += [update.expr for update in rule.updates]
    terms = [term for formula in formulas for term in sp.Add.make_args(formula)]

    def place(name: str) -> str:
        first = next((term for term in terms if term.has(symbol(name))), None)
        return f"`{name}`" if first is None else f"`{name}` in `{show_expression(rule, first)}`"

    return [place(name) for name in names]
