"""The outline of a rule: its formulas as sums of terms, each a shape with coefficients.

A term such as `-eta*alpha*post**2*w` has the shape `post**2*w` and the coefficient `-eta*alpha`.
Two rules that differ in nothing but their parameters have the same shapes. What stands within a
function is a sum with coefficients of its own: `relu(u - theta)` has the shape `relu(#*u + #)`,
and `relu(theta - u)` another one. Terms of one shape that differ within a function, as those of two
thresholds, are terms of their own.

States are what they change by, whatever the form: `e <- e + f` and `de/dt = f` change by f in every
step (of which the derivative says the rate). Limits of the change of a weight are kept apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import sympy as sp
from sympy.functions.elementary.piecewise import ExprCondPair

from rulegen.grammar.algebra import algebra
from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.normal import growth, normal
from rulegen.grammar.algebra.parts import Event, Form, RuleParts, State
from rulegen.grammar.algebra.symbols import MILLISECOND, WEIGHT, symbol
from rulegen.grammar.matching.values import own_values, value
from rulegen.grammar.rule.canonical import MAX_LEAVES
from rulegen.grammar.rule.locality import expressions
from rulegen.grammar.rule.spikes import folded
from rulegen.grammar.rule.terms import live_names

#: The shape of a value that a state is set to, rather than changed by.
SET = "set to"


class Slot(NamedTuple):
    """One coefficient of an outline.

    Attributes:
        coefficient: a formula of parameters alone.
        states: the powers of states that it multiplies.
        owner: the state that the term changes; empty within a function.
    """

    coefficient: sp.Expr
    states: tuple[tuple[str, sp.Expr], ...]
    owner: str


class Term(NamedTuple):
    """A term: its coefficient first, then those within its functions; `basis` is the rest."""

    slots: tuple[Slot, ...]
    basis: sp.Expr
    shape: str


#: What one formula adds up, by shape; where there are more of one, the others have their number.
Sum = dict[str, Term]


@dataclass(frozen=True)
class Outline:
    """The formulas of a rule as sums.

    Attributes:
        changes: by what they change (`w`, `e`, `w on reward`, `forward bias`), its symbol or
            nothing, and the change.
        resets: states that an event sets to 0, as `e on trial start`.
        limits: of the changes that a clip keeps within two formulas of parameters.
        states: those that matter, but for the weights.
        parameters: symbols that are coefficients, with the values by which terms are put in order.
        signals: names of what the circuit provides and the formulas read.
    """

    changes: dict[str, tuple[str, sp.Expr]]
    resets: frozenset[str]
    limits: dict[str, tuple[sp.Expr, sp.Expr]]
    states: dict[str, State]
    parameters: dict[sp.Symbol, float]
    signals: frozenset[str]

    @cached_property
    def plain(self) -> dict[str, Sum]:
        """All formulas as sums of terms."""
        return self.sums({})

    def sums(self, names: Mapping[str, str]) -> dict[str, Sum]:
        """All formulas as sums of terms, with other names for some states."""
        found = {}
        for key, (owner, expr) in self.changes.items():
            place = key.replace(owner, names.get(owner, owner), 1) if owner else key
            found[place] = self.sum(expr, owner, names)
        return found

    def sum(self, expr: sp.Expr, owner: str, names: Mapping[str, str]) -> Sum:
        """One formula, the change of `owner`, as a sum of terms."""

        def word(sym: sp.Symbol) -> str:
            return names.get(str(sym.name), str(sym.name))

        return self._sum(expr, names.get(owner, owner), word)

    def _sum(self, expr: sp.Expr, owner: str, word: Callable[[sp.Symbol], str]) -> Sum:
        """The terms of a formula; those of one shape that have the same inside are one term."""
        found: dict[tuple[str, tuple[Slot, ...]], tuple[Slot, sp.Expr, list[sp.Expr]]] = {}
        for term in sp.Add.make_args(expr):
            factors = sp.Mul.make_args(term)
            known = [f for f in factors if f.free_symbols <= self.parameters.keys()]
            rest = [f for f in factors if not f.free_symbols <= self.parameters.keys()]
            shapes, inner, powers = [], list[Slot](), Counter[str]()
            # Once for each: the shapes of what is inside are made with it.
            shaped = [(*self._shape(factor, word), factor) for factor in rest]
            for shape, slots, factor in sorted(shaped, key=lambda found: found[0]):
                base, exponent = factor.as_base_exp()
                if base.is_Symbol and exponent.is_Rational and str(base.name) in self.states:
                    powers[word(base)] += exponent
                shapes.append(shape)
                inner += slots
            slot = Slot(sp.S.Zero, tuple(sorted(powers.items())), owner)
            key = "*".join(shapes) or "1", tuple(inner)
            found.setdefault(key, (slot, sp.Mul(*rest), []))[2].append(sp.Mul(*known))
        terms: Sum = {}
        for (shape, within), (slot, basis, coefficients) in sorted(found.items(), key=self._order):
            if total := sp.Add(*coefficients):
                count = sum(term.shape == shape for term in terms.values())
                place = f"{shape}, no. {count + 1}" if count else shape
                slots = slot._replace(coefficient=total), *within
                terms[place] = Term(slots, basis, shape)
        return terms

    def _order(self, found: tuple[tuple[str, tuple[Slot, ...]], object]) -> tuple[str, list[float]]:
        """Of the terms of a sum: by shape, then by the numbers within functions."""
        (shape, inner), _ = found
        return shape, [value(slot.coefficient, self.parameters) for slot in inner]

    def _shape(
        self, expr: sp.Basic, word: Callable[[sp.Symbol], str]
    ) -> tuple[str, tuple[Slot, ...]]:
        """A factor without its coefficients, and these."""
        if expr.is_Symbol:
            return word(expr), ()
        if expr in (sp.true, sp.false):
            return str(expr), ()
        if expr.is_Pow and expr.exp.is_Rational:
            if expr.base.is_Symbol:
                return f"{word(expr.base)}**{expr.exp}", ()
            shape, slots = self._argument(expr.base, word)
            return f"({shape})**{expr.exp}", slots
        even = isinstance(expr, sp.Eq | sp.Ne | sp.Abs | sp.cos)
        signed = not isinstance(expr, ExprCondPair)
        parts = [self._argument(a, word, even=even, signed=signed) for a in expr.args]
        if isinstance(expr, sp.And | sp.Or | sp.Min | sp.Max):
            parts.sort(key=lambda part: part[0])
        name = getattr(expr, "rel_op", type(expr).__name__)
        return f"{name}({', '.join(s for s, _ in parts)})", tuple(x for _, s in parts for x in s)

    def _argument(
        self,
        expr: sp.Basic,
        word: Callable[[sp.Symbol], str],
        *,
        even: bool = False,
        signed: bool = True,
    ) -> tuple[str, tuple[Slot, ...]]:
        """What a function is applied to: a sum with coefficients of its own.

        Its sign is that of its first term of signals alone, since a state may be counted the other
        way; an even function takes it for its negative. What a choice is between may have either.
        """
        if not isinstance(expr, sp.Expr):
            return self._shape(expr, word)
        terms = self._sum(expr, "", word)
        first = next((shape for shape, term in terms.items() if self._measured(term.basis)), "")
        if signed and first and value(terms[first].slots[0].coefficient, self.parameters) < 0:
            if even:
                return self._argument(algebra.multiply([sp.Integer(-1), expr]), word)
            shapes = [f"-{shape}" if shape == first else shape for shape in terms]
        else:
            shapes = list(terms)
        return " + ".join(shapes), tuple(slot for term in terms.values() for slot in term.slots)

    def _measured(self, basis: sp.Expr) -> bool:
        """Whether signals are all that a term without its coefficient has."""
        read = {str(sym.name) for sym in basis.free_symbols}
        return bool(read) and not read & self.states.keys()


def outline(parts: RuleParts) -> Outline:
    """The outline of a rule; what has no part in what it does is left out.

    Example:
        >>> from rulegen.grammar import parse
        >>> oja = outline(parse("dw/dt = eta*post*(pre - alpha*post*w)"))
        >>> [(shape, term.slots[0].coefficient) for shape, term in oja.plain["w"].items()]
        [('post**2*w', -alpha*eta), ('post*pre', eta)]
    """
    parts = folded(parts)
    meaning: dict[sp.Symbol, sp.Expr] = {symbol(MILLISECOND): sp.Integer(1)}
    for definition in parts.definitions:
        meaning[symbol(definition.name)] = algebra.substitute(definition.expr, meaning)
    exprs = expressions(parts)
    multiply = sum(growth(e)[1] for e in exprs) <= MAX_LEAVES
    live, parameters = live_names(parts), own_values(parts)
    states = {s.name: s for s in parts.states if s.name in live}
    changes: dict[str, tuple[str, sp.Expr]] = {}
    limits: dict[str, tuple[sp.Expr, sp.Expr]] = {}
    resets, values = set(), dict[tuple[str, str], sp.Expr]()
    for state in states.values():
        values[state.name, ""] = algebra.substitute(_change(state), meaning)
    for (name, moment), expr in _updated(parts, meaning).items():
        if name in live or name == WEIGHT:
            values[name, f" on {moment.value}"] = expr
    for (name, event), expr in values.items():
        own = symbol(name)
        if event and expr == own:
            continue
        if event and own in expr.args and expr.is_Add:
            expr = algebra.add([a for a in expr.args if a != own])
        elif event and expr == 0:
            resets.add(name + event)
            continue
        elif event:
            event = f" {SET}{event}"
        if name == WEIGHT:
            expr, bounds = _unlimited(expr, parameters)
            if bounds:
                limits[name + event] = bounds
        changes[name + event] = name, _plain(expr, multiply)
    for target, expr in parts.forward:
        changes[f"forward {target}"] = "", _plain(algebra.substitute(expr, meaning), multiply)
    read = frozenset[sp.Symbol]().union(*(e.free_symbols for _, e in changes.values()))
    return Outline(
        changes=changes,
        resets=frozenset(resets),
        limits=limits,
        states={name: state for name, state in states.items() if name != WEIGHT},
        parameters=parameters,
        signals=frozenset(str(s.name) for s in read - parameters.keys()) - states.keys() - {WEIGHT},
    )


def _updated(
    parts: RuleParts, meaning: Mapping[sp.Symbol, sp.Expr]
) -> dict[tuple[str, Event], sp.Expr]:
    """What each event makes of what it updates; updates see what earlier ones of it did."""
    found: dict[tuple[str, Event], sp.Expr] = {}
    for update in parts.updates:
        earlier = {symbol(n): expr for (n, event), expr in found.items() if event == update.event}
        expr = algebra.substitute(algebra.substitute(update.expr, meaning), earlier)
        found[update.target, update.event] = expr
    return found


def _change(state: State) -> sp.Expr:
    """What a state changes by in a step, per ms or at all, and an average at a reward."""
    own = algebra.multiply([sp.Integer(-1), symbol(state.name)])
    if state.form is Form.STEP:
        return algebra.add([state.expr, own])
    if state.tau is None:
        return state.expr
    if state.form is Form.AVERAGE:
        return algebra.multiply([state.tau, algebra.add([state.expr, own])])
    rate = algebra.reciprocal(state.tau)
    if state.form is Form.LOWPASS:
        return algebra.multiply([rate, algebra.add([state.expr, own])])
    return algebra.add([state.expr, algebra.multiply([rate, own])])


def _plain(expr: sp.Expr, multiply: bool) -> sp.Expr:
    """A formula multiplied out, its functions as they are written, unless a law makes them fewer.

    So `relu(u) - relu(-u)` is `u`, while `relu(2*u)` keeps its number within.
    """
    plain = normal(expr, multiply, lawful=False)
    if (written := _functions(plain)) > 1 and _functions(
        lawful := normal(expr, multiply)
    ) < written:
        return lawful
    return plain


def _functions(expr: sp.Expr) -> int:
    """How many functions and choices are in a formula, equal ones once."""
    return len({node for node in sp.preorder_traversal(expr) if node.is_Function})


def _unlimited(
    expr: sp.Expr, parameters: Mapping[sp.Symbol, float]
) -> tuple[sp.Expr, tuple[sp.Expr, sp.Expr] | None]:
    """A change without the clip around it, and the limits of the clip."""
    factor, inner = expr.as_coeff_Mul()
    if factor != 1:
        change, bounds = _unlimited(inner, parameters)
        if bounds is None:
            return expr, None
        low, high = (algebra.multiply([factor, bound]) for bound in bounds)
        return algebra.multiply([factor, change]), (low, high) if factor > 0 else (high, low)
    if isinstance(expr, op.clip):
        change, low, high = expr.args
        if (low.free_symbols | high.free_symbols) <= parameters.keys():
            return change, (low, high)
    for outer, inner in ((sp.Min, sp.Max), (sp.Max, sp.Min)):
        if isinstance(expr, outer) and len(expr.args) == 2:
            far = [a for a in expr.args if a.free_symbols <= parameters.keys()]
            within = [a for a in expr.args if isinstance(a, inner) and len(a.args) == 2]
            near = [a for w in within for a in w.args if a.free_symbols <= parameters.keys()]
            change = [a for w in within for a in w.args if not a.free_symbols <= parameters.keys()]
            if len(far) == len(near) == len(change) == 1:
                low, high = (near[0], far[0]) if outer is sp.Min else (far[0], near[0])
                return change[0], (low, high)
    return expr, None


def rates(parts: RuleParts) -> frozenset[str]:
    """The learning rates of a rule: parameters that multiply every change of its weights.

    Example:
        >>> from rulegen.grammar import parse
        >>> sorted(rates(parse("dw/dt = eta*post*(pre - alpha*post*w)")))
        ['eta']
    """
    each = _weight_factors(parts)
    return frozenset.intersection(*each) if each else frozenset()


def strengths(parts: RuleParts) -> frozenset[str]:
    """The learning rates of a rule, or the parameters that multiply one change each.

    Example:
        >>> from rulegen.grammar import parse
        >>> sorted(strengths(parse("param A = 1\\nparam B = 1\\ndw/dt = A*pre*post - B*w")))
        ['A', 'B']
    """
    return rates(parts) or frozenset[str]().union(*_weight_factors(parts))


def _weight_factors(parts: RuleParts) -> list[frozenset[str]]:
    return [
        factors(term.slots[0].coefficient)
        for place, terms in outline(parts).plain.items()
        if place.split(" ", 1)[0] == WEIGHT
        for term in terms.values()
    ]


def factors(coefficient: sp.Expr) -> frozenset[str]:
    """The parameters that multiply all of a coefficient."""
    return frozenset.intersection(
        *(
            frozenset(str(f.name) for f in sp.Mul.make_args(term) if f.is_Symbol)
            for term in sp.Add.make_args(coefficient)
        )
    )
