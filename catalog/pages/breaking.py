"""Line breaks in long equations, at the signs of sums."""

from __future__ import annotations

import re
from typing import NamedTuple

#: A line of an equation with more visible signs than this is broken.
LONGEST_LINE = 60

_TOKEN = re.compile(r"\\(?:left|right)(?![A-Za-z])|\\[A-Za-z]+|\\.|[ ][+-][ ]|.", re.DOTALL)
_INVISIBLE = re.compile(r"\\(?:left(?!a)|right|mathrm|text|operatorname|bar|dot|quad|,)|[{}_^& ]")


def broken(latex: str) -> str:
    r"""The same display mathematics with its long lines broken.

    Args:
        latex: what `Rule.latex` prints.

    Example:
        >>> print(broken("a = " + " + ".join(["b"] * 40)).replace("b + " * 20, "... "))
        \begin{aligned}
          a & = ... b + b + b + b + b + b + b + b + b \\
          &\quad + b + b + b + b + b + b + b + b + b + b + b
        \end{aligned}
        >>> broken("a = b")
        'a = b'
    """
    head, foot = "\\begin{aligned}\n", "\n\\end{aligned}"
    single = not latex.startswith(head)
    rows = [latex] if single else latex.removeprefix(head).removesuffix(foot).split(" \\\\\n")
    lines: list[str] = []
    for row in rows:
        pieces = split(row)
        if single and len(pieces) > 1:
            sign = re.search(r" (?:=|\\leftarrow|\\in) ", pieces[0])
            at = sign.start() if sign else 0
            pieces[0] = f"  {pieces[0][:at]} &{pieces[0][at:]}"
        lines += [pieces[0], *(f"  &\\quad {piece}" for piece in pieces[1:])]
    return latex if lines == rows else head + " \\\\\n".join(lines) + foot


def split(row: str) -> list[str]:
    """The row in parts of at most the longest width, where its structure allows it."""
    first, *rest = chunks(row)
    pieces, room = [first.text], LONGEST_LINE - width(first.text)
    for chunk in rest:
        size = width(chunk.text)
        if size > room:
            # Brackets that are open here end at the break, invisibly, and go on after it.
            pieces[-1] += r"\right." * chunk.depth
            pieces.append(r"\left." * chunk.depth + chunk.text.lstrip())
            room = LONGEST_LINE
        else:
            pieces[-1] += chunk.text
        room -= size
    return pieces


class Chunk(NamedTuple):
    """A part of a line before which it may be broken, and how many brackets are open there."""

    text: str
    depth: int


def chunks(row: str) -> list[Chunk]:
    """The row, cut before every sign of a sum that stands in nothing but brackets."""
    found, braces, brackets = [Chunk("", 0)], 0, 0
    for token in _TOKEN.findall(row):
        braces += (token == "{") - (token == "}")
        brackets += (token == r"\left") - (token == r"\right")
        if token in (" + ", " - ") and braces == 0:
            found.append(Chunk("", brackets))
        found[-1] = found[-1]._replace(text=found[-1].text + token)
    return found


def width(latex: str) -> int:
    """About how many signs a formula shows."""
    return len(re.sub(r"\\[A-Za-z]+|\d", "x", _INVISIBLE.sub("", latex)))
