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
    if not (run / "record.toml").is_file():
        raise ConfigError(f"{run} is no folder of a finished run{again(run)}")
    page = run / REPORT
    if anew or not page.exists():
        try:
            write_whole(page, report(run))
        except OSError as error:
            raise ConfigError(f"cannot write {page}: {error.strerror}") from None
    show_page(page)
