"""Names and an order for the parts of a rule that depend on its structure alone.

Every state and parameter has a colour, at first its kind; a round gives it a new colour made of the
formulas it occurs in, with colours for names. When that settles, things of different roles have
different colours, and ties are broken in the way that gives the smallest text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import sympy as sp

from grammar import algebra
from grammar.normal import serialise
from grammar.parts import RuleParts
from grammar.symbols import SIGNALS, WEIGHT, symbol

#: How many ways of breaking ties are tried.
MAX_TRIES = 24


def renamed(parts: RuleParts) -> RuleParts:
    """The rule with states `x1, x2, ...` and parameters `p1, p2, ...` in their canonical order."""
    colours = _refined(parts, _kinds(parts))
    budget = [MAX_TRIES]
    colours = _broken(parts, colours, budget)
    order = sorted(colours, key=lambda name: colours[name])
    states = {s.name for s in parts.states} - {WEIGHT}
    names = {n: f"x{i}" for i, n in enumerate([n for n in order if n in states], 1)}
    names |= {n: f"p{i}" for i, n in enumerate([n for n in order if n not in states], 1)}
    return _with_names(parts, names)


def _kinds(parts: RuleParts) -> dict[str, str]:
    kinds = {
        s.name: f"s{s.site.value}{s.form.value}{s.per_condition}{s.initial:.12g}"
        for s in parts.states
        if s.name != WEIGHT
    }
    return kinds | {p.name: f"p{p.free}" for p in parts.parameters}


def _formulas(parts: RuleParts) -> list[tuple[str, str, sp.Expr]]:
    """(role, owner, expression) of everything in the rule."""
    rows = [(f"state {s.form.value}", s.name, s.expr) for s in parts.states]
    rows += [("tau", s.name, s.tau) for s in parts.states if s.tau is not None]
    rows += [(f"{i} {u.event.value}", u.target, u.expr) for i, u in enumerate(parts.updates)]
    return rows + [(f"forward {name}", "", expr) for name, expr in parts.forward]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _refined(parts: RuleParts, colours: dict[str, str]) -> dict[str, str]:
    formulas = _formulas(parts)
    while True:
        new = {}
        for name, old in colours.items():
            seen = sorted(
                f"{role}|{_colour(colours, name)(symbol(owner))}|"
                f"{serialise(expr, _colour(colours, name))}"
                for role, owner, expr in formulas
                if owner == name or symbol(name) in expr.free_symbols
            )
            new[name] = _hash(old + "\n" + "\n".join(seen))
        if len(set(new.values())) == len(set(colours.values())):
            return new
        colours = new


def _colour(colours: dict[str, str], marked: str) -> Callable[[sp.Symbol], str]:
    def word(sym: sp.Symbol) -> str:
        name = str(sym.name)
        if name == marked:
            return "*"
        return name if name in SIGNALS or name == WEIGHT else colours.get(name, "-")

    return word


def _broken(parts: RuleParts, colours: dict[str, str], budget: list[int]) -> dict[str, str]:
    """Distinct colours for all names."""
    groups: dict[str, list[str]] = {}
    for name, colour in colours.items():
        groups.setdefault(colour, []).append(name)
    tied = next((groups[c] for c in sorted(groups) if len(groups[c]) > 1), None)
    if tied is None:
        return colours
    best: tuple[str, dict[str, str]] | None = None
    for name in tied:
        if best is not None and budget[0] <= 0:
            break
        budget[0] -= 1
        marked = colours | {name: _hash(colours[name] + "first")}
        candidate = _broken(parts, _refined(parts, marked), budget)
        text = _text(parts, candidate)
        if best is None or text < best[0]:
            best = (text, candidate)
    assert best is not None
    return best[1]


def _text(parts: RuleParts, colours: dict[str, str]) -> str:
    ranks = {n: f"#{i}" for i, n in enumerate(sorted(colours, key=lambda n: colours[n]))}
    rows = [
        f"{role}|{_colour(ranks, '')(symbol(owner))}|{serialise(expr, _colour(ranks, ''))}"
        for role, owner, expr in _formulas(parts)
    ]
    return "\n".join(sorted(rows))


def _with_names(parts: RuleParts, names: dict[str, str]) -> RuleParts:
    values = {symbol(old): symbol(new) for old, new in names.items()}

    def new(expr: sp.Expr) -> sp.Expr:
        return algebra.substitute(expr, values)

    def place(name: str) -> tuple[str, int]:
        return name[0], int(name[1:] or 0)

    return replace(
        parts,
        parameters=tuple(
            sorted(
                (replace(p, name=names[p.name]) for p in parts.parameters),
                key=lambda p: place(p.name),
            )
        ),
        states=tuple(
            sorted(
                (
                    replace(
                        s,
                        name=names.get(s.name, s.name),
                        expr=new(s.expr),
                        tau=None if s.tau is None else new(s.tau),
                    )
                    for s in parts.states
                ),
                key=lambda s: place(s.name),
            )
        ),
        updates=tuple(
            replace(u, target=names.get(u.target, u.target), expr=new(u.expr))
            for u in parts.updates
        ),
        forward=tuple((name, new(expr)) for name, expr in parts.forward),
    )
