"""Tables on a terminal of any width."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

#: A cell up to this long is on one line; of a longer one, only words longer than that are broken.
#: What the rows are of, in the first column, may take half the width, and a single word all of it.
UNBROKEN = 17
#: What is not broken where there is room: an interval, or a word.
WORDS = re.compile(r"\[[^\[\]]*\]\S*|\S+")
#: Between two columns, and at both ends.
GAP = 2


def print_table(
    console: Console, heads: Iterable[Any], rows: Iterable[Iterable[Any]], title: str = ""
) -> None:
    """Print a table; columns for which a line has no room follow below, beside the first again.

    There rows that say nothing more are left out. Nothing is printed of a table without columns.

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
        max(needed(cell, UNBROKEN, UNBROKEN) for cell in column)
        if number
        else max(needed(cell, console.width // 2, console.width - GAP) for cell in column)
        for number, column in enumerate(columns)
    ]
    whole = [max(map(len, column)) for column in columns]
    if title:
        console.print(title, style="italic", markup=False, highlight=False)
    for block in blocks(least, console.width):
        room = console.width - GAP * len(block)
        widths = shared([least[n] for n in block], [whole[n] for n in block], room)
        cells = [
            [folded(cell, width) for cell in columns[number]]
            for number, width in zip(block, widths, strict=True)
        ]
        table = Table(box=None, header_style="bold")
        for column, width in zip(cells, widths, strict=True):
            table.add_column(escape(column[0]), width=width, overflow="fold")
        for row in zip(*(column[1:] for column in cells), strict=True):
            if any(row[1:]) or not block[1:]:
                table.add_row(*map(escape, row))
        console.print(table, "")


def needed(cell: str, whole: int, word: int) -> int:
    """The least width in which the cell can be read.

    Args:
        cell: its text.
        whole: up to this length it is not broken. word: up to this length a word of it is not.

    Example:
        >>> needed("the claim holds", 17, 17), needed("the claim certainly holds", 17, 17)
        (15, 9)
        >>> needed("-0.2992 [-0.302, -0.2964]", 17, 17)
        17
    """
    words = [cell] if len(cell) <= whole else WORDS.findall(cell)
    return max((len(w) if w.startswith("[") else min(len(w), word) for w in words), default=0)


def shared(least: Sequence[int], whole: Sequence[int], room: int) -> list[int]:
    """Widths of columns: what each needs at least, and of what is left what would save most lines.

    Example:
        >>> shared([5, 5], [20, 6], 20)
        [15, 5]
    """
    widths = list(least)
    for _ in range(room - sum(least)):
        at = max(range(len(widths)), key=lambda n: whole[n] / max(widths[n], 1))
        if widths[at] >= whole[at]:
            break
        widths[at] += 1
    return widths


def folded(cell: str, width: int) -> str:
    """A cell on lines of a width, broken between words and never inside an interval that fits.

    Example:
        >>> print(folded("-0.2992 [-0.302, -0.2964]", 17))
        -0.2992
        [-0.302, -0.2964]
    """
    lines = [""]
    for word in WORDS.findall(cell):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
    return "\n".join(lines)


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
