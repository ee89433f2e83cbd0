"""`rulegen catalog`: list, show and build."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rulegen.catalog import latex_section, markdown_card
from rulegen.catalog.export.formats import unnamed
from rulegen.catalog.pages.build import DOCUMENT, INDEX, PAGE, build
from rulegen.catalog.pages.pdf import make_pdf
from rulegen.catalog.records.facets import facets
from rulegen.catalog.records.library import HOME, library
from rulegen.commands.document import print_document
from rulegen.commands.table import print_table
from rulegen.ground.display import Display
from rulegen.ground.progress import Progress
from rulegen.runs.sources import HELP, read_source

#: Where pages go unless another place is named.
HERE = Path("catalog")
PDF = "catalog.pdf"


def list_rules() -> None:
    """List the rules of the catalog."""
    heads = ["name", "title", "kind", "locality", "tags"]
    rows = {name: facets(entry.record) for name, entry in library().items()}
    cells = [[name, r.title, r.kind, r.verdict, ", ".join(r.tags)] for name, r in rows.items()]
    print_table(Console(), heads, cells)


def show(
    rule: Annotated[str, typer.Argument(help=HELP)],
    as_latex: Annotated[bool, typer.Option("--latex", help="print LaTeX")] = False,
) -> None:
    """Print the card of a rule."""
    source = read_source(rule, sys.stdin)
    record = source.record or unnamed(source.rule)
    print_document(latex_section(record) if as_latex else markdown_card(record))


def build_pages(
    out: Annotated[Path, typer.Option(help="folder of the pages")] = HERE,
    records: Annotated[
        Path | None, typer.Option(help="folder with rules/ and discovered/ to build from")
    ] = None,
) -> None:
    """Make the pages of all records: Markdown, HTML, LaTeX, and PDF where LaTeX is installed."""
    console, pages = Console(), [INDEX, PAGE, DOCUMENT]
    with Display(console) as display:

        def print_pdf() -> None:
            display(Progress("PDF", 0, 1))
            printed = make_pdf(out / DOCUMENT, out / PDF)
            display(Progress("PDF", 1, 1, "" if printed else "no latexmk, so no PDF"))
            pages.extend([PDF] if printed else [])

        done = build(
            list(library(records or HOME).values()),
            out,
            lambda n, total: display(Progress("cards", n, total)),
            print_pdf,
        )
    console.print(
        f"{done.records} rules, {done.rendered} rendered anew, {done.written} files changed in "
        f"{out}: {', '.join(pages)}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
