"""Which rules of the literature a rule may be called by, and which name goes least far."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import NamedTuple

import sympy as sp

from rulegen.catalog.likeness.known import Form, Known, known
from rulegen.grammar import Rule, symbol
from rulegen.grammar.algebra import algebra
from rulegen.grammar.algebra.symbols import WEIGHT
from rulegen.grammar.matching.equations import CLOSE
from rulegen.grammar.matching.matches import Extra, Match, matches
from rulegen.grammar.matching.outline import Outline
from rulegen.grammar.matching.sketch import sketch
from rulegen.grammar.matching.values import value

#: More time constants than this that had to be infinite, and the rule is another one.
MOST_FORCED = 2
#: A change at an event is no larger than one in every ms when it is that of so many ms.
SECOND = 1000.0


class Resemblance(NamedTuple):
    """A rule of the literature that a rule may be, or the opposite of."""

    known: Known
    form: Form
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

    @property
    def alternating(self) -> bool:
        """Whether a state would be forgotten faster than in a step, and so change its sign."""
        times = [p.name for p in self.form.parts.parameters if p.unit == 1]
        return self.match.stepwise and any(
            name not in self.match.forced and self.match.values.get(name, 1.0) < 1.0 - CLOSE
            for name in times
        )

    def fits(self, rule: Rule, values: Mapping[sp.Symbol, float]) -> bool:
        """Whether the rule may be called so: nothing that is named is missing or outweighed."""
        family, match = {p.name for p in self.known.rule.free}, self.match
        usual = {p.name for p in self.known.rule.parameters if p.value == 0}
        lost = {n for n in match.forced if match.values[n] == 0} - family - usual
        if lost or self.infinite > MOST_FORCED or self.alternating:
            return False
        if self.member or self.opposite:
            return not (match.extras or (self.member and self.opposite))
        return len(match.extras) <= match.shared and not any(
            _outweighs(rule, extra, values) for extra in match.extras
        )

    def cost(self, differences: int) -> tuple[int, ...]:
        """How far a match goes: fewer is better, and a larger rule explains more."""
        size = sum(len(terms) for terms in self.form.outline.plain.values())
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
    both = ((False, mine), (True, _opposite(mine)))
    drawn = sketch(mine)
    for one in known():
        if not one.may_be(mine.signals, drawn):
            continue
        for form, (opposite, turned) in product(one.forms, both):
            for match in matches(form.parts, form.outline, turned, values):
                resemblance = Resemblance(one, form, match, opposite)
                if resemblance.fits(rule, values):
                    yield resemblance


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
