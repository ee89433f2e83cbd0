"""`rulegen compare`: rules beside each other."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from math import isfinite
from operator import or_
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from rulegen.catalog.likeness.distance import relations
from rulegen.catalog.records.fields import MOST_LIVES
from rulegen.catalog.records.files import write_whole
from rulegen.circuits.base import MOST_NEURONS
from rulegen.commands.interrupted import resumable
from rulegen.commands.options import grouped, progress, screen, shared
from rulegen.commands.rules import SomeRules
from rulegen.commands.table import print_table
from rulegen.fitting.tuning import COMPARE, Budget
from rulegen.fitting.yardstick import NoScale
from rulegen.grammar import ConfigError, Rule
from rulegen.ground import hosts
from rulegen.ground.digests import programs
from rulegen.ground.display import Display
from rulegen.ground.journal import Journal
from rulegen.ground.keys import origin
from rulegen.ground.parts import foreign
from rulegen.ground.stage import Stage
from rulegen.lives.outcomes import told
from rulegen.lives.size import MOST_TRIALS
from rulegen.lives.world import World
from rulegen.publishing.config import EvaluateSettings
from rulegen.publishing.figures import save_figure
from rulegen.publishing.places import HELD_OUT
from rulegen.runs.compare import behavioural_distance, family_graph, headed, weight_changes
from rulegen.runs.compare_figures import plot_families, plot_rewards
from rulegen.runs.contest import (
    cell,
    compare_rewards,
    reward_matrix,
    reward_tables,
    statements,
    worlds,
)
from rulegen.runs.league import Standings, compare_worlds, load_league, only_world, values_of
from rulegen.runs.league_figures import plot_ranks, plot_standings
from rulegen.runs.sources import named_rules

#: Where an unfinished comparison keeps its results.
KEPT = "history.jsonl"


@dataclass(frozen=True)
class Where:
    """The worlds in which rules are compared, and how many lives they get there."""

    tasks: Annotated[list[str] | None, typer.Option("--task", help="a task; repeatable")] = None
    neurons: Annotated[
        list[int] | None,
        typer.Option(min=1, max=MOST_NEURONS, help="size of the circuit; repeatable"),
    ] = None
    trials: Annotated[int, typer.Option(min=1, max=MOST_TRIALS, help="trials of a life")] = 200
    lives: Annotated[
        int, typer.Option(min=2, max=MOST_LIVES, help="lives of each rule in each world")
    ] = 256
    world: Annotated[
        Path | None,
        typer.Option(help="a file with task, circuit and life, or a run folder, in place of these"),
    ] = None
    file: Annotated[
        Path | None,
        typer.Option("--worlds", help="a file with [[worlds]] and [[elsewhere]], in their place"),
    ] = None

    def places(self) -> list[World]:
        """The worlds of a file, or all tasks in all sizes.

        Raises:
            ConfigError: when tasks, sizes or trials are named beside a file, or it has several
                worlds.
        """
        if self.world is None:
            return worlds(self.tasks or ["delayed_association"], self.neurons or [32], self.trials)
        self.check_alone("--world")
        return [only_world(self.world)]

    def check_alone(self, option: str) -> None:
        """Raise `ConfigError` where a file of worlds stands beside what it says."""
        if self.tasks or self.neurons or self.trials != Where().trials:
            raise ConfigError(f"{option} says tasks, sizes and trials: leave the other options out")


@shared
@grouped
def compare(
    rules: SomeRules,
    where: Where,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="of networks and noise")] = 0,
    tune: Annotated[
        bool, typer.Option("--tune/--as-is", help="give each rule the values that suit the task")
    ] = True,
    out: Annotated[Path | None, typer.Option(help="folder for tables and figures")] = None,
) -> None:
    """Compare rules: paired rewards, what they have in common, and how they change weights.

    Examples:
        rulegen compare node_perturbation hebb
        rulegen compare runs/mine-1 runs/mine-2 node_perturbation --task delayed_match
        rulegen compare oja mine.txt --world world.toml --out compared
        rulegen compare node_perturbation generalist --worlds generalist.toml
    """
    entrants, console = named_rules(rules, sys.stdin), screen()
    if where.file is not None:
        in_worlds(entrants, where, seed, COMPARE if tune else None, out)
        return
    places = where.places()
    budget = COMPARE if tune else None
    with kept(out, places) as journal, Display(progress()) as display:
        recall = journal.recall
        rewards = compare_rewards(entrants, places, where.lives, seed, display, budget, recall)
        changes, reasons = weight_changes(entrants, seed=seed, report=display)
    behaviour, pairs = behavioural_distance(changes), relations(entrants)
    algebra = pd.DataFrame(
        [[a, b, f"{d:.2f}", text] for (a, b), (d, text) in pairs.items()],
        columns=["rule", "other", "distance", "the other"],
    )
    if out is not None:
        frames = {"rewards": rewards, "algebra": algebra}
        frames |= {"matrix": reward_matrix(rewards).reset_index()}
        frames |= {"behaviour": headed(behaviour)}
        hosts.on_first(lambda: save(out, entrants, frames))
    for place, table in reward_tables(rewards).items():
        print_table(console, list(table), table.itertuples(index=False), place)
    distances = {
        "algebra: share of terms not in common": algebra,
        "behaviour: cosine distance of weight changes": headed(behaviour.map("{:.3f}".format)),
    }
    for title, table in distances.items() if len(entrants) > 1 else ():
        print_table(console, list(table), table.itertuples(index=False), title)
    said = statements(rewards, budget)
    for line in [*said, *(f"{name}: {why}" for name, why in reasons.items())]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if out is not None:
        console.print(f"tables and figures: {out}", markup=False, highlight=False)


def in_worlds(
    rules: dict[str, Rule], where: Where, seed: int, budget: Budget | None, out: Path | None
) -> None:
    """Rules in the worlds of a file.

    Raises:
        ConfigError: when tasks, sizes or trials are named beside the file.
    """
    assert where.file is not None
    where.check_alone("--worlds")
    if where.world is not None:
        raise ConfigError("--world and --worlds: name one of them")
    console, league = screen(), load_league(where.file)
    league = league.model_copy(update={"evaluate": EvaluateSettings(lives=where.lives)})
    places = [*league.training.values(), *league.held_out.values()]
    with kept(out, places) as journal, Display(progress()) as display:
        found = compare_worlds(rules, league, Stage(origin(seed), journal, display), budget)
    table, ranks = found.table(), found.ranks()
    if out is not None:
        hosts.on_first(lambda: save_worlds(out, found, table))
    outside = {w: f"{w} {HELD_OUT}" for w, inside in found.worlds.items() if not inside}
    shown = found.matrix().map("{:.3f}".format).rename(columns=outside)
    shown.insert(0, "rule", shown.index)
    unit = "scaled rewards: 0 no learning, 1 the yardstick" if league.learning else "rewards"
    print_table(console, list(shown), shown.itertuples(index=False), unit)
    if league.together:
        made = within(found.objective())
        where_tuned = "the worlds in which they were tuned" if budget else "these worlds"
        print_table(
            console,
            list(made),
            made.itertuples(index=False),
            f"what {where_tuned} make of them",
        )
    apart = f"; {ranks.critical:.2f} tell two apart (Nemenyi, 95%)"
    print_table(
        console,
        ["rule", "mean rank"],
        [(name, f"{rank:.2f}") for name, rank in ranks.mean.items()],
        f"mean ranks in {ranks.worlds} worlds{apart if isfinite(ranks.critical) else ''}",
    )
    notes = [f"{n}: {s.note}" for n, s in found.rules.items() if s.note]
    tuned = [f"{n}: {values_of(s.rule)}" for n, s in found.rules.items() if s.rule]
    for line in (*tuned, *notes, *told(found.ended)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if out is not None:
        console.print(f"tables and figures: {out}", markup=False, highlight=False)


def within(objective: pd.DataFrame) -> pd.DataFrame:
    """What worlds make of rules, as it is shown: with intervals in the cells."""
    shown = pd.DataFrame({"rule": objective.index})
    for column, ends in {"objective": "", "difference": "difference_"}.items():
        if column in objective:
            parts = objective[[column, f"{ends}low", f"{ends}high"]]
            shown[column] = [cell(*row) for row in parts.itertuples(index=False)]
    return shown


def save_worlds(out: Path, found: Standings, table: pd.DataFrame) -> None:
    """Write the table, the matrix and both pictures, and the tuned rules; all is over.

    Raises:
        ConfigError: when the folder cannot be written.
    """
    try:
        table.to_csv(out / "worlds.csv", index=False)
        found.matrix().to_csv(out / "matrix.csv")
        found.objective().to_csv(out / "objective.csv")
        save_figure(plot_standings(found), out, "worlds")
        save_figure(plot_ranks(found.ranks()), out, "ranks")
        for name, standing in found.rules.items():
            if standing.rule:
                write_whole(out / f"{name}.txt", standing.rule.text())
        (out / KEPT).unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(out, error) from None


@contextmanager
def kept(out: Path | None, places: list[World]) -> Iterator[Journal]:
    """Keep results in the folder until all are there; the same command goes on with them.

    Where a world turns out to have no scale, nothing is left.

    Raises:
        ConfigError: when the folder cannot be written.
    """
    if out is None:
        yield Journal()
        return
    new, fresh = not out.exists(), not (out / KEPT).exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        brought = [foreign(part) for place in places for part in (place.task, place.circuit)]
        identity = {"configuration": "compare", **programs()}
        journal = Journal(out / KEPT, reduce(or_, brought, identity))
    except OSError as error:
        raise cannot_write(out, error) from None
    try:
        with journal, resumable(out):
            yield journal
    except NoScale:
        if fresh:
            (out / KEPT).unlink(missing_ok=True)
        if new:
            out.rmdir()
        raise


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
