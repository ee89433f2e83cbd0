"""Which neurons belong to the groups that a rule tells apart."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from rulegen.circuits import Circuit, Projection
from rulegen.circuits.base import SHARES
from rulegen.grammar import Rule
from rulegen.grammar.algebra.parts import Group
from rulegen.grammar.algebra.symbols import SIGNS
from rulegen.grammar.reading.suggest import suggest


def told_apart(
    rule: Rule, circuit: Circuit, projection: Projection, sources: int
) -> dict[str, np.ndarray]:
    """Whether each neuron on a side of the synapses belongs to a group, by the name in the rule.

    Args:
        rule: that lives on the projection.
        circuit: whose it is.
        projection: its name.
        sources: how many neurons, channels or outputs it comes from, N_pre.

    Returns:
        true and false, of shape (N_pre,) or (N,).

    Raises:
        ValueError: when there is no such group.

    Example:
        >>> from rulegen.circuits import RateCircuit
        >>> from rulegen.grammar import parse
        >>> rule, circuit = parse("w += pre.fast*pre"), RateCircuit(groups={"fast": (0, 0.25)})
        >>> int(told_apart(rule, circuit, "recurrent", 32)["pre.fast"].sum())
        8
    """
    there = {
        "pre": circuit.groups_of(projection, sources),
        "post": circuit.groups_of("recurrent", circuit.neurons),
    }
    for group in rule.groups:
        if group.group not in there[group.side]:
            where = projection if group.side == "pre" else "recurrent"
            raise ValueError(f"the rule reads `{group.name}`, {missing(group, where, there)}")
    return {group.name: there[group.side][group.group] for group in rule.groups}


def missing(group: Group, where: Projection, there: Mapping[str, Collection[str]]) -> str:
    """Why there is no such group, with the remedy.

    Args:
        group: that a rule tells apart.
        where: the projection whose sources it is about.
        there: the groups on both sides.
    """
    if where not in SHARES:
        return f"but the outputs, from which the {where} projection comes, are in no group"
    if group.group in SIGNS:
        return f"but nothing there has a sign: set circuit.{SHARES[where]}"
    if where != "recurrent":
        return (
            f"but what the {where} projection comes from is no neuron, and in no group but that of "
            f"its sign, circuit.{SHARES[where]}"
        )
    named = sorted(set(there[group.side]) - set(SIGNS))
    known = suggest(group.group, named) or (f"there are {', '.join(named)}" if named else "")
    remedy = known or f"set circuit.groups, such as {{ {group.group} = [0, 0.25] }}"
    return f"but the circuit has no such group of neurons: {remedy}"
