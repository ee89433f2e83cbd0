"""Running text as pieces: the only markup that a record may use is `code`."""

from __future__ import annotations

import re
from typing import NamedTuple

#: Code between as many backticks as begin it.
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


class Piece(NamedTuple):
    """A stretch of text.

    Attributes:
        text: what it says.
        code: whether it is set as code.
        link: where it leads, or "".
    """

    text: str
    code: bool = False
    link: str = ""


#: A paragraph.
Line = tuple[Piece, ...]


def line(text: str) -> Line:
    """One paragraph.

    Example:
        >>> [(p.text, p.code) for p in line("see `oja` there")]
        [('see ', False), ('oja', True), (' there', False)]
    """
    text, pieces, end = " ".join(text.split()), [], 0
    for found in _CODE.finditer(text):
        ticks, code = found.groups()
        if len(ticks) > 1:
            code = code.removeprefix(" ").removesuffix(" ")
        pieces += [Piece(text[end : found.start()]), Piece(code, code=True)]
        end = found.end()
    return tuple(piece for piece in (*pieces, Piece(text[end:])) if piece.text)


def quoted(text: str) -> str:
    """A name as `line` reads it as code, whatever is in it.

    Example:
        >>> quoted("a"), quoted("a`b"), line(quoted("`a`"))[0].text
        ('`a`', '`` a`b ``', '`a`')
    """
    if "`" not in text:
        return f"`{text}`"
    ticks = "`" * (1 + max(map(len, re.findall("`+", text))))
    return f"{ticks} {text} {ticks}"


def paragraphs(text: str) -> list[Line]:
    """The paragraphs of a text; empty lines stand between them."""
    return [line(part) for part in re.split(r"\n\s*\n", text) if part.strip()]
