"""Choices by lot: what happens with a probability has no derivative along what decides it."""

from __future__ import annotations

from collections.abc import Mapping, Set

import sympy as sp
from sympy.core.relational import Relational

from rulegen.grammar import RuleError
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.symbols import SIGNALS, WEIGHT, is_foreign
from rulegen.grammar.rule.system import System

#: Signals that no weight changes.
STEADY = frozenset({"t", "dt", "N_pre", "N_post"})
#: What jumps: with the numbers held fixed, slopes on both sides say nothing of the jump.
JUMPS = (Relational, sp.sign, op.floor, op.mod)


def jumps_of(expr: sp.Expr) -> set[sp.Basic]:
    """The comparisons and functions in a formula that jump; a `spow` does with no power above 0.

    Example:
        >>> from rulegen.grammar.algebra.symbols import symbol
        >>> x = symbol("x")
        >>> jumps_of(sp.Abs(x) + op.relu(x) + op.spow(x, 2)), jumps_of(op.floor(x) + x)
        (set(), {floor(x)})
    """
    powers = {p for p in expr.atoms(op.spow) if p.args[1].is_nonpositive}
    return expr.atoms(*JUMPS) | powers


def random_of(system: System) -> dict[str, str]:
    """What is drawn, and the states that follow it, each with what was drawn first.

    Example:
        >>> from rulegen.grammar import parse
        >>> from rulegen.grammar.rule.system import make_system
        >>> random_of(make_system(parse("n = normal(0, 1) : post\\nx = lowpass(n, 20)\\nw += x")))
        {'draw of n': 'n', 'x': 'n', 'w': 'n'}
    """
    found = {number.name: number.owner for number in system.standards}
    moves = [*system.synapse, *system.weights, *system.neuron]
    moves += [e for updates in system.events.values() for e in updates]
    read = [(e.name, e.expr.free_symbols) for e in moves]
    read += [(name, expr.free_symbols) for name, expr in system.initial.items()]
    while True:
        behind = {
            name: found[source.name]
            for name, sources in read
            for source in sorted(sources, key=str)
            if source.name in found and name not in found
        }
        if not behind:
            return found
        found |= behind


def check_lots(
    system: System, moving: Mapping[str, Set[str]], *, through_activity: bool = False
) -> None:
    """Refuse a choice by lot whose chances depend on a parameter that is differentiated by.

    Drawn with other chances, a number would be another one, not a slightly different one: with all
    numbers held fixed, most derivatives are 0, and their mean is not that of the reward.

    Args:
        system: of the rule, whose states may be random by what they follow.
        moving: for each parameter the states that depend on it.
        through_activity: whether the activity counts as depending on the weights.

    Raises:
        RuleError: with the name of what is drawn and of the parameter.
    """
    owners = random_of(system)
    if not owners:
        return
    exprs = [e.expr for e in (*system.synapse, *system.weights, *system.neuron)]
    exprs += [e.expr for updates in system.events.values() for e in updates]
    exprs += [*system.forward.values(), *system.initial.values()]
    choices = {c for expr in exprs for c in jumps_of(expr)}
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
                        f"a choice depends on `{owners[drawn]}`, which is drawn, and on the free "
                        f"parameter `{parameter}`, and a choice by lot has no derivative",
                        remedy="use `pgpe`, which needs none, or let the parameter be fixed",
                    )
