"""Cards in LaTeX: documents that compile without shell escape, and snippets for `\\input`."""

from __future__ import annotations

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
from rulegen.catalog.pages.tables import SIGN, Table
from rulegen.catalog.records.record import Record
from rulegen.grammar.printing.latex_spelling import Latex, latex_lines

PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage{lmodern}
\usepackage{amsmath,array,booktabs,graphicx,longtable}
\usepackage[margin=22mm]{geometry}
\usepackage[hidelinks]{hyperref}
\setlength{\parindent}{0pt}
\setlength{\parskip}{6pt}
\raggedright
\raggedbottom
"""

#: What LaTeX would take for markup, and what the font lacks or sets otherwise in text.
SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
    "'": r"\textquotesingle{}",
    '"': r"\textquotedbl{}",
    "-": r"{-}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "−": r"\textminus{}",
    "×": r"\texttimes{}",
    "±": r"\textpm{}",
    "·": r"\textperiodcentered{}",
    "µ": r"\textmu{}",
    "*": "{*}",
    "[": "{[}",
    "]": "{]}",
    "\n": " ",
    "\t": " ",
}
#: Letters of names that T1 has; everything else outside ASCII becomes a question mark.
LATIN = set("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿŠšŽžČčĆćŁłŒœ‘’“”")
#: A table whose widest row has more characters than this gets columns of a fixed width.
WIDEST = 90


def latex_card(record: Record, figure: str = "") -> str:
    r"""A whole document about one rule.

    Args:
        record: the rule.
        figure: path of its learning curve, relative to the document.

    Example:
        >>> record = Record(name="hebb", title="Hebb", description="Fire together.",
        ...                 equations="param eta = 0.1\ndw/dt = eta*pre*post")
        >>> print(latex_card(record).splitlines()[0])
        \documentclass[11pt,a4paper]{article}
    """
    return document(latex_section(record, figure))


def latex_catalog(names: list[str]) -> str:
    r"""A document with the snippets `rules/NAME.tex` and a table of contents."""
    inputs = "\n".join(rf"\input{{rules/{name}}}\clearpage" for name in names)
    return document("\\tableofcontents\n\\clearpage\n" + inputs + "\n")


def document(body: str) -> str:
    """A document around `body`."""
    return PREAMBLE + "\\begin{document}\n" + body + "\\end{document}\n"


def latex_section(record: Record, figure: str = "") -> str:
    r"""The same without preamble, for `\input`.

    It needs the packages amsmath, array, booktabs, graphicx, hyperref and longtable.
    """
    return latex_blocks(record.title, card(record), figure)


def latex_blocks(title: str, blocks: Sequence[Block], figure: str = "") -> str:
    """A section of blocks."""
    head = plain(title)
    parts = [rf"\section*{{{head}}}", rf"\addcontentsline{{toc}}{{section}}{{{head}}}"]
    parts += [show(block, figure) for block in blocks]
    return "\n\n".join(part for part in parts if part) + "\n"


def show(block: Block, figure: str) -> str:
    """One block."""
    match block:
        case Heading(text):
            return rf"\subsection*{{{plain(text)}}}"
        case Paragraph(line):
            return inline(line)
        case Items(lines):
            items = "\n".join(rf"\item {inline(line)}" for line in lines)
            return f"\\begin{{itemize}}\n{items}\n\\end{{itemize}}"
        case Equation(lines):
            return f"\\[\n{latex_lines(lines)}\n\\]"
        case Listing(text):
            return listing(text)
        case Picture():
            size = r"[width=.8\linewidth]"
            inner = rf"\includegraphics{size}{{{figure}}}"
            return rf"\begin{{center}}{inner}\end{{center}}" if figure else ""
        case Table():
            return table(block)


def inline(line: Line) -> str:
    """A line of running text."""
    return "".join(piece(p) for p in line)


def piece(p: Piece) -> str:
    """A stretch of text."""
    text = rf"\texttt{{{plain(p.text)}}}" if p.code else plain(p.text)
    return rf"\href{{{plain(p.link)}}}{{{text}}}" if p.link else text


def listing(text: str) -> str:
    """Lines of code; long ones break with a hanging indent."""
    rows = [code_line(row) for row in text.splitlines()]
    body = "\n".join(rf"\hangindent=3em {row}\par" for row in rows)
    return f"{{\\small\\ttfamily\\setlength{{\\parskip}}{{0pt}}\n{body}\n}}"


def code_line(text: str) -> str:
    """A line of code with its indentation."""
    stripped = text.expandtabs(4).lstrip(" ")
    indent = len(text.expandtabs(4)) - len(stripped)
    return "~" * indent + plain(stripped).replace("  ", "~ ") if stripped else r"\strut"


def table(table: Table) -> str:
    """A table; wide ones share the width of the page among their columns."""

    def row(cells: tuple[str, ...], code: bool) -> str:
        shown = [
            rf"\texttt{{{breakable(cell)}}}" if code and title in table.code else breakable(cell)
            for title, cell in zip(table.head, cells, strict=True)
        ]
        return " & ".join(shown) + r" \\"

    signs = [f"${Latex().spell(box)}$ & " for box in table.signs] or [""] * len(table.body)
    first = ("l", f"{SIGN} & ") if table.signs else ("", "")
    lines = [
        r"{\small\begin{longtable}{@{}" + first[0] + columns(table) + "@{}}",
        r"\toprule",
        first[1] + row(table.head, code=False),
        r"\midrule\endhead",
        *(s + row(cells, code=True) for s, cells in zip(signs, table.body, strict=True)),
        r"\bottomrule",
        r"\end{longtable}}",
    ]
    return "\n".join(lines)


def columns(table: Table) -> str:
    """How wide the columns are.

    Example:
        >>> print(columns(Table(("a", "b"), (("x", "y"),))))
        ll
    """
    rows = [table.head, *table.body]
    size = [max(len(row[i]) for row in rows) + 2 for i in range(len(table.head))]
    if sum(size) <= WIDEST:
        return "l" * len(size)
    # Narrow columns keep their width; wide ones are cut to one common width.
    cut = max(c for c in range(1, WIDEST) if sum(min(s, c) for s in size) <= WIDEST)
    shares = [0.92 * min(s, cut) / WIDEST for s in size]
    return "".join(rf">{{\raggedright\arraybackslash}}p{{{s:.3f}\linewidth}}" for s in shares)


def breakable(text: str) -> str:
    """Text of a cell, which may break after the signs that long formulas have."""
    shown = plain(text)
    for sign in ("{*}", "/", r"\_", "+", ","):
        shown = shown.replace(sign, sign + r"\allowbreak{}")
    return shown


def plain(text: str) -> str:
    """Text in which nothing is markup."""
    return "".join(SPECIAL.get(c, c if c.isascii() or c in LATIN else "?") for c in text)
