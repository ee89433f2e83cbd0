"""`rulegen catalog add`: what a run discovered becomes a part of a catalog."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rulegen.catalog.records.library import HOME
from rulegen.verifying.admission import add_run


def add(
    runs: Annotated[
        list[Path], typer.Argument(help="folders of finished runs of `rulegen discover`")
    ],
    to: Annotated[Path, typer.Option(help="folder of the catalog")] = HOME,
    replace: Annotated[
        bool, typer.Option("--replace", help="replace discovered rules of the same name")
    ] = False,
) -> None:
    """Take discovered rules into a catalog, with their figures and data."""
    for run in runs:
        print(add_run(run, to, replace=replace).path)
    print("now `rulegen catalog build`")
