"""Rules as displayed formulas, in the way that papers write them.

Factors stand in the order learning rate, third factor, eligibility or post, pre. Presynaptic
variables carry the index j, postsynaptic ones i, synapse variables ij. What is made here are boxes,
which `latex` and `mathml` spell.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import ClassVar

import sympy as sp

from rulegen.grammar.algebra import algebra, exact
from rulegen.grammar.algebra.draws import DISTRIBUTIONS, draw_in
from rulegen.grammar.algebra.operators import spow
from rulegen.grammar.algebra.parts import (
    Definition,
    Event,
    Foreign,
    Form,
    Parameter,
    RuleParts,
    State,
    Update,
)
from rulegen.grammar.algebra.symbols import MILLISECOND, WEIGHT, symbol
from rulegen.grammar.printing.alike import BIAS, alike
from rulegen.grammar.printing.boxes import (
    GLYPHS,
    Box,
    Cases,
    Fence,
    Fraction,
    Head,
    Line,
    Name,
    Root,
    Row,
    Script,
    Sign,
    Words,
    joined,
    without_minus,
)
from rulegen.grammar.printing.latex_spelling import Latex
from rulegen.grammar.printing.numerals import numeral
from rulegen.grammar.printing.order import split_product
from rulegen.grammar.printing.statements import Statements, increment
from rulegen.grammar.printing.walk import (
    ADD,
    ATOM,
    CONDITION,
    HERE,
    IF,
    MUL,
    OR,
    POW,
    Indices,
    Walk,
    Writer,
    Written,
)

#: Names that are shown as more than a letter with what hangs on it.
COMPOUND = frozenset({"slope", "dt"})


def displayed(parts: RuleParts, values: bool = False) -> list[Line]:
    """The lines of a rule.

    Args:
        parts: the rule.
        values: whether parameters with a value are shown as numbers.
    """
    with algebra.as_written(False):
        return _Lines(parts, values).lines()


def printed_names(parts: RuleParts, names: Iterable[str]) -> list[Box]:
    """How the formulas of a rule show some of its names.

    Example:
        >>> from rulegen.grammar.rule.parse import parse
        >>> shown = printed_names(parse("w += theta_1*pre*xi"), ["pre", "xi", "theta_1"])
        >>> print(*map(Latex().spell, shown))
        r_j \\xi_i \\theta_{1}
    """
    with algebra.as_written(False):
        return list(map(_Lines(parts, values=False).name, names))


# Functions ---------------------------------------------------------------------------------


def _called(expr: sp.Expr, args: Sequence[Box], indices: Indices) -> Written[Box]:
    inner = joined(args, Sign.COMMA)
    return Row((Head(algebra.operator_name(expr)), Fence("(", inner, ")"))), ATOM


def _absolute(expr: sp.Expr, args: Sequence[Box], indices: Indices) -> Written[Box]:
    return Fence("|", args[0], "|"), ATOM


def _rounded(expr: sp.Expr, args: Sequence[Box], indices: Indices) -> Written[Box]:
    return Fence("⌊", args[0], "⌋"), ATOM


def _rectified(expr: sp.Expr, args: Sequence[Box], indices: Indices) -> Written[Box]:
    return Script(Fence("[", args[0], "]"), below=GLYPHS[Sign.POSITIVE]), ATOM


def _signed_power(expr: sp.Expr, args: Sequence[Box], indices: Indices) -> Written[Box]:
    base, exponent = args
    if expr.args[0].has(spow):  # what is raised would stand there twice, at every level
        return _called(expr, args, indices)
    sign = Row((Head("sign"), Fence("(", base, ")")))
    size = Script(Fence("|", base, "|"), above=exponent)
    return joined([sign, size], Sign.THIN), MUL


def _earlier(expr: sp.Expr, args: Sequence[Box], indices: Indices) -> Written[Box]:
    return Script(args[0], above=GLYPHS[Sign.EARLIER]), POW


def _delayed(expr: sp.Expr, args: Sequence[Box], indices: Indices) -> Written[Box]:
    time = Name("t"), GLYPHS[Sign.MINUS], _plain(expr.args[1]), GLYPHS[Sign.THIN], Words("ms")
    above = Row((GLYPHS[Sign.LEFT_ROUND], *time, GLYPHS[Sign.RIGHT_ROUND]))
    return Script(args[0], above=above), POW


def _over(sign: Box, side: str) -> Callable[[sp.Expr, Sequence[Box], Indices], Written[Box]]:
    def shown(expr: sp.Expr, args: Sequence[Box], indices: Indices) -> Written[Box]:
        below = Name(indices.pre if side == "pre" else indices.post)
        return Row((Script(sign, below=below), GLYPHS[Sign.BLANK], args[0])), ADD

    return shown


def _cumulative(expr: sp.Expr, args: Sequence[Box], indices: Indices) -> Written[Box]:
    below = joined([Name(indices.post), Name(indices.around)], Sign.AT_MOST)
    return Row((Script(GLYPHS[Sign.SUM], below=below), GLYPHS[Sign.BLANK], args[0])), ADD


def _exchanged(expr: sp.Expr, args: Sequence[Box], indices: Indices) -> Written[Box]:
    return args[0], POW  # the indices of the name say it


_SUM, _MAXIMUM = GLYPHS[Sign.SUM], Head("max")
#: How each function of the table of operators looks; `sqrt` is read as a power.
NOTATIONS: dict[str, Callable[[sp.Expr, Sequence[Box], Indices], Written[Box]]] = {
    **dict.fromkeys(("sign", "exp", "log", "tanh", "sigmoid", "sin", "cos"), _called),
    **dict.fromkeys(("min", "max", "clip", "sqrt", "erf", "mod"), _called),
    "floor": _rounded,
    "abs": _absolute,
    "relu": _rectified,
    "spow": _signed_power,
    "prev": _earlier,
    "delay": _delayed,
    "sum_pre": _over(_SUM, "pre"),
    "max_pre": _over(_MAXIMUM, "pre"),
    "sum_post": _over(_SUM, "post"),
    "max_post": _over(_MAXIMUM, "post"),
    "cumsum_post": _cumulative,
    "opposite": _exchanged,
    **dict.fromkeys(DISTRIBUTIONS, _called),
}
#: Below which levels the argument of a function gets brackets, where it has none of its own.
_ARGUMENTS = {"prev": ATOM, "delay": ATOM, "opposite": POW} | dict.fromkeys(
    ("sum_pre", "max_pre", "sum_post", "max_post", "cumsum_post"), MUL
)
if NOTATIONS.keys() != algebra.FUNCTIONS.keys():
    raise TypeError(f"no notation, or no function: {NOTATIONS.keys() ^ algebra.FUNCTIONS.keys()}")


class _Display(Writer[Box]):
    """Expressions as formulas in two dimensions.

    What may stand in any order is sorted by its LaTeX, so that LaTeX and MathML agree.
    """

    lined = True
    factor, exponent, case = MUL, IF, IF
    joins: ClassVar[dict[str, int]] = {"and": OR, "or": OR}

    def __init__(self, whole: frozenset[str]) -> None:
        self._latex, self._whole = Latex(), whole

    def key(self, shown: Box) -> str:
        return self._latex.spell(shown)

    def arguments(self, shown: Sequence[Box]) -> list[Box]:
        return sorted(shown, key=self.key)

    def bracketed(self, shown: Box) -> Box:
        return Fence("(", shown, ")")

    def name(self, name: str, index: str, per_condition: bool) -> Written[Box]:
        index = index or (CONDITION if per_condition else "")
        shown = Name(name, index, whole=name in self._whole)
        return shown, POW if name in COMPOUND else ATOM

    def number(self, value: sp.Rational) -> Written[Box]:
        over, under = self.coefficient(abs(value), 0)
        if value < 0 or under:
            return self.product(bool(value < 0), over, under)
        return numeral(value.p / value.q)

    def coefficient(self, size: sp.Rational, others: int) -> tuple[list[Box], list[Box]]:
        over, under = size, sp.Integer(1)
        if not _is_decimal(size):
            if _is_decimal(1 / size):  # a time constant of 16.8 ms stays one
                over, under = sp.Integer(1), 1 / size
            elif max(size.p, size.q) < 10**9:
                over, under = sp.Integer(size.p), sp.Integer(size.q)
        return [_plain(over)] if over != 1 else [], [_plain(under)] if under != 1 else []

    def product(self, negative: bool, over: Sequence[Box], under: Sequence[Box]) -> Written[Box]:
        shown = joined(over, Sign.THIN) if over else _plain(sp.Integer(1))
        if under:
            shown = Fraction(shown, joined(under, Sign.THIN))
        return Row((GLYPHS[Sign.NEGATIVE], shown)) if negative else shown, MUL

    def sum(self, terms: Sequence[Box]) -> Box:
        items = [terms[0]]
        for term in terms[1:]:
            rest = without_minus(term)
            items += [GLYPHS[Sign.PLUS], term] if rest is None else [GLYPHS[Sign.MINUS], rest]
        return Row(tuple(items))

    def power(self, base: Box, exponent: Box) -> Box:
        return Script(base, above=exponent)

    def root(self, base: Box) -> Box:
        return Root(base)

    def argument(self, expr: sp.Expr) -> int:
        return _ARGUMENTS.get(algebra.operator_name(expr), IF)

    def call(self, expr: sp.Expr, args: Sequence[Box], indices: Indices) -> Written[Box]:
        return NOTATIONS[algebra.operator_name(expr)](expr, args, indices)

    def comparison(self, left: Box, relation: str, right: Box) -> Box:
        return joined([left, right], Sign(relation))

    def joined(self, word: str, conditions: Sequence[Box]) -> Box:
        return joined(conditions, Sign(word))

    def indicator(self, condition: Written[Box]) -> Written[Box]:
        return Row((GLYPHS[Sign.ONE], Fence("{", condition[0], "}"))), POW

    def cases(self, rows: Sequence[tuple[Box, Box | None]]) -> Box:
        return Cases(tuple(rows))


#: Events whose word in the language is the name of a signal.
_TOLD = {Event.PRE_SPIKE: "presynaptic spike", Event.POST_SPIKE: "postsynaptic spike"}


# Statements --------------------------------------------------------------------------------


class _Lines(Statements[Line]):
    """Statements as display mathematics; what is no formula is not shown."""

    def __init__(self, parts: RuleParts, values: bool) -> None:
        super().__init__(parts)
        known = {
            symbol(p.name): exact.number(float(f"{p.value:.4g}"))
            for p in parts.parameters
            if values and p.value is not None
        }
        self.walk = Walk(parts, _Display(alike(parts)), known)
        self.show, self.known = self.walk.show, self.walk.known

    def name(self, name: str) -> Box:
        return self.walk.written(symbol(name), None, HERE)[0]

    def parameter(self, parameter: Parameter) -> None:
        """Its value stands in the tables of a card."""

    def definition(self, definition: Definition) -> Line:
        return Line(self.name(definition.name), _after(Sign.EQUAL, self.show(definition.expr)))

    def state(self, state: State) -> Line | None:
        if state.form is Form.AVERAGE:
            return None
        if state.form is Form.STEP:
            return self.assignment(state.name, state.expr)
        own, expr, tau = symbol(state.name), state.expr, state.tau
        if state.form is Form.LOWPASS:
            expr = algebra.add([expr, -own])
        elif state.form is Form.ACCUMULATE:
            expr = algebra.add([expr, algebra.multiply([-own, algebra.reciprocal(tau)])])
            tau = None
        else:
            tau, expr = _time_constant(expr, own)
        name = self.name(state.name)
        assert isinstance(name, Name)
        left: Box = replace(name, dot=True)
        if tau is not None and tau != 1:
            left = joined([self.show(tau, MUL), left], Sign.THIN)
        return Line(left, _after(Sign.EQUAL, self.show(expr, own=own)))

    def drawn(self, state: State) -> Line:
        right = _after(Sign.DRAWN, self.show(state.initial))
        return Line(self.name(state.name), right, Words("once a life:"))

    def fresh(self, state: State) -> Line:
        right = _after(Sign.DRAWN, self.show(state.expr))
        return Line(self.name(state.name), right, Words("in every step:"))

    def initial(self, state: State) -> Line:
        first = state.initial
        shown = numeral(float(first))[0] if first.is_number else self.show(first)
        sign = Sign.DRAWN if draw_in(first) else Sign.EQUAL
        return Line(self.name(state.name), _after(sign, shown), Words("initial:"))

    def forward(self, name: str, expr: sp.Expr) -> Line:
        left, sign = (
            (self.name(WEIGHT), Sign.BECOMES) if name == WEIGHT else (Name(BIAS, "i"), Sign.EQUAL)
        )
        return Line(left, _after(sign, self.show(expr)), Words("forward:"))

    def update(self, update: Update) -> Line:
        line = self.assignment(update.target, update.expr)
        return line._replace(when=_on(update.event))

    def average(self, state: State) -> Line:
        change = algebra.add([self.known(state.expr), -symbol(state.name)])
        expr = algebra.multiply([self.known(state.tau), change])
        left = Row((GLYPHS[Sign.CHANGE], self.name(state.name)))
        return Line(left, _after(Sign.EQUAL, self.show(expr)), _on(Event.REWARD))

    def bounds(self, lower: float, upper: float) -> Line:
        opening = Sign.LEFT_ROUND if math.isinf(lower) else Sign.LEFT_SQUARE
        closing = Sign.RIGHT_ROUND if math.isinf(upper) else Sign.RIGHT_SQUARE
        limits = joined([numeral(x)[0] for x in (lower, upper)], Sign.COMMA)
        right = Row((GLYPHS[Sign.IN], GLYPHS[opening], limits, GLYPHS[closing]))
        return Line(self.name(WEIGHT), right)

    def zero_diagonal(self) -> Line:
        return Line(Name(WEIGHT, "ii"), _after(Sign.EQUAL, numeral(0.0)[0]))

    def euler(self) -> None:
        """Stands in the text alone."""

    def nonlocal_names(self, names: list[str]) -> None:
        """Seen in the sums."""

    def foreign(self, other: Foreign) -> None:
        """Seen in the indices."""

    def assignment(self, target: str, expr: sp.Expr) -> Line:
        expr, name = self.known(expr), self.name(target)
        change = increment(target, expr)
        if change is None:
            return Line(name, _after(Sign.TAKES, self.show(expr)))
        return Line(Row((GLYPHS[Sign.CHANGE], name)), _after(Sign.EQUAL, self.show(change)))


def _after(sign: Sign, box: Box) -> Box:
    return Row((GLYPHS[sign], box))


def _on(event: Event) -> Box:
    return Words(f"on {_TOLD.get(event, event.value)}:")


def _is_decimal(number: sp.Rational) -> bool:
    """Whether the number has a short decimal form, such as 0.25 but not 1/3."""
    return bool(sp.Rational(repr(number.p / number.q)) == number)


def _plain(value: sp.Rational) -> Box:
    return numeral(value.p / value.q)[0]


def _time_constant(expr: sp.Expr, own: sp.Symbol) -> tuple[sp.Expr | None, sp.Expr]:
    """`tau` and `tau*expr` when the equation reads better so: when every term is divided by it."""
    coefficient, above, below = split_product(expr)
    if below and len(above) == 1 and above[0].is_Add and -own in above[0].args:
        if symbol(MILLISECOND) in below:  # a time is one number with its unit: 20 ms
            below, coefficient = [algebra.reciprocal(coefficient), *below], sp.Integer(1)
        return algebra.multiply(below), algebra.multiply([coefficient, *above])
    divisors = [set(split_product(t)[2]) for t in sp.Add.make_args(expr)]
    decays = any(split_product(t)[:2] == (-1, [own]) for t in sp.Add.make_args(expr))
    common = set.intersection(*divisors)
    if decays and len(common) == 1:
        tau = common.pop()
        return tau, algebra.add([algebra.multiply([tau, t]) for t in sp.Add.make_args(expr)])
    return None, expr
