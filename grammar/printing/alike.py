"""Which names of a rule would print alike; they are shown as they are written instead."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import sympy as sp

from rulegen.grammar.algebra.operators import Reduction
from rulegen.grammar.algebra.parts import RuleParts
from rulegen.grammar.algebra.symbols import MILLISECOND, SIGNALS, WEIGHT, is_group
from rulegen.grammar.printing.names import Kind, Piece, pieces, shown_as
from rulegen.grammar.printing.walk import CONDITION, HERE, RUNNING

#: The letter of what `forward bias` adds.
BIAS = "b"


def alike(parts: RuleParts) -> frozenset[str]:
    """The names of a rule's own that would look like another of its names.

    Example:
        >>> from rulegen.grammar.rule.parse import parse
        >>> rule = parse("param x_1 = 2\\nx1 <- x_1*u : post\\nr <- pre : pre\\nw += r*x1")
        >>> sorted(alike(rule))
        ['r', 'x1', 'x_1']
    """
    names = set(_names(parts))
    running = RUNNING[: max(map(_nesting, _formulas(parts)))]
    indices = {HERE.post, HERE.pre, *running}
    indices |= {CONDITION} if any(s.per_condition for s in parts.states) else set()
    others = [*running, *(BIAS for target, _ in parts.forward if target == "bias")]
    others += ["pi"] if any(expr.has(sp.pi) for expr in _formulas(parts)) else []
    looks = Counter(_look(name, indices) for name in [*names, *others])
    own = names - SIGNALS.keys() - {MILLISECOND}
    return frozenset(name for name in own if looks[_look(name, indices)] > 1)


def _names(parts: RuleParts) -> Iterator[str]:
    yield WEIGHT
    yield from (parameter.name for parameter in parts.parameters)
    yield from (definition.name for definition in parts.definitions)
    yield from (state.name for state in parts.states)
    for expr in _formulas(parts):
        yield from (str(symbol.name) for symbol in expr.free_symbols)


def _formulas(parts: RuleParts) -> Iterator[sp.Expr]:
    yield from (definition.expr for definition in parts.definitions)
    yield from (state.expr for state in parts.states)
    yield from (update.expr for update in parts.updates)
    yield from (state.initial for state in parts.states)
    yield from (state.tau for state in parts.states if state.tau is not None)
    yield from (expr for _, expr in parts.forward)


def _nesting(expr: sp.Basic) -> int:
    """How many sums over neurons stand in each other."""
    if not expr.has(Reduction):
        return 0
    return isinstance(expr, Reduction) + max(map(_nesting, expr.args), default=0)


def _look(name: str, indices: set[str]) -> tuple[Piece | str, ...]:
    """What the eye can tell a name by: its pieces, but for what may be indices below it."""
    if name in ("slope", "dt") or is_group(name):  # a prime, a Delta, an indicator
        return (name,)
    stem, *below = pieces(shown_as(name))
    while below and below[-1].kind in (Kind.LETTER, Kind.WORD) and not below[-1].bars:
        if not set(below[-1].text) <= indices:
            break
        below.pop()
    return (stem, *below)
