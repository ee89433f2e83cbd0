"""`rulegen compare`: rules beside each other."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from rulegen.catalog.likeness.distance import relations
from rulegen.commands.interrupted import resumable
from rulegen.commands.options import grouped, screen, shared
from rulegen.commands.table import print_table
from rulegen.fitting.tuning import COMPARE
from rulegen.grammar import ConfigError, Rule
from rulegen.ground import hosts
from rulegen.ground.digests import programs
from rulegen.ground.display import Display
from rulegen.ground.journal import Journal
from rulegen.ground.parts import foreign
from rulegen.lives.world import World
from rulegen.publishing.figures import save_figure
from rulegen.runs.compare import behavioural_distance, family_graph, headed, weight_changes
from rulegen.runs.compare_figures import plot_families, plot_rewards
from rulegen.runs.contest import (
    Recall,
    anew,
    compare_rewards,
    reward_matrix,
    reward_tables,
    statements,
    worlds,
)
from rulegen.runs.sources import HELP, named_rules

#: Where an unfinished comparison keeps its results.
KEPT = "history.jsonl"


@dataclass(frozen=True)
class Where:
    """The worlds in which rules are compared, and how many lives they get there."""

    tasks: Annotated[list[str] | None, typer.Option("--task", help="a task; repeatable")] = None
    neurons: Annotated[
        list[int] | None, typer.Option(min=1, help="size of the circuit; repeatable")
    ] = None
    trials: Annotated[int, typer.Option(min=1, help="trials of a life")] = 200
    lives: Annotated[int, typer.Option(min=2, help="lives of each rule in each world")] = 256


@shared
@grouped
def compare(
    rules: Annotated[list[str], typer.Argument(help=f"each {HELP}")],
    where: Where,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="of networks and noise")] = 0,
    tune: Annotated[
        bool, typer.Option("--tune/--as-is", help="give each rule the values that suit the task")
    ] = True,
    out: Annotated[Path | None, typer.Option(help="folder for tables and figures")] = None,
) -> None:
    """Compare rules: paired rewards, what they have in common, and how they change weights."""
    entrants, console = named_rules(rules, sys.stdin), screen()
    tasks, neurons = where.tasks or ["delayed_association"], where.neurons or [32]
    places = worlds(tasks, neurons, where.trials)
    budget = COMPARE if tune else None
    with kept(out, places) as recall, Display(console) as display:
        rewards = compare_rewards(entrants, places, where.lives, seed, display, budget, recall)
        changes, reasons = weight_changes(entrants, seed=seed, report=display)
    behaviour, pairs = behavioural_distance(changes), relations(entrants)
    algebra = pd.DataFrame(
        [[a, b, f"{d:.2f}", text] for (a, b), (d, text) in pairs.items()],
        columns=["rule", "other", "distance", "the other"],
    )
    for place, table in reward_tables(rewards).items():
        print_table(console, list(table), table.itertuples(index=False), place)
    print_table(
        console,
        list(algebra),
        algebra.itertuples(index=False),
        "algebra: share of terms not in common",
    )
    rounded = headed(behaviour.map("{:.3f}".format))
    print_table(
        console,
        list(rounded),
        rounded.itertuples(index=False),
        "behaviour: cosine distance of weight changes",
    )
    told = statements(rewards, budget)
    for line in [*told, *(f"{name}: {why}" for name, why in reasons.items())]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if out is not None:
        frames = {"rewards": rewards, "algebra": algebra}
        frames |= {"matrix": reward_matrix(rewards).reset_index()}
        frames |= {"behaviour": headed(behaviour)}
        hosts.on_first(lambda: save(out, entrants, frames))
        console.print(f"tables and figures: {out}", markup=False, highlight=False)


@contextmanager
def kept(out: Path | None, places: list[World]) -> Iterator[Recall]:
    """Keep results in the folder until all are there; the same command goes on with them.

    Raises:
        ConfigError: when the folder cannot be written.
    """
    if out is None:
        yield anew
        return
    try:
        out.mkdir(parents=True, exist_ok=True)
        brought = [foreign(part) for place in places for part in (place.task, place.circuit)]
        identity = {"configuration": "compare", **programs()}
        journal = Journal(out / KEPT, reduce(or_, brought, identity))
    except OSError as error:
        raise cannot_write(out, error) from None
    with journal, resumable(out):
        yield journal.recall


def cannot_write(out: Path, error: OSError) -> ConfigError:
    """What to say where the folder cannot be written."""
    return ConfigError(f"cannot write into {out}: {error.strerror}; choose another --out")


def save(out: Path, rules: dict[str, Rule], frames: dict[str, pd.DataFrame]) -> None:
    """Write the tables as CSV, and the families and the rewards as PNG and PDF; all is over.

    Raises:
        ConfigError: when the folder cannot be written.
    """
    try:
        for name, frame in frames.items():
            frame.to_csv(out / f"{name}.csv", index=False)
        save_figure(plot_families(family_graph(rules)), out, "families")
        save_figure(plot_rewards(frames["rewards"]), out, "rewards")
        (out / KEPT).unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(out, error) from None
