"""Line breaks in long equations, at the signs of sums."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from rulegen.grammar.printing.boxes import EMPTY, GLYPHS, Box, Fence, Line, Row, Script, Sign
from rulegen.grammar.printing.width import width

#: A line of an equation with more visible signs than this is broken.
LONGEST_LINE = 60

_SUMS = (GLYPHS[Sign.PLUS], GLYPHS[Sign.MINUS])


class Opened(NamedTuple):
    """A bracket that begins."""

    sign: str


class Closed(NamedTuple):
    """A bracket that ends, and what hangs on it."""

    sign: str
    hung: tuple[Callable[[Box], Box], ...] = ()


Token = Box | Opened | Closed


def broken(lines: Sequence[Line], longest: int = LONGEST_LINE) -> list[Line]:
    """The same lines, with breaks in those that are too long.

    Args:
        lines: of a rule.
        longest: how many visible signs a line may have, its column of words among them.

    Example:
        >>> from rulegen.grammar.printing.display import displayed
        >>> from rulegen.grammar.printing.latex_spelling import latex_lines
        >>> from rulegen.grammar.rule.parse import parse
        >>> text = "w += theta_1*pre*(" + " + ".join(f"u**{i}" for i in range(2, 30)) + ")"
        >>> latex_lines(broken(displayed(parse(text)))).count("quad")
        2
    """
    words = max((width(line.when) for line in lines), default=0)
    return [piece for line in lines for piece in _broken(line, longest - words)]


def _broken(line: Line, longest: int) -> Iterator[Line]:
    first, *rest = _chunks(line.right)
    pieces, room = [first], longest - width(line.left) - _size(first)
    for chunk in rest:
        size = _size(chunk)
        if size > room:
            pieces.append([])
            room = longest
        pieces[-1] += chunk
        room -= size
    opened: list[Opened] = []
    left, when = line.left, line.when
    for piece in pieces:
        # Brackets that are open at a break end there, invisibly, and go on after it.
        right, after = _box([*[Opened("")] * len(opened), *piece])
        right = right if piece is pieces[0] else Row((GLYPHS[Sign.QUAD], right))
        yield Line(left, right, when)
        left, when, opened = EMPTY, EMPTY, after


def _size(tokens: Sequence[Token]) -> int:
    return sum(len(t.sign) if isinstance(t, Opened | Closed) else width(t) for t in tokens)


def _chunks(box: Box) -> list[list[Token]]:
    """The tokens of a line, cut before every sign of a sum that stands in nothing but brackets."""
    chunks: list[list[Token]] = [[]]
    for token in _tokens(box):
        if token in _SUMS:
            chunks.append([])
        chunks[-1].append(token)
    return chunks


def _tokens(box: Box) -> Iterator[Token]:
    if isinstance(box, Row):
        for item in box.items:
            yield from _tokens(item)
    elif isinstance(box, Fence):
        yield Opened(box.opening)
        yield from _tokens(box.body)
        yield Closed(box.closing)
    elif isinstance(box, Script):
        *before, last = _tokens(box.base)
        if isinstance(last, Closed):
            hang = partial(Script, below=box.below, above=box.above)
            yield from [*before, Closed(last.sign, (*last.hung, hang))]
        else:
            yield box
    else:
        yield box


def _box(tokens: Sequence[Token]) -> tuple[Box, list[Opened]]:
    """Tokens as one box, and the brackets that are still open at their end."""
    rows: list[list[Box]] = [[]]
    opened: list[Opened] = []
    for token in tokens:
        if isinstance(token, Opened):
            opened.append(token)
            rows.append([])
        elif isinstance(token, Closed):
            fence: Box = Fence(opened.pop().sign, Row(tuple(rows.pop())), token.sign)
            for hang in token.hung:
                fence = hang(fence)
            rows[-1].append(fence)
        else:
            rows[-1].append(token)
    for bracket in reversed(opened):
        fence = Fence(bracket.sign, Row(tuple(rows.pop())), "")
        rows[-1].append(fence)
    return Row(tuple(rows[0])), opened
