"""The canonical form: equal rules, differently written, become the same rule.

What does not matter: the order of terms and statements (except of updates at one event that depend
on each other), names of states, definitions and valueless parameters, definitions written out or
not, additions at spikes or their impulses, `lowpass` or its differential equation, unused
statements, and the scale of a state that is linear in itself (`e -> k*e` with `eta -> eta/k`),
where its equation or its beginning tells it (`scale.py`). Numbers are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations

import sympy as sp

from rulegen.grammar.algebra import algebra, constants, exact
from rulegen.grammar.algebra.decay import decay
from rulegen.grammar.algebra.facts import Exhausted, effort
from rulegen.grammar.algebra.normal import growth, normal
from rulegen.grammar.algebra.operators import NONLOCAL
from rulegen.grammar.algebra.parts import Form, Parameter, RuleParts, State
from rulegen.grammar.algebra.symbols import MILLISECOND, WEIGHT, symbol
from rulegen.grammar.printing.unparse import unparse
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.rule.comparable import check_functions, too_large
from rulegen.grammar.rule.draws import bare, standards
from rulegen.grammar.rule.locality import expressions, used_names
from rulegen.grammar.rule.ones import with_ones
from rulegen.grammar.rule.renaming import renamed
from rulegen.grammar.rule.scale import (
    Driven,
    absorbed,
    divided,
    drive,
    driven_states,
    in_own_units,
)
from rulegen.grammar.rule.spikes import folded
from rulegen.grammar.rule.terms import live_names, without

#: A rule that would have more symbols and numbers than this is not multiplied out.
MAX_LEAVES = 2500
#: With more states than this of open sign, each keeps the sign that was written.
MAX_SIGNS = 6
#: So many parts of expressions are looked at, six times what any rule of the catalog needs.
MAX_EFFORT = 100_000
#: One law may make room for another, but no more often than this.
MAX_ROUNDS = 4


def canonical(parts: RuleParts) -> RuleParts:
    """The canonical form of a rule; `canonical(canonical(r)) == canonical(r)`.

    Raises:
        RuleError: the values of the parameters make a formula undefined, or the rule is larger
            than can be compared; see `comparable`.

    Example:
        >>> from rulegen.grammar.rule.parse import parse
        >>> a = parse("on reward: w += eta*(R - R_bar)*e\\nde/dt = -e/tau_e + 2*pre*post")
        >>> b = parse("E = lowpass(post*pre, tau_E)\\non reward: w -= alpha*E*(R_bar - R)")
        >>> canonical(a) == canonical(b)
        True
    """
    try:
        with algebra.as_written(False), effort(MAX_EFFORT):
            return _canonical(parts)
    except Exhausted:
        raise too_large(f"it takes more than {MAX_EFFORT} steps of algebra") from None
    except exact.AlgebraError as problem:
        raise RuleError(
            f"multiplied out, with its values put in, the rule makes {problem.message}",
            remedy=problem.remedy,
        ) from None


def _canonical(parts: RuleParts) -> RuleParts:
    parts = _written_out(parts)
    check_functions(expressions(parts))
    parts = folded(parts)
    multiply = sum(growth(e)[1] for e in expressions(parts)) <= MAX_LEAVES
    parts = _at_rest(_derivatives(_mapped(parts, multiply)), multiply)
    live = live_names(parts)
    if len(live) > 1:
        parts = without(parts, _names(parts) - live)
    parts = replace(parts, euler=parts.euler and _decays(parts))
    driven = driven_states(parts)
    parts = in_own_units(parts, driven, multiply)
    short = _with_expressions(parts, _shortened)
    parts = parts if short == parts else _at_rest(short, multiply)
    parts = replace(parts, forward=tuple(sorted(parts.forward)))
    named = (_named(p) for p in _signed(parts, driven, multiply))
    return with_ones(min(named, key=unparse))


def _named(parts: RuleParts) -> RuleParts:
    """With one parameter for all factors of a weight change, and canonical names."""
    parts = absorbed(parts)
    parts = without(parts, {p.name for p in parts.parameters} - used_names(parts))
    return renamed(replace(parts, nonlocal_names=NONLOCAL & used_names(parts)))


def _signed(parts: RuleParts, driven: Driven, multiply: bool) -> Iterator[RuleParts]:
    """The rule with either sign of each state whose drive, as of `a - b`, leaves its sign open."""
    names = {name for name, circle in driven.items() if drive(parts, name, circle)[1]}
    for k in range(len(names) + 1 if len(names) <= MAX_SIGNS else 1):
        for chosen in combinations(sorted(names), k):
            new = parts
            for name in chosen:
                new = divided(new, name, sp.Integer(-1), multiply)
            yield new


def _shortened(expr: sp.Basic) -> sp.Basic:
    """With the numbers by which rules are compared."""
    if expr.is_Rational:
        return constants.short(expr)
    return algebra.rebuilt(expr, _shortened) if expr.args else expr


def _names(parts: RuleParts) -> set[str]:
    return {s.name for s in parts.states} | {p.name for p in parts.parameters}


def _constants(parts: RuleParts) -> dict[sp.Symbol, sp.Expr]:
    """Parameters with a value that no fit may change are numbers."""
    return {
        symbol(p.name): exact.number(p.value)
        for p in parts.parameters
        if p.value is not None and not p.free
    }


def _mapped(parts: RuleParts, multiply: bool) -> RuleParts:
    """All expressions in normal form."""
    return _with_expressions(parts, lambda expr: normal(expr, multiply))


def _at_rest(parts: RuleParts, multiply: bool) -> RuleParts:
    """All expressions in a normal form that no law changes any more."""
    for _ in range(MAX_ROUNDS):
        # Laws may show that a spike adds to a state: max(x, w) is w + ...
        before, parts = parts, folded(_mapped(parts, multiply))
        if parts == before:
            break
    return parts


def _with_expressions(parts: RuleParts, new: Callable[[sp.Expr], sp.Expr]) -> RuleParts:
    return replace(
        parts,
        states=tuple(
            replace(
                s,
                expr=new(s.expr),
                tau=None if s.tau is None else new(s.tau),
                initial=s.initial if s.initial.is_number else new(s.initial),
            )
            for s in parts.states
        ),
        updates=tuple(replace(u, expr=new(u.expr)) for u in parts.updates),
        forward=tuple((name, new(expr)) for name, expr in parts.forward),
    )


def _written_out(parts: RuleParts) -> RuleParts:
    """Without definitions, with numbers for parameters that have one, and standard draws."""
    parts = bare(parts) if standards(parts) else parts
    meaning = _constants(parts) | {symbol(MILLISECOND): sp.Integer(1)}
    for definition in parts.definitions:
        meaning[symbol(definition.name)] = algebra.substitute(definition.expr, meaning)
    parts = replace(parts, definitions=())
    return _with_expressions(parts, lambda expr: algebra.substitute(expr, meaning))


def _derivatives(parts: RuleParts) -> RuleParts:
    """Filters as differential equations; parameters as bare names."""

    def plain(state: State) -> State:
        if state.form not in (Form.LOWPASS, Form.ACCUMULATE):
            return state
        own, rate = symbol(state.name), algebra.reciprocal(state.tau)
        decay = algebra.multiply([sp.Integer(-1), own, rate])
        drive = state.expr
        if state.form is Form.LOWPASS:
            drive = algebra.multiply([drive, rate])
        expr = algebra.add([drive, decay])
        return replace(state, form=Form.DERIVATIVE, expr=expr, tau=None)

    return replace(
        parts,
        states=tuple(plain(s) for s in parts.states),
        parameters=tuple(Parameter(p.name, free=p.free) for p in parts.parameters),
    )


def _decays(parts: RuleParts) -> bool:
    """Whether a state decays, so that it matters how decay is integrated."""
    return any(
        decay(s, parts.constants)[0] != 0
        for s in parts.states
        if s.form is Form.DERIVATIVE and s.name != WEIGHT
    )
