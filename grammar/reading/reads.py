"""What is known of a formula that was read, before anything is done with it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import sympy as sp

from rulegen.grammar.algebra.symbols import symbol
from rulegen.grammar.reading.lexer import Token
from rulegen.grammar.reading.source import Line

#: What a name means where it stands.
Resolve = Callable[[Line, Token], sp.Expr]


@dataclass(frozen=True)
class Read:
    """A place where a formula reads a variable, or a sum over neurons.

    Attributes:
        name: of the variable or function.
        column: where.
        total: the sum over neurons, where that is what is read; None for a variable.
        reduced: whether the variable stands inside a sum over neurons, which fixes the site.
    """

    name: str
    column: int
    total: sp.Expr | None = None
    reduced: bool = False


@dataclass
class Formula:
    """A formula that was read: its expression, what it reads, its random numbers and terms."""

    line: Line
    column: int
    expr: sp.Expr = sp.S.Zero
    reads: list[Read] = field(default_factory=list)
    draws: list[Read] = field(default_factory=list)
    terms: dict[sp.Expr, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Function:
    """A definition with arguments, which is written out where it is called.

    The names of the arguments, in `formula` as well, are none that a text can have.
    """

    arguments: tuple[str, ...]
    formula: Formula

    def reduces(self, argument: str) -> bool:
        """Whether the argument stands in sums over neurons alone."""
        return all(r.reduced for r in self.formula.reads if r.name == argument)

    def inner(self) -> list[Read]:
        """What the formula reads besides its arguments."""
        return [r for r in self.formula.reads if r.name not in self.arguments]

    def meaning(self, values: list[sp.Expr]) -> dict[sp.Symbol, sp.Expr]:
        """The values by the symbols of the arguments."""
        return dict(zip(map(symbol, self.arguments), values, strict=True))


class Called:
    """The functions that formulas may call besides those of the language; none by itself."""

    names: Collection[str] = ()

    def __call__(self, name: str) -> Function | None:
        """The function of this name, or None."""
        return None


NO_FUNCTIONS = Called()
