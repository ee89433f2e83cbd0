"""Names and an order for the parts of a rule that depend on its structure alone.

The formulas of a rule make a graph: a vertex for each state, parameter, formula and part of one,
and edges from each part to what it consists of. The canonical order of its vertices is that of the
names.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import sympy as sp

from rulegen.grammar.algebra import algebra
from rulegen.grammar.algebra.content import COMMUTATIVE, serialise
from rulegen.grammar.algebra.parts import RuleParts, Update
from rulegen.grammar.algebra.symbols import WEIGHT, symbol
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.rule.labelling import TooSymmetric, canonical_order


def renamed(parts: RuleParts) -> RuleParts:
    """The rule with states `x1, x2, ...` and parameters `p1, p2, ...` in their canonical order.

    Updates of one event that do not depend on each other are ordered too.

    Raises:
        RuleError: the rule has so many states that look alike that no order can be found.
    """
    graph = _Graph(parts)
    try:
        order = canonical_order(graph.colours, graph.edges, graph.text)
    except TooSymmetric:
        raise RuleError(
            "too many states and parameters of the rule look alike to tell them apart",
            remedy="give parameters values, or leave out some of the states",
        ) from None
    return _with_names(parts, graph.names_in(order))


class _Graph:
    """The graph of a rule."""

    def __init__(self, parts: RuleParts) -> None:
        self.colours: list[str] = []
        self.edges: list[list[tuple[str, int]]] = []
        self.rows: list[tuple[str, str, sp.Expr]] = []
        self.known: dict[sp.Basic, int] = {}
        for state in parts.states:
            if state.name != WEIGHT:
                first = float(state.initial) if state.initial.is_number else "a formula"
                kind = (state.site.value, state.form.value, state.per_condition, first)
                self.known[symbol(state.name)] = self.vertex(f"state {kind!r}")
        self.states = len(self.colours)
        for parameter in parts.parameters:
            self.known[symbol(parameter.name)] = self.vertex(f"parameter {parameter.free}")
        self.names = {vertex: str(s.name) for s, vertex in self.known.items()}
        for state in parts.states:
            self.row(f"is {state.form.value}", state.name, state.expr)
            if state.tau is not None:
                self.row("tau", state.name, state.tau)
            if not state.initial.is_number:
                self.row("initial", state.name, state.initial)
        updates = [self.row(f"on {u.event.value}", u.target, u.expr) for u in parts.updates]
        for i, j in _dependences(parts.updates):
            self.join("before", updates[i], updates[j])
        for name, expr in parts.forward:
            self.row(f"forward {name}", WEIGHT, expr)

    def vertex(self, colour: str) -> int:
        self.colours.append(colour)
        self.edges.append([])
        return len(self.colours) - 1

    def join(self, label: str, one: int, other: int) -> None:
        self.edges[one].append((f">{label}", other))
        self.edges[other].append((f"<{label}", one))

    def row(self, role: str, owner: str, expr: sp.Expr) -> int:
        self.rows.append((role, owner, expr))
        vertex = self.vertex(role)
        self.join("of", vertex, self.part(symbol(owner)))
        self.join("", vertex, self.part(expr))
        return vertex

    def part(self, expr: sp.Basic) -> int:
        """The vertex of a part of a formula; equal parts share one."""
        if expr not in self.known:
            inner = [self.part(a) for a in expr.args]
            # What SymPy calls numbers and signals differ: `0` is none of a rule's names.
            colour = type(expr).__name__ if inner else str(expr)
            self.known[expr] = self.vertex(colour)
            for i, other in enumerate(inner):
                label = "" if isinstance(expr, COMMUTATIVE) else str(i)
                self.join(label, self.known[expr], other)
        return self.known[expr]

    def names_in(self, order: list[int]) -> dict[str, str]:
        """The canonical names by the present ones."""
        found = [v for v in order if v in self.names]
        states = [v for v in found if v < self.states]
        parameters = [v for v in found if v >= self.states]
        numbered = [("x", i, v) for i, v in enumerate(states, 1)]
        numbered += [("p", i, v) for i, v in enumerate(parameters, 1)]
        return {self.names[v]: f"{letter}{i}" for letter, i, v in numbered}

    def text(self, order: list[int]) -> str:
        """All formulas with their canonical names, and the order of those that have one."""
        names = self.names_in(order)

        def word(sym: sp.Symbol) -> str:
            return names.get(str(sym.name), str(sym.name))

        shown = [
            f"{role} {names.get(owner, owner)} {serialise(e, word)}" for role, owner, e in self.rows
        ]
        return "\n".join(sorted(shown))


def _dependences(updates: tuple[Update, ...]) -> Iterable[tuple[int, int]]:
    """The pairs of updates of one event that mean something else in another order."""
    reads = [{s.name for s in u.expr.free_symbols} | {u.target} for u in updates]
    for j, later in enumerate(updates):
        for i, earlier in enumerate(updates[:j]):
            if earlier.event is later.event and (
                earlier.target in reads[j] or later.target in reads[i]
            ):
                yield i, j


def _ordered(updates: tuple[Update, ...]) -> tuple[Update, ...]:
    """Updates in the order of their texts, but each after those that it depends on."""
    waiting: dict[int, set[int]] = {i: set() for i in range(len(updates))}
    for before, after in _dependences(updates):
        waiting[after].add(before)
    keys = {i: (u.event.value, u.target, serialise(u.expr, str)) for i, u in enumerate(updates)}
    found: list[int] = []
    while waiting:
        ready = min((i for i, needed in waiting.items() if not needed), key=keys.__getitem__)
        del waiting[ready]
        found.append(ready)
        for needed in waiting.values():
            needed.discard(ready)
    return tuple(updates[i] for i in found)


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
                        initial=new(s.initial),
                    )
                    for s in parts.states
                ),
                key=lambda s: place(s.name),
            )
        ),
        updates=_ordered(
            tuple(
                replace(u, target=names.get(u.target, u.target), expr=new(u.expr))
                for u in parts.updates
            )
        ),
        forward=tuple((name, new(expr)) for name, expr in parts.forward),
    )
