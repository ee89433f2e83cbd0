"""The printer: from a rule to its text, such that reading the text gives the rule again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import ClassVar

import sympy as sp

from rulegen.grammar.algebra.algebra import as_written, operator_name
from rulegen.grammar.algebra.exact import LARGEST
from rulegen.grammar.algebra.operators import delay
from rulegen.grammar.algebra.parts import (
    Definition,
    Foreign,
    Form,
    Parameter,
    RuleParts,
    State,
    Update,
)
from rulegen.grammar.algebra.symbols import MILLISECOND, Site, symbol
from rulegen.grammar.printing.order import natural
from rulegen.grammar.printing.statements import Statements, increment
from rulegen.grammar.printing.walk import (
    AND,
    ATOM,
    IF,
    MUL,
    OR,
    POW,
    UNARY,
    Indices,
    Walk,
    Writer,
    Written,
)

#: Sites are aligned in one column, but not beyond this one.
MAX_ALIGNED = 48


def unparse(parts: RuleParts) -> str:
    """The text of a rule; `parse(unparse(rule)) == rule`.

    Example:
        >>> from rulegen.grammar.rule.parse import parse
        >>> print(unparse(parse("on reward: w+=eta*(pre*post*(R-R_bar))")), end="")
        param eta
        R_bar = average(R, 0.2)
        on reward: w += eta*(R - R_bar)*post*pre
    """
    with as_written(False):
        return _Lines(parts).text()


def show_expression(parts: RuleParts, expr: sp.Expr) -> str:
    """One expression of the rule as text."""
    with as_written(False):
        return Walk(parts, _TEXT).show(expr)


def show_number(value: float) -> str:
    """The shortest text that reads as exactly this float.

    Example:
        >>> show_number(30.0), show_number(0.05), show_number(float("-inf"))
        ('30', '0.05', '-inf')
    """
    text = repr(float(value))
    return text.removesuffix(".0")


def show_unit(unit: Fraction) -> str:
    """A power of ms as text.

    Example:
        >>> [show_unit(Fraction(k)) for k in ("1", "-1", "2", "-1/2")]
        ['ms', '1/ms', 'ms**2', 'ms**(-1/2)']
    """
    if unit == 1:
        return "ms"
    if unit == -1:
        return "1/ms"
    return f"ms**{unit}" if unit.denominator == 1 else f"ms**({unit})"


class _Text(Writer[str]):
    """Expressions in the rule language."""

    lined = False
    factor, exponent, case = POW, ATOM, OR
    joins: ClassVar[dict[str, int]] = {"and": AND, "or": OR}

    def key(self, shown: str) -> str:
        return shown

    def arguments(self, shown: Sequence[str]) -> list[str]:
        return sorted(shown, key=natural)

    def bracketed(self, shown: str) -> str:
        return f"({shown})"

    def name(self, name: str, index: str, per_condition: bool) -> Written[str]:
        return f"{name}[condition]" if per_condition else name, ATOM

    def number(self, value: sp.Rational) -> Written[str]:
        text = _show_positive(abs(value))
        if value < 0:
            return f"-{text}", UNARY
        return text, MUL if "/" in text else ATOM

    def coefficient(self, size: sp.Rational, others: int) -> tuple[list[str], list[str]]:
        fraction = _show_positive(size)
        if size == sp.Rational(1, 2) and others:
            return [], ["2"]
        if "/" not in fraction:
            return [fraction] if size != 1 else [], []
        if max(size.p, size.q) > LARGEST:
            return [f"({fraction})"], []  # a number so large stands in fractions alone
        return [str(size.p)] if size.p != 1 else [], [str(size.q)]

    def product(self, negative: bool, over: Sequence[str], under: Sequence[str]) -> Written[str]:
        text = "*".join(over) if over else "1"
        if under:
            bottom = "*".join(under)
            text += f"/({bottom})" if len(under) > 1 else f"/{bottom}"
        return (f"-{text}", UNARY) if negative else (text, MUL)

    def sum(self, terms: Sequence[str]) -> str:
        text = terms[0]
        for term in terms[1:]:
            text += f" - {term[1:]}" if term.startswith("-") else f" + {term}"
        return text

    def power(self, base: str, exponent: str) -> str:
        return f"{base}**{exponent}"

    def root(self, base: str) -> str:
        return f"sqrt({base})"

    def argument(self, expr: sp.Expr) -> int:
        return IF

    def call(self, expr: sp.Expr, args: Sequence[str], indices: Indices) -> Written[str]:
        if isinstance(expr, delay):
            args = [args[0], f"{args[1]}*{MILLISECOND}"]
        return f"{operator_name(expr)}({', '.join(args)})", ATOM

    def comparison(self, left: str, relation: str, right: str) -> str:
        return f"{left} {relation} {right}"

    def joined(self, word: str, conditions: Sequence[str]) -> str:
        return f" {word} ".join(conditions)

    def indicator(self, condition: Written[str]) -> Written[str]:
        return condition

    def cases(self, rows: Sequence[tuple[str, str | None]]) -> str:
        return " else ".join(v if c is None else f"{v} if {c}" for v, c in rows)


_TEXT = _Text()


def _show_positive(value: sp.Rational) -> str:
    if value.q == 1:
        return str(value.p)
    decimal = repr(value.p / value.q)
    return decimal if sp.Rational(decimal) == value else f"{value.p}/{value.q}"


class _Lines(Statements[tuple[str, str]]):
    """Statements in the rule language: what they say, and at which site it lives or ""."""

    def __init__(self, parts: RuleParts) -> None:
        super().__init__(parts)
        self.show = Walk(parts, _TEXT).show

    def text(self) -> str:
        rows = self.lines()
        width = min(max((len(left) for left, site in rows if site), default=0), MAX_ALIGNED)
        return "".join(
            f"{left:<{width}}  : {site}\n" if site else f"{left}\n" for left, site in rows
        )

    def parameter(self, parameter: Parameter) -> tuple[str, str]:
        words = ["param", parameter.name]
        if parameter.value is not None:
            words += ["=", show_number(parameter.value)]
        if parameter.unit is not None:
            words.append(show_unit(parameter.unit))
        if (parameter.lower, parameter.upper) != (-math.inf, math.inf):
            words.append(f"in [{show_number(parameter.lower)}, {show_number(parameter.upper)}]")
        return " ".join([*words, "free"] if parameter.free else words), ""

    def definition(self, definition: Definition) -> tuple[str, str]:
        return f"{definition.name} = {self.show(definition.expr)}", definition.site.value

    def state(self, state: State) -> tuple[str, str]:
        name, site = self.show(symbol(state.name)), state.site.value
        if state.form is Form.DERIVATIVE:
            return f"d{name}/dt = {self.show(state.expr, own=symbol(state.name))}", site
        if state.form is Form.STEP:
            return self.assignment(state.name, state.expr), site
        assert state.tau is not None
        call = f"{state.form.value}({self.show(state.expr)}, {self.show(state.tau)})"
        return f"{name} = {call}", "" if state.form is Form.AVERAGE else site

    def drawn(self, state: State) -> tuple[str, str]:
        return f"param {state.name} = {self.show(state.initial)}", state.site.value

    def fresh(self, state: State) -> tuple[str, str]:
        return f"{state.name} = {self.show(state.expr)}", state.site.value

    def initial(self, state: State) -> tuple[str, str]:
        first = state.initial
        shown = show_number(float(first)) if first.is_number else self.show(first)
        return f"initial {state.name} = {shown}", ""

    def forward(self, name: str, expr: sp.Expr) -> tuple[str, str]:
        return f"forward {name} = {self.show(expr)}", ""

    def update(self, update: Update) -> tuple[str, str]:
        return f"on {update.event.value}: {self.assignment(update.target, update.expr)}", ""

    def average(self, state: State) -> None:
        """Said with the other states."""

    def bounds(self, lower: float, upper: float) -> tuple[str, str]:
        return f"bounds w in [{show_number(lower)}, {show_number(upper)}]", ""

    def zero_diagonal(self) -> tuple[str, str]:
        return "diagonal w = 0", ""

    def euler(self) -> tuple[str, str]:
        return "integrate euler", ""

    def nonlocal_names(self, names: list[str]) -> tuple[str, str]:
        return f"nonlocal {', '.join(names)}", ""

    def foreign(self, other: Foreign) -> tuple[str, str] | None:
        return None if other.site is Site.GLOBAL else (f"{other.name} : {other.site.value}", "")

    def assignment(self, target: str, expr: sp.Expr) -> str:
        name, change = self.show(symbol(target)), increment(target, expr)
        return (
            f"{name} <- {self.show(expr)}" if change is None else f"{name} += {self.show(change)}"
        )
