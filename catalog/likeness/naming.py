"""What a rule is, in terms of the rules of the literature, by algebra.

A rule *is* one of the literature when its formulas are the same up to the units of its states and
the values of parameters: learning rates, time constants, and the memories of running means. Limits
of weights and of their changes, and resets at the start of a trial, do not make another rule
either; they are said. One whose weights change the other way is the opposite of that rule. One with
a term or two more is that rule and these terms, with their signs and sizes, as long as they are no
more and no larger than what it has of that rule. It is a member of a family that can be nearly
anything only where nothing else fits, and the coefficients are said. Otherwise it is unlike any,
and the one with which it shares most terms is named.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

import sympy as sp

from rulegen.catalog.likeness.distance import canonical_terms, term_distance
from rulegen.catalog.likeness.known import known
from rulegen.catalog.likeness.resemblances import Resemblance, resemblances, undecided
from rulegen.grammar import Event, Parameter, Rule, symbol
from rulegen.grammar.algebra.exact import AlgebraError
from rulegen.grammar.algebra.parts import IN_TIME, Form
from rulegen.grammar.algebra.symbols import WEIGHT
from rulegen.grammar.matching.matches import Extra, Match
from rulegen.grammar.matching.memories import MEMORY
from rulegen.grammar.matching.outline import SET, Outline, factors, outline, rates
from rulegen.grammar.matching.values import own_values, value
from rulegen.grammar.printing.sums import weighted
from rulegen.grammar.printing.unparse import show_expression

#: Values that differ by less than this share are the default.
SAME = 1e-6
#: More other values than this are counted instead of listed.
MOST_VALUES = 4
UNITS = {0: "", 1: " ms", -1: " 1/ms"}


class Naming(NamedTuple):
    """What a rule is.

    Attributes:
        known: the name of the rule of the literature that it is, with or without more terms; else
            of the nearest one.
        same: whether it is that rule. extended: whether it is, with or without more terms.
        text: in a line.
    """

    known: str
    same: bool
    extended: bool
    text: str


def named(rule: Rule) -> Naming:
    """Say what a rule is.

    Example:
        >>> from rulegen.grammar import parse
        >>> named(parse("dw/dt = 0.1*post*(pre - 2*w*post)")).text
        "Oja's rule (`oja`) with alpha = 2"
        >>> named(parse("dw/dt = eta*post*pre - w/tau")).text
        "Hebb's rule (`hebb`) - w/tau"
        >>> named(parse("dw/dt = -0.1*post*pre")).text
        "the opposite of Hebb's rule (`hebb`)"
    """
    return _named(rule)


@lru_cache(maxsize=256)
def _named(rule: Rule) -> Naming:
    try:
        mine, values = outline(rule), own_values(rule)
    except AlgebraError as problem:
        return Naming("", False, False, f"no rule of the catalog: it has {problem.message}")
    if _idle(mine, values):
        return Naming("", False, False, "no rule of the catalog: it changes no weight")
    found = [
        (one, list(_differences(one, rule, mine, values)))
        for one in resemblances(rule, mine, values)
    ]
    if not found:
        return _nearest(rule)
    if _driven(mine, values):
        nearest = _nearest(rule)
        return nearest._replace(text=f"{nearest.text}; changes of w go one way alone")
    best, differences = min(found, key=lambda f: (f[0].cost(len(f[1])), f[0].known.name))
    name, match = best.known.name, best.match
    text = f"{'the opposite of ' if best.opposite else ''}{best.known.title} (`{name}`)"
    text += "".join(_extra(rule, mine, e, values) for e in match.extras)
    told = list(_values(best, rule, mine, values))
    if told:
        text += " with " + ", ".join(told)
    same = not best.opposite and not match.extras
    return Naming(name, same, not best.opposite, "; ".join([text, *differences]))


def _idle(mine: Outline, values: Mapping[sp.Symbol, float]) -> bool:
    """Whether it leaves the weights, and their use, as they are."""
    forgotten = any(f"{WEIGHT} on {event.value}" in mine.resets for event in Event)
    read = any(place.startswith("forward") for place in mine.changes)
    moved = any(
        value(term.slots[0].coefficient, values) != 0
        for place, terms in mine.plain.items()
        if place.split(" ", 1)[0] == WEIGHT
        for term in terms.values()
    )
    return not (forgotten or read or moved)


def _driven(mine: Outline, values: Mapping[sp.Symbol, float]) -> bool:
    """Whether limits let a change go one way alone, whatever it is the change of."""
    sizes = [[value(x, values) for x in pair] for pair in mine.limits.values()]
    return any(low >= 0 or high <= 0 for low, high in sizes)


def _extra(rule: Rule, mine: Outline, extra: Extra, values: Mapping[sp.Symbol, float]) -> str:
    """A term of the rule that the literature's lacks, with its sign and size."""
    owner, *event = extra.place.split(" ", 1)
    if event and event[0].startswith(SET):
        size, shown = _sized(rule, extra.coefficient, extra.basis, values)
        return f", {owner} {SET} {'-' if size else ''}{shown}{event[0].removeprefix(SET)}"
    if extra.basis == symbol(owner) and owner != WEIGHT and not event:
        negative, shown = _sized(rule, extra.coefficient, sp.Integer(1), values)
        each = "a step" if mine.states[owner].form is Form.STEP else "per ms"
        return f" + {'decay' if negative else 'growth'} of {owner} by {shown} {each}"
    # A state has a unit of its own, the weight has not.
    apart = extra.apart or owner == WEIGHT
    beside = sp.Integer(1) if apart else _magnitude(extra.beside, values)
    negative, shown = _sized(rule, extra.coefficient / beside, extra.basis, values)
    where = "" if extra.place == WEIGHT else f" in {extra.place}"
    return f" {'-' if negative else '+'} {shown}{where}"


