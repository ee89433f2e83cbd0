"""Choices by lot: what happens with a probability has no derivative along what decides it."""

from __future__ import annotations

from collections.abc import Mapping, Set

from sympy.core.relational import Relational

from rulegen.grammar import RuleError
from rulegen.grammar.algebra.symbols import SIGNALS, WEIGHT, is_foreign
from rulegen.grammar.rule.system import System

#: Signals that no weight changes.
STEADY = frozenset({"t", "dt", "N_pre", "N_post"})


def check_lots(
    system: System, moving: Mapping[str, Set[str]], *, through_activity: bool = False
) -> None:
    """Refuse a choice by lot whose chances depend on a parameter that is differentiated by.

    Drawn with other chances, a number would be another one, not a slightly different one: with all
    numbers held fixed, most derivatives are 0, and their mean is not that of the reward.

    Args:
        system: of the rule.
        moving: for each parameter the states that depend on it.
        through_activity: whether the activity counts as depending on the weights.

    Raises:
        RuleError: with the name of what is drawn and of the parameter.
    """
    owners = {number.name: number.owner for number in system.standards}
    if not owners:
        return
    exprs = [e.expr for e in (*system.synapse, *system.weights, *system.neuron)]
    exprs += [e.expr for updates in system.events.values() for e in updates]
    exprs += [*system.forward.values(), *system.initial.values()]
    choices = {c for expr in exprs for c in expr.atoms(Relational)}
    for choice in sorted(choices, key=str):
        read = {s.name for s in choice.free_symbols}
        for drawn in sorted(read & owners.keys()):
            for parameter, states in moving.items():
                others = {parameter, *states}
                if through_activity and WEIGHT in states:
                    others |= (SIGNALS.keys() - STEADY) | set(system.states)
                    others |= {name for name in read if is_foreign(name)}
                if read & others:
                    raise RuleError(
                        f"the chances of `{owners[drawn]}`, which is drawn, depend on the free "
                        f"parameter `{parameter}`, and a choice by lot has no derivative",
                        remedy="use `pgpe`, which needs none, or let the parameter be fixed",
                    )
