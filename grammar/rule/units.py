"""Dimensions: every variable is a power of milliseconds, and every equation must balance.

Signals have fixed dimensions and `w` is a plain number; what the text leaves open is inferred by
solving the linear equations that the formulas impose on the exponents. A number other than 1 may
carry any dimension, because people write `0.95*u` and `x/10` for what has a unit. A reward is a
plain number, and where time is differentiated so much in a moment: 1/ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import sympy as sp

from rulegen.grammar.algebra.draws import Draw, bernoulli, lognormal
from rulegen.grammar.algebra.operators import RuleFunction, clip, mod, power, spow
from rulegen.grammar.algebra.parts import IN_TIME, Form, RuleParts, State
from rulegen.grammar.algebra.symbols import MILLISECOND, SIGNALS, WEIGHT, symbol
from rulegen.grammar.printing.unparse import show_expression, show_unit

#: A statement of a rule: its kind, and its name or place among the updates.
Owner = tuple[str, str | int]

GAIN = "the gain of an average"
_TRANSCENDENTAL = ("exp", "log", "tanh", "sigmoid", "sin", "cos", "erf", "floor")


class Clash(Exception):
    """Two dimensions that should be equal and are not."""

    def __init__(self, owner: Owner, term: sp.Expr, message: str, remedy: str) -> None:
        self.owner, self.term, self.message, self.remedy = owner, term, message, remedy
        super().__init__(message)


@dataclass(frozen=True)
class Dimension:
    """A power of ms that is partly unknown: `fixed` plus multiples of unknown powers."""

    fixed: Fraction = Fraction(0)
    unknown: tuple[tuple[str, Fraction], ...] = ()

    def plus(self, other: Dimension, times: Fraction = Fraction(1)) -> Dimension:
        """The dimension of this times `other**times`."""
        both = dict(self.unknown)
        for name, factor in other.unknown:
            both[name] = both.get(name, Fraction(0)) + factor * times
        rest = tuple((n, f) for n, f in both.items() if f)
        return Dimension(self.fixed + other.fixed * times, rest)


@dataclass
class _System:
    """Linear equations between unknown powers, solved as they come."""

    solved: dict[str, Dimension] = field(default_factory=dict)

    def reduced(self, dimension: Dimension) -> Dimension:
        """With everything known put in."""
        while any(name in self.solved for name, _ in dimension.unknown):
            result = Dimension(dimension.fixed)
            for name, factor in dimension.unknown:
                one = self.solved.get(name, Dimension(unknown=((name, Fraction(1)),)))
                result = result.plus(one, factor)
            dimension = result
        return dimension

    def equate(self, left: Dimension, right: Dimension) -> bool:
        """Add the equation; False when it contradicts the others."""
        difference = self.reduced(left.plus(right, Fraction(-1)))
        if not difference.unknown:
            return difference.fixed == 0
        # An unknown of a bare number is eliminated first, so that it never binds a variable.
        name, factor = max(difference.unknown, key=lambda item: item[0].startswith("#"))
        rest = Dimension(
            difference.fixed, tuple((n, f) for n, f in difference.unknown if n != name)
        )
        self.solved[name] = Dimension().plus(rest, -1 / factor)
        return True


def infer_units(parts: RuleParts) -> dict[str, Fraction | None]:
    """The dimension of every parameter, state and definition, None where the rule leaves it open.

    Raises:
        Clash: an equation does not balance.

    Example:
        >>> from rulegen.grammar.rule.parse import parse
        >>> rule = parse("de/dt = -e/tau_e + pre*post\\non reward: w += eta*R*e")
        >>> {name: str(unit) for name, unit in infer_units(rule).items()}
        {'tau_e': '1', 'eta': '-1', 'e': '1'}
    """
    return _Inference(parts).run()


class _Inference:
    def __init__(self, parts: RuleParts) -> None:
        self.parts, self.system, self.wildcards = parts, _System(), 0
        self.owner: Owner = ("", "")
        self.known = {s.name: Dimension(Fraction(s.unit)) for s in SIGNALS.values()}
        self.known |= {WEIGHT: Dimension(), MILLISECOND: Dimension(Fraction(1))}
        self.known |= {group.name: Dimension() for group in parts.groups}
        # Means of rewards are as sure as rewards, and a text need not write that of `R_bar`.
        self.known |= {s.name: Dimension() for s in parts.states if _mean_reward(s)}
        #: Whether the formula at hand is differentiated by time.
        self.in_time = False
        #: Definitions whose dimension depends on who reads them, and the one that was found last.
        self.rewarded = rewarded(parts)
        self.met: dict[str, Dimension] = {}
        for p in parts.parameters:
            if p.unit is not None:
                self.known[p.name] = Dimension(p.unit)

    def run(self) -> dict[str, Fraction | None]:
        parts = self.parts
        # Time constants first: they are the surest, so that a clash is found where it arises.
        for state in (s for s in parts.states if s.tau is not None):
            self.owner = ("tau", state.name)
            gain = state.form is Form.AVERAGE
            what = GAIN if gain else "a time constant"
            self.require(state.tau, Dimension(Fraction(0 if gain else 1)), what)
        for definition in parts.definitions:
            if definition.name not in self.rewarded:
                self.owner = ("definition", definition.name)
                self.balance(self.of_name(definition.name), definition.expr)
        for state in parts.states:
            self.owner = ("state", state.name)
            own = self.of_name(state.name)
            rate = state.form in (Form.ACCUMULATE, Form.DERIVATIVE)
            self.in_time = state.form in IN_TIME
            self.balance(own.plus(Dimension(Fraction(-1))) if rate else own, state.expr)
        self.in_time = False
        for state in (s for s in parts.states if not s.initial.is_number):
            self.owner = ("initial", state.name)
            self.balance(self.of_name(state.name), state.initial)
        for i, update in enumerate(parts.updates):
            self.owner = ("update", i)
            self.balance(self.of_name(update.target), update.expr)
        for name, expr in parts.forward:
            self.owner = ("forward", name)
            self.balance(Dimension(), expr)
        names = [p.name for p in parts.parameters] + [s.name for s in parts.states]
        names += [f.name for f in parts.foreign]
        found = {name: self.of_name(name) for name in names if name != WEIGHT}
        for definition in parts.definitions:
            self.owner = ("definition", definition.name)
            name = definition.name
            found[name] = self.met[name] if name in self.met else self.of_name(name)
        return {name: self.value(dimension) for name, dimension in found.items()}

    def of_name(self, name: str) -> Dimension:
        if name == "R" and self.in_time:
            return Dimension(Fraction(-1))
        if name in self.rewarded:
            self.met[name] = self.of(self.rewarded[name])
            return self.met[name]
        return self.known.get(name, Dimension(unknown=((name, Fraction(1)),)))

    def value(self, dimension: Dimension) -> Fraction | None:
        reduced = self.system.reduced(dimension)
        return None if reduced.unknown else reduced.fixed

    def anything(self) -> Dimension:
        self.wildcards += 1
        return Dimension(unknown=((f"#{self.wildcards}", Fraction(1)),))

    # Requirements --------------------------------------------------------------------------

    def balance(self, left: Dimension, expr: sp.Expr) -> None:
        """The left side of an equation against each term of the right side."""
        for term in self.terms(expr):
            self.equate(self.of(term), left, term, "the left side of the equation")

    def terms(self, expr: sp.Expr) -> list[sp.Expr]:
        """The terms of a sum, those that the left side repeats (as in `w + x`) first."""
        return sorted(sp.Add.make_args(expr), key=lambda t: (not t.is_Symbol, t.sort_key()))

    def require(self, expr: sp.Expr, dimension: Dimension, what: str) -> None:
        self.equate(self.of(expr), dimension, expr, what)

    def equate(
        self,
        found: Dimension,
        wanted: Dimension,
        term: sp.Expr,
        what: str,
        beside: sp.Expr = sp.S.Zero,
    ) -> None:
        if self.system.equate(found, wanted):
            return
        is_, should = self.value(found), self.value(wanted)
        shown = show_expression(self.parts, term)
        shown = shown if len(shown) <= 40 else shown[:37] + "..."
        if is_ is not None and should is not None:
            message = f"`{shown}` is {_words(is_)}, but {what} is {_words(should)}"
        else:
            gap = self.system.reduced(found.plus(wanted, Fraction(-1))).fixed
            message = f"`{shown}` and {what} differ by a factor of {_words(gap)}"
        remedy = "multiply or divide by a time constant or `dt`, or declare a parameter's unit"
        if what == GAIN:
            remedy = "an average moves a part of the way at each reward: `average(R, 0.05)`"
        if self.in_time and term.has(symbol("R")):
            remedy = "where time is differentiated `R` is an impulse, 1/ms: `dw/dt = R*e` adds R*e"
        elif self.in_time and beside.has(symbol("R")):
            remedy = (
                "where time is differentiated `R` is an impulse, 1/ms: what compares it with an "
                "amount happens `on reward: w += ...` or in a step, `w += ...`"
            )
        raise Clash(self.owner, term, message, remedy)

    def equal(self, exprs: Sequence[sp.Expr], what: str) -> Dimension:
        """The common dimension of several expressions."""
        # What stands beside a reward is an amount, a number too, and no rate of 0.5/ms.
        amounts = self.in_time and any(expr.has(symbol("R")) for expr in exprs)
        known = [
            Dimension() if amounts and expr.is_Rational and expr else self.of(expr)
            for expr in exprs
        ]
        for expr, found in zip(exprs[1:], known[1:], strict=True):
            self.equate(found, known[0], expr, what, exprs[0])
        return known[0]

    # Expressions ---------------------------------------------------------------------------

    def of(self, expr: sp.Expr) -> Dimension:
        """The dimension of an expression, with what it requires inside."""
        if expr.is_Symbol:
            return self.of_name(expr.name)
        if expr.is_NumberSymbol:
            return Dimension()
        if expr.is_Rational:
            return Dimension() if abs(expr) == 1 else self.anything()
        if expr.is_Add:
            terms = self.terms(expr)
            return self.equal(terms, f"`{show_expression(self.parts, terms[0])}` beside it")
        if expr.is_Mul:
            # A number whose unit is written beside it has no other: 10*ms is a time.
            stated = any(f.as_base_exp()[0] == symbol(MILLISECOND) for f in expr.args)
            result = Dimension()
            for factor in expr.args:
                if not (stated and factor.is_Rational):
                    result = result.plus(self.of(factor))
            return result
        if expr.is_Pow or isinstance(expr, power):
            return self.power(*expr.args)
        if isinstance(expr, sp.Piecewise):
            for case in expr.args:
                self.conditions(case.cond)
            return self.equal([c.expr for c in expr.args], "the other case")
        return self.function(expr)

    def power(self, base: sp.Expr, exponent: sp.Expr) -> Dimension:
        if exponent.is_Rational:
            return Dimension().plus(self.of(base), Fraction(exponent.p, exponent.q))
        self.require(exponent, Dimension(), "an exponent")
        self.require(base, Dimension(), "the base of such a power")
        return Dimension()

    def function(self, expr: sp.Expr) -> Dimension:
        name = type(expr).__name__
        if name in _TRANSCENDENTAL:
            self.require(expr.args[0], Dimension(), f"the argument of `{name}`")
            return Dimension()
        if isinstance(expr, sp.sign):
            self.of(expr.args[0])
            return Dimension()
        if isinstance(expr, spow):
            return self.power(*expr.args)
        if isinstance(expr, lognormal):
            self.require(expr.args[1], Dimension(), "the spread of a lognormal number")
            return self.of(expr.args[0])
        if isinstance(expr, bernoulli):
            self.require(expr.args[0], Dimension(), "a probability")
            return Dimension()
        if isinstance(expr, sp.Min | sp.Max | clip | mod | Draw):
            return self.equal(list(expr.args), "its other argument")
        assert isinstance(expr, RuleFunction | sp.Abs)
        return self.of(expr.args[0])

    def conditions(self, condition: sp.Basic) -> None:
        if condition.is_Relational:
            self.equal(list(condition.args), "the other side of the comparison")
        else:
            for part in condition.args:
                self.conditions(part)


def _mean_reward(state: State) -> bool:
    return state.form is Form.AVERAGE and state.expr == symbol("R")


def rewarded(parts: RuleParts) -> dict[str, sp.Expr]:
    """Definitions that read the reward, themselves or through others."""
    found: dict[str, sp.Expr] = {}
    while True:
        known = {symbol(name) for name in ("R", *found)}
        more = {d.name: d.expr for d in parts.definitions if d.expr.free_symbols & known}
        if more.keys() == found.keys():
            return found
        found = more


def _words(unit: Fraction) -> str:
    return "dimensionless" if unit == 0 else show_unit(unit)
