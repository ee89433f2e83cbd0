"""Cards in LaTeX: documents that compile without shell escape, and snippets for `\\input`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

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
from rulegen.catalog.records.facets import Facets
from rulegen.catalog.records.record import Record
from rulegen.grammar.printing.latex_spelling import Latex, latex_lines

PREAMBLE = r"""\documentclass[11pt,a4paper]{article}
\usepackage[T1]{fontenc}
\usepackage{lmodern}
\usepackage{amsmath,array,booktabs,graphicx,longtable,multicol}
\usepackage[margin=22mm]{geometry}
\usepackage[hidelinks]{hyperref}
\setlength{\parindent}{0pt}
\setlength{\tabcolsep}{4pt}
\setlength{\parskip}{6pt}
\raggedright
\raggedbottom
"""

#: Who made a document, and in which language it is.
MAKER = "pdfcreator={rulegen},pdflang={en}"
#: What a reader of PDF shows of the catalog.
METADATA = (
    "pdftitle={Plasticity rules: a catalog},pdfauthor={The rulegen developers},"
    "pdfsubject={Rules of synaptic plasticity as formulas that run},"
    "pdfkeywords={synaptic plasticity, learning rules, symbolic rule discovery}," + MAKER
)
#: What the first page says.
TITLE_PAGE = r"""\hypersetup{pageanchor=false}
\begin{titlepage}
\null\vspace{0.25\textheight}
{\Huge\bfseries Plasticity rules\par}
\vspace{8mm}
{\Large COUNT of synaptic plasticity as formulas that run\par}
\vspace{8mm}
{\large The rulegen developers\par}
\vspace{12mm}
Each rule with its references and, where rulegen discovered it, with the evidence for it.
\vfill
Made by \texttt{rulegen catalog build}. To cite a rule: \texttt{rulegen cite RULE}.
\end{titlepage}
\hypersetup{pageanchor=true}
"""
#: All rules on as few pages as hold them.
CONTENTS = r"""\section*{Contents}
{\small\setlength{\parskip}{0pt}\setlength{\columnsep}{8mm}
\makeatletter\renewcommand*{\l@section}{\@dottedtocline{1}{0em}{1em}}
\begin{multicols}{2}\@starttoc{toc}\end{multicols}\makeatother}
\clearpage
"""
#: What the parts of the catalog are called.
KINDS = {"discovered": "Discovered", "literature": "From the literature"}

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
    "\u200b": r"\allowbreak{}",
}
#: A word of more letters than this would run off the page.
#: Characters of an address that stay: all that has a meaning there; others are written in hex.
ADDRESS = ":/?#[]@!$&'()*+,;=%-._~"
LONG = re.compile(r"\S{40}")
#: Letters of names that T1 has; everything else outside ASCII becomes a question mark.
LATIN = set("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿŠšŽžČčĆćŁłŒœ‘’“”")
#: Sizes of the letters of tables, and how many typed characters each has room for in a line.
SIZES = (("small", 90), ("footnotesize", 100), ("scriptsize", 114))
#: What stands between two columns, and what formulas of symbols need, characters.
BETWEEN, SYMBOLS = 2, 10
#: Two limits of an interval, which stay together.
INTERVAL = re.compile(r"\[-?[\d.e+-]+, -?[\d.e+-]+\]")
#: After which signs long formulas may break.
BREAKS = ("*", "/", "_", "+", ",")


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
    return document(latex_section(record, figure), f"pdftitle={{{plain(record.title)}}},{MAKER}")


def latex_catalog(rows: Sequence[Facets]) -> str:
    r"""A document with the snippets `rules/NAME.tex`, a title page and a table of contents."""
    parts = []
    for kind, title in KINDS.items():
        names = [row.name for row in rows if row.kind == kind]
        if names:
            parts.append(rf"\phantomsection\addcontentsline{{toc}}{{part}}{{{title}}}")
            parts += [rf"\input{{rules/{name}}}\clearpage" for name in names]
    front = TITLE_PAGE.replace("COUNT", "One rule" if len(rows) == 1 else f"{len(rows)} rules")
    return document(front + CONTENTS + "\n".join(parts) + "\n", METADATA)


def document(body: str, metadata: str) -> str:
    """A document around `body`; `metadata` is what a reader of PDF shows of it."""
    head = PREAMBLE + f"\\hypersetup{{{metadata}}}\n"
    return head + "\\begin{document}\n" + body + "\\end{document}\n"


def latex_section(record: Record, figure: str = "") -> str:
    r"""The same without preamble, for `\input`.

    It needs the packages amsmath, array, booktabs, graphicx, hyperref and longtable.

    Example:
        >>> from rulegen.catalog import find
        >>> latex_section(find("oja"))[:9]
        '\\section*'
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
            size = r"[width=.8\linewidth,height=.95\textheight,keepaspectratio]"
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
    return rf"\href{{{address(p.link)}}}{{{text}}}" if p.link else text


