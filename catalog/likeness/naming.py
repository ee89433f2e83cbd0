"""What a rule is, in terms of the rules of the literature, by algebra.

A rule *is* one of the literature when its formulas are the same up to the units of its states and
the values of parameters: learning rates, time constants, and the memories of running means. Limits
of weights and of their changes, and resets at the start of a trial, do not make another rule
either; they are said. One with a term or two more is that rule "+" these terms. Otherwise it is
unlike any, and the one with which it shares most terms is named.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from typing import NamedTuple

import sympy as sp

from rulegen.catalog.likeness.distance import algebraic_distance, canonical_terms
from rulegen.catalog.records.literature import literature
from rulegen.grammar import Event, Parameter, Rule, symbol
from rulegen.grammar.matching.matching import Extra, Match, matches, own_values, value
from rulegen.grammar.matching.outline import MEMORY, Outline, factors, outline, rates, with_memories
from rulegen.grammar.printing.unparse import show_expression

#: Values that differ by less than this share are the default.
SAME = 1e-6
#: More other values than this are counted instead of listed.
MOST_VALUES = 4
#: More parameters than this that had to vanish, and the rule is another one.
MOST_FORCED = 2
UNITS = {0: "", 1: " ms", -1: " 1/ms"}


class Naming(NamedTuple):
    """What a rule is.

    Attributes:
        known: the name of the rule of the literature that it is, with or without more terms; else
            of the nearest one.
        same: whether it is that rule. extended: whether it is that rule with more terms.
        text: in a line.
    """

    known: str
    same: bool
    extended: bool
    text: str


class Known(NamedTuple):
    """A rule of the literature, prepared to be found in others."""

    name: str
    title: str
    rule: Rule
    parts: Rule
    outline: Outline


def named(rule: Rule) -> Naming:
    """Say what a rule is.

    Example:
        >>> from rulegen.grammar import parse
        >>> named(parse("dw/dt = 0.1*post*(pre - 2*w*post)")).text
        "Oja's rule (`oja`) with alpha = 2"
        >>> named(parse("dw/dt = eta*post*pre - w/tau")).text
        "Hebb's rule (`hebb`) + decay of w"
    """
    return _named(rule)


@lru_cache(maxsize=256)
def _named(rule: Rule) -> Naming:
    if rule.inert:
        return Naming("", False, False, "no rule of the catalog: it changes no weight")
    mine, values = outline(rule), own_values(rule)
    found = [
        (_cost(known, match, differences), known, match, differences)
        for known in prepared()
        for match in matches(known.parts, known.outline, mine, values)
        if (differences := list(_differences(known, rule, match, mine, values))) is not None
    ]
    found = [f for f in found if f[0][1] <= MOST_FORCED]
    if not found:
        return _nearest(rule)
    _, known, match, differences = min(found, key=lambda f: (f[0], f[1].name))
    text = f"{known.title} (`{known.name}`)"
    text += "".join(f" + {_extra(rule, e)}" for e in match.extras)
    told = list(_values(known, match, rule, mine, values))
    if told:
        text += " with " + ", ".join(told)
    return Naming(known.name, not match.extras, True, "; ".join([text, *differences]))


@cache
def prepared() -> tuple[Known, ...]:
    """The rules of the literature with their outlines."""
    found = []
    for name, record in literature().items():
        parts = Rule.of(with_memories(record.rule))
        found.append(Known(name, record.title, record.rule, parts, outline(parts)))
    return tuple(found)


def _open(rule: Rule) -> bool:
    return any(p.value is None or p.free for p in rule.parameters)


def _cost(known: Known, match: Match, differences: list[str]) -> tuple[int, int, int, int]:
    """How far a match goes: fewer is better, and a larger rule explains more."""
    free = {p.name for p in known.rule.free}
    forced = [name for name in match.forced if name not in free]
    member = len(forced) < len(match.forced)
    size = sum(len(terms) for terms in known.outline.plain.values())
    return member * 10 + len(match.extras), len(forced), len(differences), -size


def _extra(rule: Rule, extra: Extra) -> str:
    """A term of the rule that the literature's lacks, in words where there are any."""
    owner, *event = extra.place.split(" ", 1)
    if extra.basis == symbol(owner):
        return f"{'growth' if extra.positive else 'decay'} of {owner}"
    text = show_expression(rule, extra.basis)
    return text if owner == "w" else f"{text} in {' '.join([owner, *event])}"


