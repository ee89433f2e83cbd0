"""Updates at spikes as parts of a step: in most rules they are impulses in the equations.

A spike acts at the beginning of its step, before a state decays. `x += f` at a spike S is the
impulse `f*S` in `dx/dt`, in which `dt*R` is the amount that the update reads as `R`; a state that
steps, `x <- g(x)`, starts its step from what the spike made of it. Only where a state with a
differential equation is set, as by `x <- 1`, the updates stay: they change where its step starts
from.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import replace
from graphlib import TopologicalSorter

import sympy as sp

from rulegen.grammar.algebra import algebra, conditions
from rulegen.grammar.algebra.decay import DT
from rulegen.grammar.algebra.exact import AlgebraError
from rulegen.grammar.algebra.operators import Earlier
from rulegen.grammar.algebra.parts import SPIKES, Event, Form, RuleParts, State, Update
from rulegen.grammar.algebra.symbols import WEIGHT, Site, symbol
from rulegen.grammar.printing.statements import increment

#: What each spike makes of a state, in values before the spike; presynaptic spikes come first.
Jumps = Mapping[Event, sp.Expr]


def folded(parts: RuleParts) -> RuleParts:
    """The rule with its updates at spikes put into its equations, as far as they can be.

    Those that stay read no value that another one of the same spike has changed.

    Raises:
        AlgebraError: a condition would come to stand in a condition.
        graphlib.CycleError: two states that a spike sets read each other.

    Example:
        >>> from rulegen.grammar.rule.parse import parse
        >>> rule = parse("dx/dt = -x/tau\\non pre_spike: x += 1\\non post_spike: w += eta*x")
        >>> [str(state.expr) for state in folded(rule).states]
        ['pre_spike - x/tau', 'eta*post_spike*x']
    """
    if not any(u.event in SPIKES for u in parts.updates):
        return parts
    with algebra.as_written(False):
        jumps = jumps_of(parts)
        if WEIGHT in jumps and WEIGHT not in {s.name for s in parts.states}:
            weight = State(WEIGHT, Site.SYNAPSE, Form.DERIVATIVE, sp.Integer(0))
            parts = replace(parts, states=(*parts.states, weight))
        states = [_moving(s) if s.name in jumps else s for s in parts.states]
        inside = {s.name for s in states if s.name in jumps and _fits(s, jumps[s.name])}
        updates = [u for u in parts.updates if u.event not in SPIKES]
        synapse = {s.name for s in states if s.site is Site.SYNAPSE} - {WEIGHT}
        for event in SPIKES:
            kept = {n: of[event] for n, of in jumps.items() if event in of and n not in inside}
            updates += [Update(event, name, kept[name]) for name in _readers_first(kept, synapse)]
        states = [_with_jumps(s, jumps[s.name]) if s.name in inside else s for s in states]
        return replace(parts, states=tuple(states), updates=tuple(updates))


def jumps_of(parts: RuleParts) -> dict[str, Jumps]:
    """What spikes make of each state that they change.

    An update sees what earlier ones of its spike did; the weight reads synapse states as the step
    leaves them in any case, and so what they became at the spike.
    """
    meaning: dict[sp.Symbol, sp.Expr] = {}
    for definition in parts.definitions:
        meaning[symbol(definition.name)] = algebra.substitute(definition.expr, meaning)
    synapse = {symbol(s.name) for s in parts.states if s.site is Site.SYNAPSE} - {symbol(WEIGHT)}
    found: dict[str, dict[Event, sp.Expr]] = {}
    for event in SPIKES:
        now: dict[sp.Symbol, sp.Expr] = {}
        for u in parts.updates:
            if u.event is not event:
                continue
            hidden = synapse if u.target == WEIGHT else set()
            seen = {s: expr for s, expr in now.items() if s not in hidden}
            now[symbol(u.target)] = _put(algebra.substitute(u.expr, meaning), seen)
        for target, expr in now.items():
            if expr != target:
                found.setdefault(str(target.name), {})[event] = expr
    return {**found}


def start_of(state: State, jumps: Jumps) -> sp.Expr:
    """What a state is at the beginning of a step, after the spikes of this step."""
    own = symbol(state.name)
    value: sp.Expr = own
    for event, expr in jumps.items():
        value = _put(_at(event, own, expr), {own: value})
    return value


def from_start(step: sp.Expr, own: sp.Symbol, start: sp.Expr) -> sp.Expr:
    """What a step makes of a state that begins at `start`, where it reads the state itself.

    Raises:
        AlgebraError: with this value the step is undefined.

    Example:
        >>> x, spike = symbol("x"), symbol("pre_spike")
        >>> from_start(x - x**2, x, conditions.choose(spike > 0, sp.Integer(2), x))
        Piecewise((2, pre_spike > 0), (x, True)) - Piecewise((4, pre_spike > 0), (x**2, True))
    """
    try:
        return _put(step, {own: start})
    except AlgebraError:
        choice = next((n for n in sp.preorder_traversal(start) if n.is_Piecewise), None)
        if choice is None:
            raise
    # A condition would come to stand in a condition, and so the choice of the start comes first.
    return conditions.chosen(
        [(from_start(step, own, start.xreplace({choice: value})), c) for value, c in choice.args]
    )


def _put(expr: sp.Expr, values: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """With other values of these states now; what they were in earlier steps stays."""
    earlier = {node: node for node in expr.atoms(Earlier)}
    return algebra.substitute(expr, {**earlier, **values})


def _at(event: Event, own: sp.Symbol, expr: sp.Expr) -> sp.Expr:
    """The value where there is a spike, else what there was."""
    spike, change = symbol(event.value), increment(own.name, expr)
    if change is not None:
        return algebra.add([own, algebra.multiply([DT, spike, change])])
    return conditions.choose(conditions.compare(">", spike, sp.Integer(0)), expr, own)


def _moving(state: State) -> State:
    """`x <- x`, for a state that changes at events alone, as a differential equation."""
    still = state.form is Form.STEP and state.expr == symbol(state.name)
    return replace(state, form=Form.DERIVATIVE, expr=sp.Integer(0)) if still else state


def _fits(state: State, jumps: Jumps) -> bool:
    """Whether spikes can be a part of the equation: they add to the state, or it steps.

    What is added may depend on the weight itself, which decays by no exponential, where spikes of
    one side alone change it.
    """
    if state.form is Form.STEP:
        return True
    own = symbol(state.name)
    changes = [increment(state.name, expr) for expr in jumps.values()]
    alone = state.name == WEIGHT and len(changes) == 1
    return all(c is not None and (alone or own not in c.free_symbols) for c in changes)


def _with_jumps(state: State, jumps: Jumps) -> State:
    own = symbol(state.name)
    if state.form is Form.STEP:
        return replace(state, expr=_put(state.expr, {own: start_of(state, jumps)}))
    gain = [state.tau] if state.form is Form.LOWPASS else []
    impulses = [
        algebra.multiply([*gain, symbol(event.value), _differentiated(increment(state.name, expr))])
        for event, expr in jumps.items()
    ]
    return replace(state, expr=algebra.add([state.expr, *impulses]))


def _differentiated(change: sp.Expr) -> sp.Expr:
    """What an update adds, as an equation reads it: there a reward is an impulse, not an amount."""
    reward = symbol("R")
    earlier = [node for node in change.atoms(Earlier) if node.args[0] == reward]
    return algebra.substitute(
        change, {node: algebra.multiply([DT, node]) for node in (reward, *earlier)}
    )


def _readers_first(kept: Mapping[str, sp.Expr], synapse: Set[str]) -> list[str]:
    """States that a spike sets, each before those that it reads, the weight after the synapse's."""
    order = TopologicalSorter[str]()
    for name, expr in kept.items():
        order.add(name)
        before = synapse if name == WEIGHT else frozenset({WEIGHT})
        if name == WEIGHT:
            order.add(WEIGHT, *sorted(kept.keys() & synapse))
        for other in sorted({str(s.name) for s in expr.free_symbols} & kept.keys() - before):
            if other != name:
                order.add(other, name)
    return list(order.static_order())