def address(link: str) -> str:
    r"""Where a link leads, of which TeX changes nothing.

    Example:
        >>> print(address("https://doi.org/10.1523/JNEUROSCI.02-01-00032.1982#a_b%20"))
        https://doi.org/10.1523/JNEUROSCI.02-01-00032.1982\#a_b\%20
    """
    return re.sub("[%#&]", r"\\\g<0>", quote(link, safe=ADDRESS))


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
    size, wide = columns(table)
    lines = [
        rf"{{\{size}\begin{{longtable}}{{@{{}}{first[0]}{wide}@{{}}}}",
        r"\toprule",
        first[1] + row(table.head, code=False),
        r"\midrule\endhead",
        *(s + row(cells, code=True) for s, cells in zip(signs, table.body, strict=True)),
        r"\bottomrule",
        r"\end{longtable}}",
    ]
    return "\n".join(lines)


def columns(table: Table) -> tuple[str, str]:
    """How large the letters are, and how wide the columns.

    Example:
        >>> columns(Table(("a", "b"), (("x", "y"),)))
        ('small', 'll')
    """
    rows = [table.head, *table.body]
    count = len(table.head)
    size = [max(len(row[i]) for row in rows) + 1 for i in range(count)]
    least = [max(longest_piece(row[i]) for row in rows) for i in range(count)]
    aside = BETWEEN * (count - 1) + (SYMBOLS if table.signs else 0)
    if sum(size) + aside <= SIZES[0][1]:
        return SIZES[0][0], "l" * count
    # Narrow columns keep their width; wide ones are cut to one common width, but not within what
    # stays together.
    fits = (s for s in SIZES if sum(least) + aside <= s[1])
    name, room = next(fits, SIZES[-1])
    within = max(room - aside, 1)

    def cut_to(cut: int) -> list[int]:
        return [max(min(s, cut), m) for s, m in zip(size, least, strict=True)]

    cuts = (c for c in range(room, 0, -1) if sum(cut_to(c)) <= within)
    wide = cut_to(next(cuts, 1))
    shares = [w / max(sum(wide) + aside, room) for w in wide]
    cells = (rf">{{\raggedright\arraybackslash}}p{{{share:.3f}\linewidth}}" for share in shares)
    return name, "".join(cells)


def longest_piece(text: str) -> int:
    """How many characters of a cell stay together."""
    text = INTERVAL.sub(lambda found: "x" * len(found[0]), text)
    for sign in BREAKS:
        text = text.replace(sign, sign + " ")
    return max(map(len, text.split()), default=1)


def breakable(text: str) -> str:
    """Text of a cell, which may break after the signs that long formulas have, not in intervals."""
    shown, last = "", 0
    for found in INTERVAL.finditer(text):
        shown += pieces(text[last : found.start()]) + rf"\mbox{{{plain(found[0])}}}"
        last = found.end()
    return shown + pieces(text[last:])


def pieces(text: str) -> str:
    """Text that may break after some signs."""
    shown = plain(text)
    for sign in map(plain, BREAKS):
        shown = shown.replace(sign, sign + r"\allowbreak{}")
    return shown


def plain(text: str) -> str:
    """Text in which nothing is markup."""
    text = LONG.sub(lambda found: found[0] + "\u200b", text)
    return "".join(SPECIAL.get(c, c if c.isascii() or c in LATIN else "?") for c in text)
