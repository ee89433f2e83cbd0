"""How alike two rules are as algebra: the terms that they share.

A term is what is left of a summand of a formula without its numbers and parameters, with states
told apart by where they live: `theta_1*xi*pre` and `-0.5*xi*pre` are the same term. Limits of
weights and of their changes, resets, and how long a state lasts make no difference, so that two
rules which `rulegen.catalog.likeness.naming` calls by one name have the distance 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations

from rulegen.grammar import Rule, Site
from rulegen.grammar.algebra.symbols import WEIGHT
from rulegen.grammar.matching.outline import outline
from rulegen.grammar.matching.values import own_values, value

#: How a state is called in terms, by where it lives.
_STATES = {site: f"{site.value} state" for site in Site}


@lru_cache(maxsize=4096)
def canonical_terms(rule: Rule) -> frozenset[str]:
    """The terms of a rule, each as `what it changes: product`.

    Example:
        >>> from rulegen.grammar import parse
        >>> sorted(canonical_terms(parse("dw/dt = eta*post*(pre - alpha*post*w)")))
        ['w: post**2*w', 'w: post*pre']
    """
    own = outline(rule)
    names = {name: _STATES[state.site] for name, state in own.states.items()}
    values = own_values(rule)
    return frozenset(
        f"{place}: {shape}"
        for place, terms in own.sums(names).items()
        for shape, term in terms.items()
        if value(term.slots[0].coefficient, values) != 0
    )


def algebraic_distance(a: Rule, b: Rule) -> float:
    """The share of their terms that two rules do not have in common: 0 for all, 1 for none.

    Example:
        >>> from rulegen.grammar import parse
        >>> hebb, oja = parse("dw/dt = eta*post*pre"), parse("dw/dt = eta*post*(pre - post*w)")
        >>> algebraic_distance(hebb, oja)
        0.5
    """
    return term_distance(canonical_terms(a), canonical_terms(b))


def term_distance(a: frozenset[str], b: frozenset[str]) -> float:
    """The same of terms, as `canonical_terms` gives them."""
    mine, theirs = (frozenset(t for t in terms if not _fades(t)) for terms in (a, b))
    return 1.0 - len(mine & theirs) / max(len(mine | theirs), 1)


def _fades(term: str) -> bool:
    """Whether a term is the decay of a state: how long one lasts is a number like others."""
    owner, _, product = term.partition(": ")
    return product == owner != WEIGHT


def relation(a: Rule, b: Rule, name: str) -> str:
    """What `a` is in terms of `b`, which is called `name`.

    Example:
        >>> from rulegen.grammar import parse
        >>> hebb, decaying = parse("dw/dt = eta*post*pre"), parse("dw/dt = eta*post*pre - w/tau")
        >>> relation(decaying, hebb, "hebb"), relation(hebb, decaying, "decaying")
        ('the terms of hebb and w', 'the terms of decaying without w')
    """
    if a.digest == b.digest:
        return f"= {name}"
    mine, theirs = canonical_terms(a), canonical_terms(b)
    more, less, common = mine - theirs, theirs - mine, mine & theirs
    if not more and not less:
        return f"the terms of {name}"
    if not common:
        return f"shares no term with {name}"
    if less and more:
        return f"shares {len(common)} of {len(mine | theirs)} terms with {name}"
    word, terms = ("and", more) if more else ("without", less)
    return f"the terms of {name} {word} {', '.join(readable(term) for term in sorted(terms))}"


def readable(term: str) -> str:
    """A term with what it changes, where that is not the weight."""
    owner, _, product = term.partition(": ")
    if owner.startswith(WEIGHT):
        return product
    itself = product == owner.partition(" on ")[0]
    return f"the {owner} itself" if itself else f"{product} in the {owner}"


def relations(rules: Mapping[str, Rule]) -> dict[tuple[str, str], tuple[float, str]]:
    """Distance and relation of all pairs of rules, by their names."""
    return {
        (a, b): (algebraic_distance(rules[a], rules[b]), relation(rules[b], rules[a], a))
        for a, b in combinations(rules, 2)
    }
