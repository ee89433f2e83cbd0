"""What a rule divides by in its first step, before anything has changed."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from rulegen.grammar import Rule, Site
from rulegen.grammar.algebra.parts import Form
from rulegen.grammar.algebra.symbols import WEIGHT, symbol
from rulegen.grammar.matching.values import value
from rulegen.grammar.printing.unparse import show_expression


def by_nothing(rule: Rule) -> list[str]:
    """Notes about what is divided by states that are 0 in the first step.

    Where a choice, a minimum or a maximum stands around the quotient, it may see to that.

    Example:
        >>> from rulegen.grammar import parse
        >>> by_nothing(parse("x = lowpass(post, 20)\\nw += 0.1*pre/x"))
        ['`w` divides by `x`, which is 0 in the first step: add a small number, or write `initial \
x = ...`']
        >>> by_nothing(parse("x = lowpass(post, 20)\\ninitial x = 1\\nw += 0.1*pre/x"))
        []
        >>> by_nothing(parse("x = lowpass(post, 20)\\nw += (0.1*pre/x if x > 0 else 0)"))
        []
    """
    numbers = {symbol(p.name): p.value for p in rule.parameters if p.value is not None}
    first = {symbol(s.name): value(s.initial, {}) for s in rule.states if s.initial.is_number}
    # A weight sees the synapse states of this step.
    kept = {symbol(s.name) for s in rule.states if s.site is not Site.SYNAPSE}
    found = dict[str, None]()
    for state in rule.states:
        if state.form in (Form.AVERAGE, Form.DRAW):
            continue
        begun = first if state.name != WEIGHT else {s: v for s, v in first.items() if s in kept}
        for base in divisors(rule.expand(state.expr)):
            read, known = base.free_symbols & begun.keys(), begun | numbers
            whole = [f for f in sp.Mul.make_args(base) if f.free_symbols <= known.keys()]
            if read and any(value(factor, known) == 0 for factor in whole):
                name = min(s.name for s in read)
                found[
                    f"`{state.name}` divides by `{show_expression(rule, base)}`, which is 0 in the "
                    f"first step: add a small number, or write `initial {name} = ...`"
                ] = None
    return list(found)


def divisors(expr: sp.Basic) -> Iterator[sp.Expr]:
    """What a formula divides by, outside of choices and extremes."""
    if isinstance(expr, sp.Piecewise | sp.Min | sp.Max):
        return
    if expr.is_Pow and expr.exp.is_negative:
        yield expr.base
    for part in expr.args:
        yield from divisors(part)
