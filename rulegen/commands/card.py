"""A card on a terminal: what its page says, with equations as text that one can read."""

from __future__ import annotations

from rich.console import Console

from rulegen.catalog.pages.card import (
    Equation,
    Heading,
    Items,
    Listing,
    Paragraph,
    card,
)
from rulegen.catalog.pages.prose import Line
from rulegen.catalog.pages.tables import Table
from rulegen.catalog.records.record import Record
from rulegen.commands.table import print_table
from rulegen.grammar.printing.readable import readable

#: Running text is no wider than this.
WIDEST = 88


def print_card(console: Console, record: Record) -> None:
    """Print the card of a rule.

    Example:
        >>> from rulegen.catalog import find
        >>> print_card(Console(width=60), find("hebb"))  # doctest: +ELLIPSIS
        Hebb's rule
        ...
            dwᵢⱼ/dt = η rᵢ rⱼ
        ...
    """
    room = min(console.width, WIDEST)

    def say(text: str, style: str = "", indent: int = 0) -> None:
        for line in text.splitlines():
            console.print(" " * indent + line, style=style, markup=False, highlight=False,
                          soft_wrap=bool(indent), width=room)  # fmt: skip
        console.print()

    say(" ".join(record.title.split()), "bold")
    for block in card(record):
        match block:
            case Heading(text):
                say(text, "bold")
            case Paragraph(line):
                say(words(line))
            case Items(lines):
                say("\n".join(f"- {words(line)}" for line in lines))
            case Equation(lines):
                say(readable(lines), indent=4)
            case Listing(text):
                say(text, "dim", indent=4)
            case Table():
                print_table(console, block.head, block.body)


def words(line: Line) -> str:
    """A line of running text."""
    return "".join(piece.text for piece in line)
