"""A rule whose states stay as they begin."""

from __future__ import annotations

from dataclasses import replace

from rulegen.grammar.algebra.parts import Form, State
from rulegen.grammar.algebra.symbols import WEIGHT, symbol
from rulegen.grammar.rule.rule import Rule


def held(rule: Rule) -> Rule:
    """The rule with every state of its `forward` lines as it begins; without such lines, itself.

    Weights are left to whoever runs it, and numbers that are drawn in every step are drawn.

    Example:
        >>> from rulegen.grammar.rule.parse import parse
        >>> rule = parse("h = accumulate(pre*post, 20)\\nforward w = w + 0.1*h")
        >>> print(held(rule).text(), end="")
        h <- h  : synapse
        forward w = 0.1*h + w
    """
    if not rule.forward:
        return rule

    def still(state: State) -> State:
        if state.form is Form.DRAW or state.name == WEIGHT:
            return state
        return replace(state, form=Form.STEP, expr=symbol(state.name), tau=None)

    return replace(rule, states=tuple(map(still, rule.states)), updates=())
