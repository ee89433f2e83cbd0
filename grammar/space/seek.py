"""The terms of a rule that was written without a space in mind."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import sympy as sp

from rulegen.grammar.algebra import algebra, exact
from rulegen.grammar.algebra.decay import split_decay
from rulegen.grammar.algebra.normal import growth
from rulegen.grammar.algebra.parts import SPIKES, Form, State
from rulegen.grammar.algebra.symbols import WEIGHT, Site, join, symbol
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.reading.sites import site_table
from rulegen.grammar.rule.rule import Rule
from rulegen.grammar.rule.spikes import folded

#: An eligibility that would have more products than this is not taken apart.
MAX_PRODUCTS = 64

T = TypeVar("T")

#: Finds the term of which a formula is a multiple; see `rulegen.grammar.space.bases.Bases.match`.
Match = Callable[
    [sp.Expr, Mapping[sp.Symbol, sp.Expr], tuple[sp.Symbol, ...], Mapping[sp.Symbol, float]],
    T | None,
]


def found_terms(rule: Rule, match: Match[T]) -> list[T]:
    """The terms that a rule's eligibility consists of; empty where one of its parts is no term.

    Parts with a coefficient that is 0 are not there.
    """
    with algebra.as_written(False):
        try:
            known = _Eligibility(rule)
            return _matched(known.drive, known, match) or []
        except (RuleError, exact.AlgebraError):  # written out, a formula is too long
            return []


def _matched(product: sp.Expr, known: _Eligibility, match: Match[T]) -> list[T] | None:
    for expr in dict.fromkeys([product, known.without_factors(product)]):
        found = match(expr, known.drives, known.traces(expr), known.values)
        if found is not None:
            return [found]
    for parts in _opened(product):
        terms: list[T] = []
        for part in parts:
            inner = _matched(part, known, match)
            if inner is None:
                break
            terms += inner
        else:
            return terms
    return None


def _opened(product: sp.Expr) -> Iterator[Sequence[sp.Expr]]:
    """The products that come of multiplying out one of the sums in a product."""
    if growth(product)[0] > MAX_PRODUCTS:
        return
    factors = sp.Mul.make_args(product)
    for i, factor in enumerate(factors):
        opened = sp.Add.make_args(sp.expand(factor, deep=False))
        if len(opened) > 1:
            rest = [*factors[:i], *factors[i + 1 :]]
            yield [algebra.multiply([*rest, part]) for part in opened]


class _Eligibility:
    """What a rule adds up, with its filters of one neuron's activity as traces.

    Attributes:
        rule: the rule.
        drive: what it adds up; 0 where that cannot be told.
        drives: what each trace filters.
        values: numbers for the parameters; those without a value get one that is like no other.
    """

    def __init__(self, rule: Rule) -> None:
        self.rule = Rule.of(folded(rule))
        set_at_spikes = {u.target for u in self.rule.updates if u.event in SPIKES}
        self.drives: dict[sp.Symbol, sp.Expr] = {}
        self.values: dict[sp.Symbol, float] = {}
        for p in self.rule.parameters:
            arbitrary = random.Random(p.name).uniform(0.5, 2.0)
            self.values[symbol(p.name)] = arbitrary if p.value is None else p.value
        self.sites = site_table(self.rule)
        zeros = (symbol(p.name) for p in self.rule.parameters if p.value == 0)
        self.meaning: dict[sp.Symbol, sp.Expr] = dict.fromkeys(zeros, sp.Integer(0))
        for state in self.rule.states:
            if state.site in (Site.PRE, Site.POST) and state.name not in set_at_spikes:
                self._add_filter(state)
        self.drives = {t: algebra.substitute(e, self.meaning) for t, e in self.drives.items()}
        self.drive = algebra.substitute(self._drive(), self.meaning)

    def traces(self, expr: sp.Expr) -> tuple[sp.Symbol, ...]:
        """The traces that a formula needs."""
        found: set[sp.Symbol] = set()
        waiting = expr.free_symbols & self.drives.keys()
        while waiting:
            trace = waiting.pop()
            found.add(trace)
            waiting |= self.drives[trace].free_symbols & self.drives.keys() - found
        return tuple(sorted(found, key=str))

    def without_factors(self, product: sp.Expr) -> sp.Expr:
        """A product without the factors that all synapses share."""
        own = [f for f in sp.Mul.make_args(product) if self._site(f) is not Site.GLOBAL]
        return algebra.multiply(own) if own else product

    def _site(self, expr: sp.Expr) -> Site:
        return join(self.sites[s.name] for s in expr.free_symbols)

    def _decay(self, state: State) -> tuple[sp.Expr, sp.Expr]:
        """The rate at which a state forgets, 0 for one that adds up, and what drives it.

        In a step the state becomes `(1 - rate)*x + drive` where the rule is by steps.
        """
        expr, x = self.rule.expand(state.expr), symbol(state.name)
        if state.tau is not None:
            rate = algebra.reciprocal(self.rule.expand(state.tau))
            return rate, algebra.multiply([expr, rate]) if state.form is Form.LOWPASS else expr
        if state.form is Form.STEP:
            expr = algebra.add([expr, -x])
        return split_decay(expr, x, self.rule.constants)

    def _add_filter(self, state: State) -> None:
        """Read a state as a multiple of a trace; others are variables like no other."""
        rate, drive = self._decay(state)
        x = symbol(state.name)
        if rate == 0 or drive.has(x) or state.initial or drive == 0:
            return
        trace = symbol(f"trace {state.name}")
        gain = algebra.reciprocal(rate)
        self.drives[trace] = drive
        self.sites[trace.name] = state.site
        self.meaning[x] = algebra.multiply([gain, trace])

    def _drive(self) -> sp.Expr:
        """What drives the only synapse state, or else the weight; 0 where it is neither."""
        held = [s for s in self.rule.states if s.site is Site.SYNAPSE and s.name != WEIGHT]
        change = self._change()
        if not held:
            return change
        # What a weight makes of its state is not a part of the eligibility.
        states = {symbol(WEIGHT), *(symbol(s.name) for s in held)}
        others = change.free_symbols - states
        if len(held) > 1 or any(self.sites[s.name] is not Site.GLOBAL for s in others):
            return sp.Integer(0)
        return self._decay(held[0])[1]

    def _change(self) -> sp.Expr:
        """How the weight changes, or 0 where that happens at more than one occasion."""
        own = symbol(WEIGHT)
        changes = [algebra.add([u.expr, -own]) for u in self.rule.updates if u.target == WEIGHT]
        for state in self.rule.states:
            if state.name == WEIGHT:
                step = state.form is Form.STEP
                changes.append(algebra.add([state.expr, -own]) if step else state.expr)
        return self.rule.expand(changes[0]) if len(changes) == 1 else sp.Integer(0)
