"""`rulegen compare`: rules beside each other."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from catalog.distance import relations
from grammar import ConfigError, Rule
from rulegen.check import named_rules
from rulegen.compare import (
    behavioural_distance,
    compare_rewards,
    family_graph,
    reward_matrix,
    weight_changes,
    worlds,
)
from rulegen.compare_figures import plot_families, plot_rewards
from rulegen.display import Display
from rulegen.figures import save_figure


def compare(
    rules: Annotated[list[str], typer.Argument(help="files, records, cards or catalogued names")],
    tasks: Annotated[list[str] | None, typer.Option("--task", help="a task; repeatable")] = None,
    neurons: Annotated[
        list[int] | None, typer.Option(min=1, help="size of the circuit; repeatable")
    ] = None,
    trials: Annotated[int, typer.Option(min=1, help="trials of a life")] = 200,
    lives: Annotated[int, typer.Option(min=2, help="lives of each rule in each world")] = 256,
    seed: Annotated[int, typer.Option(min=0, help="of networks and noise")] = 0,
    out: Annotated[Path | None, typer.Option(help="folder for tables and figures")] = None,
) -> None:
    """Compare rules: paired rewards, what they have in common, and how they change weights."""
    entrants, console = named_rules(rules, sys.stdin), Console()
    where = worlds(tasks or ["delayed_association"], neurons or [32], trials)
    with Display(console) as display:
        rewards = compare_rewards(entrants, where, lives, seed, display)
        changes, reasons = weight_changes(entrants, seed=seed, report=display)
    matrix, behaviour = reward_matrix(rewards), behavioural_distance(changes)
    pairs = relations(entrants)
    algebra = pd.DataFrame(
        [[a, b, f"{d:.2f}", text] for (a, b), (d, text) in pairs.items()],
        columns=["rule", "other", "distance", "the other"],
    )
    print_table(console, "reward per trial", matrix.reset_index())
    print_table(console, "algebra: share of terms not in common", algebra)
    rounded = behaviour.map("{:.3f}".format).rename_axis("rule").reset_index()
    print_table(console, "behaviour: cosine distance of weight changes", rounded)
    notes = rewards[rewards["note"] != ""].drop_duplicates(["rule", "note"])
    for name, reason in [*zip(notes["rule"], notes["note"], strict=True), *reasons.items()]:
        console.print(f"{name}: {reason}", markup=False, highlight=False, soft_wrap=True)
    if out is not None:
        save(out, entrants, {"rewards": rewards, "algebra": algebra, "matrix": matrix.reset_index(),
                             "behaviour": behaviour.rename_axis("rule").reset_index()})  # fmt: skip
        console.print(f"tables and figures: {out}", markup=False, highlight=False)


def print_table(console: Console, title: str, frame: pd.DataFrame) -> None:
    """Print a table with its title."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold")
    for number, column in enumerate(frame.columns):
        table.add_column(escape(str(column)), overflow="fold", no_wrap=number == 0)
    for row in frame.itertuples(index=False):
        table.add_row(*(escape(str(cell)) for cell in row))
    console.print(table, "")


def save(out: Path, rules: dict[str, Rule], frames: dict[str, pd.DataFrame]) -> None:
    """Write the tables as CSV, and the families and the rewards as PNG and PDF.

    Raises:
        ConfigError: when the folder cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, frame in frames.items():
            frame.to_csv(out / f"{name}.csv", index=False)
        save_figure(plot_families(family_graph(rules)), out, "families")
        save_figure(plot_rewards(frames["rewards"]), out, "rewards")
    except OSError as error:
        raise ConfigError(
            f"cannot write into {out}: {error.strerror}; choose another --out"
        ) from None
