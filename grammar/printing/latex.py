r"""Rules as LaTeX, in the way that papers write them.

Factors stand in the order learning rate, third factor, eligibility or post, pre. Presynaptic
variables carry the index j, postsynaptic ones i, synapse variables ij. The output needs amsmath and
contains nothing of the user's text but letters and digits of names.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import sympy as sp

from rulegen.grammar.algebra import algebra, exact
from rulegen.grammar.algebra.operators import (
    clip,
    cumsum_post,
    exp,
    max_post,
    max_pre,
    power,
    prev,
    relu,
    spow,
    sum_post,
    sum_pre,
)
from rulegen.grammar.algebra.parts import Definition, Event, Form, RuleParts, State, Update
from rulegen.grammar.algebra.symbols import SIGNALS, WEIGHT, Site, symbol
from rulegen.grammar.printing.latex_names import format_number, latex_name
from rulegen.grammar.printing.order import equations, sort_factors, sort_terms, split_product
from rulegen.grammar.reading.sites import site_table

# Precedence levels, loosest first.
_CASES, _ADD, _MUL, _POW, _ATOM = range(5)

_RELATIONS = {"<": "<", "<=": r"\le", ">": ">", ">=": r"\ge", "==": "=", "!=": r"\ne"}
_FUNCTIONS = {
    sp.sign: r"\operatorname{sign}",
    exp: r"\exp",
    sp.log: r"\log",
    sp.tanh: r"\tanh",
    sp.sin: r"\sin",
    sp.cos: r"\cos",
    sp.Min: r"\min",
    sp.Max: r"\max",
    clip: r"\operatorname{clip}",
}
_SUMS = {
    sum_pre: (r"\sum_{%s}", Site.PRE),
    max_pre: (r"\max_{%s}", Site.PRE),
    sum_post: (r"\sum_{%s}", Site.POST),
    max_post: (r"\max_{%s}", Site.POST),
    cumsum_post: (r"\sum_{%s \le i}", Site.POST),
}
#: Names of the indices that run in sums, by nesting.
_RUNNING = "klmnpqs"


def latex(parts: RuleParts, values: bool = False) -> str:
    r"""The rule as LaTeX for display mathematics.

    Args:
        parts: the rule.
        values: whether parameters with a value are printed as numbers.

    Example:
        >>> from rulegen.grammar.rule.parse import parse
        >>> print(latex(parse("param eta = 0.1\ndw/dt = eta*pre*post"), values=True))
        \dot{w}_{ij} = 0.1\,r_i\,r_j
    """
    with algebra.as_written(False):
        rows = _Tex(parts, values).rows()
    if len(rows) == 1:
        return "".join(rows[0])
    body = " \\\\\n".join(f"  {left} &{right}" for left, right in rows)
    return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"


def latex_expression(parts: RuleParts, expr: sp.Expr, values: bool = False) -> str:
    """One expression of the rule as LaTeX."""
    with algebra.as_written(False):
        return _Tex(parts, values).tex(expr)


class _Tex:
    def __init__(self, parts: RuleParts, values: bool) -> None:
        self.parts = parts
        self.sites = site_table(parts)
        self.parameters = frozenset(p.name for p in parts.parameters)
        self.per_condition = {s.name for s in parts.states if s.per_condition}
        self.post, self.pre, self.nesting = "i", "j", 0
        self.values = {
            symbol(p.name): exact.number(float(f"{p.value:.4g}"))
            for p in parts.parameters
            if values and p.value is not None
        }
        # Sorting shows everything before it is written: without a memory, twice at every level.
        self.shown: dict[tuple[object, ...], tuple[str, int]] = {}

    # Lines ---------------------------------------------------------------------------------

    def rows(self) -> list[tuple[str, str]]:
        """Left and right sides, to be aligned at the sign between them."""
        parts = self.parts
        rows = []
        for item in equations(parts):
            if isinstance(item, Definition):
                rows.append((self.name(item.name), f" = {self.tex(item.expr)}"))
            elif item.form is not Form.AVERAGE:
                rows.append(self.state(item))
        for name, expr in parts.forward:
            left = f"{self.name(WEIGHT)}" if name == WEIGHT else latex_name("b", "i")
            arrow = r" \mapsto " if name == WEIGHT else " = "
            rows.append((rf"\text{{forward:}}\quad {left}", arrow + self.tex(expr)))
        rows += [self.update(u) for u in parts.updates]
        rows += [self.average(s) for s in parts.states if s.form is Form.AVERAGE]
        return rows + self.limits()

    def state(self, state: State) -> tuple[str, str]:
        own, expr, tau = symbol(state.name), state.expr, state.tau
        if state.form is Form.STEP:
            return self.assignment(state.name, expr)
        if state.form is Form.LOWPASS:
            expr = algebra.add([expr, -own])
        elif state.form is Form.ACCUMULATE:
            expr = algebra.add([expr, algebra.multiply([-own, algebra.reciprocal(tau)])])
            tau = None
        else:
            tau, expr = _time_constant(expr, own)
        dot = self.name(state.name, dot=True)
        left = dot if tau is None or tau == 1 else rf"{self.tex(tau, _POW)}\,{dot}"
        return left, f" = {self.tex(expr, own=own)}"

    def assignment(self, target: str, expr: sp.Expr) -> tuple[str, str]:
        own, name = symbol(target), self.name(target)
        expr = self.known(expr)
        if expr.is_Add and own in expr.args:
            change = sp.Add(*[a for a in expr.args if a != own])
            return rf"\Delta {name}", f" = {self.tex(change)}"
        return name, rf" \leftarrow {self.tex(expr)}"

    def update(self, update: Update) -> tuple[str, str]:
        left, right = self.assignment(update.target, update.expr)
        return rf"\text{{on {update.event.value}:}}\quad {left}", right

    def average(self, state: State) -> tuple[str, str]:
        change = algebra.add([self.known(state.expr), -symbol(state.name)])
        expr = algebra.multiply([self.known(state.tau), change])
        name = self.name(state.name)
        return rf"\text{{on {Event.REWARD.value}:}}\quad \Delta {name}", f" = {self.tex(expr)}"

    def limits(self) -> list[tuple[str, str]]:
        parts, rows = self.parts, []
        if (parts.lower, parts.upper) != (-math.inf, math.inf):
            low = "(" if math.isinf(parts.lower) else "["
            high = ")" if math.isinf(parts.upper) else "]"
            bounds = f"{format_number(parts.lower, 6)}, {format_number(parts.upper, 6)}"
            rows.append((self.name(WEIGHT), rf" \in {low}{bounds}{high}"))
        if parts.zero_diagonal:
            rows.append(("w_{ii}", " = 0"))
        return rows

    # Names ---------------------------------------------------------------------------------

    def name(self, name: str, dot: bool = False) -> str:
        if name in SIGNALS:
            text = SIGNALS[name].latex
            for old, new in (("i", self.post), ("j", self.pre)):
                text = text.replace(f"_{old}", f"_{{{new}}}") if new != old else text
            return text.replace("_{ij}", f"_{{{self.post}{self.pre}}}")
        index = {
            Site.GLOBAL: "c" if name in self.per_condition else "",
            Site.PRE: self.pre,
            Site.POST: self.post,
            Site.SYNAPSE: self.post + self.pre,
        }[self.sites[name]]
        if not dot:
            return latex_name(name, index)
        stem, _, subscript = latex_name(name, index).partition("_{")
        return rf"\dot{{{stem}}}" + (f"_{{{subscript}" if subscript else "")

    @contextmanager
    def running(self, site: Site) -> Iterator[str]:
        """A fresh index for the neurons of one side."""
        before = self.post, self.pre, self.nesting
        index = _RUNNING[self.nesting % len(_RUNNING)]
        self.nesting += 1
        if site is Site.PRE:
            self.pre = index
        else:
            self.post = index
        yield index
        self.post, self.pre, self.nesting = before

    # Expressions ---------------------------------------------------------------------------

    def known(self, expr: sp.Expr) -> sp.Expr:
        """With numbers in place of parameters, if that is wanted and possible."""
        try:
            return algebra.substitute(expr, self.values)
        except exact.AlgebraError:
            return expr

    def tex(self, expr: sp.Expr, level: int = _CASES, own: sp.Symbol | None = None) -> str:
        """An expression, in brackets where it binds looser than `level`."""
        key = expr, own, self.post, self.pre, self.nesting
        if key not in self.shown:
            self.shown[key] = self.text(self.known(expr), own)
        text, binds = self.shown[key]
        return text if binds >= level else rf"\left({text}\right)"

    def text(self, expr: sp.Expr, own: sp.Symbol | None = None) -> tuple[str, int]:
        if expr.is_Symbol:
            text = self.name(expr.name)
            return text, _POW if " " in text or "'" in text else _ATOM
        if expr.is_Rational or expr.is_Mul:
            return self.product(expr)
        if expr.is_Add:
            return self.sum(expr, own), _ADD
        if expr.is_Pow or isinstance(expr, power):
            return self.power(expr)
        if isinstance(expr, sp.Piecewise):
            return self.cases(expr)
        return self.function(expr)

    def sum(self, expr: sp.Expr, own: sp.Symbol | None) -> str:
        text = ""
        for term in sort_terms(expr.args, self.tex, own):
            shown = self.tex(term, _MUL)
            joint = " - " if shown.startswith("-") else " + "
            text = text + joint + shown.removeprefix("-") if text else shown
        return text

    def product(self, expr: sp.Expr) -> tuple[str, int]:
        coefficient, above, below = split_product(expr)
        sign = "-" if coefficient < 0 else ""
        size = abs(coefficient)
        if _is_decimal(size):
            over, under = [size], []
        elif _is_decimal(1 / size):  # a time constant of 16.8 ms stays one
            over, under = [sp.Integer(1)], [1 / size]
        elif max(size.p, size.q) < 10**9:
            over, under = [sp.Integer(size.p)], [sp.Integer(size.q)]
        else:
            over, under = [size], []
        if over == [1] and (above or under or below):
            over = []
        top = [_plain(n) for n in over] + [self.tex(f, _MUL) for f in self.sorted(above)]
        bottom = [_plain(n) for n in under] + [self.tex(f, _MUL) for f in self.sorted(below)]
        # A sum that stands alone above or below a line needs no brackets.
        if len(top) == 1 and above and bottom:
            top = [self.tex(above[0])]
        if len(bottom) == 1 and below:
            bottom = [self.tex(below[0])]
        text = r"\,".join(top) or "1"
        if bottom:
            text = rf"\frac{{{text}}}{{" + r"\,".join(bottom) + "}"
        simple = not sign and not bottom and len(top) < 2
        return sign + text, _ATOM if simple and r"\times" not in text else _MUL

    def sorted(self, factors: list[sp.Expr]) -> list[sp.Expr]:
        return sort_factors(factors, self.sites, self.parameters, self.tex)

    def power(self, expr: sp.Expr) -> tuple[str, int]:
        base, exponent = expr.args
        if exponent.is_Rational and exponent < 0:
            return self.product(expr)
        if exponent == sp.Rational(1, 2):
            return rf"\sqrt{{{self.tex(base)}}}", _ATOM
        return f"{self.tex(base, _ATOM)}^{{{self.tex(exponent)}}}", _POW

    def function(self, expr: sp.Expr) -> tuple[str, int]:
        if expr.func in _SUMS:
            sign, site = _SUMS[expr.func]
            with self.running(site) as index:
                inner = self.tex(expr.args[0], _MUL)
            return rf"{sign % index} {inner}", _ADD
        if isinstance(expr, prev):
            return f"{self.tex(expr.args[0], _ATOM)}^{{(t-1)}}", _POW
        args = [self.tex(a) for a in expr.args]
        if isinstance(expr, sp.Abs):
            return rf"\left|{args[0]}\right|", _ATOM
        if isinstance(expr, relu):
            return rf"\left[{args[0]}\right]_{{+}}", _ATOM
        if isinstance(expr, spow) and not expr.args[0].has(spow):  # its argument stands there twice
            sign = rf"\operatorname{{sign}}\left({args[0]}\right)"
            return rf"{sign}\,\left|{args[0]}\right|^{{{args[1]}}}", _MUL
        head = _FUNCTIONS.get(expr.func, rf"\operatorname{{{type(expr).__name__}}}")
        args = sorted(args) if isinstance(expr, sp.Min | sp.Max) else args
        return rf"{head}\left({', '.join(args)}\right)", _ATOM

    def cases(self, expr: sp.Piecewise) -> tuple[str, int]:
        if [a.expr for a in expr.args] == [1, 0]:
            return rf"\mathbf{{1}}\left\{{{self.condition(expr.args[0].cond)}\right\}}", _POW
        rows = [
            rf"{self.tex(e)} & \text{{otherwise}}"
            if c == sp.true
            else rf"{self.tex(e)} & \text{{if }} {self.condition(c)}"
            for e, c in expr.args
        ]
        body = r" \\ ".join(rows)
        return rf"\begin{{cases}} {body} \end{{cases}}", _CASES

    def condition(self, cond: sp.Basic) -> str:
        if isinstance(cond, sp.And | sp.Or):
            word = r" \land " if isinstance(cond, sp.And) else r" \lor "
            texts = [
                rf"\left({self.condition(a)}\right)"
                if isinstance(a, sp.And | sp.Or)
                else self.condition(a)
                for a in cond.args
            ]
            return word.join(sorted(texts))
        left, right = (self.tex(a, _ADD) for a in cond.args)
        return f"{left} {_RELATIONS[cond.rel_op]} {right}"


def _is_decimal(number: sp.Rational) -> bool:
    """Whether the number has a short decimal form, such as 0.25 but not 1/3."""
    return bool(sp.Rational(repr(number.p / number.q)) == number)


def _plain(value: sp.Rational) -> str:
    return format_number(value.p / value.q, 15)


def _time_constant(expr: sp.Expr, own: sp.Symbol) -> tuple[sp.Expr | None, sp.Expr]:
    """`tau` and `tau*expr` when the equation reads better so: when every term is divided by it."""
    coefficient, above, below = split_product(expr)
    if below and len(above) == 1 and above[0].is_Add and -own in above[0].args:
        return algebra.multiply(below), algebra.multiply([coefficient, *above])
    divisors = [set(split_product(t)[2]) for t in sp.Add.make_args(expr)]
    decays = any(split_product(t)[:2] == (-1, [own]) for t in sp.Add.make_args(expr))
    common = set.intersection(*divisors)
    if decays and len(common) == 1:
        tau = common.pop()
        return tau, algebra.add([algebra.multiply([tau, t]) for t in sp.Add.make_args(expr)])
    return None, expr
