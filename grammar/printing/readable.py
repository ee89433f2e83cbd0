"""Boxes as one line of text that a person reads: `τ_e deᵢⱼ/dt = -eᵢⱼ + ξᵢ rⱼ`.

It is for eyes alone: what a program reads is the text of `unparse`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import ClassVar

from rulegen.grammar.printing.boxes import (
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

BAR = "\N{COMBINING MACRON}"
_LOW = str.maketrans("0123456789+-ij", "₀₁₂₃₄₅₆₇₈₉₊₋ᵢⱼ")
_HIGH = str.maketrans("0123456789+-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻")


class Readable(Spelling[str]):
    """Spells boxes in signs that terminals have."""

    signs: ClassVar[dict[Sign, str]] = {
        Sign.PLUS: " + ",
        Sign.MINUS: " - ",
        Sign.NEGATIVE: "-",
        Sign.POSITIVE: "+",
        Sign.TIMES: "×",
        Sign.EQUAL: " = ",
        Sign.UNEQUAL: " ≠ ",
        Sign.LESS: " < ",
        Sign.AT_MOST: " ≤ ",
        Sign.MORE: " > ",
        Sign.AT_LEAST: " ≥ ",
        Sign.AND: " and ",
        Sign.OR: " or ",
        Sign.IN: " in ",
        Sign.TAKES: " ← ",
        Sign.BECOMES: " → ",
        Sign.DRAWN: " ~ ",
        Sign.COMMA: ", ",
        Sign.LEFT_ROUND: "(",
        Sign.RIGHT_ROUND: ")",
        Sign.LEFT_SQUARE: "[",
        Sign.RIGHT_SQUARE: "]",
        Sign.CHANGE: "Δ",
        Sign.SUM: "Σ",
        Sign.ONE: "1",
        Sign.INFINITY: "∞",
        Sign.EARLIER: "(t-1)",
        Sign.BLANK: " ",
        Sign.THIN: " ",
        Sign.QUAD: "  ",
    }

    def glyph(self, box: Glyph) -> str:
        """A sign."""
        return self.signs[box.sign]

    def name(self, box: Name) -> str:
        """A variable, or its derivative: in few fonts a dot above a letter and a bar is seen."""
        if box.name == "dt":
            return "Δt"
        if box.name == "slope":
            return f"φ′({below('u', (), box.index)})"
        named = pieces(shown_as(box.name))
        # A text has one font: what others set as typed stands in the marks of code.
        stem, *rest = [f"`{box.name}`"] if box.whole else map(piece, named)
        shown = below(stem, rest, box.index)
        if not box.dot:
            return shown
        return f"d{' ' if width(stem) > 1 else ''}{shown}/dt"

    def digits(self, box: Digits) -> str:
        """A number."""
        return box.text

    def head(self, box: Head) -> str:
        """The name of a function."""
        return box.name

    def words(self, box: Words) -> str:
        """Text."""
        return box.text

    def fence(self, box: Fence) -> str:
        """Brackets."""
        return f"{box.opening}{self.spell(box.body).strip()}{box.closing}"

    def script(self, box: Script) -> str:
        """What hangs below and above."""
        text = self.spell(box.base)
        if box.below:
            text += lowered(self.spell(box.below))
        if box.above:
            above = self.spell(box.above).replace(" ", "")
            high = above.translate(_HIGH)
            text += high if set(above) <= {*"0123456789-"} else f"^{grouped(above, '+-*/ ')}"
        return text

    def fraction(self, box: Fraction) -> str:
        """One over the other."""
        return f"{grouped(self.spell(box.top))}/{grouped(self.spell(box.bottom), ' ')}"

    def root(self, box: Root) -> str:
        """A square root."""
        return f"√({self.spell(box.body)})"

    def cases(self, box: Cases) -> str:
        """Values with their conditions."""
        rows = [
            f"{self.spell(value)} otherwise"
            if condition is None
            else f"{self.spell(value)} if {self.spell(condition)}"
            for value, condition in box.rows
        ]
        return f"{{{'; '.join(rows)}}}"

    def row(self, box: Row) -> str:
        """Beside each other, with one blank where two meet."""
        text = ""
        for item in box.items:
            part = self.spell(item)
            text += part.lstrip() if text.endswith((" ", "(", "[")) else part
        return text


def readable(lines: Sequence[Line]) -> str:
    """Display mathematics as text, a line each, aligned at its signs.

    Example:
        >>> from rulegen.grammar.printing.display import displayed
        >>> from rulegen.grammar.rule.parse import parse
        >>> print(readable(displayed(parse("m <- 0.5*m + pre\\non reward: w += R*m*post**2"))))
                      mⱼ ← 0.5 mⱼ + rⱼ
        on reward:  Δwᵢⱼ = R rᵢ² mⱼ
    """
    spell = Readable().spell
    rows = [(spell(x.when).strip(), spell(x.left).strip(), spell(x.right)) for x in lines]
    times = max(width(when) for when, _, _ in rows)
    room = max(width(left) for _, left, _ in rows) + (times and times + 2)
    shown = (
        f"{when}{' ' * (room - width(when) - width(left))}{left}{right}".rstrip()
        for when, left, right in rows
    )
    return unicodedata.normalize("NFC", "\n".join(shown))


def width(text: str) -> int:
    """The columns of a text on a terminal: what stands over a letter takes none."""
    return sum(not unicodedata.combining(sign) for sign in text)


def piece(part: Piece) -> str:
    """A part of a name."""
    text = GREEK_SIGNS[part.text] if part.kind is Kind.GREEK else part.text
    return text + BAR * part.bars


def below(stem: str, rest: Sequence[str], index: str) -> str:
    """A stem with what stands below it."""
    return stem + (lowered(",".join(rest)) if rest else "") + (lowered(index) if index else "")


def lowered(text: str) -> str:
    """A text below the line: in small signs where there are some."""
    small = text.replace(" ", "")
    if all(sign in "0123456789+-ij" for sign in small):
        return small.translate(_LOW)
    return f"_{small}" if len(small) < 2 or small.replace(",", "").isalnum() else f"_{{{small}}}"


def grouped(text: str, signs: str = "+- ") -> str:
    """A text as one thing: in brackets where it has such signs."""
    text = text.strip()
    fenced = text.startswith("(") and text.find(")") == len(text) - 1
    return text if fenced or not any(sign in text for sign in signs) else f"({text})"
