"""Names and an order for the parts of a rule that depend on its structure alone.

Every state and parameter has a colour, at first its kind; a round gives it a new colour made of the
formulas it occurs in, with colours for names. When that settles, things of different roles have
different colours, and ties are broken in the way that gives the smallest text.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import sympy as sp

from grammar import algebra
from grammar.normal import serialise
from grammar.parts import RuleParts
from grammar.symbols import SIGNALS, WEIGHT, symbol

#: How many ways of breaking ties are tried.
MAX_TRIES = 24


@dataclass(frozen=True)
class _Row:
    """One formula of the rule: its role, the state that it changes, and the names in it."""

    role: str
    owner: str
    expr: sp.Expr
    names: frozenset[str]

    def show(self, colour: Callable[[sp.Symbol], str]) -> str:
        return f"{self.role}|{colour(symbol(self.owner))}|{serialise(self.expr, colour)}"


class _Rows:
    """All formulas of a rule, and those in which each name occurs."""

    def __init__(self, parts: RuleParts) -> None:
        rows = [(f"state {s.form.value}", s.name, s.expr) for s in parts.states]
        rows += [("tau", s.name, s.tau) for s in parts.states if s.tau is not None]
        rows += [(f"{i} {u.event.value}", u.target, u.expr) for i, u in enumerate(parts.updates)]
        rows += [(f"forward {name}", "", expr) for name, expr in parts.forward]
        self.all = [
            _Row(role, owner, expr, frozenset({owner} | {s.name for s in expr.free_symbols}))
            for role, owner, expr in rows
        ]
        self.holding: dict[str, list[_Row]] = {}
        for row in self.all:
            for name in row.names:
                self.holding.setdefault(name, []).append(row)


def renamed(parts: RuleParts) -> RuleParts:
    """The rule with states `x1, x2, ...` and parameters `p1, p2, ...` in their canonical order."""
    rows = _Rows(parts)
    colours = _broken(rows, _refined(rows, _kinds(parts)), [MAX_TRIES])
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


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _refined(rows: _Rows, colours: dict[str, str]) -> dict[str, str]:
    while True:
        new = {}
        for name, old in colours.items():
            colour = _colour(colours, name)
            seen = sorted(row.show(colour) for row in rows.holding.get(name, ()))
            new[name] = _hash(old + "\n" + "\n".join(seen))
        if len(set(new.values())) == len(set(colours.values())):
            return new
        colours = new


def _colour(colours: dict[str, str], marked: str = "") -> Callable[[sp.Symbol], str]:
    def word(sym: sp.Symbol) -> str:
        name = str(sym.name)
        if name == marked:
            return "*"
        return name if name in SIGNALS or name == WEIGHT else colours.get(name, "-")

    return word


def _broken(rows: _Rows, colours: dict[str, str], budget: list[int]) -> dict[str, str]:
    """Distinct colours for all names."""
    groups: dict[str, list[str]] = {}
    for name, colour in colours.items():
        groups.setdefault(colour, []).append(name)
    tied = next((groups[c] for c in sorted(groups) if len(groups[c]) > 1), None)
    if tied is None:
        return colours
    if budget[0] <= 0 or _interchangeable(rows, tied):
        marked = {name: _hash(f"{colours[name]} {i}") for i, name in enumerate(tied)}
        return _broken(rows, _refined(rows, colours | marked), budget)
    best: tuple[str, dict[str, str]] | None = None
    for name in tied:
        if best is not None and budget[0] <= 0:
            break
        budget[0] -= 1
        marked = {name: _hash(colours[name] + "first")}
        candidate = _broken(rows, _refined(rows, colours | marked), budget)
        text = _text(rows, candidate)
        if best is None or text < best[0]:
            best = (text, candidate)
    assert best is not None
    return best[1]


def _interchangeable(rows: _Rows, tied: list[str]) -> bool:
    """Whether exchanging any two of these names gives the same formulas: any order will do."""
    first = tied[0]

    def shown(touched: list[_Row], one: str, two: str) -> list[str]:
        words = {one: "(1)", two: "(2)"}
        return sorted(row.show(lambda s: words.get(s.name, s.name)) for row in touched)

    for other in tied[1:]:
        both = {id(r): r for n in (first, other) for r in rows.holding.get(n, ())}
        touched = list(both.values())
        if shown(touched, first, other) != shown(touched, other, first):
            return False
    return True


def _text(rows: _Rows, colours: dict[str, str]) -> str:
    colour = _colour({n: f"#{i}" for i, n in enumerate(sorted(colours, key=colours.__getitem__))})
    return "\n".join(sorted(row.show(colour) for row in rows.all))


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
