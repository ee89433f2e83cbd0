"""The canonical form: equal rules, differently written, become the same rule.

What does not matter: the order of terms and statements (except updates at one event), names of
states, definitions and valueless parameters, definitions written out or not, `lowpass` or its
differential equation, unused statements, and the scale of a state that is linear in itself
(`e -> k*e` with `eta -> eta/k`), unless only states that it drives drive it. Numbers are compared
to 12 digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import sympy as sp

from grammar import algebra
from grammar.errors import RuleError
from grammar.locality import expressions, used_names
from grammar.normal import normal, round_number, serialise, times
from grammar.operators import NONLOCAL
from grammar.parts import Form, Parameter, RuleParts, State
from grammar.renaming import renamed
from grammar.symbols import WEIGHT, symbol
from grammar.terms import live_names, without

T = TypeVar("T")


def canonical(parts: RuleParts) -> RuleParts:
    """The canonical form of a rule; `canonical(canonical(r)) == canonical(r)`.

    Raises:
        RuleError: the values of the parameters make a formula undefined.

    Example:
        >>> from grammar.parse import parse
        >>> a = parse("on reward: w += eta*(R - R_bar)*e\\nde/dt = -e/tau_e + 2*pre*post")
        >>> b = parse("E = lowpass(post*pre, tau_E)\\non reward: w -= alpha*E*(R_bar - R)")
        >>> canonical(a) == canonical(b)
        True
    """
    try:
        with algebra.as_written(False):
            return _canonical(parts)
    except algebra.AlgebraError as problem:
        raise RuleError(f"with its values put in, the rule makes {problem.message}") from None


def _canonical(parts: RuleParts) -> RuleParts:
    parts = _mapped(parts, _constants(parts))
    parts = _derivatives(_written_out(parts))
    parts = _mapped(parts, {})
    live = live_names(parts)
    if len(live) > 1:
        parts = without(parts, _names(parts) - live)
    for _ in range(len(parts.states) + 1):
        before = parts
        for state in parts.states:
            parts = _rescaled(parts, state.name)
        if parts == before:
            break
    parts = _absorbed(parts)
    parts = without(parts, {p.name for p in parts.parameters} - used_names(parts))
    parts = replace(
        parts,
        nonlocal_names=NONLOCAL & used_names(parts),
        updates=tuple(sorted(parts.updates, key=lambda u: u.event.value)),
        forward=tuple(sorted(parts.forward)),
    )
    return renamed(parts)


def _names(parts: RuleParts) -> set[str]:
    return {s.name for s in parts.states} | {p.name for p in parts.parameters}


def _constants(parts: RuleParts) -> dict[sp.Symbol, sp.Expr]:
    """Parameters with a value that no fit may change are numbers."""
    return {
        symbol(p.name): round_number(algebra.number(p.value))
        for p in parts.parameters
        if p.value is not None and not p.free
    }


def _mapped(parts: RuleParts, values: Mapping[sp.Symbol, sp.Expr]) -> RuleParts:
    """All expressions with symbols replaced, in normal form."""

    def new(expr: sp.Expr) -> sp.Expr:
        return normal(algebra.substitute(expr, values))

    return replace(
        parts,
        definitions=tuple(replace(d, expr=new(d.expr)) for d in parts.definitions),
        states=tuple(
            replace(s, expr=new(s.expr), tau=None if s.tau is None else new(s.tau))
            for s in parts.states
        ),
        updates=tuple(replace(u, expr=new(u.expr)) for u in parts.updates),
        forward=tuple((name, new(expr)) for name, expr in parts.forward),
    )


def _written_out(parts: RuleParts) -> RuleParts:
    """Without definitions."""
    meaning: dict[sp.Symbol, sp.Expr] = {}
    for definition in parts.definitions:
        meaning[symbol(definition.name)] = algebra.substitute(definition.expr, meaning)
    return _mapped(replace(parts, definitions=()), meaning)


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


def _content(terms: list[sp.Expr], parameters: set[sp.Symbol]) -> tuple[sp.Rational, sp.Expr]:
    """The number and the product of parameters that all the terms have in common.

    The number is the coefficient of the leading term, in an order that depends on neither names
    nor coefficients.
    """
    powers: dict[sp.Symbol, sp.Rational] = {}
    leading = []
    for i, term in enumerate(terms):
        coefficient, body = term.as_coeff_Mul()
        leading.append((serialise(body, lambda s: _word(s, parameters)), -abs(coefficient), i))
        own = {}
        for factor in sp.Mul.make_args(body):
            base, exponent = factor.as_base_exp()
            if base in parameters and exponent.is_Rational:
                own[base] = exponent
        if i == 0:
            powers = own
        else:
            both = set(powers) | set(own)
            zero = sp.Integer(0)
            powers = {b: min(powers.get(b, zero), own.get(b, zero)) for b in both}
    number = terms[min(leading)[2]].as_coeff_Mul()[0]
    return number, sp.Mul(*[b**e for b, e in powers.items() if e != 0])


def _word(sym: sp.Symbol, parameters: set[sp.Symbol]) -> str:
    return "p" if sym in parameters else ""


def _parameter_symbols(parts: RuleParts) -> set[sp.Symbol]:
    return {symbol(p.name) for p in parts.parameters}


def _rescaled(parts: RuleParts, name: str) -> RuleParts:
    """Choose the unit of a state such that its drive has no factor of its own."""
    state = next(s for s in parts.states if s.name == name)
    own = symbol(name)
    terms = sp.Add.make_args(state.expr)
    drive = [t for t in terms if own not in t.free_symbols]
    linear = all(own not in (t / own).free_symbols for t in terms if t not in drive)
    # What it drives itself has no unit before it has: in a circle only what comes in counts.
    circle = _driven(parts, name)
    drive = [t for t in drive if not t.free_symbols & circle]
    if name == WEIGHT or state.form is Form.AVERAGE or not linear or drive in ([], [0]):
        return parts
    number, product = _content(drive, _parameter_symbols(parts))
    scale = algebra.multiply([number, product])
    if scale == 1 or (state.initial and product != 1):
        return parts
    inverse = algebra.reciprocal(scale)

    def new(expr: sp.Expr, target: str = "") -> sp.Expr:
        scaled = algebra.substitute(expr, {own: algebra.multiply([scale, own])})
        return times(normal(scaled), inverse) if target == name else normal(scaled)

    return replace(
        parts,
        states=tuple(
            replace(
                s,
                expr=new(s.expr, s.name),
                initial=s.initial / float(scale) if s.name == name and s.initial else s.initial,
            )
            for s in parts.states
        ),
        updates=tuple(replace(u, expr=new(u.expr, u.target)) for u in parts.updates),
        forward=tuple((n, new(e)) for n, e in parts.forward),
    )


def _driven(parts: RuleParts, name: str) -> set[sp.Symbol]:
    """The states that this one drives, directly or through others, but for the weight."""
    driven = {symbol(name)}
    while True:
        reached = {symbol(s.name) for s in parts.states if s.expr.free_symbols & driven}
        if reached - {symbol(WEIGHT)} <= driven:
            return driven
        driven |= reached - {symbol(WEIGHT)}


def _absorbed(parts: RuleParts) -> RuleParts:
    """A parameter that only scales the change of the weights takes up all other such factors.

    Its sign stays: the negative of a rule is another rule.
    """
    for i, state in enumerate(parts.states):
        if state.name == WEIGHT:
            others = expressions(replace(parts, states=_put(parts.states, i)))
            expr = _scaled(parts, state.expr, state.form is Form.STEP, others)
            parts = replace(parts, states=_put(parts.states, i, replace(state, expr=expr)))
    for i, update in enumerate(parts.updates):
        if update.target == WEIGHT:
            others = expressions(replace(parts, updates=_put(parts.updates, i)))
            expr = _scaled(parts, update.expr, True, others)
            parts = replace(parts, updates=_put(parts.updates, i, replace(update, expr=expr)))
    return parts


def _put(items: tuple[T, ...], index: int, *new: T) -> tuple[T, ...]:
    """The tuple with the item at `index` replaced, or left out."""
    return items[:index] + new + items[index + 1 :]


def _scaled(parts: RuleParts, expr: sp.Expr, step: bool, others: list[sp.Expr]) -> sp.Expr:
    """A weight change whose factors are taken up by a parameter that nothing else reads."""
    own = symbol(WEIGHT)
    change = algebra.add([expr, algebra.multiply([sp.Integer(-1), own])]) if step else expr
    number, product = _content(list(sp.Add.make_args(change)), _parameter_symbols(parts))
    if number == 0:
        return expr
    size = algebra.multiply([abs(number), product])
    rest = times(change, algebra.reciprocal(size))
    taken = {s for e in [rest, *others] for s in e.free_symbols}
    factors = [f.as_base_exp() for f in sp.Mul.make_args(product)]
    alone = [b for b, e in factors if b.is_Symbol and b not in taken and abs(e) == 1]
    if not alone:
        return expr
    free = {symbol(p.name) for p in parts.parameters if p.free}
    eta = min(alone, key=lambda s: (s in free, s.name))
    new = times(rest, eta)
    return algebra.add([own, new]) if step else new
