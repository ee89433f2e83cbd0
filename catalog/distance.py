"""How alike two rules are as algebra: the terms that their canonical forms share.

A term is what is left of a summand of a formula without its numbers and parameters, with states
told apart by where they live: `theta_1*xi*pre` and `-0.5*xi*pre` are the same term.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import combinations

import sympy as sp

from grammar import Form, Rule, Site
from grammar.operators import power
from grammar.symbols import SIGNALS, WEIGHT, symbol

#: How a state is called in terms, by where it lives.
_STATES = {site: f"{site.value} state" for site in Site}


@lru_cache(maxsize=4096)
def canonical_terms(rule: Rule) -> frozenset[str]:
    """The terms of a rule, each as `what it changes: product`.

    Example:
        >>> from grammar import parse
        >>> sorted(canonical_terms(parse("dw/dt = eta*post*(pre - alpha*post*w)")))
        ['w: post*pre', 'w: post^2*w']
    """
    form = rule.canonical()
    names = {s.name: _STATES[s.site] for s in form.states if s.name != WEIGHT}
    names |= {name: name for name in [*SIGNALS, WEIGHT]}
    terms = set()
    for state in form.states:
        # A step `x <- x + f` changes x by f, as `dx/dt = f` does.
        own = symbol(state.name) if state.form is Form.STEP else 0
        terms |= summands(names[state.name], state.expr - own, names)
    for update in form.updates:
        owner = f"{names[update.target]} on {update.event.value}"
        own = symbol(update.target) if symbol(update.target) in update.expr.args else 0
        terms |= summands(owner, update.expr - own, names)
    for target, expr in form.forward:
        terms |= summands(f"forward {target}", expr, names)
    return frozenset(terms)


def summands(owner: str, expr: sp.Expr, names: Mapping[str, str]) -> set[str]:
    """The terms of a sum that changes `owner`."""
    return {f"{owner}: {word(term, names) or '1'}" for term in sp.Add.make_args(expr)}


def word(expr: sp.Basic, names: Mapping[str, str]) -> str:
    """An expression without numbers and parameters; `names` are the variables that stay."""
    if expr.is_Symbol:
        return names.get(str(expr.name), "")
    if expr.is_Number:
        return "0" if expr == 0 else ""
    if expr.is_Pow or isinstance(expr, power):
        base, exponent = word(expr.args[0], names), expr.args[1]
        shown = str(exponent) if exponent.is_Number else word(exponent, names) or "p"
        return f"{base}^{shown}" if base else ""
    parts = sorted({word(arg, names) for arg in expr.args} - {""})
    if expr.is_Mul:
        return "*".join(parts) or "1"
    if expr.is_Add:
        return f"({' + '.join(parts)})" if len(parts) > 1 else "".join(parts)
    return f"{type(expr).__name__}({', '.join(parts)})"


def algebraic_distance(a: Rule, b: Rule) -> float:
    """The share of their terms that two rules do not have in common: 0 for all, 1 for none.

    Example:
        >>> from grammar import parse
        >>> hebb, oja = parse("dw/dt = eta*post*pre"), parse("dw/dt = eta*post*(pre - post*w)")
        >>> algebraic_distance(hebb, oja)
        0.5
    """
    mine, theirs = canonical_terms(a), canonical_terms(b)
    return 1.0 - len(mine & theirs) / max(len(mine | theirs), 1)


def relation(a: Rule, b: Rule, name: str) -> str:
    """What `a` is in terms of `b`, which is called `name`.

    Example:
        >>> from grammar import parse
        >>> hebb, decaying = parse("dw/dt = eta*post*pre"), parse("dw/dt = eta*post*pre - w/tau")
        >>> relation(decaying, hebb, "hebb"), relation(hebb, decaying, "decaying")
        ('= hebb + decay of w', '= decaying - decay of w')
    """
    if a.digest == b.digest:
        return f"= {name}"
    mine, theirs = canonical_terms(a), canonical_terms(b)
    more, less, common = mine - theirs, theirs - mine, mine & theirs
    if not more and not less:
        return f"= {name} with other numbers"
    if not common:
        return f"shares no term with {name}"
    if less and more:
        return f"shares {len(common)} of {len(mine | theirs)} terms with {name}"
    sign, terms = (" + ", more) if more else (" - ", less)
    return f"= {name}{sign}" + sign.join(readable(term) for term in sorted(terms))


def readable(term: str) -> str:
    """A term in words where there are any for it."""
    owner, _, product = term.partition(": ")
    if product == owner.partition(" on ")[0]:
        return f"decay of {owner}"
    return product if owner.startswith(WEIGHT) else f"{product} in the {owner}"


def relations(rules: Mapping[str, Rule]) -> dict[tuple[str, str], tuple[float, str]]:
    """Distance and relation of all pairs of rules, by their names."""
    return {
        (a, b): (algebraic_distance(rules[a], rules[b]), relation(rules[b], rules[a], a))
        for a, b in combinations(rules, 2)
    }
