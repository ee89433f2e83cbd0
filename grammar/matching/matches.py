"""Whether a rule is another one with some values of its parameters, and what else it has.

A rule is matched with a *template*, whose parameters are unknown. Both are outlines: equal shapes
give one equation for each coefficient, `template(p) = rule`, in which every state of the rule may
have a unit of its own (`rulegen.grammar.matching.equations`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import sympy as sp

from rulegen.grammar.algebra.parts import Form, RuleParts, State
from rulegen.grammar.algebra.symbols import WEIGHT
from rulegen.grammar.matching.equations import Solver, equations
from rulegen.grammar.matching.outline import Outline, Sum
from rulegen.grammar.matching.values import value

#: More terms than this beside those of the template, and the rule is another one.
MOST_EXTRAS = 2
#: So many ways to find the states of the template in the rule are tried,
MOST_PAIRINGS = 200
#: and for each so many to find its terms among those of one shape.
MOST_ORDERS = 24


class Extra(NamedTuple):
    """A term of the rule that the template lacks.

    Attributes:
        place: what it changes, as `e` or `w on reward`.
        basis: the term without its coefficient.
        coefficient: a formula of the rule's parameters.
        beside: the largest coefficient that the rule has of the template's in that formula, or in
            those of the weights where `apart`.
        apart: whether the rule has nothing of the template's in that formula.
    """

    place: str
    basis: sp.Expr
    coefficient: sp.Expr
    beside: sp.Expr
    apart: bool


@dataclass(frozen=True)
class Match:
    """A rule in terms of a template.

    Attributes:
        values: of the parameters of the template; 0 or infinity where a term of it is missing.
        forced: names of parameters that a missing term made 0 or infinite.
        states: the rule's names of the states of the template.
        shared: number of the terms of the template that the rule has.
        extras: terms of the rule that the template lacks.
        stepwise: whether a state of the rule counts steps where the template counts ms.
    """

    values: Mapping[str, float]
    forced: tuple[str, ...]
    states: Mapping[str, str]
    shared: int
    extras: tuple[Extra, ...]
    stepwise: bool


def matches(
    template: RuleParts, unknown: Outline, rule: Outline, values: Mapping[sp.Symbol, float]
) -> Iterator[Match]:
    """The ways in which a rule is the template, perhaps with a few more terms.

    Args:
        template: whose parameters are sought; their values are where the search starts.
        unknown: its outline.
        rule: the outline of the rule.
        values: of the rule's parameters.

    Example:
        >>> from rulegen.grammar import parse
        >>> from rulegen.grammar.matching.outline import outline
        >>> oja = parse("param eta = 0.1\\nparam alpha = 1\\ndw/dt = eta*post*(pre - alpha*post*w)")
        >>> mine = parse("dw/dt = 0.2*pre*post - 0.6*post**2*w")
        >>> found = next(matches(oja, outline(oja), outline(mine), {}))
        >>> {name: round(value, 9) for name, value in found.values.items()}
        {'eta': 0.2, 'alpha': 3.0}
    """
    if not unknown.signals <= rule.signals:
        return
    theirs = unknown.plain
    if _surplus(theirs, rule, values) > MOST_EXTRAS:
        return
    for pairs, mine in _readings(unknown, rule):
        if not all(_shared(terms, mine.get(place)) for place, terms in theirs.items()):
            continue
        extras = list(_extras(theirs, mine, unknown, values))
        if len(extras) > MOST_EXTRAS:
            continue
        solution = Solver(template, list(equations(theirs, mine, values))).solve()
        if solution is not None:
            found = tuple(e._replace(place=renamed(e.place, pairs)) for e in extras)
            forms = [(unknown.states[a].form, rule.states[b].form) for a, b in pairs.items()]
            stepwise = any(a is not Form.STEP and b is Form.STEP for a, b in forms)
            shared = sum(
                value(term.slots[0].coefficient, values) != 0
                for place, terms in theirs.items()
                for shape, term in mine[place].items()
                if shape in terms
            )
            yield Match(*solution, pairs, shared, found, stepwise)


def _surplus(theirs: Mapping[str, Sum], rule: Outline, values: Mapping[sp.Symbol, float]) -> int:
    """How many more terms the weights of the rule have, whatever its states are called."""
    return sum(
        sum(value(term.slots[0].coefficient, values) != 0 for term in terms.values())
        - len(theirs.get(place, ()))
        for place, terms in rule.plain.items()
        if _changed(place) == WEIGHT
    )


def _readings(unknown: Outline, rule: Outline) -> Iterator[tuple[dict[str, str], dict[str, Sum]]]:
    """The sums of the rule, its states under the names of the template's, in every order."""
    for pairs in _pairings(unknown, rule):
        mine = rule.sums({own: name for name, own in pairs.items()} | _strangers(unknown, pairs))
        for found in itertools.islice(_orders(mine, unknown.plain), MOST_ORDERS):
            yield pairs, found


