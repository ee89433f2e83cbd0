"""Averages that read each other: which is written first at a reward, so that all read the old."""

from __future__ import annotations

from graphlib import TopologicalSorter

from rulegen.grammar.algebra.parts import Form, State
from rulegen.grammar.rule.rule import Rule


def readers_first(rule: Rule) -> tuple[State, ...]:
    """The averages of a rule, each before those that it reads, and so with their old values.

    The order in which a rule states them means nothing, as that of its other states.

    Raises:
        graphlib.CycleError: when some read each other; its second argument has their names.

    Example:
        >>> from rulegen.grammar.rule.parse import parse
        >>> rule = parse("a = average(R, 0.5)\\nb = average(a, 0.5)\\non reward: w += (R - b)*pre")
        >>> [state.name for state in readers_first(rule)]
        ['b', 'a']
    """
    averages = {s.name: s for s in rule.states if s.form is Form.AVERAGE}
    order = TopologicalSorter[str]()
    for name, state in averages.items():
        order.add(name)
        for other in sorted(reads(rule, state) & averages.keys() - {name}):
            order.add(other, name)
    return tuple(averages[name] for name in order.static_order())


def reads(rule: Rule, state: State) -> set[str]:
    """Names in the formula of an average, with definitions written out."""
    exprs = [state.expr] if state.tau is None else [state.expr, state.tau]
    return {str(s.name) for expr in exprs for s in rule.expand(expr).free_symbols}
