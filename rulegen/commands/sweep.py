"""`rulegen sweep`: one configuration many times."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console

from rulegen.commands.interrupted import resumable
from rulegen.commands.table import print_table
from rulegen.ground.display import Display
from rulegen.ground.runtime import check_devices
from rulegen.lives.outcomes import readable
from rulegen.runs.combination import ENDED
from rulegen.runs.sweep import sweep as run_sweep
from rulegen.runs.sweep_config import load_sweep


def sweep(
    config: Annotated[Path, typer.Argument(help="sweep, a TOML file")],
    out: Annotated[Path | None, typer.Option(help="folder of the sweep")] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="address of a dask scheduler, such as tcp://node1:8786")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, max=1024, help="processes of the cluster on this machine")
    ] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="replace a setting of the base: key=value")
    ] = None,
) -> None:
    """Run every combination of rules, tasks, sizes and seeds; again, only what is not finished.

    Examples:
        rulegen sweep sweep.toml
    """
    what, console = load_sweep(config, changes or ()), Console()
    if scheduler is None:  # else it is others that compute
        check_devices()
    folder = out or Path("runs") / what.config.name
    with resumable(folder), Display(Console(stderr=True)) as display:
        table = run_sweep(what, folder, scheduler=scheduler, workers=workers, report=display)
    cells, said = shown(table)
    print_table(console, list(cells), cells.itertuples(index=False))
    if said:
        console.print(said, markup=False, highlight=False)
    for row in table[~table["ok"]].to_dict("records"):
        line = f"{row['combination']} failed: {row['reason']}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(f"table: {folder / 'results.csv'}", markup=False, highlight=False, soft_wrap=True)


def shown(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The table as people read it, of combinations that succeeded, and what is said of lives."""
    rows = []
    for row in table[table["ok"]].to_dict("records"):
        cells = {"combination": row["combination"]}
        for name, low, high in (("reward", "low", "high"), ("gain", "gain_low", "gain_high")):
            cells[name] = f"{row[name]:.4g} [{row[low]:.4g}, {row[high]:.4g}]"
        ended = {name: int(row[name]) for name in ENDED}
        rows.append(cells | ended | {"s": f"{row['seconds']:.0f}"})
    return readable(pd.DataFrame(rows), ["start"])
