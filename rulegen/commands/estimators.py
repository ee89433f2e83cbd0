"""`rulegen estimators`: which estimate of the meta-gradient to trust on a task."""

from __future__ import annotations

import sys
from collections.abc import Hashable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from rulegen.catalog.records.fields import MOST_LIVES
from rulegen.commands.options import RunOptions, grouped, progress, screen, shared
from rulegen.commands.table import print_table
from rulegen.estimators import AnyEstimator, Evosax
from rulegen.fitting.appraisal import TRUTH, Appraisal, AppraisalSettings, appraise, candidates
from rulegen.grammar import ConfigError
from rulegen.ground import hosts
from rulegen.ground.digests import inputs_digest
from rulegen.ground.display import Display
from rulegen.ground.keys import Branch, origin
from rulegen.ground.parts import with_defaults
from rulegen.ground.settings import MOST_TOGETHER, distinct
from rulegen.ground.stage import Stage
from rulegen.lives.bench import Bench
from rulegen.lives.outcomes import TROUBLES, readable
from rulegen.objective import Objective
from rulegen.publishing.config import load_config
from rulegen.publishing.figures import plot_estimators, save_figure
from rulegen.publishing.rundir import RunDirectory
from rulegen.runs.discover import prepare
from rulegen.runs.sources import HELP, read_source


@dataclass(frozen=True)
class Size:
    """How much is spent on each estimator."""

    lives: Annotated[int, typer.Option(min=4, max=MOST_LIVES, help="lives of one estimate")] = 256
    repeats: Annotated[
        int, typer.Option(min=2, max=MOST_TOGETHER, help="estimates by each estimator")
    ] = 8
    truth_lives: Annotated[
        int,
        typer.Option(min=2, max=MOST_LIVES, help="lives at both ends of each finite difference"),
    ] = 2048


@dataclass(frozen=True)
class Others:
    """Estimators beside those of the configuration."""

    names: Annotated[
        list[str] | None,
        typer.Option("--estimator", help="also one of this name, with its default settings"),
    ] = None
    strategies: Annotated[
        list[str] | None,
        typer.Option("--evosax", help="also a strategy of evosax, such as Open_ES"),
    ] = None


@shared
@grouped
def estimators(
    config: Annotated[Path, typer.Argument(help="configuration, a TOML file")],
    size: Size,
    others: Others,
    run: RunOptions,
    at: Annotated[
        str | None, typer.Option(help=f"a rule whose parameter values are used: {HELP}")
    ] = None,
    world: Annotated[
        str | None, typer.Option(help="which of several worlds; by default the first")
    ] = None,
) -> None:
    """Compare estimators of the meta-gradient with finite differences, on your own task.

    Examples:
        rulegen estimators attempt/discover.toml
        rulegen estimators attempt/discover.toml --out estimators
    """
    settings = load_config(config, run.changes or (), run.seed)
    spent = AppraisalSettings(**asdict(size))
    # Nothing is exported here.
    bench = bench_of(prepare(settings.model_copy(update={"exports": ()})).family, world)
    values = values_of(bench, at)
    folder = run.folder(settings.name, settings.seed, "estimators")
    console, directory = screen(), RunDirectory(folder)
    compared = named(others.names or []) | rivals(others.strategies or [])
    also = {"appraisal": inputs_digest([spent, values, world])}
    with directory.open(settings, resume=run.resume, also=also) as journal:
        with Display(progress()) as display:
            stage = Stage(origin(settings.seed), journal, display).on(Branch.APPRAISE)
            compared = candidates(bench, settings.fit) | compared
            found = appraise(bench, values, compared, spent, stage)
        hosts.on_first(lambda: save(folder, found))
    cells, said = shown(found.table)
    print_table(console, list(cells), cells.itertuples(index=False))
    for line in [*filter(None, [said]), *verdict(found.table)]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(f"tables and figure: {folder}", markup=False, highlight=False, soft_wrap=True)


def bench_of(family: Objective, world: str | None) -> Bench:
    """The family in one of its worlds.

    Raises:
        ConfigError: when there is none of that name.
    """
    benches = dict(family.benches)
    if world is not None and world not in benches:
        known = ", ".join(f"`{name}`" for name in benches if name) or "one alone, without a name"
        raise ConfigError(f"--world {world}: the worlds of this configuration are {known}")
    return next(iter(benches.values())) if world is None else benches[world]


