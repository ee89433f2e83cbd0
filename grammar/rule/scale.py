"""The scale of a state: rules that differ in it alone become the same rule.

A state that is linear in itself may be counted in any unit (`e -> k*e` with `eta -> eta/k`). Each
is given one: the number at which it begins, or the factor that all that drives it in its equation
has in common. One that has neither keeps its own: it changes at events alone, or only states that
it drives drive it; and so does an average over rewards. What scales the change of the weights is
one parameter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Set
from dataclasses import replace

import sympy as sp

from rulegen.grammar.algebra import algebra, exact
from rulegen.grammar.algebra.content import leading
from rulegen.grammar.algebra.factoring import times
from rulegen.grammar.algebra.normal import normal
from rulegen.grammar.algebra.operators import OF_NAMES
from rulegen.grammar.algebra.parts import Form, RuleParts
from rulegen.grammar.algebra.symbols import WEIGHT, symbol
from rulegen.grammar.rule.comparable import check_units
from rulegen.grammar.rule.locality import expressions

#: The states that each one drives, itself among them.
Driven = Mapping[str, Set[sp.Symbol]]


def in_own_units(parts: RuleParts, driven: Driven, multiply: bool) -> RuleParts:
    """The rule with each state in the unit that its drive has.

    Args:
        parts: of the rule. driven: as of `driven_states`.
        multiply: whether expressions are multiplied out.
    """
    factors = [drive(parts, name, circle)[0] for name, circle in driven.items()]
    check_units(sum(bool(f is not None and f.free_symbols) for f in factors), expressions(parts))
    for _ in range(len(parts.states) + 1):
        before = parts
        for state in parts.states:
            parts = _rescaled(parts, state.name, driven[state.name], multiply)
        if parts == before:
            break
    return parts


def driven_states(parts: RuleParts) -> Driven:
    """The states that each one drives, directly or through others, but for the weight."""
    readers = {
        state.name: {
            other.name
            for other in parts.states
            if other.name != WEIGHT and symbol(state.name) in other.expr.free_symbols
        }
        for state in parts.states
    }

    def reached(name: str) -> set[str]:
        found, ahead = {name}, [name]
        while ahead:
            new = readers[ahead.pop()] - found
            found |= new
            ahead += new
        return found

    return {name: {symbol(other) for other in reached(name)} for name in readers}


def drive(parts: RuleParts, name: str, circle: Set[sp.Symbol]) -> tuple[sp.Expr | None, bool]:
    """The factor that the drive of a state has of its own, if it may; and whether its sign is open.

    A state that begins at a value has this value as its unit.
    """
    state, own = next(s for s in parts.states if s.name == name), symbol(name)
    terms = sp.Add.make_args(state.expr)
    drivers = [t for t in terms if own not in t.free_symbols]
    linear = all(own not in (t / own).free_symbols for t in terms if t not in drivers)
    if name == WEIGHT or state.form is Form.AVERAGE or not linear:
        return None, False
    if state.initial.is_number and state.initial != 0:
        return exact.number(float(state.initial)), False
    # What it drives itself has no unit before it has: in a circle only what comes in counts.
    drivers = [t for t in drivers if not t.free_symbols & circle]
    if drivers in ([], [0]):
        return None, False
    number, product, open_ = _content(drivers, _parameter_symbols(parts))
    return algebra.multiply([number, product]), open_


def _rescaled(parts: RuleParts, name: str, circle: Set[sp.Symbol], multiply: bool) -> RuleParts:
    """Choose the unit of a state such that it begins at 1, or that its drive has no factor."""
    try:
        factor, _ = drive(parts, name, circle)
        return parts if factor is None else divided(parts, name, factor, multiply)
    except exact.AlgebraError:  # a long chain of states can run out of the range of numbers
        return parts


def divided(parts: RuleParts, name: str, scale: sp.Expr, multiply: bool) -> RuleParts:
    """The rule with this state in units of `scale`."""
    if scale == 1:
        return parts
    own = symbol(name)
    inverse = algebra.reciprocal(scale)

    def new(expr: sp.Expr, target: str = "") -> sp.Expr:
        if target != name and own not in expr.free_symbols:
            return expr
        # What it was earlier, or is elsewhere, is read of a name alone, and is in the same units.
        others = (node for node in expr.atoms(*OF_NAMES) if node.args[0] == own)
        both = {x: algebra.multiply([scale, x]) for x in (own, *others)}
        expr = normal(algebra.substitute(expr, both), multiply)
        return times(expr, inverse) if target == name else expr

    return replace(
        parts,
        states=tuple(
            replace(
                s,
                expr=new(s.expr, s.name),
                initial=_begun(s.initial, inverse) if s.name == name else s.initial,
            )
            for s in parts.states
        ),
        updates=tuple(replace(u, expr=new(u.expr, u.target)) for u in parts.updates),
        forward=tuple((n, new(e)) for n, e in parts.forward),
    )


def _begun(initial: sp.Expr, inverse: sp.Expr) -> sp.Expr:
    """The initial value in other units; a number is the unit."""
    if initial.is_number:
        return sp.Integer(1) if initial != 0 else initial
    return times(initial, inverse)


def absorbed(parts: RuleParts) -> RuleParts:
    """A parameter that only scales the change of the weights takes up all other such factors.

    Its sign stays: the negative of a rule is another rule.
    """
    readers = Counter(s for e in expressions(parts) for s in e.free_symbols)

    def new(expr: sp.Expr, step: bool) -> sp.Expr:
        others = readers - Counter(expr.free_symbols)
        scaled = _scaled(parts, expr, step, set(others))
        readers.subtract(expr.free_symbols)
        readers.update(scaled.free_symbols)
        return scaled

    states = tuple(
        replace(s, expr=new(s.expr, s.form is Form.STEP)) if s.name == WEIGHT else s
        for s in parts.states
    )
    updates = tuple(
        replace(u, expr=new(u.expr, True)) if u.target == WEIGHT else u for u in parts.updates
    )
    return replace(parts, states=states, updates=updates)


def _scaled(parts: RuleParts, expr: sp.Expr, step: bool, others: set[sp.Symbol]) -> sp.Expr:
    """A weight change whose factors are taken up by a parameter that nothing else reads."""
    own = symbol(WEIGHT)
    change = algebra.add([expr, algebra.multiply([sp.Integer(-1), own])]) if step else expr
    number, product, _ = _content(list(sp.Add.make_args(change)), _parameter_symbols(parts))
    if number == 0:
        return expr
    size = algebra.multiply([abs(number), product])
    rest = times(change, algebra.reciprocal(size))
    taken = rest.free_symbols | others
    factors = [f.as_base_exp() for f in sp.Mul.make_args(product)]
    alone = [b for b, e in factors if b.is_Symbol and b not in taken and abs(e) == 1]
    if not alone:
        return expr
    free = {symbol(p.name) for p in parts.parameters if p.free}
    eta = min(alone, key=lambda s: (s in free, s.name))
    new = times(rest, eta)
    return algebra.add([own, new]) if step else new


def _content(terms: list[sp.Expr], parameters: set[sp.Symbol]) -> tuple[sp.Rational, sp.Expr, bool]:
    """The number and the product of parameters that all the terms have in common.

    The number is the coefficient of the leading term; it is positive where terms of both signs
    lead, and the third says whether they do.
    """
    powers: dict[sp.Symbol, sp.Rational] | None = None
    zero = sp.Integer(0)
    for term in terms:
        own = {}
        for factor in sp.Mul.make_args(term):
            base, exponent = factor.as_base_exp()
            if base in parameters and exponent.is_Rational:
                own[base] = exponent
        both = own if powers is None else set(powers) | set(own)
        known = own if powers is None else powers
        powers = {b: min(known.get(b, zero), own.get(b, zero)) for b in both}
    size, sign = leading(terms, lambda s: _word(s, parameters))
    common = sp.Mul(*[b**e for b, e in (powers or {}).items() if e != 0])
    return size * (sign or 1), common, sign == 0 and size != 0


def _word(sym: sp.Symbol, parameters: set[sp.Symbol]) -> str:
    return "p" if sym in parameters else ""


def _parameter_symbols(parts: RuleParts) -> set[sp.Symbol]:
    return {symbol(p.name) for p in parts.parameters}
