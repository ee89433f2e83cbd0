"""The formulas of a rule with their places, for saying what a format cannot express and where."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from rulegen.grammar import Rule
from rulegen.grammar.algebra.algebra import operator_name
from rulegen.grammar.algebra.operators import NONLOCAL, RuleFunction, exp, power


def formulas(rule: Rule) -> Iterator[tuple[str, sp.Expr]]:
    """Each formula, definitions written out, with the name of its place.

    Example:
        >>> from rulegen.grammar import parse
        >>> rule = parse("d = u - 1\\ne <- d*pre\\non reward: w += R*e")
        >>> [(place, str(formula)) for place, formula in formulas(rule)]
        [('`e`', 'pre*(u - 1)'), ('`w` on reward', 'R*e + w')]
    """
    for state in rule.states:
        yield f"`{state.name}`", rule.expand(state.expr)
        if not state.initial.is_number:
            yield f"`initial {state.name}`", rule.expand(state.initial)
    for update in rule.updates:
        yield f"`{update.target}` on {update.event.value}", rule.expand(update.expr)
    for target, expr in rule.forward:
        yield f"`forward {target}`", rule.expand(expr)


def functions(expr: sp.Expr) -> set[str]:
    """Names of the functions of the rule language in an expression, ordinary ones left out."""
    return {operator_name(a) for a in expr.atoms(RuleFunction) - expr.atoms(exp, power)}


def foreign_problems(rule: Rule) -> list[str]:
    """The states of other rules that a rule reads, for formats that write one rule alone.

    Example:
        >>> from rulegen.grammar import parse
        >>> foreign_problems(parse("w += feedback.delta*pre"))
        ['`w` reads `feedback.delta`, a state of another rule: a file holds one rule alone']
    """
    names = {foreign.name for foreign in rule.foreign}
    return [
        f"{place} reads `{name}`, a state of another rule: a file holds one rule alone"
        for place, expr in formulas(rule)
        for name in sorted({s.name for s in expr.free_symbols} & names)
    ]


def nonlocal_problems(rule: Rule, why: str) -> list[str]:
    """The sums and maxima over neurons in a rule, for formats that have none."""
    return [
        f"{place} has `{name}`: {why}"
        for place, expr in formulas(rule)
        for name in sorted(functions(expr) & NONLOCAL)
    ]
