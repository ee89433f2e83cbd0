"""Cards in Markdown, readable on a code host."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from rulegen.catalog.pages.card import (
    Block,
    Equation,
    Heading,
    Items,
    Listing,
    Paragraph,
    Picture,
    card,
)
from rulegen.catalog.pages.prose import Line, Piece
from rulegen.catalog.pages.tables import SIGN, Table, widths
from rulegen.catalog.records.kinds import OPENING
from rulegen.catalog.records.record import HasRecord, Record, as_record, plain_data
from rulegen.grammar.printing.boxes import Box, Name
from rulegen.grammar.printing.latex_spelling import Latex, latex_lines

#: Characters that Markdown or HTML would take for markup.
SPECIAL = str.maketrans({c: f"\\{c}" for c in "\\`*_<>|~$"})
#: What ends the comment that `OPENING` begins, the last part of a card.
CLOSING = "-->"
#: How JSON says the characters of which comments are made.
UNENDING = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})
DASH = "\\u002d"
#: The picture beside the card of a run, and the folder of those of a catalog.
RUN_PICTURE, PICTURES = "learning.png", "discovered"
#: What is markup only in front of something, or at the start of a line.
REFERENCE = re.compile(r"\](?=[(\[:])|&(?=[#\w])")
#: What code hosts make links of, unasked.
ADDRESS = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)
#: What they make mail and mentions of; no sign before it holds them off.
MAIL, UNMADE = re.compile(r"@(?=\w)"), "@<!-- -->"
START = re.compile(r"^(\d*)([-+=#.)])(?=\s|$|[-=#])")


def catalog_picture(name: str) -> str:
    """The path of the picture of a rule from its card in a catalog."""
    return f"../{PICTURES}/{name}.png"


def markdown_card(record: Record | HasRecord, figure: str = "", *, notebook: bool = False) -> str:
    """The page of a rule.

    Args:
        record: of the rule, or what a run found.
        figure: path of its learning curve, relative to the page; without one it has no picture.
        notebook: write formulas as cells of notebooks read them, and not as code hosts do.

    Example:
        >>> record = Record(name="hebb", title="Hebb", description="Fire together.",
        ...                 equations="param eta = 0.1\\ndw/dt = eta*pre*post")
        >>> print(markdown_card(record).splitlines()[0])
        # Hebb
    """
    record = as_record(record)
    return markdown_page(record, card(record), figure, notebook=notebook)


def markdown_page(
    record: Record, blocks: Sequence[Block], figure: str = "", *, notebook: bool = False
) -> str:
    """The page of a rule whose blocks are made."""
    parts = [f"# {plain(record.title)}"]
    parts += [show(block, figure, notebook) for block in blocks]
    return "\n\n".join(part for part in [*parts, embedded(record)] if part) + "\n"


def embedded(record: Record) -> str:
    """The whole record as JSON in a comment, which nothing in its texts can end.

    So a card says exactly what its record says, and `rulegen.catalog.read_card` can print it again
    and compare.
    """
    data = json.dumps(plain_data(record), indent=1)
    return f"{OPENING}\n{data.translate(UNENDING).replace('--', '-' + DASH)}\n{CLOSING}"


def show(block: Block, figure: str, notebook: bool) -> str:
    """One block."""
    match block:
        case Heading(text):
            return f"## {plain(text)}"
        case Paragraph(line):
            return inline(line)
        case Items(lines):
            return "\n".join(f"- {inline(line)}" for line in lines)
        case Equation(lines):
            return mathematics(latex_lines(lines), notebook)
        case Listing(text):
            return fenced(text)
        case Picture(text):
            return f"![{plain(text)}]({figure})" if figure else ""
        case Table():
            return table(block)


def mathematics(latex: str, notebook: bool) -> str:
    """Display mathematics as code hosts read it, or notebooks.

    Between dollars the hosts would take backslashes as Markdown's own before they set the formula,
    and they do not admit `\\operatorname`. Notebooks know dollars alone: a fence is code there.
    """
    admitted = latex.replace(r"\operatorname{", r"\mathrm{")
    return f"$$\n{admitted}\n$$" if notebook else f"```math\n{admitted}\n```"


def inline(line: Line) -> str:
    """A line of running text."""
    return START.sub(r"\1\\\2", "".join(piece(p) for p in line))


def piece(p: Piece) -> str:
    """A stretch of text."""
    text = code(p.text) if p.code else plain(p.text)
    return f"[{text}]({p.link})" if p.link else text


def code(text: str) -> str:
    """A code span; as long a run of backticks around it as its own text needs.

    Example:
        >>> print(code("a*b"), code("a`b"))
        `a*b` ``a`b``
    """
    text = " ".join(text.split())
    if not text:
        return ""
    ticks = "`" * (longest_run(text) + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{ticks}{pad}{text}{pad}{ticks}"


def fenced(text: str) -> str:
    """A block of code that nothing in the text can end."""
    fence = "`" * max(3, longest_run(text) + 1)
    return f"{fence}\n{text}\n{fence}"


def longest_run(text: str) -> int:
    """Length of the longest run of backticks."""
    return max((len(run) for run in re.findall("`+", text)), default=0)


def table(table: Table) -> str:
    """A table, its columns aligned."""
    cells = [table.head] + [
        tuple(
            code(cell).replace("|", "\\|") if title in table.code else plain(cell)
            for title, cell in zip(table.head, row, strict=True)
        )
        for row in table.body
    ]
    if table.signs:
        column = [SIGN, *map(formula, table.signs)]
        cells = [(sign, *row) for sign, row in zip(column, cells, strict=True)]
    return grid(cells)


def formula(box: Box) -> str:
    """A formula in a line; code hosts read one with a backslash before a sign otherwise."""
    latex = Latex().spell(box)
    return code(box.name) if isinstance(box, Name) and box.whole else f"${latex}$"


def grid(cells: Sequence[tuple[str, ...]]) -> str:
    """Rows of finished cells, the first of which is the head, as a table."""
    size = widths(cells)
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(row, size, strict=True)) + " |"
        for row in cells
    ]
    lines.insert(1, "| " + " | ".join("-" * max(3, w) for w in size) + " |")
    return "\n".join(lines)


def plain(text: str) -> str:
    """Text in which nothing is markup.

    Example:
        >>> print(plain("[x](javascript:y) & <b> $a_b$"))
        [x\\](javascript:y) & \\<b\\> \\$a\\_b\\$
        >>> print(plain("me@here.org"))
        me@<!-- -->here.org
    """
    lead, tail = (" " if text[:1].isspace() else ""), (" " if text[-1:].isspace() else "")
    text = " ".join(text.split()).translate(SPECIAL)
    text = REFERENCE.sub(lambda m: f"\\{m[0]}", ADDRESS.sub(r"\\", text))
    text = MAIL.sub(UNMADE, text)
    return lead + text + tail if text else lead