def _magnitude(coefficient: sp.Expr, values: Mapping[sp.Symbol, float]) -> sp.Expr:
    """A coefficient without its sign."""
    return coefficient if value(coefficient, values) > 0 else -coefficient


def _sized(
    rule: Rule, coefficient: sp.Expr, basis: sp.Expr, values: Mapping[sp.Symbol, float]
) -> tuple[bool, str]:
    """Whether a term is negative, and the term without its sign, to three digits."""
    if coefficient.free_symbols & undecided(rule):
        negative = coefficient.could_extract_minus_sign()
        return negative, show_expression(rule, (-coefficient if negative else coefficient) * basis)
    return weighted(value(coefficient, values), show_expression(rule, basis))


def _values(
    one: Resemblance, rule: Rule, mine: Outline, values: Mapping[sp.Symbol, float]
) -> Iterator[str]:
    """Coefficients of the rule, and values of the other's parameters that are not its defaults."""
    known, match, parameters = one.known, one.match, one.form.parts.parameters
    free = {p.name for p in known.rule.free}
    if not undecided(rule):
        taken = {p.name for p in parameters}
        for name in (n for n in _scales(match, mine, rates(rule)) if n not in taken):
            yield f"{name} = {values[symbol(name)]:.4g}"
    told, usual = list[str](), rates(known.rule)
    # Beside a term of some size, a learning rate is not a matter of taste.
    beside = any(e.place.split(" ", 1)[0] == WEIGHT and not e.apart for e in match.extras)
    for parameter in parameters:
        size = match.values.get(parameter.name)
        rate = parameter.name in usual
        if size is None or (rate and not beside) or parameter.name in free:
            continue
        if parameter.name in match.forced:
            if size != parameter.value:
                told.append(f"{parameter.name} infinite")
        elif not undecided(rule) and (rate or not _default(parameter, size)):
            in_steps = rate and _changes(rule) is Form.STEP and _changes(known.rule) in IN_TIME
            told.append(_told(parameter, size, match.stepwise, " a step" if in_steps else ""))
    kept = sorted(free - set(match.forced))
    if undecided(rule):
        told += [f"only {', '.join(kept)}"] if kept and free & set(match.forced) else []
    else:
        largest = max((abs(match.values[name]) for name in kept), default=1.0)
        told += [f"{name} = {match.values[name] / largest:.3g}" for name in kept]
        if free & set(match.forced):
            yield from told
            return
    yield from told if len(told) <= MOST_VALUES else [f"{len(told)} other values"]


def _default(parameter: Parameter, size: float) -> bool:
    """Whether a value is that of the literature."""
    return math.isclose(size, parameter.value or 0.0, rel_tol=SAME)


def _changes(rule: Rule) -> Form | None:
    """How the weights change, None where events alone change them."""
    return next((s.form for s in rule.states if s.name == WEIGHT), None)


def _told(parameter: Parameter, size: float, stepwise: bool, counted: str) -> str:
    """A value with its unit; `counted` stands in place of one in steps."""
    if parameter.name.startswith(MEMORY):
        return f"memory {size if size > SAME else 0:.4g} of {parameter.name.removeprefix(MEMORY)}"
    power = int(parameter.unit or 0)
    unit = counted or UNITS.get(power, "")
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
    one: Resemblance, rule: Rule, mine: Outline, values: Mapping[sp.Symbol, float]
) -> Iterator[str]:
    """What else is not as in the literature, and does not make another rule."""
    known, match, other = one.known, one.match, one.form.outline
    for place in sorted(mine.limits.keys() | other.limits.keys()):
        if place not in mine.limits:
            yield "changes of w not limited"
        elif undecided(rule):
            if place not in other.limits:
                yield "changes of w limited"
        else:
            low, high = (value(x, values) for x in mine.limits[place])
            start = {symbol(p.name): p.value or 0.0 for p in one.form.parts.parameters}
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
    for place, (_, change) in mine.changes.items():
        if change == 0 and place not in other.changes:
            yield f"{place} always 0"
    for event in Event:
        if f"{WEIGHT} on {event.value}" in mine.resets - other.resets:
            yield f"{WEIGHT} reset on {event.value}"
    for name, own in match.states.items():
        first, usual_first = mine.states[own].initial, other.states[name].initial
        if bool(first) != bool(usual_first):  # where neither is 0, units may differ
            shown = f"{float(first):.4g}" if first.is_number else show_expression(rule, first)
            yield f"{own} begins at {shown}"
        for event in Event:
            usual_reset = f"{name} on {event.value}" in other.resets
            if f"{own} {SET} on {event.value}" in mine.changes:
                continue
            if usual_reset != (f"{own} on {event.value}" in mine.resets):
                how = "not reset" if usual_reset else "reset"
                yield f"{own} {how} on {event.value}"
        if mine.states[own].per_condition != other.states[name].per_condition:
            each = "each condition" if mine.states[own].per_condition else "all conditions"
            yield f"one {own} for {each}"


def _nearest(rule: Rule) -> Naming:
    """The rule of the literature with which most terms are shared."""
    mine, text = canonical_terms(rule), "unlike any rule of the catalog"
    one = min(known(), key=lambda one: (term_distance(mine, one.terms), one.name))
    if term_distance(mine, one.terms) == 1:
        return Naming("", False, False, f"{text}, with which it shares no term")
    shared = f"with which it shares {len(mine & one.terms)} of {len(mine | one.terms)} terms"
    if mine == one.terms:
        shared = "which has its terms, but not with such coefficients"
    text += f"; the nearest is {one.title} (`{one.name}`), {shared}"
    return Naming(one.name, False, False, text)
