"""Running text as pieces: the only markup that a record may use is `code`."""

from __future__ import annotations

import re
from typing import NamedTuple

_CODE = re.compile(r"`([^`]+)`")


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
    parts = _CODE.split(" ".join(text.split()))
    return tuple(Piece(part, code=bool(i % 2)) for i, part in enumerate(parts) if part)


def paragraphs(text: str) -> list[Line]:
    """The paragraphs of a text; empty lines stand between them."""
    return [line(part) for part in re.split(r"\n\s*\n", text) if part.strip()]
