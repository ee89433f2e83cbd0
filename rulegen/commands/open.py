"""`rulegen open`: the report of a run in a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rulegen.catalog.records.files import write_whole
from rulegen.commands.browser import show_page
from rulegen.grammar import ConfigError
from rulegen.publishing.report import REPORT, report
from rulegen.runs.sources import again

RECORD = "record.toml"


def open_run(
    run: Annotated[Path, typer.Argument(help="folder of a finished run")],
    anew: Annotated[
        bool, typer.Option("--anew", help="make the report again from the files of the run")
    ] = False,
) -> None:
    """Show the report of a run in a browser; one is made of a run that has none.

    Examples:
        rulegen open runs/mine-1
        rulegen open runs/mine-1 --anew
    """
    if not (run / RECORD).is_file():
        finished = sorted(run.glob(f"*/{RECORD}"), key=lambda path: path.stat().st_mtime)
        hint = f"; name one in it, such as {finished[-1].parent}" if finished else again(run)
        raise ConfigError(f"{run} is no folder of a finished run{hint}")
    page = run / REPORT
    if anew or not page.exists():
        try:
            write_whole(page, report(run))
        except OSError as error:
            raise ConfigError(f"cannot write {page}: {error.strerror}") from None
    show_page(page)
