"""`rulegen verify`: does the claim of a card hold?"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from rulegen.catalog.records.fields import MOST_LIVES
from rulegen.commands.options import progress, screen, shared
from rulegen.commands.table import print_table
from rulegen.grammar import ConfigError
from rulegen.ground.display import Display
from rulegen.runs.sources import read_source
from rulegen.verifying.published import Published, published
from rulegen.verifying.verify import NEW_LIVES
from rulegen.verifying.verify import verify as run_verification


@shared
def verify(
    card: Annotated[str, typer.Argument(help="a card.md, a record.toml, a run, a name, or -")],
    lives: Annotated[
        int, typer.Option(min=2, max=MOST_LIVES, help="number of new lives")
    ] = NEW_LIVES,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="of the new lives")] = 0,
) -> None:
    """Run the published text on its own lives again and on new ones.

    Exit code 1 if a claim is refuted or too weak.

    Examples:
        rulegen verify runs/mine-1
        rulegen verify card.md --lives 1024
    """
    whole, console = piped() if card == "-" else published(card), screen()
    with Display(progress()) as display:
        found = run_verification(whole, lives, seed, display)
    table = found.table()
    print_table(console, list(table), table.itertuples(index=False))
    console.print(found.closing, markup=False, highlight=False)
    if not found.holds:
        raise typer.Exit(1)


def piped() -> Published:
    """The record or card in standard input, which has nothing beside it.

    Raises:
        ConfigError: when it has no record.
    """
    record = read_source("-", sys.stdin).record
    if record is None:
        raise ConfigError("standard input holds a rule and claims nothing; send a card or a record")
    return Published(record)