def _values(
    known: Known,
    match: Match,
    rule: Rule,
    mine: Outline,
    values: Mapping[sp.Symbol, float],
) -> Iterator[str]:
    """Coefficients of the rule, and values of the other's parameters that are not its defaults."""
    free = {p.name for p in known.rule.free}
    if not _open(rule):
        taken = {p.name for p in known.parts.parameters}
        for name in (n for n in _scales(match, mine, rates(rule)) if n not in taken):
            yield f"{name} = {values[symbol(name)]:.4g}"
    told, usual = list[str](), rates(known.rule)
    for parameter in known.parts.parameters:
        size = match.values.get(parameter.name)
        if size is None or parameter.name in usual or parameter.name in free:
            continue
        if parameter.name in match.forced:
            if size == parameter.value:
                continue
            told.append(f"{parameter.name} {'infinite' if size else '= 0'}")
        elif not _open(rule) and not math.isclose(size, parameter.value or 0.0, rel_tol=SAME):
            told.append(_told(parameter, size, match.stepwise))
    shown = sorted(free - set(match.forced)) if free & set(match.forced) else []
    told += [f"only {', '.join(shown)}"] if shown else []
    yield from told if len(told) <= MOST_VALUES else [f"{len(told)} other values"]


def _told(parameter: Parameter, size: float, stepwise: bool) -> str:
    if parameter.name.startswith(MEMORY):
        return f"memory {size:.4g} of {parameter.name.removeprefix(MEMORY)}"
    power = int(parameter.unit or 0)
    unit = UNITS.get(power, "")
    return f"{parameter.name} = {size:.4g}{' steps' if stepwise and power == 1 else unit}"


def _scales(match: Match, mine: Outline, taken: frozenset[str]) -> list[str]:
    """Parameters of the rule that only scale what drives one of its states."""
    found = list[str]()
    for own in match.states.values():
        drive = [
            term.slots[0].coefficient
            for term in mine.plain.get(own, {}).values()
            if symbol(own) not in term.basis.free_symbols
        ]
        found += frozenset.intersection(*map(factors, drive)) if drive else []
    everywhere = [
        {str(s.name) for slot in term.slots for s in slot.coefficient.free_symbols}
        for sums in mine.plain.values()
        for term in sums.values()
    ]
    return sorted(n for n in found if n not in taken and sum(n in e for e in everywhere) == 1)


def _differences(
    known: Known, rule: Rule, match: Match, mine: Outline, values: Mapping[sp.Symbol, float]
) -> Iterator[str]:
    """What else is not as in the literature, and does not make another rule."""
    other = known.outline
    for place in sorted(mine.limits.keys() | other.limits.keys()):
        if place not in mine.limits:
            yield "changes of w not limited"
        elif _open(rule):
            if place not in other.limits:
                yield "changes of w limited"
        else:
            low, high = (value(x, values) for x in mine.limits[place])
            start = {symbol(p.name): p.value or 0.0 for p in known.parts.parameters}
            usual = [value(x, start) for x in other.limits.get(place, ())]
            if usual != [low, high]:
                yield f"changes of w within [{low:.4g}, {high:.4g}]"
    if (rule.lower, rule.upper) != (known.rule.lower, known.rule.upper):
        yield (
            f"w within [{rule.lower:.4g}, {rule.upper:.4g}]"
            if math.isfinite(rule.lower) or math.isfinite(rule.upper)
            else "w without bounds"
        )
    if rule.zero_diagonal != known.rule.zero_diagonal:
        yield "diagonal of w at 0" if rule.zero_diagonal else "diagonal of w not at 0"
    for name, own in match.states.items():
        for event in Event:
            usual_reset = f"{name} on {event.value}" in other.resets
            if usual_reset != (f"{own} on {event.value}" in mine.resets):
                how = "not reset" if usual_reset else "reset"
                yield f"{own} {how} on {event.value}"
        if mine.states[own].per_condition != other.states[name].per_condition:
            each = "each condition" if mine.states[own].per_condition else "all conditions"
            yield f"one {own} for {each}"


def _nearest(rule: Rule) -> Naming:
    """The rule of the literature with which most terms are shared."""
    records = literature()
    distances = {name: algebraic_distance(rule, record.rule) for name, record in records.items()}
    name = min(distances, key=lambda n: (distances[n], n))
    text = "unlike any rule of the catalog"
    if distances[name] < 1:
        mine, theirs = canonical_terms(rule), canonical_terms(records[name].rule)
        text += (
            f"; the nearest is {records[name].title} (`{name}`), with which it shares "
            f"{len(mine & theirs)} of {len(mine | theirs)} terms"
        )
        return Naming(name, False, False, text)
    return Naming("", False, False, f"{text}, with which it shares no term")
