"""Tables on a terminal of any width."""

from __future__ import annotations

import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

#: A cell up to this long is on one line; of a longer one, only words longer than that are broken.
#: What the rows are of, in the first column, may take half the width.
UNBROKEN = 17
#: Between two columns, and at both ends.
GAP = 2


def print_table(console: Console, frame: pd.DataFrame, title: str = "") -> None:
    """Print a table; columns for which a line has no room follow below, beside the first again.

    Nothing is printed of a table without columns.

    Example:
        >>> frame = pd.DataFrame({"rule": ["hebb"], "reward": [-0.25], "lives": [64]})
        >>> print_table(Console(width=20), frame, "rewards")  # doctest: +NORMALIZE_WHITESPACE
        rewards
         rule  reward
         hebb  -0.25
        <BLANKLINE>
         rule  lives
         hebb  64
        <BLANKLINE>
    """
    cells = frame.astype(str)
    whole = [console.width // 2, *[UNBROKEN] * (len(frame.columns) - 1)]
    least = [
        max(needed(c, at_most) for c in [str(name), *cells[name]])
        for name, at_most in zip(frame.columns, whole, strict=True)
    ]
    if title:
        console.print(title, style="italic", markup=False, highlight=False)
    for columns in blocks(least, console.width):
        table = Table(box=None, header_style="bold")
        for column in columns:
            name = escape(str(frame.columns[column]))
            table.add_column(name, overflow="fold", min_width=least[column])
        for row in cells.iloc[:, columns].itertuples(index=False):
            table.add_row(*map(escape, row))
        console.print(table, "")


def needed(cell: str, whole: int) -> int:
    """The least width in which the cell can be read, if up to `whole` it is not to be broken."""
    words = [cell] if len(cell) <= whole else cell.split()
    return min(max(map(len, words), default=0), whole)


def blocks(least: list[int], width: int) -> list[list[int]]:
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
