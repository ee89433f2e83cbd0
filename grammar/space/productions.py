"""The productions of a space of rules: what each of its symbols can stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from rulegen.grammar.algebra import algebra, exact
from rulegen.grammar.algebra.operators import TAKEN
from rulegen.grammar.algebra.parts import Definition, Form, RuleParts, State
from rulegen.grammar.algebra.symbols import SIGNALS, WEIGHT, Site, is_outside, symbol
from rulegen.grammar.printing.unparse import show_expression
from rulegen.grammar.reading.draft import end_of
from rulegen.grammar.reading.drawing import check_single
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.reading.formula import read_formula
from rulegen.grammar.reading.lexer import Token, tokenise
from rulegen.grammar.reading.reads import Formula
from rulegen.grammar.reading.sites import SIGNAL_SITES, check_reads, site_of
from rulegen.grammar.reading.source import Line
from rulegen.grammar.reading.suggest import suggest
from rulegen.grammar.reading.walk import FILTERS
from rulegen.grammar.reading.words import RESERVED

#: `trace(x)` is a low-pass filter of x whose time constant is a free parameter.
TRACE = "trace"
#: Stands for a time constant: a number in its place is in ms (1 alone would be dimensionless).
ANY_TIME = sp.Integer(30)


@dataclass(frozen=True)
class Alternative:
    """One formula that a symbol can stand for.

    Attributes:
        expr: the formula.
        parts: the symbols of the space in it, each of which stands for one formula.
        weight: how often it is drawn, in proportion to the others.
    """

    expr: sp.Expr
    parts: tuple[str, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class Production:
    """A symbol of the space, the site of the formulas that it stands for, and which they are."""

    name: str
    site: Site
    alternatives: tuple[Alternative, ...]


class Traces:
    """The traces of a space. Equal traces are one; it is a symbol named after what it filters.

    Attributes:
        sites: of every name that a formula of the space may read.
        drives: what each trace filters.
    """

    def __init__(self, symbols: Mapping[str, Site]) -> None:
        self.sites: dict[str, Site] = SIGNAL_SITES | dict(symbols)
        self.drives: dict[sp.Symbol, sp.Expr] = {}

    def trace(self, drive: sp.Expr) -> sp.Symbol:
        """The symbol of the trace of a formula."""
        if not drive.free_symbols:
            raise exact.AlgebraError("a trace of a number")
        made = symbol(f"{TRACE}({self.show(drive)})")
        if made not in self.drives:
            self.sites[made.name] = site_of(drive, self.sites)
            self.drives[made] = drive
        return made

    def substitute(self, expr: sp.Expr, values: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr:
        """The formula with some symbols replaced, also in what its traces filter."""
        traces = expr.free_symbols & self.drives.keys()
        inner = {t: self.trace(self.substitute(self.drives[t], values)) for t in traces}
        return algebra.substitute(expr, {**values, **inner})

    def within(self, expr: sp.Expr) -> tuple[sp.Symbol, ...]:
        """The traces that a formula needs, those first that others filter."""
        found: dict[sp.Symbol, None] = {}
        for trace in sorted(expr.free_symbols & self.drives.keys(), key=str):
            found |= dict.fromkeys([*self.within(self.drives[trace]), trace])
        return tuple(found)

    def parts(self, expr: sp.Expr, site: Site) -> RuleParts:
        """The formula as a rule without weights, as the analyses of rules want it."""
        states = tuple(
            State(t.name, self.sites[t.name], Form.LOWPASS, self.drives[t], ANY_TIME)
            for t in self.within(expr)
        )
        return RuleParts(definitions=(Definition("term", site, expr),), states=states)

    def show(self, expr: sp.Expr) -> str:
        """The formula as text."""
        names = tuple(Definition(n, s, sp.Integer(0)) for n, s in self.sites.items())
        return show_expression(RuleParts(definitions=names), expr)


def check_name(name: str) -> None:
    """Refuse a name that a symbol of a space cannot have."""
    tokens = tokenise(Line(1, name))
    single = len(tokens) == 1 and tokens[0].kind == "name" and tokens[0].text == name
    if not single or is_outside(name):
        raise RuleError(f"`{name}` is no name", remedy="use letters, digits and `_`")
    taken = name in SIGNALS or name in TAKEN or name in RESERVED or name in (WEIGHT, TRACE)
    if taken:
        raise RuleError(f"`{name}` means something already", remedy="use another name")


def read_alternative(text: str, site: Site, traces: Traces, weight: float = 1.0) -> Alternative:
    """Read one formula of a production.

    Args:
        text: the formula; it may read signals, `w`, `trace(...)` and the symbols of the space.
        site: where it has to live.
        traces: of the space.
        weight: of the alternative.

    Raises:
        RuleError: the text is no such formula; the error has the column and a remedy.

    Example:
        >>> traces = Traces({"side": Site.POST})
        >>> found = read_alternative("side - trace(side)", Site.POST, traces)
        >>> found.parts, [t.name for t in traces.within(found.expr)]
        (('side',), ['trace(side)'])
    """
    line = Line(1, text)
    reader = _Reader(line, traces)
    with algebra.as_written(False):
        formula = reader.read(tokenise(line))
    check_reads(formula, site, f"this is a {site.value} formula", traces.sites)
    if formula.expr == 0:
        raise line.error("this formula is 0", formula.column, "remove it")
    exprs = [formula.expr, *(traces.drives[t] for t in traces.within(formula.expr))]
    read = {s.name for e in exprs for s in e.free_symbols}
    return Alternative(formula.expr, tuple(p for p in reader.parts if p in read), weight)


class _Reader:
    """Reads a formula that contains traces, the innermost ones first."""

    def __init__(self, line: Line, traces: Traces) -> None:
        self.line, self.traces = line, traces
        self.parts: dict[str, None] = {}
        self.symbols = {n for n in traces.sites if n not in SIGNAL_SITES}

    def read(self, tokens: list[Token]) -> Formula:
        for token in tokens:
            if token.text in FILTERS:
                raise self._misplaced(token)
        while (start := _last_trace(tokens)) is not None:
            end = self._end(tokens, start + 1)
            after = end_of(tokens[start : start + 2])
            formula = self._formula(tokens[start + 2 : end], after)
            tokens[start : end + 1] = [self._trace(formula, tokens[start])]
        return self._formula(tokens, 1)

    def _formula(self, tokens: list[Token], after: int) -> Formula:
        formula = read_formula(self.line, tokens, self._resolve, after)
        check_single(formula, False)
        return formula

    def _trace(self, formula: Formula, token: Token) -> Token:
        try:
            made = self.traces.trace(formula.expr)
        except exact.AlgebraError as problem:
            raise self.line.error(problem.message, token.column, "filter a signal") from None
        if self.traces.sites[made.name] is Site.SYNAPSE:
            raise self.line.error(
                "a trace of what only a synapse sees",
                token.column,
                "filter both sides apart, or let the template filter `{terms}`",
            )
        return Token("name", made.name, token.column)

    def _end(self, tokens: list[Token], start: int) -> int:
        depth = 0
        for i in range(start, len(tokens)):
            depth += (tokens[i].text == "(") - (tokens[i].text == ")")
            if depth == 0:
                return i
        raise self.line.error("this `(` is never closed", tokens[start].column, "add `)`")

    def _misplaced(self, token: Token) -> RuleError:
        return self.line.error(
            f"`{token}` cannot stand here",
            token.column,
            f"write `{TRACE}(FORMULA)`, whose time constant is a free parameter",
        )

    def _resolve(self, line: Line, token: Token) -> sp.Symbol:
        name = token.text
        if token.per_condition:
            raise line.error(f"`{name}` is not kept per condition", token.column, "remove it")
        if name == TRACE:
            raise self._misplaced(token)
        if name not in self.traces.sites:
            known = [*self.symbols, *SIGNALS, WEIGHT]
            remedy = suggest(name, known) or "a space has signals, `w` and its own symbols"
            raise line.error(f"`{name}` is not known", token.column, remedy)
        if name in self.symbols and symbol(name) not in self.traces.drives:
            self.parts[name] = None
        return symbol(name)


def _last_trace(tokens: list[Token]) -> int | None:
    """Where the last call of a trace begins: no other one is inside it."""
    calls = range(len(tokens) - 1)
    found = [i for i in calls if tokens[i].text == TRACE and tokens[i + 1].text == "("]
    return found[-1] if found else None
