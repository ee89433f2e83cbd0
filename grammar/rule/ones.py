"""Units of what a canonical form leaves out: a factor of 1 that was 1 ms.

In a text, a number other than 1 and -1 may carry any unit. Where parameters have become numbers and
these have become 1, nothing is left that could. The canonical form then has a parameter of value 1
in such places, so that its text is a rule again.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import replace
from itertools import count

import sympy as sp

from rulegen.grammar.algebra import algebra
from rulegen.grammar.algebra.parts import Parameter, RuleParts
from rulegen.grammar.algebra.symbols import symbol
from rulegen.grammar.rule.units import Clash, infer_units

#: With more places than this, each of them has its parameter.
MAX_PLACES = 60


def with_ones(parts: RuleParts) -> RuleParts:
    """The rule, with parameters `one1 = 1, one2 = 1, ...` where its units need them.

    Example:
        >>> from rulegen.grammar.rule.parse import parse
        >>> print(parse("param tau = 1 ms\\nde/dt = -e/tau + pre\\nw += 2*e").canonical().text())
        param one1 = 1
        w += 2*x1               : synapse
        dx1/dt = pre - one1*x1  : pre
        <BLANKLINE>
    """
    if _balances(parts):
        return parts
    _, places = _placed(parts, frozenset())
    chosen = set(range(places))
    if not _balances(_placed(parts, chosen)[0]):
        return parts
    for place in range(places if places <= MAX_PLACES else 0):
        if _balances(_placed(parts, chosen - {place})[0]):
            chosen.remove(place)
    return _placed(parts, chosen)[0]


def _balances(parts: RuleParts) -> bool:
    try:
        infer_units(parts)
    except Clash:
        return False
    return True


def _placed(parts: RuleParts, chosen: Set[int]) -> tuple[RuleParts, int]:
    """The rule with a parameter at the chosen places, and how many places there are."""
    places, names = count(), {place: f"one{i}" for i, place in enumerate(sorted(chosen), 1)}

    def term(expr: sp.Expr) -> sp.Expr:
        """Of a sum, or of what stands where a sum could."""
        if expr.is_Add:
            return algebra.add([term(a) for a in sorted(expr.args, key=str)])
        inner = parts_of(expr)
        if abs(expr.as_coeff_Mul()[0]) != 1:
            return inner
        place = next(places)
        return algebra.multiply([symbol(names[place]), inner]) if place in chosen else inner

    def parts_of(expr: sp.Basic) -> sp.Basic:
        if not expr.args:
            return expr
        ordered = sorted(expr.args, key=str) if expr.is_Mul else expr.args
        new: Callable[[sp.Basic], sp.Basic] = parts_of if expr.is_Mul or expr.is_Pow else argument
        made = {a: new(a) for a in ordered if not isinstance(expr, sp.Piecewise)}
        return algebra.rebuilt(expr, lambda part: made[part] if part in made else new(part))

    def argument(expr: sp.Basic) -> sp.Basic:
        return term(expr) if isinstance(expr, sp.Expr) else parts_of(expr)

    states = tuple(
        replace(
            s,
            expr=term(s.expr),
            tau=None if s.tau is None else term(s.tau),
            initial=s.initial if s.initial.is_number else term(s.initial),
        )
        for s in parts.states
    )
    updates = tuple(replace(u, expr=term(u.expr)) for u in parts.updates)
    forward = tuple((name, term(expr)) for name, expr in parts.forward)
    ones = tuple(Parameter(name, 1.0) for name in names.values())
    new = replace(parts, parameters=parts.parameters + ones)
    return replace(new, states=states, updates=updates, forward=forward), next(places)
