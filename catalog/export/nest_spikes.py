"""What a spike does to the states of a rule in NEST, and in which order it must be written."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import sympy as sp

from rulegen.grammar import Event, Form, Rule, Site, State
from rulegen.grammar.algebra.symbols import IMPULSES, WEIGHT, symbol
from rulegen.grammar.rule.spikes import jumps_of

#: The ports of a synapse at which spikes arrive.
PORTS = {"pre_spike": "pre_spikes", "post_spike": "post_spikes"}


def drive(rule: Rule, state: State) -> sp.Expr:
    """The right-hand side f of dx/dt = f."""
    x, f = symbol(state.name), rule.expand(state.expr)
    if state.form is Form.STEP:
        return sp.Integer(0)
    if state.tau is None:
        return f
    tau = rule.expand(state.tau)
    return (f - x) / tau if state.form is Form.LOWPASS else f - x / tau


def jumps(rule: Rule, state: State) -> dict[str, sp.Expr] | None:
    """By how much a state jumps at a spike, or None where it is not linear in the spikes."""
    f = drive(rule, state)
    spikes = [symbol(name) for name in sorted(IMPULSES)]
    for node in sp.preorder_traversal(f):
        if node.has(*spikes) and not isinstance(node, sp.Symbol | sp.Add | sp.Mul):
            return None
    slopes = {s.name: sp.diff(f, s) for s in spikes if f.has(s)}
    if any(slope.has(*spikes) for slope in slopes.values()):
        return None
    return slopes


def after_spike(rule: Rule, signal: str) -> dict[str, sp.Expr]:
    """What each state becomes that a spike changes: what it is set to, and by how much it jumps."""
    set_to, found = jumps_of(rule), {}
    for state in rule.states:
        own = symbol(state.name)
        start = rule.expand(set_to.get(state.name, {}).get(Event(signal), own))
        value = start + (jumps(rule, state) or {}).get(signal, sp.Integer(0))
        if value != own:
            found[state.name] = value
    return found


def written_first(rule: Rule, signal: str) -> TopologicalSorter[str]:
    """What jumps at a spike, in an order in which each reads what it should.

    All read old values, so that they are written before what they read; the weight alone reads
    the new values of synapse states.
    """
    values = after_spike(rule, signal)
    order: TopologicalSorter[str] = TopologicalSorter({name: set() for name in values})
    for name, value in values.items():
        for read in {s.name for s in value.free_symbols} & values.keys() - {name}:
            new = name == WEIGHT and rule.state(read).site is Site.SYNAPSE
            order.add(*((name, read) if new else (read, name)))
    return order


def entangled(rule: Rule) -> list[str]:
    """What reads at a spike values that are no longer there."""
    found = []
    for signal in PORTS:
        try:
            written_first(rule, signal).prepare()
        except CycleError as circle:
            names = ", ".join(f"`{name}`" for name in sorted(set(circle.args[1])))
            found.append(f"{names} jump by each other's old values: NESTML has only new ones")
    kept = in_neuron(rule)
    still = {symbol(signal): sp.Integer(0) for signal in PORTS}
    still |= {symbol(s.name): s.initial for s in rule.states}
    for state in (s for s in rule.states if s.name in kept):
        if not state.initial.is_number:
            found.append(f"`{state.name}` begins at a formula: NEST keeps it in the neuron alone")
        elif drive(rule, state).xreplace(still) != 0:
            found.append(
                f"`{state.name}` does not begin at rest: NEST keeps it in the neuron, where time "
                "begins with the first spike"
            )
    for target, value in after_spike(rule, "post_spike").items():
        for name in sorted({s.name for s in value.free_symbols} & kept - {target}):
            found.append(
                f"`{target}` reads `{name}` at postsynaptic spikes: NEST keeps it in the "
                "neuron, and may have forgotten its value before the spike"
            )
    return found


def in_neuron(rule: Rule) -> set[str]:
    """States that postsynaptic spikes alone change, which NESTML keeps in the neuron."""
    at_pre, at_post = (after_spike(rule, signal) for signal in PORTS)
    kept = {s.name for s in rule.states} - at_pre.keys() - {WEIGHT}
    read = {s.name: drive(rule, s) + at_post.get(s.name, 0) for s in rule.states}
    reads = {name: {x.name for x in expr.free_symbols} for name, expr in read.items()}
    while others := {name for name in kept if reads[name] & reads.keys() - kept}:
        kept -= others
    return kept
