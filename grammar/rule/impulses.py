"""Rewards and spikes where time is differentiated: impulses, of which only the area counts.

An impulse lasts for no time. What is linear in it adds its area whatever `dt` is; what asks how
large it is, as a power or a comparison with a number does, would count for as long as a step
happens to last. Its sign may be asked, `(a if R > 0 else b)*R`; and `dt*R` is an amount again, of
which everything may be asked by who writes that a step is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, product

import sympy as sp
from sympy.core.relational import Relational

from rulegen.grammar.algebra.decay import DT
from rulegen.grammar.algebra.operators import Earlier, Reduction, clip, relu
from rulegen.grammar.algebra.parts import IN_TIME
from rulegen.grammar.algebra.symbols import IMPULSES, symbol
from rulegen.grammar.printing.unparse import show_expression
from rulegen.grammar.reading.reads import Formula
from rulegen.grammar.rule.rule import Rule

#: How a part of a formula grows with impulses: not at all, as their signs, or as they do.
_FREE, _SIGN, _LINEAR = 0, 1, 2
_TOGETHER = {
    (_FREE, _FREE): _FREE, (_FREE, _SIGN): _SIGN, (_FREE, _LINEAR): _LINEAR,
    (_SIGN, _SIGN): _SIGN, (_SIGN, _LINEAR): _LINEAR,
}  # fmt: skip
_IMPULSES = frozenset(symbol(name) for name in IMPULSES | {"R"})
#: What is twice as large where all of its arguments are.
_HOMOGENEOUS = (sp.Abs, sp.Min, sp.Max, clip, relu, Reduction)


#: What is said where something asks how large an impulse is, and what to write.
_IN_TIME = (
    "in time a reward or a spike is an impulse, and `{}` asks how large it is",
    "say what happens at an event, `on reward: w += ...`, or in a step, `w += ...`",
)
_AT_SPIKES = (
    "at a spike `{}` asks how large an impulse is",
    "the event itself needs no factor; in a step a spike is an amount, `dt*pre_spike`",
)


class _Sized(Exception):
    """A part that asks how large an impulse is."""


def check_impulses(
    rule: Rule, formulas: Sequence[tuple[str, Formula]], spikes: Sequence[Formula]
) -> None:
    """Refuse an equation in time that asks how large a reward or a spike is.

    Args:
        rule: what the names of its definitions mean.
        formulas: of states, by name.
        spikes: what happens at spikes, which are impulses themselves; a reward is an amount there.
    """
    moving = {s.name for s in rule.states if s.form in IN_TIME}
    reward = symbol("R")
    for formula in [f for name, f in formulas if name in moving]:
        _check(rule, formula, rule.expand(formula.expr), _SIGN, _IN_TIME)
    for formula in spikes:
        amount = rule.expand(formula.expr).xreplace({reward: DT * reward})
        _check(rule, formula, amount, _LINEAR, _AT_SPIKES)


def _check(rule: Rule, formula: Formula, expr: sp.Expr, wrong: int, words: tuple[str, str]) -> None:
    """Refuse a formula of which a term grows in a wrong way, or in none, with these words."""
    try:
        if wrong in _growth(expr):
            raise _Sized(expr)
    except _Sized as part:
        what, remedy = words
        shown = show_expression(rule, part.args[0])
        raise formula.line.error(what.format(shown), formula.column, remedy) from None


def _growth(expr: sp.Basic) -> frozenset[int]:
    """How the terms of an expression grow with impulses; none has a term that is 0."""
    if expr == 0:
        return frozenset()
    if expr in _IMPULSES or (isinstance(expr, Earlier) and expr.args[0] in _IMPULSES):
        return frozenset({_LINEAR})
    if not expr.free_symbols & _IMPULSES:
        return frozenset({_FREE})
    if isinstance(expr, sp.Piecewise):
        return _of_cases(expr)
    if expr.is_Mul or (expr.is_Pow and expr.exp.is_Integer and expr.exp > 0):
        return _of_product(expr)
    whole = frozenset().union(*map(_growth, expr.args))
    if expr.is_Add or whole <= {_FREE}:
        return whole
    if isinstance(expr, _HOMOGENEOUS) and whole <= {_LINEAR}:
        return whole
    if isinstance(expr, sp.sign) and whole <= {_LINEAR}:
        return frozenset({_SIGN})
    raise _Sized(expr)


def _of_product(expr: sp.Expr) -> frozenset[int]:
    """That of a product, in which each `dt` makes an amount of one impulse."""
    powers = expr.as_powers_dict()
    steps, together = powers.get(DT, 0), frozenset({_FREE})
    factors = (
        [_growth(base)] * int(power) if power.is_Integer and power > 0 else [_growth(base**power)]
        for base, power in powers.items()
    )
    for part in chain.from_iterable(factors):
        if steps > 0 and _LINEAR in part:
            part, steps = frozenset({_FREE}), steps - 1
        pairs = [tuple(sorted(pair)) for pair in product(together, part)]
        if any(pair not in _TOGETHER for pair in pairs):
            raise _Sized(expr)
        together = frozenset(_TOGETHER[a, b] for a, b in pairs)
    return together


def _of_cases(expr: sp.Piecewise) -> frozenset[int]:
    """That of a choice: one that looks at the sign of an impulse is itself like a sign."""
    found = frozenset().union(*(_growth(case.expr) for case in expr.args))
    asked = {r for case in expr.args for r in case.cond.atoms(Relational)}
    for relation in (r for r in asked if r.free_symbols & _IMPULSES):
        sides = frozenset().union(*map(_growth, relation.args))
        if sides not in ({_FREE}, {_LINEAR}):
            raise _Sized(relation)
        if sides == {_LINEAR}:
            found = frozenset(_SIGN if growth == _FREE else growth for growth in found)
    return found
