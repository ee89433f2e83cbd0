"""How rules look in every picture: one colour and one dash for each role.

A reader who has seen one picture knows the lines of all others. Colours stay apart for people
who lack one kind of cone (`tests/test_pens.py`), and dashes where there is no colour at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rulegen.catalog.records.roles import (
    CHANCE,
    DISCOVERED,
    NO_LEARNING,
    PERFECT,
    START,
    THIS_RULE,
    YARDSTICK,
)


class Pen(NamedTuple):
    """How a line is drawn.

    Attributes:
        colour: on white paper.
        bright: on dark paper.
        dash: lengths of strokes and gaps in widths of the line; none is an unbroken line.
    """

    colour: str
    bright: str
    dash: tuple[float, ...] = ()


BLUE, ORANGE = ("#0072b2", "#56b4e9"), ("#d55e00", "#ff8833")
GREEN, GREY, BLACK = ("#225522", "#44ff99"), ("#767676", "#9aa5b1"), ("#1a1a1a", "#ffffff")
VIOLET, TAN, PLUM = ("#9944ee", "#bb55ff"), ("#aa7744", "#ffdd00"), ("#771166", "#ee5555")
INDIGO, MAGENTA = ("#3c0f96", "#5a69b4"), ("#e10fc3", "#e19687")

#: Roles, which look the same wherever they are.
ROLES = {
    DISCOVERED: Pen(*BLUE),
    START: Pen(*ORANGE, (4.0, 1.5)),
    YARDSTICK: Pen(*GREEN, (6.0, 1.5, 1.5, 1.5)),
    NO_LEARNING: Pen(*GREY, (1.5, 1.0)),
    CHANCE: Pen(*BLACK, (1.0, 2.0)),
    PERFECT: Pen(*BLACK, (6.0, 3.0)),
}
#: All other rules, in the order in which they stand: colours first, then dashes.
DASHES = ((), (5.0, 1.5, 1.5, 1.5), (2.5, 2.5), (9.0, 2.0), (7.0, 2.0, 1.0, 2.0, 1.0, 2.0))
INKS = (VIOLET, TAN, PLUM, INDIGO, MAGENTA)
OTHERS = tuple(Pen(*inks, dash) for dash in DASHES for inks in INKS)
#: All pens by the number that pages know them by.
PENS = (*ROLES.values(), *OTHERS)
#: A figure is drawn on white, and lies as a sheet on pages that are dark.
PLATE = "img { background: #ffffff; border-radius: .5rem; padding: .6rem; }\n"
#: Colours for what is no rule, such as conditions; they are told apart as well.
COLOURS = tuple(ink for ink, _ in (BLUE, ORANGE, VIOLET, TAN, PLUM, GREEN))


def numbers(names: Iterable[str], found: str = "") -> dict[str, int]:
    """The number of each rule's pen; more rules than there are pens begin anew.

    Args:
        names: of all rules in a picture, in order.
        found: what the discovered rule is called there, if by a name of its own.

    Example:
        >>> numbers(["discovered rule", "oja", "no learning", "hebb"])
        {'discovered rule': 0, 'oja': 6, 'no learning': 3, 'hebb': 7}
    """
    roles = [*ROLES]
    given, others = dict[str, int](), 0
    for name in dict.fromkeys(names):
        role = DISCOVERED if name in (THIS_RULE, found) else name
        if role in ROLES:
            given[name] = roles.index(role)
        else:
            given[name] = len(ROLES) + others % len(OTHERS)
            others += 1
    return given


def pens(names: Iterable[str], found: str = "") -> dict[str, Pen]:
    """The pen of each rule; see `numbers`.

    Example:
        >>> pens(["oja", "start"])["start"].dash
        (4.0, 1.5)
    """
    return {name: PENS[number] for name, number in numbers(names, found).items()}


def style() -> str:
    """The pens as a style of pages: `c0` and so on, for lines, bands and marks, and figures.

    Example:
        >>> ".line.c0 { stroke: var(--c0); }" in style()
        True
    """
    light, dark = (" ".join(f"--c{n}: {pen[i]};" for n, pen in enumerate(PENS)) for i in (0, 1))
    lines = [
        f":root {{ {light} }}",
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}",
    ]
    for n, pen in enumerate(PENS):
        # A line of a page is about two units wide.
        dashes = " ".join(f"{2 * length:g}" for length in pen.dash)
        dashed = f" stroke-dasharray: {dashes};" if dashes else ""
        lines.append(f".line.c{n} {{ stroke: var(--c{n});{dashed} }}")
        lines.append(f".band.c{n} {{ fill: var(--c{n}); }}")
        lines.append(f".mark.c{n} {{ fill: var(--c{n}); stroke: var(--c{n}); }}")
    return "\n".join(lines) + "\n" + PLATE
