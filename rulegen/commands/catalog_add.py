"""`rulegen catalog add`: what a run discovered becomes a part of a catalog."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rulegen.catalog.records.fields import MOST_LIVES
from rulegen.catalog.records.library import HOME
from rulegen.ground.display import Display
from rulegen.ground.runtime import check_devices
from rulegen.verifying.admission import add_run
from rulegen.verifying.verify import NEW_LIVES


def add(
    runs: Annotated[
        list[Path], typer.Argument(help="folders of finished runs of `discover` or `search`")
    ],
    to: Annotated[Path, typer.Option(help="folder of the catalog")] = HOME,
    lives: Annotated[
        int, typer.Option(min=2, max=MOST_LIVES, help="number of new lives")
    ] = NEW_LIVES,
    replace: Annotated[
        bool, typer.Option("--replace", help="replace discovered rules of the same name")
    ] = False,
) -> None:
    """Take discovered rules into a catalog, with their figures and data."""
    check_devices()
    for run in runs:
        with Display(Console()) as display:
            entry = add_run(run, to, lives=lives, replace=replace, report=display)
        print(entry.path)
    print("now `rulegen catalog build`")
