"""A structure: the formulas of a rule without its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import sympy as sp

from rulegen.grammar.algebra import algebra
from rulegen.grammar.algebra.parts import Definition, RuleParts
from rulegen.grammar.algebra.symbols import Site, symbol
from rulegen.grammar.printing.unparse import show_expression, show_number
from rulegen.grammar.rule.parse import parse
from rulegen.grammar.rule.rule import Rule
from rulegen.grammar.space.bases import Basis
from rulegen.grammar.space.productions import Traces
from rulegen.grammar.space.space_file import PLACE, Description, Range


@dataclass(frozen=True)
class Structure:
    """A set of terms of a space, each with a coefficient and time constants of its own.

    Two structures are equal when their terms are.

    Attributes:
        terms: from the simplest on.
        description: of the space.
    """

    terms: tuple[Basis, ...]
    description: Description = field(compare=False, repr=False)

    @property
    def complexity(self) -> int:
        """How many variables, numbers and operators its terms consist of."""
        return sum(basis.complexity for basis in self.terms)

    @property
    def text(self) -> str:
        """The sum of its terms, with `trace(x)` for a trace of x."""
        return " + ".join(product(coefficient(k), b.expr, b.text) for k, b in self.numbered)

    @property
    def said(self) -> str:
        """Its terms, without their coefficients."""
        return ", ".join(basis.text for basis in self.terms)

    def __str__(self) -> str:
        return self.text

    @property
    def numbered(self) -> Iterable[tuple[int, Basis]]:
        """The terms with their numbers, from 1."""
        return enumerate(self.terms, 1)

    @cached_property
    def digest(self) -> str:
        """That of its rule, which no other structure of the space has."""
        return self._rule.digest

    @cached_property
    def _rule(self) -> Rule:
        traces, lines, terms = self.description.traces, [], []
        for k, basis in self.numbered:
            names = {t: f"{w}_bar_{k}" for t, w in zip(basis.traces, basis.words, strict=True)}
            lines.append(parameter(coefficient(k), "", self.description.coefficients))
            for trace, role in roles(basis.traces, traces).items():
                drive, site = spelled(traces.drives[trace], names, traces), traces.sites[trace.name]
                tau = time_constant(role, k)
                lines.append(parameter(tau, " ms", self.description.time_constants))
                lines.append(f"{names[trace]} = lowpass({drive}, {tau}) : {site.value}")
            terms.append(product(coefficient(k), basis.expr, spelled(basis.expr, names, traces)))
        return parse(filled(self.description.template, " + ".join(terms), lines))

    def rule(self, values: Mapping[str, float] | None = None) -> Rule:
        """The rule: the template with this sum of terms.

        The coefficient of term k is the free parameter `theta_k`; the time constants of its
        traces are `tau_post_k` and `tau_pre_k`, free as well, and `tau_post2_k` of a second one.

        Args:
            values: of some parameters; the others have those of the description.

        Raises:
            RuleError: the rule has no such parameter, or its bounds exclude the value.

        Example:
            >>> from rulegen.grammar.space.space import load_space
            >>> bcm = parse("x = lowpass(post**2, tau)\\ndw/dt = eta*pre*post*(post - x)")
            >>> print(load_space().find(bcm).rule({"tau_post_1": 100}).text(), end="")
            param eta = 0.000913 1/ms
            param theta_1 = 0.1 in [-3, 3] free
            param tau_post_1 = 100 ms in [10, 1000] free
            de/dt = theta_1*post*(post - x1_bar_1)*pre  : synapse
            x1_bar_1 = lowpass(post**2, tau_post_1)     : post
            R_bar[condition] = average(R, 0.2)
            on trial start: e <- 0
            on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
        """
        return self._rule if values is None else self._rule.with_values(values)


def coefficient(number: int) -> str:
    """The name of the coefficient of the term of this number."""
    return f"theta_{number}"


def time_constant(role: str, number: int) -> str:
    """The name of the time constant of a trace in the term of this number."""
    return f"tau_{role}_{number}"


def roles(traces: Iterable[sp.Symbol], known: Traces) -> dict[sp.Symbol, str]:
    """What the traces of a term are in it: `pre`, `post`, and `pre2`, ... for more of a side."""
    found: dict[sp.Symbol, str] = {}
    for trace in traces:
        side = "pre" if known.sites[trace.name] is Site.PRE else "post"
        number = sum(role.startswith(side) for role in found.values()) + 1
        found[trace] = side if number == 1 else f"{side}{number}"
    return found


def spelled(expr: sp.Expr, names: Mapping[sp.Symbol, str], traces: Traces) -> str:
    """A formula as text, with names for its traces."""
    known = (Definition(n, traces.sites[t.name], sp.Integer(0)) for t, n in names.items())
    values = {t: symbol(n) for t, n in names.items()}
    return show_expression(RuleParts(definitions=tuple(known)), algebra.substitute(expr, values))


def product(first: str, expr: sp.Expr, text: str) -> str:
    """The text of a name times a formula, in brackets where it is a sum."""
    loose = expr.is_Add or isinstance(expr, sp.Piecewise)
    return f"{first}*({text})" if loose else f"{first}*{text}"


def parameter(name: str, unit: str, where: Range) -> str:
    """The statement that declares a free parameter."""
    value, low, high = (show_number(x) for x in (where.value, *where.bounds))
    return f"param {name} = {value}{unit} in [{low}, {high}] free"


def filled(template: str, terms: str, lines: Iterable[str]) -> str:
    """The template with terms in their place and the lines that they need.

    These come last, so that the lines of the template keep their numbers in messages.
    """
    return "\n".join([template.replace(PLACE, terms), *lines, ""])
