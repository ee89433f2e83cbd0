r"""Boxes in MathML, which browsers show without a script and without a network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from xml.etree.ElementTree import Element, SubElement, tostring

from rulegen.grammar.printing.boxes import (
    GLYPHS,
    Box,
    Cases,
    Digits,
    Fence,
    Fraction,
    Glyph,
    Head,
    Line,
    Name,
    Root,
    Row,
    Script,
    Sign,
    Spelling,
    Words,
)
from rulegen.grammar.printing.names import GREEK_SIGNS, Kind, Piece, pieces, shown_as

_FUNCTIONS = frozenset({"exp", "log", "tanh", "sin", "cos", "min", "max"})
#: What is shown upright; a bracket that is a sign is as high as a letter.
_UPRIGHT = {"mathvariant": "normal"}
_TYPED = {"class": "typed"}
_LOW = {"stretchy": "false"}
_HIGH = {"fence": "true", "stretchy": "true"}

Elements = list[Element]

#: Every sign that a formula can have but for names that are set as typed: what a font needs. A lone
#: letter is shown as a mathematical italic, of which the small h is older than the others.
ALPHABET = frozenset(
    "".join(map(chr, range(0x20, 0x7F)))
    + "".join(GREEK_SIGNS.values())
    + "".join(map(chr, [*range(0x1D434, 0x1D468), 0x210E]))
    + "".join(map(chr, range(0x1D6E2, 0x1D71C)))
    + "−×≠≤≥∧∨∈←↦∼∑∞√⌊⌋′‾˙Δ\N{NO-BREAK SPACE}\N{COMBINING MACRON}\N{COMBINING DOT ABOVE}¯"
)


def _leaf(tag: str, text: str, attributes: dict[str, str] | None = None) -> Element:
    element = Element(tag, attributes or {})
    element.text = text
    return element


def _node(tag: str, *children: Elements, attributes: dict[str, str] | None = None) -> Element:
    """An element of children, each of which is one element."""
    element = Element(tag, attributes or {})
    element.extend([_one(child) for child in children])
    return element


def _one(elements: Elements) -> Element:
    if len(elements) == 1:
        return elements[0]
    row = Element("mrow")
    row.extend(elements)
    return row


class Mathml(Spelling[Elements]):
    """Spells boxes in MathML, as elements that stand beside each other."""

    signs: ClassVar[dict[Sign, Elements]] = {
        Sign.PLUS: [_leaf("mo", "+")],
        Sign.MINUS: [_leaf("mo", "−")],
        Sign.NEGATIVE: [_leaf("mo", "−")],
        Sign.POSITIVE: [_leaf("mo", "+")],
        Sign.TIMES: [_leaf("mo", "×")],
        Sign.EQUAL: [_leaf("mo", "=")],
        Sign.UNEQUAL: [_leaf("mo", "≠")],
        Sign.LESS: [_leaf("mo", "<")],
        Sign.AT_MOST: [_leaf("mo", "≤")],
        Sign.MORE: [_leaf("mo", ">")],
        Sign.AT_LEAST: [_leaf("mo", "≥")],
        Sign.AND: [_leaf("mo", "∧")],
        Sign.OR: [_leaf("mo", "∨")],
        Sign.IN: [_leaf("mo", "∈")],
        Sign.TAKES: [_leaf("mo", "←")],
        Sign.BECOMES: [_leaf("mo", "↦")],
        Sign.DRAWN: [_leaf("mo", "∼")],
        Sign.COMMA: [_leaf("mo", ",")],
        Sign.LEFT_ROUND: [_leaf("mo", "(", _LOW)],
        Sign.RIGHT_ROUND: [_leaf("mo", ")", _LOW)],
        Sign.LEFT_SQUARE: [_leaf("mo", "[", _LOW)],
        Sign.RIGHT_SQUARE: [_leaf("mo", "]", _LOW)],
        Sign.CHANGE: [_leaf("mi", "Δ", _UPRIGHT)],
        Sign.SUM: [_leaf("mo", "∑")],
        Sign.ONE: [_leaf("mi", "1", {"class": "bold"})],
        Sign.INFINITY: [_leaf("mi", "∞")],
        Sign.EARLIER: [
            _leaf("mo", "(", _LOW),
            _leaf("mi", "t"),
            _leaf("mo", "−"),
            _leaf("mn", "1"),
            _leaf("mo", ")", _LOW),
        ],
        Sign.BLANK: [],
        Sign.THIN: [_leaf("mspace", "", {"width": "0.17em"})],
        Sign.QUAD: [_leaf("mspace", "", {"width": "1em"})],
    }

    def glyph(self, box: Glyph) -> Elements:
        """A sign."""
        return self.signs[box.sign]

    def name(self, box: Name) -> Elements:
        """A variable."""
        if box.whole:
            return [_below([_leaf("mi", box.name, _TYPED)], [], box.index, box.dot)]
        shown = [_name(shown_as(box.name), box.index, box.dot)]
        if box.name == "dt":
            return [*self.signs[Sign.CHANGE], *shown]
        if box.name == "slope":
            brackets = self.signs[Sign.LEFT_ROUND], self.signs[Sign.RIGHT_ROUND]
            prime = [*_stem("phi"), _leaf("mo", "′")]
            return [*prime, *brackets[0], _name("u", box.index), *brackets[1]]
        return shown

    def digits(self, box: Digits) -> Elements:
        """A number."""
        return [_leaf("mn", box.text)]

    def head(self, box: Head) -> Elements:
        """The name of a function."""
        return [_leaf("mi", box.name, None if box.name in _FUNCTIONS else _UPRIGHT)]

    def words(self, box: Words) -> Elements:
        """Text, whose blanks stay."""
        return [_leaf("mtext", box.text.replace(" ", "\N{NO-BREAK SPACE}"))]

    def fence(self, box: Fence) -> Elements:
        """Brackets."""
        opening, closing = (
            [_leaf("mo", sign, _HIGH)] if sign else [] for sign in (box.opening, box.closing)
        )
        row = Element("mrow")
        row.extend([*opening, _one(self.spell(box.body)), *closing])
        return [row]

    def script(self, box: Script) -> Elements:
        """What hangs below and above the last element."""
        *before, base = self.spell(box.base)
        below, above = (self.spell(b) if b else None for b in (box.below, box.above))
        if below is None:
            assert above is not None
            if base.tag == "msub":
                return [*before, _node("msubsup", [base[0]], [base[1]], above)]
            return [*before, _node("msup", [base], above)]
        limits = box.base is GLYPHS[Sign.SUM] or isinstance(box.base, Head)
        if above is None:
            return [*before, _node("munder" if limits else "msub", [base], below)]
        return [*before, _node("msubsup", [base], below, above)]

    def fraction(self, box: Fraction) -> Elements:
        """One over the other."""
        return [_node("mfrac", self.spell(box.top), self.spell(box.bottom))]

    def root(self, box: Root) -> Elements:
        """A square root."""
        return [_node("msqrt", self.spell(box.body))]

    def cases(self, box: Cases) -> Elements:
        """Values with their conditions."""
        rows = [
            (
                self.spell(value),
                self.words(Words("otherwise"))
                if condition is None
                else [*self.words(Words("if ")), *self.spell(condition)],
            )
            for value, condition in box.rows
        ]
        return [_one([_leaf("mo", "{", _HIGH), _table("cases", rows)])]

    def row(self, box: Row) -> Elements:
        """Beside each other."""
        return [element for item in box.items for element in self.spell(item)]


def mathml(lines: Sequence[Line]) -> str:
    r"""Display mathematics, aligned where it has several lines.

    Example:
        >>> from rulegen.grammar.printing.display import displayed
        >>> from rulegen.grammar.rule.parse import parse
        >>> print(mathml(displayed(parse("x <- R : global"))))
        <math display="block"><mrow><mi>x</mi><mo>←</mo><mi>R</mi></mrow></math>
    """
    spell = Mathml().spell
    rows = [(spell(line.when), spell(line.left), spell(line.right)) for line in lines]
    timed = any(when for when, _, _ in rows)
    if len(rows) == 1:
        ((when, left, right),) = rows
        inner = [*when, *(Mathml.signs[Sign.QUAD] if when else []), *left, *right]
    else:
        kind = "aligned timed" if timed else "aligned"
        inner = [_table(kind, rows if timed else [row[1:] for row in rows])]
    whole = _node("math", inner, attributes={"display": "block"})
    return tostring(whole, encoding="unicode", short_empty_elements=False)


def inline_mathml(box: Box) -> str:
    """One box within a line of text."""
    whole = _node("math", Mathml().spell(box))
    return tostring(whole, encoding="unicode", short_empty_elements=False)


def _table(kind: str, rows: Sequence[Sequence[Elements]]) -> Element:
    table = Element("mtable", {"class": kind, "displaystyle": "true"})
    for row in rows:
        line = SubElement(table, "mtr")
        line.extend([_node("mtd", cell) for cell in row])
    return table


def _name(name: str, index: str = "", dot: bool = False) -> Element:
    """A stem with what stands below it."""
    first, *rest = pieces(name)
    return _below(_piece(first), [_piece(p) for p in rest], index, dot)


def _below(stem: Elements, rest: list[Elements], index: str, dot: bool) -> Element:
    if dot:
        stem = [_above(stem, "˙")]
    parts = rest + ([[_leaf("mi", i) for i in index]] if index else [])
    if not parts:
        return _one(stem)
    below = [e for part in parts for e in [_leaf("mo", ","), *part]][1:]
    return _node("msub", stem, below)


def _stem(name: str) -> Elements:
    return _piece(pieces(name)[0])


def _piece(piece: Piece) -> Elements:
    match piece.kind:
        case Kind.GREEK:
            shown = _leaf(
                "mi", GREEK_SIGNS[piece.text], _UPRIGHT if piece.text[0].isupper() else None
            )
        case Kind.WORD:
            shown = _leaf("mi", piece.text, _UPRIGHT)
        case Kind.LETTER:
            shown = _leaf("mi", piece.text)
        case Kind.DIGITS:
            shown = _leaf("mn", piece.text)
        case Kind.SIGN:
            shown = _leaf("mo", piece.text.replace("-", "−"))
    for _ in range(piece.bars):
        shown = _above([shown], "‾")
    return [shown]


def _above(below: Elements, mark: str) -> Element:
    """A mark over a letter; set as an accent it would touch high letters, and other marks."""
    return _node("mover", below, [_leaf("mo", mark)], attributes={"accent": "false"})
