"""`rulegen catalog`: list, show, open and build."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Collection, Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rulegen.catalog import latex_section, markdown_card
from rulegen.catalog.export.formats import unnamed
from rulegen.catalog.pages.build import DOCUMENT, INDEX, PAGE, build
from rulegen.catalog.pages.pdf import make_pdf
from rulegen.catalog.records.facets import facets
from rulegen.catalog.records.fields import several
from rulegen.catalog.records.library import HOME, library
from rulegen.commands.browser import kept_in, show_page
from rulegen.commands.card import print_card
from rulegen.commands.document import print_document
from rulegen.commands.rules import OneRule
from rulegen.commands.table import print_table
from rulegen.grammar import ConfigError
from rulegen.ground.display import Display
from rulegen.ground.progress import Progress
from rulegen.runs.sources import read_source

#: Where pages go unless another place is named.
HERE = Path("catalog")
PDF = "catalog.pdf"
RECORDS = "folder with rules/ and discovered/ in place of the bundled catalog"
#: A line is never longer.
WIDEST = 4000


class Kind(StrEnum):
    """Where a rule comes from."""

    literature = "literature"
    discovered = "discovered"


def list_rules(
    kind: Annotated[Kind | None, typer.Option(help="rules of this kind alone")] = None,
    tags: Annotated[
        list[str] | None, typer.Option("--tag", help="rules with this tag alone; repeatable")
    ] = None,
    records: Annotated[Path, typer.Option(help=RECORDS)] = HOME,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """List the rules of the catalog.

    Examples:
        rulegen catalog list
        rulegen catalog list --kind discovered
        rulegen catalog list --tag reward --json
        rulegen catalog list --records mine
    """
    rows = [facets(entry.record) for entry in library(records).values()]
    check_tags(tags or (), {tag for row in rows for tag in row.tags})
    rows = [row for row in rows if kind in (None, row.kind) and {*(tags or ())} <= {*row.tags}]
    if as_json:
        print(json.dumps([row.model_dump() for row in rows], indent=2))
        return
    heads = ["name", "title", "kind", "locality", "tags"]
    cells = [[r.name, r.title, r.kind, r.verdict, ", ".join(r.tags)] for r in rows]
    print_table(lines(), heads, cells)


def lines() -> Console:
    """Standard output, and what is no terminal as wide as anything: a rule a line."""
    console = Console()
    return console if console.is_terminal else Console(width=WIDEST)


def check_tags(wanted: Iterable[str], known: Collection[str]) -> None:
    """Raise `ConfigError` where no rule has a tag."""
    for tag in wanted:
        if tag not in known:
            close = difflib.get_close_matches(tag, known, n=1)
            remedy = f"did you mean `{close[0]}`?" if close else "see `rulegen catalog list`"
            raise ConfigError(f"--tag {tag}: no rule has it; {remedy}")


def show(
    rule: OneRule,
    as_latex: Annotated[bool, typer.Option("--latex", help="print LaTeX")] = False,
    as_markdown: Annotated[
        bool, typer.Option("--markdown", help="print Markdown, as files and pipes get it")
    ] = False,
) -> None:
    """Print the card of a rule.

    Examples:
        rulegen catalog show oja
        rulegen catalog show runs/mine-1 --latex
        rulegen catalog show oja > oja.md
    """
    source, console = read_source(rule, sys.stdin), Console()
    record = source.record or unnamed(source.rule)
    if as_latex or as_markdown or not console.is_terminal:
        print_document(latex_section(record) if as_latex else markdown_card(record))
    else:
        print_card(console, record)


def open_pages(
    page: Annotated[
        Path | None, typer.Argument(help="a catalog.html; else one of these records is made")
    ] = None,
    records: Annotated[Path, typer.Option(help=RECORDS)] = HOME,
) -> None:
    """Show the catalog in a browser; it needs no network.

    Examples:
        rulegen catalog open
        rulegen catalog open catalog/catalog.html
        rulegen catalog open --records mine
    """
    if page is not None:
        show_page(page)
        return
    folder = kept_in("catalog", str(records.resolve()))
    folder.mkdir(parents=True, exist_ok=True)
    with Display(Console(stderr=True)) as display:
        build(
            list(library(records).values()),
            folder,
            lambda n, total: display(Progress("cards", n, total)),
        )
    show_page(folder / PAGE)


def build_pages(
    out: Annotated[Path, typer.Option(help="folder of the pages")] = HERE,
    records: Annotated[Path, typer.Option(help=RECORDS)] = HOME,
) -> None:
    """Make the pages of all records: Markdown, HTML, LaTeX, and PDF where LaTeX is installed.

    Examples:
        rulegen catalog build
        rulegen catalog build --records mine --out mine
    """
    console, pages = Console(), [INDEX, PAGE, DOCUMENT]
    with Display(Console(stderr=True)) as display:

        def print_pdf() -> None:
            display(Progress("PDF", 0, 1))
            printed = make_pdf(out / DOCUMENT, out / PDF)
            display(Progress("PDF", 1, 1, "" if printed else "no latexmk, so no PDF"))
            pages.extend([PDF] if printed else [])

        done = build(
            list(library(records).values()),
            out,
            lambda n, total: display(Progress("cards", n, total)),
            print_pdf,
        )
    console.print(
        f"{several(done.records, 'rule')}, {done.rendered} rendered anew, {done.written} files "
        f"changed in {out}: {', '.join(pages)}",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )
