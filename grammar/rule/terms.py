"""The terms of a family: what each free coefficient multiplies, and how to leave terms out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import sympy as sp

from rulegen.grammar.algebra import algebra, exact
from rulegen.grammar.algebra.parts import RuleParts
from rulegen.grammar.algebra.symbols import WEIGHT, symbol
from rulegen.grammar.printing.unparse import show_expression
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.rule.locality import outside_of, used_names


@dataclass(frozen=True)
class Term:
    """One candidate term.

    Attributes:
        coefficient: name of the free parameter in front of it.
        basis: what the coefficient multiplies, as the rule writes it.
        state: the state, definition or update target whose expression holds the term.
        text: the basis as text, such as `xi*pre`.
    """

    coefficient: str
    basis: sp.Expr
    state: str
    text: str


def terms(parts: RuleParts) -> tuple[Term, ...]:
    """The terms whose coefficient is free and stands linearly in exactly one expression.

    Example:
        >>> from rulegen.grammar.rule.parse import parse
        >>> rule = parse("param theta_1 = 0 free\\nde/dt = -e/tau_e + theta_1*pre*xi")
        >>> [(t.coefficient, t.text, t.state) for t in terms(rule)]
        [('theta_1', 'xi*pre', 'e')]
    """
    holders = [(d.name, d.expr) for d in parts.definitions]
    holders += [(s.name, s.expr) for s in parts.states]
    holders += [*parts.forward, *((u.target, u.expr) for u in parts.updates)]
    taus = {s for state in parts.states if state.tau is not None for s in state.tau.free_symbols}
    taus |= {s for state in parts.states for s in state.initial.free_symbols}
    found = []
    with algebra.as_written(False):
        for parameter in parts.parameters:
            theta = symbol(parameter.name)
            holding = [(n, e) for n, e in holders if theta in e.free_symbols]
            if not parameter.free or theta in taus or len(holding) != 1:
                continue
            name, expr = holding[0]
            basis = _coefficient(expr, theta)
            if basis is not None:
                text = show_expression(parts, basis)
                found.append(Term(parameter.name, basis, name, text))
    return tuple(found)


def _coefficient(expr: sp.Expr, theta: sp.Symbol) -> sp.Expr | None:
    """What `theta` multiplies in `expr`, or None when `theta` is not a linear coefficient."""
    if expr == theta:
        return sp.Integer(1)
    parts = [a for a in expr.args if theta in a.free_symbols]
    if expr.is_Add:
        found = [_coefficient(a, theta) for a in parts]
        return None if None in found else algebra.add([f for f in found if f is not None])
    if expr.is_Mul and len(parts) == 1:
        inner = _coefficient(parts[0], theta)
        others = [a for a in expr.args if a is not parts[0]]
        return None if inner is None else algebra.multiply([inner, *others])
    return None


def drop(parts: RuleParts, names: Iterable[str]) -> RuleParts:
    """The rule with these parameters set to 0, and without what nothing uses any more."""
    zeros = {symbol(name): sp.Integer(0) for name in names}
    known = {symbol(p.name) for p in parts.parameters}
    for unknown in sorted(s.name for s in set(zeros) - known):
        raise RuleError(f"the rule has no parameter `{unknown}`")
    try:
        after = _substituted(parts, zeros)
    except exact.AlgebraError as problem:
        raise RuleError(
            f"dropping {', '.join(sorted(s.name for s in zeros))} makes {problem.message}"
        ) from None
    gone = (live_names(parts) - live_names(after)) | {s.name for s in zeros}
    return without(after, gone)


def _substituted(parts: RuleParts, values: Mapping[sp.Symbol, sp.Expr]) -> RuleParts:
    def new(expr: sp.Expr) -> sp.Expr:
        return algebra.substitute(expr, values)

    states = tuple(
        replace(
            s,
            expr=new(s.expr),
            tau=None if s.tau is None else new(s.tau),
            initial=new(s.initial),
        )
        for s in parts.states
    )
    if any(s.tau == 0 for s in states):
        raise exact.AlgebraError("a time constant or gain of zero")
    return replace(
        parts,
        definitions=tuple(replace(d, expr=new(d.expr)) for d in parts.definitions),
        states=states,
        updates=tuple(replace(u, expr=new(u.expr)) for u in parts.updates),
        forward=tuple((name, new(expr)) for name, expr in parts.forward),
    )


def live_names(parts: RuleParts) -> set[str]:
    """The names that the weights or the forward pass depend on."""
    reads: dict[str, set[str]] = {}
    for definition in parts.definitions:
        reads[definition.name] = {s.name for s in definition.expr.free_symbols}
    for state in parts.states:
        symbols = state.expr.free_symbols | (state.tau.free_symbols if state.tau else set())
        symbols |= state.initial.free_symbols
        reads[state.name] = {s.name for s in symbols}
    for update in parts.updates:
        if update.expr != symbol(update.target):
            names = {s.name for s in update.expr.free_symbols}
            reads[update.target] = reads.get(update.target, set()) | names
    live: set[str] = set()
    waiting = {WEIGHT} | {s.name for _, expr in parts.forward for s in expr.free_symbols}
    while waiting:
        name = waiting.pop()
        if name not in live:
            live.add(name)
            waiting |= reads.get(name, set())
    return live


def without(parts: RuleParts, gone: set[str]) -> RuleParts:
    """The rule without these names, which nothing that stays may read."""
    kept = replace(
        parts,
        parameters=tuple(p for p in parts.parameters if p.name not in gone),
        definitions=tuple(d for d in parts.definitions if d.name not in gone),
        states=tuple(s for s in parts.states if s.name not in gone),
        updates=tuple(
            u for u in parts.updates if u.target not in gone and u.expr != symbol(u.target)
        ),
    )
    declared = kept.nonlocal_names & used_names(kept)
    return outside_of(replace(kept, nonlocal_names=declared))
