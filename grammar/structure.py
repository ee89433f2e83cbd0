"""A structure: the formulas of a rule without its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import sympy as sp

from grammar import algebra
from grammar.bases import Basis
from grammar.parse import parse
from grammar.parts import Definition, RuleParts
from grammar.rule import Rule
from grammar.space_file import PLACE, Description, Range
from grammar.symbols import symbol
from grammar.unparse import show_expression, show_number


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
        return " + ".join(product(f"theta_{k}", b.expr, b.text) for k, b in self.numbered)

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
        slots = [Slot(self.description, k, [basis]) for k, basis in self.numbered]
        terms = [
            product(slot.coefficient, basis.expr, slot.show(basis.expr))
            for slot, basis in zip(slots, self.terms, strict=True)
        ]
        lines = [line for slot in slots for line in slot.statements()]
        return parse(filled(self.description.template, " + ".join(terms), lines))

    def rule(self, values: Mapping[str, float] | None = None) -> Rule:
        """The rule: the template with this sum of terms.

        The coefficient of term k is the free parameter `theta_k`; the time constant of its trace
        of x is `tau_x_k`, free as well.

        Args:
            values: of some parameters; the others have those of the description.

        Raises:
            RuleError: the rule has no such parameter, or its bounds exclude the value.

        Example:
            >>> from grammar.space import load_space
            >>> bcm = parse("x = lowpass(post**2, tau)\\ndw/dt = eta*pre*post*(post - x)")
            >>> print(load_space().find(bcm).rule({"tau_x1_1": 100}).text(), end="")
            param eta = 0.000913 1/ms
            param theta_1 = 0.1 in [-3, 3] free
            param tau_x1_1 = 100 ms in [10, 1000] free
            de/dt = theta_1*post*(post - x1_bar_1)*pre  : synapse
            x1_bar_1 = lowpass(post**2, tau_x1_1)       : post
            R_bar[condition] = average(R, 0.2)
            on trial start: e <- 0
            on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
        """
        return self._rule if values is None else self._rule.with_values(values)


class Slot:
    """The place of one term in a rule, with names for its coefficient and traces.

    Args:
        description: of the space.
        number: of the term.
        bases: what the term is, or may be.

    Attributes:
        coefficient: its name.
        time_constants: the names of those of the traces.
    """

    def __init__(self, description: Description, number: int, bases: Iterable[Basis]) -> None:
        self.description, self.coefficient = description, f"theta_{number}"
        words = {t: w for b in bases for t, w in zip(b.traces, b.words, strict=True)}
        self.names = {trace: f"{word}_bar_{number}" for trace, word in words.items()}
        self.time_constants = {trace: f"tau_{word}_{number}" for trace, word in words.items()}

    def show(self, expr: sp.Expr) -> str:
        """A formula in the names of this slot."""
        sites = self.description.traces.sites
        known = (Definition(n, sites[t.name], sp.Integer(0)) for t, n in self.names.items())
        values = {t: symbol(n) for t, n in self.names.items()}
        parts = RuleParts(definitions=tuple(known))
        return show_expression(parts, algebra.substitute(expr, values))

    def statements(self) -> list[str]:
        """What declares the coefficient and time constants and defines the traces."""
        traces, times = self.description.traces, self.description.time_constants
        lines = [parameter(self.coefficient, "", self.description.coefficients)]
        lines += [parameter(tau, " ms", times) for tau in self.time_constants.values()]
        for trace, name in self.names.items():
            drive, site = self.show(traces.drives[trace]), traces.sites[trace.name]
            lines.append(f"{name} = lowpass({drive}, {self.time_constants[trace]}) : {site.value}")
        return lines


def product(coefficient: str, expr: sp.Expr, text: str) -> str:
    """The text of a coefficient times a formula, in brackets where it is a sum."""
    loose = expr.is_Add or isinstance(expr, sp.Piecewise)
    return f"{coefficient}*({text})" if loose else f"{coefficient}*{text}"


def parameter(name: str, unit: str, where: Range) -> str:
    """The statement that declares a free parameter."""
    value, low, high = (show_number(x) for x in (where.value, where.low, where.high))
    return f"param {name} = {value}{unit} in [{low}, {high}] free"


def filled(template: str, terms: str, lines: Iterable[str]) -> str:
    """The template with terms in their place and the lines that they need.

    These come last, so that the lines of the template keep their numbers in messages.
    """
    return "\n".join([template.replace(PLACE, terms), *lines, ""])
