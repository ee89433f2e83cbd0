"""The one walk over the expressions of a rule: order, signs, fractions, powers and brackets.

It decides what stands where and asks a `Writer` how that looks. Writers know nothing of the order
of things, and the walk nothing of text, LaTeX or MathML.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Generic, NamedTuple, TypeVar

import sympy as sp

from rulegen.grammar.algebra import algebra, exact
from rulegen.grammar.algebra.operators import Reduction, opposite, over_pre, power
from rulegen.grammar.algebra.parts import RuleParts
from rulegen.grammar.algebra.symbols import Site
from rulegen.grammar.printing.order import sort_factors, sort_terms, split_product
from rulegen.grammar.reading.sites import site_table

# Precedence levels, loosest first.
IF, OR, AND, COMPARE, ADD, MUL, UNARY, POW, ATOM = range(9)

#: Names of the indices that run in sums, by nesting.
RUNNING = "klmnpqs"
#: The index of what is kept for each condition.
CONDITION = "c"

P = TypeVar("P")
#: What is written, and how tightly it binds.
Written = tuple[P, int]


class Indices(NamedTuple):
    """The neurons that an expression is about, and how many sums it stands in.

    `around` is the postsynaptic neuron of what stands around the innermost sum over such: a
    cumulative one ends there.
    """

    post: str = "i"
    pre: str = "j"
    nesting: int = 0
    around: str = ""

    def inside(self, expr: sp.Expr) -> Indices:
        """Those of the argument of a function: sums have an index of their own."""
        if not isinstance(expr, Reduction):
            return self
        if isinstance(expr, opposite):
            return self._replace(post=self.pre, pre=self.post)
        index = RUNNING[self.nesting % len(RUNNING)]
        if isinstance(expr, over_pre):
            return self._replace(pre=index, nesting=self.nesting + 1)
        return Indices(index, self.pre, self.nesting + 1, around=self.post)

    def of(self, site: Site) -> str:
        """The index of a variable that lives there."""
        both = {Site.PRE: self.pre, Site.POST: self.post, Site.SYNAPSE: self.post + self.pre}
        return both.get(site, "")


#: The neurons of the synapse that a rule is about.
HERE = Indices()


class Writer(ABC, Generic[P]):
    """How things look that the walk has put in order."""

    #: Whether fractions have a line, so that what stands alone above or below needs no brackets.
    lined: ClassVar[bool]
    #: The levels below which a factor, an exponent and a value of cases get brackets.
    factor: ClassVar[int]
    exponent: ClassVar[int]
    case: ClassVar[int]
    #: How tightly conditions bind that are joined by `and` and by `or`.
    joins: ClassVar[Mapping[str, int]]

    @abstractmethod
    def key(self, shown: P) -> str:
        """What sorts things that may stand in any order."""

    @abstractmethod
    def arguments(self, shown: Sequence[P]) -> list[P]:
        """Arguments of `min` and `max` in order."""

    @abstractmethod
    def bracketed(self, shown: P) -> P:
        """In brackets."""

    @abstractmethod
    def name(self, name: str, index: str, per_condition: bool) -> Written[P]:
        """A variable."""

    @abstractmethod
    def number(self, value: sp.Rational) -> Written[P]:
        """A number that stands alone."""

    @abstractmethod
    def coefficient(self, size: sp.Rational, others: int) -> tuple[list[P], list[P]]:
        """A positive number above and below the line; `others` factors stand above as well."""

    @abstractmethod
    def product(self, negative: bool, over: Sequence[P], under: Sequence[P]) -> Written[P]:
        """Factors above and below the line."""

    @abstractmethod
    def sum(self, terms: Sequence[P]) -> P:
        """Terms, some of which begin with a minus."""

    @abstractmethod
    def power(self, base: P, exponent: P) -> P:
        """A power."""

    @abstractmethod
    def root(self, base: P) -> P:
        """A square root."""

    @abstractmethod
    def argument(self, expr: sp.Expr) -> int:
        """The level below which arguments of this function get brackets."""

    @abstractmethod
    def call(self, expr: sp.Expr, args: Sequence[P], indices: Indices) -> Written[P]:
        """A function of arguments that are written; `indices` are those of its argument."""

    @abstractmethod
    def comparison(self, left: P, relation: str, right: P) -> P:
        """A comparison."""

    @abstractmethod
    def joined(self, word: str, conditions: Sequence[P]) -> P:
        """Conditions joined by `and` or `or`."""

    @abstractmethod
    def indicator(self, condition: Written[P]) -> Written[P]:
        """1 where the condition holds, else 0."""

    @abstractmethod
    def cases(self, rows: Sequence[tuple[P, P | None]]) -> P:
        """Values with their conditions; None is the rest."""


class Walk(Generic[P]):
    """A walk over the expressions of one rule.

    Args:
        parts: the rule.
        writer: how things look.
        values: numbers in the place of symbols.
    """

    def __init__(
        self,
        parts: RuleParts,
        writer: Writer[P],
        values: Mapping[sp.Symbol, sp.Rational] | None = None,
    ) -> None:
        self.writer = writer
        self.values = values or {}
        self.sites = site_table(parts)
        self.parameters = frozenset(p.name for p in parts.parameters)
        self.per_condition = {s.name for s in parts.states if s.per_condition}
        # Sorting shows everything before it is written: without a memory, twice at every level.
        self._written: dict[tuple[sp.Basic, sp.Symbol | None, Indices], Written[P]] = {}

    def show(
        self,
        expr: sp.Basic,
        level: int = IF,
        own: sp.Symbol | None = None,
        indices: Indices = HERE,
    ) -> P:
        """An expression or condition, in brackets where it binds looser than `level`.

        The decay of `own` comes first in a sum.
        """
        shown, binds = self.written(expr, own, indices)
        return shown if binds >= level else self.writer.bracketed(shown)

    def written(self, expr: sp.Basic, own: sp.Symbol | None, indices: Indices) -> Written[P]:
        """An expression, and how tightly it binds."""
        key = expr, own, indices
        if key not in self._written:
            known = self.known(expr) if isinstance(expr, sp.Expr) else expr
            self._written[key] = self._write(known, own, indices)
        return self._written[key]

    def known(self, expr: sp.Expr) -> sp.Expr:
        """With numbers in place of parameters, if that is wanted and possible."""
        if not self.values:
            return expr
        try:
            return algebra.substitute(expr, self.values)
        except exact.AlgebraError:
            return expr

    def _write(self, expr: sp.Basic, own: sp.Symbol | None, at: Indices) -> Written[P]:
        writer = self.writer
        if expr.is_Symbol:
            return self._name(expr, at)
        if expr.is_Rational:
            return writer.number(expr)
        if expr.is_NumberSymbol:
            return writer.name(str(expr), "", False)
        if expr.is_Add:
            terms = sort_terms(expr.args, lambda e: writer.key(self.show(e, indices=at)), own)
            return writer.sum([self.show(t, MUL, indices=at) for t in terms]), ADD
        if expr.is_Mul:
            return self._product(expr, at)
        if expr.is_Pow or isinstance(expr, power):
            return self._power(expr, at)
        if isinstance(expr, sp.Piecewise):
            return self._cases(expr, at)
        if isinstance(expr, sp.And | sp.Or):
            word = "and" if isinstance(expr, sp.And) else "or"
            binds = writer.joins[word]
            conditions = [self.show(a, binds + 1, indices=at) for a in expr.args]
            return writer.joined(word, sorted(conditions, key=writer.key)), binds
        if expr.is_Relational:
            left, right = (self.show(a, ADD, indices=at) for a in expr.args)
            return writer.comparison(left, expr.rel_op, right), COMPARE
        inside = at.inside(expr)
        args = [self.show(a, writer.argument(expr), indices=inside) for a in expr.args]
        if isinstance(expr, sp.Min | sp.Max):
            args = writer.arguments(args)
        return writer.call(expr, args, inside)

    def _name(self, symbol: sp.Symbol, at: Indices) -> Written[P]:
        name = str(symbol.name)
        return self.writer.name(
            name, at.of(self.sites.get(name, Site.GLOBAL)), name in self.per_condition
        )

    def _product(self, expr: sp.Expr, at: Indices) -> Written[P]:
        coefficient, above, below = split_product(expr)
        over, under = self.writer.coefficient(abs(coefficient), len(above))
        # A number that is not seen, 1, is no factor.
        lined = self.writer.lined and bool(under or below)
        over += self._factors(above, lined and len(above) == 1 and not over, at)
        under += self._factors(below, lined and len(below) == 1 and not under, at)
        return self.writer.product(bool(coefficient < 0), over, under)

    def _factors(self, factors: list[sp.Expr], alone: bool, at: Indices) -> list[P]:
        ordered = sort_factors(
            factors,
            self.sites,
            self.parameters,
            lambda e: self.writer.key(self.show(e, indices=at)),
        )
        level = IF if alone else self.writer.factor
        return [self.show(f, level, indices=at) for f in ordered]

    def _power(self, expr: sp.Expr, at: Indices) -> Written[P]:
        base, exponent = expr.args
        if exponent == sp.Rational(1, 2):
            return self.writer.root(self.show(base, indices=at)), ATOM
        if exponent.is_Rational and exponent < 0:
            return self._product(expr, at)
        raised = self.show(exponent, self.writer.exponent, indices=at)
        return self.writer.power(self.show(base, ATOM, indices=at), raised), POW

    def _cases(self, expr: sp.Piecewise, at: Indices) -> Written[P]:
        level = self.writer.case
        if [case.expr for case in expr.args] == [1, 0]:
            return self.writer.indicator(self.written(expr.args[0].cond, None, at))
        rows = [
            (
                self.show(case.expr, level, indices=at),
                None if case.cond == sp.true else self.show(case.cond, level, indices=at),
            )
            for case in expr.args
        ]
        return self.writer.cases(rows), IF
