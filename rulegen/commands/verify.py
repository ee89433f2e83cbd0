"""`rulegen verify`: does the claim of a card hold?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog import Record, find, load_record
from catalog.reading import read_published
from rulegen.display import Display
from rulegen.verify import verify as run_verification


def verify(
    card: Annotated[str, typer.Argument(help="a card.md, a record.toml, a run, or a name")],
    lives: Annotated[
        int | None, typer.Option(min=2, help="number of new lives; as published by default")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="of the new lives")] = 0,
) -> None:
    """Run the published text on its own lives again and on new ones; exit 1 if a claim fails."""
    record, console = published(card), Console()
    with Display(console) as display:
        found = run_verification(record, lives, seed, display)
    rows = found.table()
    table = Table(box=None, header_style="bold")
    for column in rows.columns:
        table.add_column(column, overflow="fold")
    for row in rows.itertuples(index=False):
        table.add_row(*(escape(cell) for cell in row))
    console.print(table)
    console.print("the claim holds" if found.holds else "the claim does not hold")
    if not found.holds:
        raise typer.Exit(1)


def published(card: str) -> Record:
    """The record in a file or a run, or of a catalogued rule.

    Raises:
        ConfigError, RuleError: when there is none.
    """
    path = Path(card)
    if path.is_dir():
        path /= "record.toml"
    elif not path.exists():
        return find(card)
    return load_record(path) if path.suffix == ".toml" else read_published(path)
