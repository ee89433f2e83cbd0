"""How long running means remember, as parameters: in the comparison of rules it is a default."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp

from rulegen.grammar.algebra.parts import Form, Parameter, RuleParts
from rulegen.grammar.algebra.symbols import symbol

#: What the parameters of `with_memories` are called, before the name of the mean.
MEMORY = "memory_of_"
_PLAIN = Parameter("", lower=0.0, upper=1.0)


def with_memories(parts: RuleParts) -> RuleParts:
    """The rule with a parameter for the memory of each running mean that has a number for it.

    How long a mean remembers is a default: `x <- 0.8*x + 0.2*f` becomes
    `x <- k*x + (1 - k)*f`, and the gain of a running average becomes a parameter as well.
    """
    parameters, states = list(parts.parameters), []
    for state in parts.states:
        own, name = symbol(state.name), MEMORY + state.name
        memory = symbol(name)
        if state.form is Form.AVERAGE and state.tau is not None and state.tau.is_Rational:
            value = 1 - float(state.tau)
            state = replace(state, tau=1 - memory)
        elif state.form is Form.STEP and (split := _mean(state.expr, own)):
            value = float(split[0])
            state = replace(state, expr=memory * own + (1 - memory) * split[1])
        else:
            states.append(state)
            continue
        parameters.append(replace(_PLAIN, name=name, value=value))
        states.append(state)
    return replace(parts, parameters=tuple(parameters), states=tuple(states))


def _mean(expr: sp.Expr, own: sp.Symbol) -> tuple[sp.Rational, sp.Expr] | None:
    """The numbers k and formula f of `k*x + (1 - k)*f`, or None."""
    terms = [t.as_coeff_Mul() for t in sp.Add.make_args(expr)]
    kept = [c for c, rest in terms if rest == own]
    others = [(c, rest) for c, rest in terms if rest != own]
    if len(kept) != 1 or not 0 < kept[0] < 1 or len(others) != 1:
        return None
    coefficient, rest = others[0]
    if coefficient != 1 - kept[0] or own in rest.free_symbols:
        return None
    return kept[0], rest