def named(names: list[str]) -> dict[str, AnyEstimator]:
    """Estimators with their default settings.

    Raises:
        ConfigError: when there is none of a name, or one is named twice.
    """
    distinct(names, "--estimator")
    return {name: with_defaults("estimator", name) for name in names}


def rivals(strategies: list[str]) -> dict[str, AnyEstimator]:
    """Strategies of evosax, each with lives of its members' own and with shared ones.

    Raises:
        ConfigError: when one is named twice.
    """
    distinct(strategies, "--evosax")
    return {
        f"evosax {name}" + (", shared lives" if shared else ""): Evosax(
            strategy=name, shared=shared
        )
        for name in strategies
        for shared in (False, True)
    }


def values_of(bench: Bench, source: str | None) -> np.ndarray:
    """The values that a rule gives to the parameters of the family; the family's own by default.

    Raises:
        ConfigError: when it does not give all of them.
    """
    rule = bench.rule if source is None else read_source(source, sys.stdin).rule
    found = {p.name: p.value for p in rule.parameters}
    missing = [name for name in bench.names if found.get(name) is None]
    if missing:
        raise ConfigError(f"--at {source} has no value of `{missing[0]}`; name a rule that has all")
    return bench.vector({n: v for n in bench.names if (v := found[n]) is not None})


def shown(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The table as people read it, and what is said once of all lives."""

    def number(value: object, error: object = None) -> str:
        if not isinstance(value, float) or not np.isfinite(value):
            return ""
        return f"{value:.3g}" + (f" ± {error:.1g}" if isinstance(error, float) else "")

    rows = []
    for row in table.to_dict("records"):
        cells = {"estimator": row["estimator"]}
        cells["cosine"] = number(row.get("cosine"), row.get("cosine_error"))
        cells["bias"] = number(row.get("bias"), row.get("bias_error"))
        cells["scale"] = number(row.get("scale"))
        cells["wrong sign"] = row["wrong"] if isinstance(row.get("wrong"), str) else ""
        cells["variance"] = number(row.get("variance"))
        cells["ms per life"] = number(1e3 * row.get("seconds_per_life", np.nan))
        cells["compiling, s"] = number(row.get("compiling"))
        cells["SNR in 1 s"] = number(row.get("signal_to_noise"))
        cells["useful SNR"] = number(row.get("useful"))
        lost = row.get("nonfinite", 0.0)
        cells["not finite"] = f"{lost:.1%}" if lost > 0 else ""
        cells |= {name: row.get(name, np.nan) for name in TROUBLES}
        cells["note"] = row["note"] if isinstance(row.get("note"), str) else ""
        rows.append(cells)
    frame, said = readable(pd.DataFrame(rows))
    filled = [c for c in frame if c == "estimator" or (frame[c] != "").any()]
    return frame[filled], said


def verdict(table: pd.DataFrame) -> list[str]:
    """What the table says about how to begin and how to finish a fit."""
    rows = [r for r in table.to_dict("records") if r["estimator"] != TRUTH and r["useful"] > 0]
    if not rows:
        return ["no estimator points uphill with any certainty; try more lives"]

    def surely(row: dict[Hashable, Any]) -> float:
        return round(float(row["cosine"] - 1.96 * row["cosine_error"]), 3)  # equals: the first

    fast, sure = max(rows, key=lambda row: row["useful"]), max(rows, key=surely)
    return [
        f"fastest: {fast['estimator']} (useful SNR {fast['useful']:.2g} in 1 s)",
        f"surest direction: {sure['estimator']} (cosine above {surely(sure):.2f})",
    ]


def save(folder: Path, found: Appraisal) -> None:
    """Write both tables as CSV, the figure as PNG and PDF.

    Raises:
        ConfigError: when they cannot be written.
    """
    try:
        found.table.to_csv(folder / "estimators.csv", index=False)
        found.components.to_csv(folder / "components.csv", index=False)
        save_figure(plot_estimators(found.table), folder, "estimators")
    except OSError as error:
        raise ConfigError(f"cannot write into {folder}: {error.strerror}") from None
