"""The noun of the project: a rule, with everything that one can ask of it."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from fractions import Fraction
from functools import cached_property
from textwrap import shorten

import sympy as sp

from rulegen.grammar.algebra.algebra import substitute
from rulegen.grammar.algebra.exact import LARGEST, SMALLEST, AlgebraError
from rulegen.grammar.algebra.parts import Parameter, RuleParts, State
from rulegen.grammar.algebra.symbols import MILLISECOND, WEIGHT, Site, symbol
from rulegen.grammar.printing.latex import latex
from rulegen.grammar.printing.unparse import show_number, show_unit, unparse
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.reading.sites import site_table
from rulegen.grammar.rule.canonical import canonical
from rulegen.grammar.rule.in_sympy import in_sympy
from rulegen.grammar.rule.locality import LocalityCertificate, locality
from rulegen.grammar.rule.terms import Term, drop, live_names, terms
from rulegen.grammar.rule.units import Clash, infer_units


@dataclass(frozen=True)
class Rule(RuleParts):
    """A plasticity rule: formulas for its states and updates, with named parameters.

    Two rules are equal when all their parts are; see `digest` for equality up to notation.
    """

    @classmethod
    def of(cls, parts: RuleParts) -> Rule:
        """The rule made of these parts."""
        return cls(**{f.name: getattr(parts, f.name) for f in fields(RuleParts)})

    def text(self) -> str:
        """The rule in the rule language; `parse(rule.text()) == rule`."""
        return unparse(self)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        formulas = (line for line in self.text().splitlines() if not line.startswith("param "))
        return f"<Rule {self.digest}: {shorten('; '.join(formulas), 120)}>"

    def latex(self, values: bool = False) -> str:
        """The rule for LaTeX's display mathematics; with `values`, numbers for parameters."""
        return latex(self, values)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def markdown(self) -> str:
        """The equations, and a table of the parameters, for Markdown with mathematics."""
        rows = [
            f"| `{p.name}` | {'' if p.value is None else show_number(p.value)} "
            f"| {'' if not p.unit else show_unit(p.unit)} | {'yes' if p.free else ''} |"
            for p in self.parameters
        ]
        table = ["| parameter | value | unit | free |", "| --- | --- | --- | --- |", *rows]
        return f"$$\n{self.latex()}\n$$\n" + ("\n" + "\n".join(table) + "\n" if rows else "")

    def parameter(self, name: str) -> Parameter:
        """The parameter of this name."""
        for parameter in self.parameters:
            if parameter.name == name:
                return parameter
        raise RuleError(f"the rule has no parameter `{name}`", remedy=self._names())

    def state(self, name: str) -> State:
        """The state of this name."""
        for state in self.states:
            if state.name == name:
                return state
        names = ", ".join(s.name for s in self.states) or "none"
        raise RuleError(f"the rule has no state `{name}`", remedy=f"its states: {names}")

    def _names(self) -> str:
        return "its parameters: " + (", ".join(p.name for p in self.parameters) or "none")

    @property
    def free(self) -> tuple[Parameter, ...]:
        """The parameters that a fit may change."""
        return tuple(p for p in self.parameters if p.free)

    def with_values(self, values: Mapping[str, float]) -> Rule:
        """The rule with other values of some parameters."""
        for name, value in values.items():
            bounds = self.parameter(name)
            if not (math.isfinite(value) and bounds.lower <= value <= bounds.upper):
                raise RuleError(
                    f"`{name}` cannot be {value}",
                    remedy=f"its bounds are [{bounds.lower}, {bounds.upper}]",
                )
            if abs(value) > LARGEST:
                raise RuleError(f"`{name}` cannot be {value}: beyond {LARGEST:g}")
        new = {n: float(v) if abs(v) >= SMALLEST else 0.0 for n, v in values.items()}
        return replace(
            self,
            parameters=tuple(replace(p, value=new.get(p.name, p.value)) for p in self.parameters),
        )

    def fixed(self) -> Rule:
        """The rule with its free parameters held at their values: a family's fitted member."""
        return replace(self, parameters=tuple(replace(p, free=False) for p in self.parameters))

    def site_of(self, name: str) -> Site:
        """Where a signal, state, definition or parameter lives."""
        table = site_table(self)
        if name not in table:
            raise RuleError(f"the rule does not know `{name}`")
        return table[name]

    def expand(self, expr: sp.Expr) -> sp.Expr:
        """The expression with all definitions written out, and in ms."""
        meaning: dict[sp.Symbol, sp.Expr] = {symbol(MILLISECOND): sp.Integer(1)}
        try:
            for definition in self.definitions:
                meaning[symbol(definition.name)] = substitute(definition.expr, meaning)
            return substitute(expr, meaning)
        except AlgebraError as problem:
            message = f"written out, this makes {problem.message}"
            raise RuleError(message, remedy=problem.remedy) from None

    def terms(self) -> tuple[Term, ...]:
        """The candidate terms of a family, one for each free coefficient."""
        return terms(self)

    def drop(self, names: Iterable[str]) -> Rule:
        """The rule without the terms of these coefficients, and without what only they used."""
        return Rule.of(drop(self, names))

    def canonical(self) -> Rule:
        """The form that equal rules share, however they are written."""
        return self._canonical

    @cached_property
    def _canonical(self) -> Rule:
        return Rule.of(canonical(self))

    @cached_property
    def digest(self) -> str:
        """16 hexadecimal digits that equal rules share; see `rulegen.grammar.rule.canonical`."""
        return hashlib.sha256(unparse(self._canonical).encode()).hexdigest()[:16]

    def locality(self) -> LocalityCertificate:
        """What a synapse would need in order to follow the rule."""
        return locality(self)

    def idle(self) -> tuple[str, ...]:
        """Names given to what changes neither the weights nor, by `forward`, their use.

        Example:
            >>> from rulegen.grammar.rule.parse import parse
            >>> parse("param alpha = 2\\ny = lowpass(post, 10)\\ndw = 0.1*y*pre").idle()
            ('alpha', 'dw', 'y')
        """
        names = [p.name for p in self.parameters] + [d.name for d in self.definitions]
        names += [s.name for s in self.states]
        live = live_names(self)
        return tuple(name for name in names if name not in live)

    @property
    def inert(self) -> bool:
        """Whether it leaves the weights and the forward pass as they are."""
        written = {s.name for s in self.states} | {u.target for u in self.updates}
        return WEIGHT not in written and not self.forward

    def units(self) -> dict[str, Fraction | None]:
        """Each name's dimension as a power of ms, None where the rule leaves it open."""
        try:
            return infer_units(self)
        except Clash as clash:
            raise RuleError(clash.message, remedy=clash.remedy) from None

    def sympy(self) -> dict[str, sp.Basic]:
        """The equations as SymPy objects, by the name they define; updates as `on reward: w`.

        The state itself is a function of `t` on both sides of its differential equation, so that
        SymPy's solvers can be used; everything else is a symbol. What a state becomes at an event
        is made of what was there before the event, whatever stands in its lines. A number that
        SymPy would write out for minutes, such as `24**0.6666667`, is the fraction of 50 digits by
        which rules are compared.

        Raises:
            RuleError: a power of a product in which SymPy would do so, or updates that have no
                formula when they are put into each other, or one of more than `MAX_SIZE` symbols;
                the message names them.
        """
        return in_sympy(self)
