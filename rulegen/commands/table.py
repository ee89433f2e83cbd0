"""Tables on a terminal of any width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

#: A cell up to this long is on one line; of a longer one, only words longer than that are broken.
#: What the rows are of, in the first column, may take half the width.
UNBROKEN = 17
#: Between two columns, and at both ends.
GAP = 2


def print_table(
    console: Console, heads: Iterable[Any], rows: Iterable[Iterable[Any]], title: str = ""
) -> None:
    """Print a table; columns for which a line has no room follow below, beside the first again.

    Nothing is printed of a table without columns.

    Example:
        >>> heads, rows = ["rule", "reward", "lives"], [["hebb", -0.25, 64]]
        >>> print_table(Console(width=20), heads, rows, "rewards")  # doctest: +NORMALIZE_WHITESPACE
        rewards
         rule  reward
         hebb  -0.25
        <BLANKLINE>
         rule  lives
         hebb  64
        <BLANKLINE>
    """
    columns = [list(map(str, column)) for column in zip(heads, *rows, strict=True)]
    least = [
        max(needed(cell, UNBROKEN if number else console.width // 2) for cell in column)
        for number, column in enumerate(columns)
    ]
    if title:
        console.print(title, style="italic", markup=False, highlight=False)
    for block in blocks(least, console.width):
        table = Table(box=None, header_style="bold")
        for number in block:
            table.add_column(escape(columns[number][0]), overflow="fold", min_width=least[number])
        for row in zip(*(columns[number][1:] for number in block), strict=True):
            table.add_row(*map(escape, row))
        console.print(table, "")


def needed(cell: str, whole: int) -> int:
    """The least width in which the cell can be read, if up to `whole` it is not to be broken."""
    words = [cell] if len(cell) <= whole else cell.split()
    return min(max(map(len, words), default=0), whole)


def blocks(least: Sequence[int], width: int) -> list[list[int]]:
    """The columns of each of the tables that the width divides one into."""
    if not least:
        return []
    found, room = [[0]], width - least[0] - GAP
    for column in range(1, len(least)):
        if least[column] + GAP > room and len(found[-1]) > 1:
            found.append([0])
            room = width - least[0] - GAP
        found[-1].append(column)
        room -= least[column] + GAP
    return found