def _orders(mine: dict[str, Sum], theirs: Mapping[str, Sum]) -> Iterator[dict[str, Sum]]:
    """Sums whose terms of one shape stand in every order, where the template has such terms."""
    alike = [
        (place, same)
        for place, terms in mine.items()
        for shape, group in itertools.groupby(terms, key=lambda name: terms[name].shape)
        if len(same := list(group)) > 1 and shape in theirs.get(place, {})
    ]
    for chosen in itertools.product(*(itertools.permutations(same) for _, same in alike)):
        found = {place: dict(terms) for place, terms in mine.items()}
        for (place, same), order in zip(alike, chosen, strict=True):
            found[place] |= {
                name: mine[place][other] for name, other in zip(same, order, strict=True)
            }
        yield found


def _pairings(unknown: Outline, rule: Outline) -> Iterator[dict[str, str]]:
    """Every way to find the states of the template among those of the rule."""
    theirs, mine = _blank(unknown), _blank(rule)
    choices = [[own for own in mine if _alike(theirs[name], mine[own])] for name in theirs]
    for chosen in itertools.islice(itertools.product(*choices), MOST_PAIRINGS):
        if len(set(chosen)) == len(chosen):
            yield dict(zip(theirs, chosen, strict=True))


def _blank(outline: Outline) -> dict[str, tuple[State, set[str]]]:
    """Each state with the shapes of its change in which all states have one name."""
    found = {}
    names = dict.fromkeys(outline.states, "state")
    for name, state in outline.states.items():
        owner, expr = outline.changes.get(name, (name, sp.Integer(0)))
        found[name] = state, set(outline.sum(expr, owner, names))
    return found


def _alike(theirs: tuple[State, set[str]], mine: tuple[State, set[str]]) -> bool:
    """Whether a state of the rule can be this one of the template."""
    kinds = [(s.site, s.form is Form.AVERAGE) for s, _ in (theirs, mine)]
    return kinds[0] == kinds[1] and (not theirs[1] or bool(theirs[1] & mine[1]))


def _shared(theirs: Sum, mine: Sum | None) -> bool:
    """Whether a formula of the template is there, with one term of it at least."""
    return mine is not None and (not theirs or bool(theirs.keys() & mine.keys()))


def _strangers(unknown: Outline, pairs: Mapping[str, str]) -> dict[str, str]:
    """Other names for states of the rule that would be taken for those of the template."""
    return {n: f"other {n}" for n in unknown.states if n not in pairs.values()}


def renamed(place: str, names: Mapping[str, str]) -> str:
    """A place such as `e on trial start`, with another name for its state."""
    owner, *event = place.split(" ", 1)
    return " ".join([names.get(owner, owner), *event])


def _changed(place: str) -> str:
    """What a formula changes: `e` of `e on trial start`."""
    return place.split(" ", 1)[0]


def _extras(
    theirs: Mapping[str, Sum],
    mine: Mapping[str, Sum],
    unknown: Outline,
    values: Mapping[sp.Symbol, float],
) -> Iterator[Extra]:
    """What the rule adds, where the template has something to add to."""
    common = {
        place: [mine[place][shape].slots[0].coefficient for shape in terms if shape in mine[place]]
        for place, terms in theirs.items()
    }
    of_weights = [c for place, each in common.items() if _changed(place) == WEIGHT for c in each]
    for place, terms in mine.items():
        owner = _changed(place)
        if place in theirs or owner in (WEIGHT, "forward") or owner in unknown.states:
            beside = max(
                common.get(place) or of_weights or [sp.Integer(1)],
                key=lambda c: abs(value(c, values)),
            )
            for shape, term in terms.items():
                coefficient = term.slots[0].coefficient
                if shape not in theirs.get(place, {}) and value(coefficient, values) != 0:
                    apart = not common.get(place)
                    yield Extra(place, term.basis, coefficient, beside, apart)
