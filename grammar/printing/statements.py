"""The one walk over the statements of a rule, in the order in which they are written."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Generic, TypeVar

import sympy as sp

from rulegen.grammar.algebra.parts import (
    Definition,
    Foreign,
    Form,
    Parameter,
    RuleParts,
    State,
    Update,
)
from rulegen.grammar.algebra.symbols import symbol
from rulegen.grammar.printing.order import equations

L = TypeVar("L")


class Statements(ABC, Generic[L]):
    """A line for each statement, None where this way of writing says nothing in that place."""

    def __init__(self, parts: RuleParts) -> None:
        self.parts = parts

    def lines(self) -> list[L]:
        """What is written, from the first line to the last."""
        parts = self.parts
        lines = [self.parameter(p) for p in parts.parameters]
        for item in equations(parts):
            if isinstance(item, Definition):
                lines.append(self.definition(item))
            elif item.name in parts.drawn:
                lines.append(self.drawn(item))
            else:
                lines.append(self.fresh(item) if item.form is Form.DRAW else self.state(item))
        begun = (s for s in parts.states if s.initial != 0 and s.name not in parts.drawn)
        lines += [self.initial(s) for s in begun]
        lines += [self.forward(name, expr) for name, expr in parts.forward]
        lines += [self.update(u) for u in parts.updates]
        lines += [self.average(s) for s in parts.states if s.form is Form.AVERAGE]
        if (parts.lower, parts.upper) != (-math.inf, math.inf):
            lines.append(self.bounds(parts.lower, parts.upper))
        lines += [self.zero_diagonal()] if parts.zero_diagonal else []
        lines += [self.euler()] if parts.euler else []
        lines += [self.nonlocal_names(sorted(parts.nonlocal_names))] if parts.nonlocal_names else []
        lines += [self.foreign(f) for f in parts.foreign]
        return [line for line in lines if line is not None]

    @abstractmethod
    def parameter(self, parameter: Parameter) -> L | None:
        """A parameter with what is known of it."""

    @abstractmethod
    def definition(self, definition: Definition) -> L | None:
        """An abbreviation."""

    @abstractmethod
    def state(self, state: State) -> L | None:
        """How a state evolves."""

    @abstractmethod
    def drawn(self, state: State) -> L | None:
        """A parameter that is drawn once a life."""

    @abstractmethod
    def fresh(self, state: State) -> L | None:
        """What is drawn anew in every step."""

    @abstractmethod
    def initial(self, state: State) -> L | None:
        """What a state begins with, where that is not 0."""

    @abstractmethod
    def forward(self, name: str, expr: sp.Expr) -> L | None:
        """What the forward pass uses."""

    @abstractmethod
    def update(self, update: Update) -> L | None:
        """What happens at an event."""

    @abstractmethod
    def average(self, state: State) -> L | None:
        """What happens to an average at reward, after the updates of the rule."""

    @abstractmethod
    def bounds(self, lower: float, upper: float) -> L | None:
        """Between what the weights lie."""

    @abstractmethod
    def zero_diagonal(self) -> L | None:
        """That no neuron has a synapse onto itself."""

    @abstractmethod
    def euler(self) -> L | None:
        """That linear decays are integrated by Euler's method."""

    @abstractmethod
    def nonlocal_names(self, names: list[str]) -> L | None:
        """Which functions the rule declares as non-local."""

    @abstractmethod
    def foreign(self, other: Foreign) -> L | None:
        """Where a state of another rule lives."""


def increment(target: str, expr: sp.Expr) -> sp.Expr | None:
    """What is added to the target when it takes this value, None when it is not kept."""
    own = symbol(target)
    if not (expr.is_Add and own in expr.args):
        return None
    return sp.Add(*[a for a in expr.args if a != own])
