"""Forward-mode tangents of a rule, derived from its formulas.

The tangent of a state x along a parameter p obeys, with activity and rewards held fixed,

    x_p' = sum_q (df/dq) q_p + df/dp        for  x' = f(states q, signals, p),

which is again an equation over sites: the tangents of a system are simply more states of a larger
system, `x@p`, and take the same lowerings as everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass

import sympy as sp

from rulegen.compile.derivative import NEIGHBOURS, derivative, gate, product
from rulegen.compile.lots import check_lots
from rulegen.grammar import Event, RuleError, Site
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.conditions import related
from rulegen.grammar.algebra.symbols import INNER, WEIGHT, symbol
from rulegen.grammar.rule.system import Equation, System

#: Most tangents of a rule: those of 256 coefficients of one eligibility take 512.
MAX_TANGENTS = 5000


def tangent_name(name: str, parameter: str) -> str:
    """The name of d(name)/d(parameter)."""
    return f"{name}@{parameter}"


def is_tangent(name: str) -> bool:
    """Whether a name is that of a derivative."""
    return "@" in name


def differential(
    expr: sp.Expr, changes: Mapping[sp.Symbol, sp.Expr], steady: Set[str] = frozenset()
) -> sp.Expr:
    """d(expr) when each symbol x of `changes` changes by `changes[x]`.

    Sums over neurons, `prev` and `delay` are linear, so they go around the change of what they
    read; where a maximum is attained more than once, its change is the mean of theirs.

    Args:
        expr: a formula.
        changes: of its symbols.
        steady: see `derivative`.

    Example:
        >>> from rulegen.grammar.algebra.symbols import symbol
        >>> x, y, dx = symbol("x"), symbol("y"), symbol("dx")
        >>> differential(y * op.sum_pre(x**2), {x: dx})
        y*sum_pre(2*dx*x)
    """
    inner = {node: change_of(node, changes, steady) for node in expr.atoms(*NEIGHBOURS)}
    both = {x: dx for x, dx in {**changes, **inner}.items() if dx != 0}
    if any(sum(a.has(*both) for a in e.args) > 1 for e in expr.atoms(sp.Min, sp.Max)):
        return derivative(expr, both, steady)  # one at a time, each would find another as large
    return sp.Add(*(carried(expr, x, dx, steady) for x, dx in both.items()))


def carried(expr: sp.Expr, x: sp.Expr, dx: sp.Expr, steady: Set[str]) -> sp.Expr:
    """The derivative along `x` times its change."""
    slope = derivative(expr, {x: sp.Integer(1)}, steady)
    # A change may be infinite as well, and belongs behind the gates.
    return derivative(expr, {x: dx}, steady) if slope.has(gate) else product([slope, dx])


def change_of(node: sp.Expr, changes: Mapping[sp.Symbol, sp.Expr], steady: Set[str]) -> sp.Expr:
    """The differential of one of `NEIGHBOURS`."""
    inside, *rest = node.args
    change = differential(inside, changes, steady)
    if change == 0:
        return change
    if isinstance(node, op.max_pre | op.max_post):
        total = op.sum_pre if isinstance(node, op.max_pre) else op.sum_post
        attained = gate(related("==", inside, node))
        return total(attained * change) / total(attained)
    return node.func(change, *rest)


@dataclass(frozen=True)
class Tangents:
    """A system together with the tangents of its states along some parameters.

    Attributes:
        system: the system, enlarged by the tangent states.
        wrt: the parameters.
        weight: the parameters on which the weights depend at all.
        used: those on which the weights or the bias depend that the circuit uses.
        noise: parameters along which `inner` have tangents, such as `xi@p`: with the potentials
            held fixed, a changed weight is a changed noise, and another drive,
            xi_p = -(a/sigma) w_p pre ,  drive_p = w_p pre , where w are the weights that the
            circuit uses.
        inner: the signals that the system reads of which this is so.
        forward: d(weights) and d(bias) of `forward` lines by target and parameter.
    """

    system: System
    wrt: tuple[str, ...]
    weight: frozenset[str]
    used: frozenset[str]
    noise: frozenset[str]
    inner: frozenset[str]
    forward: Mapping[tuple[str, str], sp.Expr]


def add_tangents(
    system: System, wrt: Iterable[str], *, noise: bool = False, steady: Set[str] = frozenset()
) -> Tangents:
    """Enlarge `system` by the tangents of all its states along the parameters `wrt`.

    Args:
        system: the one-step system.
        wrt: names of parameters.
        noise: whether `xi` and the drive depend on the weights (needed for an unbiased score; see
            `rulegen.estimators.score`).
        steady: see `rulegen.compile.derivative.derivative`.

    Raises:
        RuleError: there are more than `MAX_TANGENTS`, or a choice by lot depends on a parameter.
    """
    wrt = tuple(wrt)
    moving = dependent_states(system, wrt, noise=noise)
    check_number(system, moving)
    check_lots(system, moving)
    weight = frozenset(p for p in wrt if WEIGHT in moving[p])
    used = frozenset(p for p in wrt if in_use(system, moving[p], p))
    inner = frozenset(name for name in INNER if noise and reads(system, name))
    noisy = used if inner else frozenset()
    sites, initial = dict(system.sites), dict(system.initial)
    for p in wrt:
        sites |= {tangent_name(name, p): system.sites[name] for name in moving[p]}
        initial |= {
            tangent_name(name, p): differential(system.initial[name], {symbol(p): sp.Integer(1)})
            for name in moving[p] - {WEIGHT}
        }
        if p in noisy:
            sites |= {tangent_name(name, p): Site.POST for name in inner}

    def tangents_of(equation: Equation) -> list[Equation]:
        return [
            tangent(equation, p, moving[p] | (inner if p in noisy else frozenset()), steady)
            for p in wrt
            if equation.name in moving[p]
        ]

    def with_tangents(equations: Iterable[Equation]) -> tuple[Equation, ...]:
        # Each tangent is taken at the values before its own update, so it stands in front of it.
        return tuple(e for equation in equations for e in (*tangents_of(equation), equation))

    return Tangents(
        system=System(
            sites=sites,
            constants=system.constants
            | {tangent_name(name, p) for p in wrt for name in moving[p] & system.constants},
            synapse=with_tangents(system.synapse),
            weights=with_tangents(system.weights),
            neuron=with_tangents(system.neuron),
            events={event: with_tangents(updates) for event, updates in system.events.items()},
            per_condition=system.per_condition
            | {tangent_name(name, p) for p in wrt for name in moving[p] & system.per_condition},
            initial=initial,
            forward=system.forward,
            standards=system.standards,
        ),
        wrt=wrt,
        weight=weight,
        used=used,
        noise=noisy,
        inner=inner,
        forward={
            (target, p): differential(expr, changes_of(p, moving[p]), steady)
            for target, expr in system.forward.items()
            for p in wrt
        },
    )


def check_number(system: System, moving: Mapping[str, Set[str]]) -> None:
    """Refuse more tangents than a machine would have memory for."""
    equations = all_equations(system)
    count = sum(equation.name in names for names in moving.values() for equation in equations)
    if count > MAX_TANGENTS:
        raise RuleError(
            f"{len(moving)} free parameters in {len(equations)} formulas make {count} tangents, "
            f"more than {MAX_TANGENTS}",
            remedy="let fewer parameters be free",
        )


def tangent(
    equation: Equation, parameter: str, sources: Iterable[str], steady: Set[str]
) -> Equation:
    """The map of d(state)/d(parameter), with `sources` the variables that depend on it."""
    name, changes = tangent_name(equation.name, parameter), changes_of(parameter, sources)
    return Equation(name, equation.site, differential(equation.expr, changes, steady))


def changes_of(parameter: str, sources: Iterable[str]) -> dict[sp.Symbol, sp.Expr]:
    """What symbols change by along a parameter, on which `sources` depend."""
    moved = {symbol(name): symbol(tangent_name(name, parameter)) for name in sorted(sources)}
    return {symbol(parameter): sp.Integer(1)} | moved


def all_equations(system: System) -> list[Equation]:
    """Every map of the system, those of events included."""
    equations = [*system.synapse, *system.weights, *system.neuron]
    for event in Event:
        equations += system.events[event]
    return equations


def reads(system: System, name: str) -> bool:
    """Whether any equation of the system reads `name`."""
    return any(equation.expr.has(symbol(name)) for equation in all_equations(system))


def in_use(system: System, moving: Set[str], parameter: str) -> bool:
    """Whether the weights or the bias that a circuit uses depend on a parameter.

    Args:
        system: the one-step system.
        moving: the states that do.
        parameter: its name.
    """
    if WEIGHT in moving and WEIGHT not in system.forward:
        return True
    sources = {symbol(parameter)} | {symbol(name) for name in moving}
    return any(expr.free_symbols & sources for expr in system.forward.values())


def dependent_states(
    system: System, parameters: Iterable[str], *, noise: bool
) -> dict[str, set[str]]:
    """States (and `w`) whose value depends on each parameter, directly or through others."""
    # Collected once, as texts: a rule may have hundreds of formulas to seek them in.
    read = [(e.name, {s.name for s in e.expr.free_symbols}) for e in all_equations(system)]
    begun = [(name, {s.name for s in e.free_symbols}) for name, e in system.initial.items()]

    def moved(parameter: str) -> set[str]:
        moving = {name for name, names in begun if parameter in names}
        while True:
            sources = {parameter} | moving
            if noise and in_use(system, moving, parameter):
                sources |= set(INNER)
            grown = {name for name, names in read if names & sources} | moving
            if grown == moving:
                return moving
            moving = grown

    return {parameter: moved(parameter) for parameter in parameters}
