"""Forward-mode tangents of a rule, derived from its formulas.

The tangent of a state x along a parameter p obeys, with activity and rewards held fixed,

    x_p' = sum_q (df/dq) q_p + df/dp        for  x' = f(states q, signals, p),

which is again an equation over sites: the tangents of a system are simply more states of a larger
system, `x@p`, and take the same lowerings as everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sympy as sp
from sympy.functions.special.delta_functions import DiracDelta, Heaviside

from rulegen.grammar import Event, Site
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.operators import indicator
from rulegen.grammar.algebra.symbols import INNER, WEIGHT, symbol
from rulegen.grammar.rule.system import Equation, System


def tangent_name(name: str, parameter: str) -> str:
    """The name of d(name)/d(parameter)."""
    return f"{name}@{parameter}"


def has_infinite_slope(expr: sp.Basic) -> bool:
    """Whether a slope of this power can be infinite at 0, as that of `sqrt(x)` is."""
    return isinstance(expr, sp.Pow) and not expr.exp.is_Integer and expr.base is not sp.E


def derivative(expr: sp.Expr, wrt: sp.Symbol) -> sp.Expr:
    """d(expr)/d(wrt) with the project's conventions at kinks and jumps.

    A jump has derivative 0; max(x, 0) has slope 0 at 0; an infinite slope is 0; see
    `rulegen.grammar.algebra.operators`.

    Example:
        >>> from rulegen.grammar.algebra.symbols import symbol
        >>> x = symbol("x")
        >>> derivative(sp.sqrt(x), x).subs(x, 0), derivative(sp.sqrt(x), x).subs(x, 4)
        (0, 1/4)
    """
    result = sp.diff(expr.replace(has_infinite_slope, lambda e: op.power(*e.args)), wrt)
    result = result.replace(DiracDelta, lambda *args: sp.Integer(0))
    return result.replace(Heaviside, lambda x, *rest: indicator(x > 0))


def differential(expr: sp.Expr, changes: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """d(expr) when each symbol x of `changes` changes by `changes[x]`.

    Sums over neurons and `prev` are linear, so they go around the change of what they read; where
    a maximum is attained more than once, its change is the mean of theirs.

    Example:
        >>> from rulegen.grammar.algebra.symbols import symbol
        >>> x, y, dx = symbol("x"), symbol("y"), symbol("dx")
        >>> differential(y * op.sum_pre(x**2), {x: dx})
        y*sum_pre(2*dx*x)
    """
    hidden = {node: sp.Dummy(real=True) for node in expr.atoms(*NEIGHBOURS)}
    shown = expr.xreplace(hidden)  # an outer node hides those inside it
    inner = {dummy: change_of(node, changes) for node, dummy in hidden.items() if shown.has(dummy)}
    terms = [derivative(shown, x) * dx for x, dx in {**changes, **inner}.items() if shown.has(x)]
    return sp.Add(*terms).xreplace({dummy: node for node, dummy in hidden.items()})


#: Operators that read other neurons, synapses or steps than the one they stand at.
NEIGHBOURS = (op.prev, op.over_pre, op.over_post, op.cumsum_post)


def change_of(node: sp.Expr, changes: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
    """The differential of one of `NEIGHBOURS`."""
    (inside,) = node.args
    change = differential(inside, changes)
    if change == 0:
        return change
    if isinstance(node, op.max_pre | op.max_post):
        total = op.sum_pre if isinstance(node, op.max_pre) else op.sum_post
        attained = indicator(sp.Eq(inside, node))
        return total(attained * change) / total(attained)
    return node.func(change)


@dataclass(frozen=True)
class Tangents:
    """A system together with the tangents of its states along some parameters.

    Attributes:
        system: the system, enlarged by the tangent states.
        wrt: the parameters.
        weight: for each parameter, whether the weights depend on it at all.
        noise: parameters along which `inner` have tangents, such as `xi@p`: with the potentials
            held fixed, a changed weight is a changed noise, and another drive,
            xi_p = -(a/sigma) w_p pre ,  drive_p = w_p pre .
        inner: the signals that the system reads of which this is so.
    """

    system: System
    wrt: tuple[str, ...]
    weight: frozenset[str]
    noise: frozenset[str]
    inner: frozenset[str]


def add_tangents(system: System, wrt: Iterable[str], *, noise: bool = False) -> Tangents:
    """Enlarge `system` by the tangents of all its states along the parameters `wrt`.

    Args:
        system: the one-step system.
        wrt: names of parameters.
        noise: whether `xi` and the drive depend on the weights (needed for an unbiased score; see
            `rulegen.estimators.score`).
    """
    wrt = tuple(wrt)
    moving = {p: dependent_states(system, p, noise=noise) for p in wrt}
    weight = frozenset(p for p in wrt if WEIGHT in moving[p])
    inner = frozenset(name for name in INNER if noise and reads(system, name))
    noisy = weight if inner else frozenset()
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
            tangent(equation, p, moving[p] | (inner if p in noisy else frozenset()))
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
        ),
        wrt=wrt,
        weight=weight,
        noise=noisy,
        inner=inner,
    )


def tangent(equation: Equation, parameter: str, sources: Iterable[str]) -> Equation:
    """The map of d(state)/d(parameter), with `sources` the variables that depend on it."""
    changes = {symbol(parameter): sp.Integer(1)}
    changes |= {symbol(name): symbol(tangent_name(name, parameter)) for name in sorted(sources)}
    name = tangent_name(equation.name, parameter)
    return Equation(name, equation.site, differential(equation.expr, changes))


def all_equations(system: System) -> list[Equation]:
    """Every map of the system, those of events included."""
    equations = [*system.synapse, *system.weights, *system.neuron]
    for event in Event:
        equations += system.events[event]
    return equations


def reads(system: System, name: str) -> bool:
    """Whether any equation of the system reads `name`."""
    return any(equation.expr.has(symbol(name)) for equation in all_equations(system))


def dependent_states(system: System, parameter: str, *, noise: bool) -> set[str]:
    """States (and `w`) whose value depends on `parameter`, directly or through others."""
    equations = all_equations(system)
    moving: set[str] = set()
    while True:
        sources = {symbol(parameter)} | {symbol(name) for name in moving}
        if noise and WEIGHT in moving:
            sources |= {symbol(name) for name in INNER}
        grown = {e.name for e in equations if e.expr.free_symbols & sources} | moving
        grown |= {n for n, x in system.initial.items() if symbol(parameter) in x.free_symbols}
        if grown == moving:
            return moving
        moving = grown
