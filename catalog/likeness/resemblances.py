"""Which rules of the literature a rule may be called by, and which name goes least far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import NamedTuple

import sympy as sp

from rulegen.catalog.records.literature import literature
from rulegen.grammar import Parameter, Rule, symbol
from rulegen.grammar.algebra import algebra
from rulegen.grammar.algebra.symbols import WEIGHT
from rulegen.grammar.matching.equations import CLOSE
from rulegen.grammar.matching.matches import Extra, Match, matches
from rulegen.grammar.matching.outline import Outline, outline, with_memories
from rulegen.grammar.matching.values import value

#: More time constants than this that had to be infinite, and the rule is another one.
MOST_FORCED = 2
#: A change at an event is no larger than one in every ms when it is that of so many ms.
SECOND = 1000.0


class Known(NamedTuple):
    """A rule of the literature, prepared to be found in others."""

    name: str
    title: str
    rule: Rule
    parts: Rule
    outline: Outline


class Resemblance(NamedTuple):
    """A rule of the literature that a rule may be, or the opposite of."""

    known: Known
    match: Match
    opposite: bool

    @property
    def member(self) -> bool:
        """Whether coefficients of a family had to vanish."""
        return any(p.name in self.match.forced for p in self.known.rule.free)

    @property
    def infinite(self) -> int:
        """How many time constants had to be infinite."""
        return sum(self.match.values[name] != 0 for name in self.match.forced)

    def fits(self, rule: Rule, values: Mapping[sp.Symbol, float]) -> bool:
        """Whether the rule may be called so: nothing that is named is missing or outweighed."""
        family, match = {p.name for p in self.known.rule.free}, self.match
        usual = {p.name for p in self.known.rule.parameters if p.value == 0}
        lost = {n for n in match.forced if match.values[n] == 0} - family - usual
        if lost or self.infinite > MOST_FORCED:
            return False
        if self.member or self.opposite:
            return not (match.extras or (self.member and self.opposite))
        return len(match.extras) <= match.shared and not any(
            _outweighs(rule, extra, values) for extra in match.extras
        )

    def cost(self, differences: int) -> tuple[int, ...]:
        """How far a match goes: fewer is better, and a larger rule explains more."""
        size = sum(len(terms) for terms in self.known.outline.plain.values())
        more = 2 * len(self.match.extras) + self.opposite
        return self.member, more, self.infinite, differences, -size


def resemblances(
    rule: Rule, mine: Outline, values: Mapping[sp.Symbol, float]
) -> Iterator[Resemblance]:
    """Every way to call a rule by one of the literature.

    Args:
        rule: the rule.
        mine: its outline.
        values: of its parameters.
    """
    for known in prepared():
        for opposite, form in ((False, mine), (True, _opposite(mine))):
            for match in matches(known.parts, known.outline, form, values):
                resemblance = Resemblance(known, match, opposite)
                if resemblance.fits(rule, values):
                    yield resemblance


@cache
def prepared() -> tuple[Known, ...]:
    """The rules of the literature with their outlines.

    A rule stands there once more without each parameter, and all of them, that is usually 0: others
    need no states that these alone need.
    """
    found = []
    for name, record in literature().items():
        parts = Rule.of(with_memories(record.rule))
        absent = [symbol(p.name) for p in parts.parameters if _absent(p)]
        for count in range(len(absent) + 1):
            for some in combinations(absent, count):
                form = _substituted(parts, dict.fromkeys(some, sp.Integer(0)))
                found.append(Known(name, record.title, record.rule, form, outline(form)))
    return tuple(found)


def _absent(parameter: Parameter) -> bool:
    """Whether a parameter is usually 0, and no coefficient of a family."""
    return parameter.value == 0 and not parameter.free


def _substituted(rule: Rule, values: Mapping[sp.Symbol, sp.Expr]) -> Rule:
    """A rule with numbers for some parameters."""

    def new(expr: sp.Expr) -> sp.Expr:
        return algebra.substitute(expr, values)

    return Rule.of(
        replace(
            rule,
            parameters=tuple(p for p in rule.parameters if symbol(p.name) not in values),
            definitions=tuple(replace(d, expr=new(d.expr)) for d in rule.definitions),
            states=tuple(
                replace(s, expr=new(s.expr), tau=None if s.tau is None else new(s.tau))
                for s in rule.states
            ),
            updates=tuple(replace(u, expr=new(u.expr)) for u in rule.updates),
            forward=tuple((name, new(expr)) for name, expr in rule.forward),
        )
    )


def _opposite(mine: Outline) -> Outline:
    """The outline of the rule that changes the weights the other way."""
    changes = {
        place: (owner, algebra.multiply([sp.Integer(-1), change]) if owner == WEIGHT else change)
        for place, (owner, change) in mine.changes.items()
    }
    return replace(mine, changes=changes)


def _outweighs(rule: Rule, extra: Extra, values: Mapping[sp.Symbol, float]) -> bool:
    """Whether a term is larger than all that it stands beside."""
    owner = extra.place.split(" ", 1)[0]
    if extra.basis == symbol(owner) and owner != WEIGHT:
        return False  # how long a state lasts is a number like others
    if (extra.coefficient.free_symbols | extra.beside.free_symbols) & undecided(rule):
        return False
    size, beside = (abs(value(c, values)) for c in (extra.coefficient, extra.beside))
    if extra.apart:
        return owner == WEIGHT and not size <= SECOND * beside
    return not size <= (1.0 + CLOSE) * beside


def undecided(rule: Rule) -> set[sp.Symbol]:
    """Parameters whose values are open."""
    return {symbol(p.name) for p in rule.parameters if p.value is None or p.free}
