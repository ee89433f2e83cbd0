"""`rulegen catalog add`: what a run discovered becomes a part of a catalog."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rulegen.catalog.records.fields import MOST_LIVES
from rulegen.catalog.records.library import HOME
from rulegen.grammar import ConfigError
from rulegen.ground.display import Display
from rulegen.ground.runtime import check_devices
from rulegen.verifying.admission import add_run
from rulegen.verifying.verify import NEW_LIVES


def add(
    runs: Annotated[
        list[Path], typer.Argument(help="folders of finished runs of `discover` or `search`")
    ],
    to: Annotated[
        Path | None, typer.Option(help="folder of the catalog; in a checkout, its own")
    ] = None,
    lives: Annotated[
        int, typer.Option(min=2, max=MOST_LIVES, help="number of new lives")
    ] = NEW_LIVES,
    replace: Annotated[
        bool, typer.Option("--replace", help="replace discovered rules of the same name")
    ] = False,
) -> None:
    """Take discovered rules into a catalog, with their figures and data.

    Examples:
        rulegen catalog add runs/mine-1 --to mine
        rulegen catalog add runs/mine-1 --to mine --replace
    """
    home = place_of(to)
    check_devices()
    for run in runs:
        with Display(Console(stderr=True)) as display:
            entry = add_run(run, home, lives=lives, replace=replace, report=display)
        print(f"added to {home}: {entry.path}")
    own = "" if home == HOME else f" --records {shlex.quote(str(home))}"
    print(f"now `rulegen catalog build{own}`")


def place_of(to: Path | None, bundled: Path = HOME) -> Path:
    """The folder of the catalog into which runs are taken.

    Args:
        to: the folder that is asked for.
        bundled: the catalog that comes with rulegen; beside a checkout's own files it may grow.

    Raises:
        ConfigError: when it is in an installed package, where the next installation would drop it.

    Example:
        >>> place_of(Path("mine"))
        PosixPath('mine')
    """
    checkout = (bundled.resolve().parent / "pyproject.toml").exists()
    inside = to is None or to.resolve().is_relative_to(bundled.resolve())
    if inside and not checkout:
        raise ConfigError(
            "the bundled catalog belongs to the installed package, and what is added there would "
            "go with it; name a folder of your own, such as --to mine"
        )
    return bundled if to is None else to
