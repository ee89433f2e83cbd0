"""The printer: from a rule to its text, such that reading the text gives the rule again."""

from __future__ import annotations

import math
from fractions import Fraction

import sympy as sp

from rulegen.grammar.algebra.algebra import as_written, operator_name
from rulegen.grammar.algebra.exact import LARGEST
from rulegen.grammar.algebra.operators import power
from rulegen.grammar.algebra.parts import Definition, Form, Parameter, RuleParts, State, Update
from rulegen.grammar.algebra.symbols import symbol
from rulegen.grammar.printing.order import (
    equations,
    natural,
    sort_factors,
    sort_terms,
    split_product,
)
from rulegen.grammar.reading.sites import site_table

#: Sites are aligned in one column, but not beyond this one.
MAX_ALIGNED = 48

# Precedence levels, loosest first.
_IF, _OR, _AND, _COMPARE, _ADD, _MUL, _UNARY, _POW, _ATOM = range(9)


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
        return "".join(line + "\n" for line in _Writer(parts).lines())


def show_expression(parts: RuleParts, expr: sp.Expr) -> str:
    """One expression of the rule as text."""
    with as_written(False):
        return _Writer(parts).show(expr)


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


class _Writer:
    def __init__(self, parts: RuleParts) -> None:
        self.parts = parts
        self.sites = site_table(parts)
        self.parameters = frozenset(p.name for p in parts.parameters)
        self.per_condition = {s.name for s in parts.states if s.per_condition}
        # Sorting shows everything before it is written: without a memory, twice at every level.
        self.shown: dict[tuple[sp.Basic, sp.Symbol | None], tuple[str, int]] = {}

    # Statements ----------------------------------------------------------------------------

    def lines(self) -> list[str]:
        parts = self.parts
        lines = [self.parameter(p) for p in parts.parameters]
        lines += self.equations()
        for state in parts.states:
            if state.initial != 0.0:
                lines.append(f"initial {state.name} = {show_number(state.initial)}")
        lines += [f"forward {name} = {self.show(expr)}" for name, expr in parts.forward]
        lines += [self.update(u) for u in parts.updates]
        if (parts.lower, parts.upper) != (-math.inf, math.inf):
            low, high = show_number(parts.lower), show_number(parts.upper)
            lines.append(f"bounds w in [{low}, {high}]")
        lines += ["diagonal w = 0"] if parts.zero_diagonal else []
        lines += ["integrate euler"] if parts.euler else []
        if parts.nonlocal_names:
            lines.append("nonlocal " + ", ".join(sorted(parts.nonlocal_names)))
        return lines

    def equations(self) -> list[str]:
        rows = [
            self.state(x) if isinstance(x, State) else self.definition(x)
            for x in equations(self.parts)
        ]
        width = min(max((len(left) for left, site in rows if site), default=0), MAX_ALIGNED)
        return [f"{left:<{width}}  : {site}" if site else left for left, site in rows]

    def parameter(self, parameter: Parameter) -> str:
        words = ["param", parameter.name]
        if parameter.value is not None:
            words += ["=", show_number(parameter.value)]
        if parameter.unit is not None:
            words.append(show_unit(parameter.unit))
        if (parameter.lower, parameter.upper) != (-math.inf, math.inf):
            words.append(f"in [{show_number(parameter.lower)}, {show_number(parameter.upper)}]")
        return " ".join([*words, "free"] if parameter.free else words)

    def definition(self, definition: Definition) -> tuple[str, str]:
        return f"{definition.name} = {self.show(definition.expr)}", definition.site.value

    def state(self, state: State) -> tuple[str, str]:
        name, site = self.name(symbol(state.name)), state.site.value
        if state.form is Form.DERIVATIVE:
            return f"d{name}/dt = {self.show(state.expr, own=symbol(state.name))}", site
        if state.form is Form.STEP:
            return self.assignment(state.name, state.expr), site
        assert state.tau is not None
        call = f"{state.form.value}({self.show(state.expr)}, {self.show(state.tau)})"
        return f"{name} = {call}", "" if state.form is Form.AVERAGE else site

    def update(self, update: Update) -> str:
        return f"on {update.event.value}: {self.assignment(update.target, update.expr)}"

    def assignment(self, target: str, expr: sp.Expr) -> str:
        own, name = symbol(target), self.name(symbol(target))
        if expr.is_Add and own in expr.args:
            return f"{name} += {self.show(sp.Add(*[a for a in expr.args if a != own]))}"
        return f"{name} <- {self.show(expr)}"

    # Expressions ---------------------------------------------------------------------------

    def name(self, sym: sp.Symbol) -> str:
        return f"{sym.name}[condition]" if sym.name in self.per_condition else str(sym.name)

    def show(self, expr: sp.Basic, level: int = _IF, own: sp.Symbol | None = None) -> str:
        """The text of an expression, in brackets where it binds looser than `level`."""
        if (expr, own) not in self.shown:
            self.shown[expr, own] = self.text(expr, own)
        text, binds = self.shown[expr, own]
        return text if binds >= level else f"({text})"

    def text(self, expr: sp.Basic, own: sp.Symbol | None = None) -> tuple[str, int]:
        if expr.is_Symbol:
            return self.name(expr), _ATOM
        if expr.is_Rational:
            return self.number(expr)
        if expr.is_Add:
            return self.sum(expr, own), _ADD
        if expr.is_Mul:
            return self.product(expr)
        if expr.is_Pow or isinstance(expr, power):
            return self.power(expr)
        if isinstance(expr, sp.Piecewise):
            return self.cases(expr)
        if isinstance(expr, sp.And | sp.Or):
            word, level = (" and ", _AND) if isinstance(expr, sp.And) else (" or ", _OR)
            return word.join(sorted(self.show(a, level + 1) for a in expr.args)), level
        if expr.is_Relational:
            left, right = (self.show(a, _ADD) for a in expr.args)
            return f"{left} {expr.rel_op} {right}", _COMPARE
        args = [self.show(a) for a in expr.args]
        if isinstance(expr, sp.Min | sp.Max):
            args.sort(key=natural)
        return f"{operator_name(expr)}({', '.join(args)})", _ATOM

    def number(self, value: sp.Rational) -> tuple[str, int]:
        if value < 0:
            return "-" + self.show_positive(-value, _MUL), _UNARY
        text = self.show_positive(value, _IF)
        return text, _MUL if "/" in text else _ATOM

    def show_positive(self, value: sp.Rational, level: int) -> str:
        if value.q == 1:
            return str(value.p)
        decimal = repr(value.p / value.q)
        if sp.Rational(decimal) == value:
            return decimal
        return f"{value.p}/{value.q}"

    def sum(self, expr: sp.Expr, own: sp.Symbol | None) -> str:
        text = ""
        for term in sort_terms(expr.args, self.show, own):
            shown = self.show(term, _MUL)
            if not text:
                text = shown
            elif shown.startswith("-"):
                text += " - " + shown[1:]
            else:
                text += " + " + shown
        return text

    def product(self, expr: sp.Expr) -> tuple[str, int]:
        coefficient, above, below = split_product(expr)
        sign = "-" if coefficient < 0 else ""
        size = abs(coefficient)
        over, under = [], []
        fraction = self.show_positive(size, _IF)
        if size == sp.Rational(1, 2) and above:
            under.append("2")
        elif "/" in fraction and max(size.p, size.q) > LARGEST:
            over.append(f"({fraction})")  # a number so large stands in fractions alone
        elif "/" in fraction:
            over += [str(size.p)] if size.p != 1 else []
            under.append(str(size.q))
        elif size != 1:
            over.append(fraction)
        over += [self.show(f, _POW) for f in self.sorted(above)]
        under += [self.show(f, _POW) for f in self.sorted(below)]
        text = "*".join(over) if over else "1"
        if under:
            bottom = "*".join(under)
            text += f"/({bottom})" if len(under) > 1 else f"/{bottom}"
        return sign + text, _UNARY if sign else _MUL

    def sorted(self, factors: list[sp.Expr]) -> list[sp.Expr]:
        return sort_factors(factors, self.sites, self.parameters, self.show)

    def power(self, expr: sp.Expr) -> tuple[str, int]:
        base, exponent = expr.args
        if exponent == sp.Rational(1, 2):
            return f"sqrt({self.show(base)})", _ATOM
        if exponent.is_Rational and exponent < 0:
            return self.product(expr)
        return f"{self.show(base, _ATOM)}**{self.show(exponent, _ATOM)}", _POW

    def cases(self, expr: sp.Piecewise) -> tuple[str, int]:
        if [a.expr for a in expr.args] == [1, 0]:
            return self.text(expr.args[0].cond)
        *cases, last = expr.args
        rows = [f"{self.show(c.expr, _OR)} if {self.show(c.cond, _OR)}" for c in cases]
        return " else ".join([*rows, self.show(last.expr, _OR)]), _IF
