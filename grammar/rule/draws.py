"""Random numbers of a rule, made of standard ones: uniform between 0 and 1, and normal.

What is drawn is then a formula like any other, in which the standard number is a variable of its
own: `tau = uniform(10, 100)` is `tau = 10 + 90*d`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from graphlib import TopologicalSorter

import sympy as sp

from rulegen.grammar.algebra import algebra, conditions
from rulegen.grammar.algebra.draws import BELL, EVEN, Draw, draw_in
from rulegen.grammar.algebra.parts import Definition, Form, RuleParts, State
from rulegen.grammar.algebra.symbols import Site, symbol

#: How the standard number is called that somebody draws.
STANDARD = "draw of "


@dataclass(frozen=True)
class Standard:
    """A standard random number.

    Attributes:
        name: the variable in the formulas.
        owner: the state that it belongs to. site: where it is drawn.
        normal: whether it is normal, else uniform between 0 and 1.
        once: whether it is drawn once a life, else in every step.
    """

    name: str
    owner: str
    site: Site
    normal: bool
    once: bool


def standards(parts: RuleParts) -> tuple[Standard, ...]:
    """The standard random numbers that a rule needs.

    Example:
        >>> from rulegen.grammar.rule.parse import parse
        >>> rule = parse("param tau = lognormal(20, 0.2) : pre\\nx = lowpass(pre, tau)\\nw += x")
        >>> [(d.name, d.normal, d.once) for d in standards(rule)]
        [('draw of tau', True, True)]
    """
    found = []
    for state in parts.states:
        once = state.form is not Form.DRAW
        if draw := draw_in(state.initial if once else state.expr):
            name = STANDARD + state.name
            found.append(Standard(name, state.name, state.site, base_of(draw) == BELL, once))
    return tuple(found)


def base_of(draw: Draw) -> Draw:
    """The standard number that a draw is made of."""
    return EVEN if type(draw).__name__ in ("uniform", "bernoulli") else BELL


def in_standard(expr: sp.Expr, number: sp.Expr) -> sp.Expr:
    """A formula of draws with this number in place of the standard one.

    Example:
        >>> from rulegen.grammar.algebra.draws import bernoulli, uniform
        >>> in_standard(2 * uniform(10, 100), symbol("d"))
        180*d + 20
        >>> in_standard(bernoulli(symbol("p")), symbol("d"))
        Piecewise((1, d < p), (0, True))
    """
    draw = draw_in(expr)
    if draw is None:
        return expr
    return algebra.replaced(expr, {draw: _value(draw, number)})


def _value(draw: Draw, number: sp.Expr) -> sp.Expr:
    match type(draw).__name__, draw.args:
        case "uniform", (low, high):
            width = algebra.add([high, algebra.multiply([sp.Integer(-1), low])])
            return algebra.add([low, algebra.multiply([width, number])])
        case "normal", (mean, deviation):
            return algebra.add([mean, algebra.multiply([deviation, number])])
        case "lognormal", (median, spread):
            grown = algebra.call("exp", [algebra.multiply([spread, number])])
            return algebra.multiply([median, grown])
        case _, (probability,):
            happens = algebra.compared("<", number, probability)
            return conditions.choose(happens, sp.Integer(1), sp.Integer(0))
    raise TypeError(f"no value of {draw}")


def written_out(
    parts: RuleParts, name: Callable[[str], str], known: Mapping[sp.Symbol, sp.Expr]
) -> dict[sp.Symbol, sp.Expr]:
    """What definitions and what is drawn in every step mean, in standard random numbers.

    Args:
        parts: the rule.
        name: of the standard number of a state.
        known: what other symbols mean.
    """
    rows: dict[str, Definition | State] = {d.name: d for d in parts.definitions}
    rows |= {s.name: s for s in parts.states if s.form is Form.DRAW}
    order = TopologicalSorter[str]()
    for row in rows.values():
        order.add(row.name, *sorted(rows.keys() & {s.name for s in row.expr.free_symbols}))
    meaning = dict(known)
    for row in map(rows.__getitem__, order.static_order()):
        expr = algebra.substitute(row.expr, meaning)
        if isinstance(row, State):
            expr = in_standard(expr, symbol(name(row.name)))
        meaning[symbol(row.name)] = expr
    return meaning


def bare(parts: RuleParts) -> RuleParts:
    """The rule, written out such that nothing is drawn but standard numbers.

    Example:
        >>> from rulegen.grammar.rule.parse import parse
        >>> rule = bare(parse("n = normal(0, 2) : post\\nw += n*pre"))
        >>> [(s.name, str(s.expr)) for s in rule.states]
        [('n', 'normal(0, 1)'), ('w', '2*n*pre + w')]
    """
    drawn, more, meaning = parts.drawn, [], {}
    for state in parts.states:
        if state.form is not Form.DRAW and (draw := draw_in(state.initial)):
            own = state.name if state.name in drawn else STANDARD + state.name
            if state.name in drawn:
                meaning[symbol(own)] = in_standard(state.initial, symbol(own))
            base = base_of(draw)
            more.append(State(own, state.site, Form.STEP, symbol(own), initial=base))
    meaning = written_out(parts, lambda name: name, meaning)

    def new(expr: sp.Expr) -> sp.Expr:
        return algebra.substitute(expr, meaning)

    def state_of(state: State) -> State:
        if state.form is Form.DRAW:
            return replace(state, expr=base_of(draw_in(state.expr) or EVEN))
        first = in_standard(state.initial, symbol(STANDARD + state.name))
        tau = None if state.tau is None else new(state.tau)
        return replace(state, expr=new(state.expr), tau=tau, initial=new(first))

    kept = tuple(state_of(s) for s in parts.states if s.name not in drawn)
    return replace(
        parts,
        definitions=(),
        states=(*kept, *more),
        updates=tuple(replace(u, expr=new(u.expr)) for u in parts.updates),
        forward=tuple((target, new(expr)) for target, expr in parts.forward),
    )
