"""The equation of a rule in a few short lines, for an index."""

from __future__ import annotations

from rulegen.grammar import Rule
from rulegen.grammar.algebra.symbols import WEIGHT
from rulegen.grammar.printing.boxes import Box, Line, Name, Row, Words
from rulegen.grammar.printing.breaking import broken
from rulegen.grammar.printing.display import displayed
from rulegen.grammar.printing.latex_spelling import Latex

#: Rows of an index, and no row is longer, in visible signs.
ROWS, LONGEST = 4, 46
#: Words of lines without which the dynamics of a rule can be told.
ASIDE = ("initial:", "on trial start:")


def brief(rule: Rule, most: int = ROWS) -> tuple[list[Line], int]:
    """The lines that say most, those that change the weights before all others.

    Args:
        rule: whose lines they are. most: rows that there is room for.

    Returns:
        Them, in their order, and how many lines of the rule are left out.

    Example:
        >>> from rulegen.catalog import find
        >>> lines, left_out = brief(find("mehta").rule)
        >>> len(lines), left_out
        (4, 3)
    """
    lines = displayed(rule)
    ranked = sorted(lines, key=lambda line: (aside(line), not changes_weight(line)))
    chosen: list[Line] = []
    for line in ranked:
        trial = [*chosen, line]
        if chosen and len(broken(trial, LONGEST)) > most:
            break
        chosen = trial
    kept = [line for line in lines if line in chosen]
    rows = broken(kept, LONGEST)
    return rows[:most], len(lines) - len(kept) + (len(rows) > most)


def changes_weight(line: Line) -> bool:
    """Whether a line says how the weights change, or how they act."""
    return any(isinstance(part, Name) and part.name == WEIGHT for part in parts(line.left))


def parts(box: Box) -> list[Box]:
    """The parts of a row, or the box alone."""
    return list(box.items) if isinstance(box, Row) else [box]


def aside(line: Line) -> bool:
    """Whether a line says how something begins, where it stays, or that it stays what it is."""
    if isinstance(line.when, Words) and line.when.text in ASIDE:
        return True
    left, right = map(Latex().spell, (line.left, line.right))
    return right.split() == [r"\leftarrow", *left.split()] or right.strip().startswith(r"\in ")
