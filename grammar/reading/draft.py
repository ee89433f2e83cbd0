"""What the lines of a text have stated, sorted by kind, with formulas still unread."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from rulegen.grammar.algebra.parts import Event, Parameter
from rulegen.grammar.algebra.symbols import Site, is_group
from rulegen.grammar.reading.functions import FunctionText
from rulegen.grammar.reading.left import Op
from rulegen.grammar.reading.lexer import Token
from rulegen.grammar.reading.source import Line
from rulegen.grammar.reading.words import RESERVED, meaning_of

#: How many parameters a rule may have, declared or not.
MAX_PARAMETERS = 256
#: What may begin a statement.
OPENING = (*RESERVED, "on reward:")


@dataclass(frozen=True)
class Assignment:
    """`target op body : site`, or the same at an event; see `rulegen.grammar.reading.left`."""

    line: Line
    target: Token
    op: Op
    body: tuple[Token, ...]
    start: int
    site: Site | None = None
    event: Event | None = None
    adds: int = 0
    factor: tuple[Token, ...] = ()


@dataclass
class Draft:
    """All statements of a text, sorted by kind."""

    parameters: dict[str, Parameter] = field(default_factory=dict)
    assignments: list[Assignment] = field(default_factory=list)
    updates: list[Assignment] = field(default_factory=list)
    forward: dict[str, Assignment] = field(default_factory=dict)
    initial: dict[str, Assignment] = field(default_factory=dict)
    nonlocals: dict[str, tuple[Line, Token]] = field(default_factory=dict)
    settings: dict[str, tuple[float, float] | bool] = field(default_factory=dict)
    functions: dict[str, FunctionText] = field(default_factory=dict)
    defined: dict[str, Line] = field(default_factory=dict)
    drawn: set[str] = field(default_factory=set)
    foreign: dict[str, tuple[Line, Token, Site]] = field(default_factory=dict)

    @property
    def groups(self) -> set[str]:
        """The groups of neurons that are written anywhere on the right."""
        rows = [*self.assignments, *self.updates, *self.initial.values(), *self.forward.values()]
        bodies = [r.body for r in rows] + [f.body for f in self.functions.values()]
        return {token.text for body in bodies for token in body if is_group(token.text)}


def end_of(tokens: Sequence[Token]) -> int:
    """The column just after the tokens."""
    return tokens[-1].column + len(tokens[-1].text)


def check_parameters(parameters: Collection[str], line: Line, token: Token) -> None:
    """Refuse a rule that has too many parameters with this one."""
    if len(parameters) > MAX_PARAMETERS:
        raise line.error(
            f"with this, the rule has more than {MAX_PARAMETERS} parameters",
            token.column,
            "write numbers in place of some",
        )


def new_name(draft: Draft, line: Line, token: Token, twice: str = "rename one of them") -> None:
    """Register a name that the text defines; refuse one that means something already.

    `twice` is what to do where the text has defined it before.
    """
    name = token.text
    what, remedy = meaning_of(name)
    if what:
        raise line.error(f"`{name}` cannot be defined here: it {what}", token.column, remedy)
    if name in draft.defined:
        place = draft.defined[name].number
        message = f"`{name}` is defined twice, first in line {place}"
        raise line.error(message, token.column, twice)
    draft.defined[name] = line
