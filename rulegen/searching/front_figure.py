"""A front as a picture: rewards against complexity, and the equations of its rules beside them."""

from __future__ import annotations

from textwrap import dedent, indent

import numpy as np
from matplotlib.axes import Axes

from rulegen.catalog.pages.pens import OTHERS, ROLES
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING
from rulegen.grammar.printing.boxes import Line
from rulegen.grammar.printing.breaking import broken
from rulegen.grammar.printing.display import displayed
from rulegen.grammar.printing.readable import readable
from rulegen.publishing.figures import new_axes
from rulegen.searching.front import Front

#: Size of a picture, and what a line of the equations needs of its height, inches.
WIDE, HIGH, ROW = 10.0, 4.2, 0.17
#: A longer line of an equation is broken, signs.
LONGEST = 56


def plot_front(front: Front, ax: Axes | None = None) -> Axes:
    """Reward against complexity: all finalists, the front as a line, the pick as a star.

    Rules on the front have numbers, and stand beside the axes as equations.

    Args:
        front: from `make_front`.
        ax: where to draw.

    Example:
        >>> from rulegen.grammar import load_space
        >>> from rulegen.lives.outcomes import Outcomes
        >>> from rulegen.searching.arena import Point
        >>> from rulegen.searching.strategy import Candidate
        >>> from rulegen.searching.front import Finalist, make_front
        >>> space = load_space()
        >>> candidate = Candidate(Point(space.structure(space.terms[0]), {}), 1.0, 9, "halving")
        >>> front = make_front([Finalist(candidate, np.arange(9.0), Outcomes(9))], 0.01)
        >>> plot_front(front).texts[-1].get_text().splitlines()[0]
        '1, the pick:'
    """
    told = equations(front)
    if ax is None:
        ax = new_axes(WIDE, max(HIGH, ROW * (told.count("\n") + 2)))
    known, table = OTHERS[0].colour, front.table()
    best, plain = ROLES[DISCOVERED].colour, ROLES[NO_LEARNING].colour
    good, named = table["front"].to_numpy(bool), table["names"].astype(bool).to_numpy()
    for rows, colour, marker, label in (
        (~good & ~named, plain, "o", "other finalists"),
        (named, known, "s", "literature"),
        (good & ~named, best, "o", "on the front"),
    ):
        if rows.any():
            bars = np.array([table["reward"] - table["low"], table["high"] - table["reward"]])
            ax.errorbar(
                table["complexity"][rows], table["reward"][rows], bars[:, rows], fmt=marker,
                color=colour, linewidth=1.2, markersize=5, label=label,
            )  # fmt: skip
    on_front = table[good]
    ax.step(on_front["complexity"], on_front["reward"], where="post", color="0.6", zorder=0)
    pick = table[table["pick"]]
    ax.plot(
        pick["complexity"], pick["reward"], "*", ms=17, color=best, markeredgecolor="white",
        linestyle="none", zorder=3, label="pick",
    )  # fmt: skip
    for number, (x, y) in enumerate(zip(on_front["complexity"], on_front["reward"], strict=True)):
        ax.annotate(
            str(number + 1), (x, y), xytext=(-6, 6), textcoords="offset points", ha="right",
            fontsize="small", fontweight="bold", color=best,
        )  # fmt: skip
    ax.set(xlabel="complexity", ylabel="earned on the lives of the selection")
    ax.margins(x=0.1)  # for the numbers of the rules
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=4, frameon=False, fontsize="small")
    ax.annotate(
        told, (1, 1), xycoords="axes fraction", xytext=(14, 0), textcoords="offset points",
        va="top", fontsize="small", family="monospace", linespacing=1.25,
    )  # fmt: skip
    return ax


def equations(front: Front) -> str:
    """The rules on the front by their numbers; lines that all have stand once, at the end."""
    rules = [displayed(front.finalists[number].structure.rule()) for number in front.on_front]
    spelt = [{readable([line]).strip(): line for line in lines} for lines in rules]
    shared = set.intersection(*map(set, spelt)) if len(spelt) > 1 else set[str]()
    parts = [
        (f"{place + 1}{', the pick' if number == front.pick else ''}", own.keys() - shared)
        for place, (number, own) in enumerate(zip(front.on_front, spelt, strict=True))
    ]
    told = [
        block(title, [line for text, line in own.items() if text in texts])
        for (title, texts), own in zip(parts, spelt, strict=True)
    ]
    if shared:
        told.append(block("all of them", [spelt[0][text] for text in spelt[0] if text in shared]))
    return "\n".join(told)


def block(title: str, lines: list[Line]) -> str:
    """Some lines below their title, none too long."""
    text = readable(broken(lines, LONGEST)) if lines else "(nothing else)"
    return f"{title}:\n{indent(dedent(text), '  ')}"
