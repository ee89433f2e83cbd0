"""What a displayed formula is made of, before it is spelt in LaTeX or in MathML."""

from __future__ import annotations

import enum
from abc import ABC
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar


class Sign(enum.Enum):
    """Every sign that stands in formulas by itself."""

    PLUS = "+"
    MINUS = "-"
    NEGATIVE = "- in front of one thing"
    POSITIVE = "+ as a subscript"
    TIMES = "times"
    EQUAL = "=="
    UNEQUAL = "!="
    LESS = "<"
    AT_MOST = "<="
    MORE = ">"
    AT_LEAST = ">="
    AND = "and"
    OR = "or"
    IN = "in"
    TAKES = "<-"
    BECOMES = "->"
    DRAWN = "~"
    COMMA = ","
    LEFT_ROUND = "("
    RIGHT_ROUND = ")"
    LEFT_SQUARE = "["
    RIGHT_SQUARE = "]"
    CHANGE = "Delta"
    SUM = "sum"
    ONE = "the function that is 1 on a set"
    INFINITY = "inf"
    EARLIER = "one step earlier"
    BLANK = "between a sum and its terms"
    THIN = "between factors"
    QUAD = "between a word and a formula"


@dataclass(frozen=True, eq=False)
class Box(ABC):  # noqa: B024 - what its kinds have in common is that spellings know them
    """A part of a formula; its identity is its own, so that spellings can remember it."""


@dataclass(frozen=True, eq=False)
class Glyph(Box):
    """A sign."""

    sign: Sign


@dataclass(frozen=True, eq=False)
class Name(Box):
    """A variable with the index of its neurons; a dot makes it a derivative in time.

    One that is `whole` is shown as it is written, because as letters it would look like another.
    """

    name: str
    index: str = ""
    dot: bool = False
    whole: bool = False


@dataclass(frozen=True, eq=False)
class Digits(Box):
    """A number that is not negative, as digits with at most one point."""

    text: str


@dataclass(frozen=True, eq=False)
class Head(Box):
    """The name of a function."""

    name: str


@dataclass(frozen=True, eq=False)
class Words(Box):
    """Text in a formula."""

    text: str


@dataclass(frozen=True, eq=False)
class Fence(Box):
    """Brackets as high as what they hold; an empty one is not seen."""

    opening: str
    body: Box
    closing: str


@dataclass(frozen=True, eq=False)
class Script(Box):
    """What hangs below and above the last part of `base`."""

    base: Box
    below: Box | None = None
    above: Box | None = None


@dataclass(frozen=True, eq=False)
class Fraction(Box):
    """One thing over another."""

    top: Box
    bottom: Box


@dataclass(frozen=True, eq=False)
class Root(Box):
    """A square root."""

    body: Box


@dataclass(frozen=True, eq=False)
class Cases(Box):
    """Values with their conditions; None is the rest."""

    rows: tuple[tuple[Box, Box | None], ...]


@dataclass(frozen=True, eq=False)
class Row(Box):
    """Things beside each other."""

    items: tuple[Box, ...]


GLYPHS = {sign: Glyph(sign) for sign in Sign}
EMPTY = Row(())


class Line(NamedTuple):
    """One line of display mathematics, aligned at the sign with which `right` begins.

    What `when` says, such as that it happens on reward, stands in a column of its own.
    """

    left: Box
    right: Box
    when: Box = EMPTY


def joined(items: Sequence[Box], sign: Sign) -> Box:
    """Things beside each other with a sign between them."""
    if len(items) == 1:
        return items[0]
    parts = [part for item in items for part in (GLYPHS[sign], item)]
    return Row(tuple(parts[1:]))


def without_minus(box: Box) -> Box | None:
    """The box without the minus that it begins with, None when it begins otherwise."""
    if not isinstance(box, Row) or not box.items:
        return None
    first, *rest = box.items
    if first is GLYPHS[Sign.NEGATIVE]:
        return Row(tuple(rest))
    inner = without_minus(first)
    return None if inner is None else Row((inner, *rest))


T = TypeVar("T")


class Spelling(ABC, Generic[T]):
    """A language for boxes: a method for each kind, named like it, and a word for each sign."""

    signs: ClassVar[Mapping[Sign, Any]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        kinds = [k.__name__.lower() for k in Box.__subclasses__()]
        missing = [k for k in kinds if not callable(getattr(cls, k, None))]
        missing += [sign.name for sign in Sign if sign not in getattr(cls, "signs", {})]
        if missing:
            raise TypeError(f"{cls.__name__} does not say how it spells: {', '.join(missing)}")

    def __init__(self) -> None:
        self._spelt: dict[Box, T] = {}

    def spell(self, box: Box) -> T:
        """The box in this language; a box that is met again is not spelt again."""
        if box not in self._spelt:
            self._spelt[box] = getattr(self, type(box).__name__.lower())(box)
        return self._spelt[box]
