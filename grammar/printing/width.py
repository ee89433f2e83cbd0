"""How wide a formula is."""

from __future__ import annotations

from typing import ClassVar

from rulegen.grammar.printing.boxes import (
    Box,
    Cases,
    Digits,
    Fence,
    Fraction,
    Glyph,
    Head,
    Name,
    Root,
    Row,
    Script,
    Sign,
    Spelling,
    Words,
)
from rulegen.grammar.printing.names import Kind, pieces, shown_as

#: Signs that names have beside their letters: a prime, brackets and a potential; a Delta.
_BESIDE = {"slope": 4, "dt": 1}


class Width(Spelling[int]):
    """Counts the signs that boxes show, spaces aside."""

    signs: ClassVar[dict[Sign, int]] = {
        **dict.fromkeys(Sign, 1),
        **dict.fromkeys((Sign.BLANK, Sign.THIN, Sign.QUAD), 0),
        Sign.EARLIER: len("(t-1)"),
    }

    def glyph(self, box: Glyph) -> int:
        """A sign."""
        return self.signs[box.sign]

    def name(self, box: Name) -> int:
        """A variable."""
        if box.whole:
            return len(box.name) + len(box.index)
        shown = pieces(shown_as(box.name))
        letters = sum(1 if p.kind is Kind.GREEK else len(p.text) for p in shown)
        return letters + len(box.index) + _BESIDE.get(box.name, 0)

    def digits(self, box: Digits) -> int:
        """A number."""
        return len(box.text)

    def head(self, box: Head) -> int:
        """The name of a function."""
        return len(box.name)

    def words(self, box: Words) -> int:
        """Text."""
        return len(box.text.replace(" ", ""))

    def fence(self, box: Fence) -> int:
        """Brackets."""
        return len(box.opening) + self.spell(box.body) + len(box.closing)

    def script(self, box: Script) -> int:
        """What hangs below and above."""
        return sum(self.spell(b) for b in (box.base, box.below, box.above) if b)

    def fraction(self, box: Fraction) -> int:
        """One over the other, and the line."""
        return 1 + self.spell(box.top) + self.spell(box.bottom)

    def root(self, box: Root) -> int:
        """A square root."""
        return 1 + self.spell(box.body)

    def cases(self, box: Cases) -> int:
        """Values with their conditions."""
        return sum(self.spell(b) for row in box.rows for b in row if b)

    def row(self, box: Row) -> int:
        """Beside each other."""
        return sum(self.spell(item) for item in box.items)


def width(box: Box) -> int:
    """About how many signs a formula shows."""
    return Width().spell(box)
