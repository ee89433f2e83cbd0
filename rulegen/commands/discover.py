"""`rulegen discover`: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rulegen.catalog.likeness.naming import named
from rulegen.commands.interrupted import resumable
from rulegen.ground import hosts
from rulegen.ground.display import Display
from rulegen.lives.outcomes import told
from rulegen.publishing.config import load_config
from rulegen.publishing.evidence import left_out
from rulegen.runs.discover import discover as run_discovery


def discover(
    config: Annotated[Path, typer.Argument(help="configuration, a TOML file")],
    out: Annotated[Path | None, typer.Option(help="folder of the run")] = None,
    seed: Annotated[int | None, typer.Option(help="replaces the seed")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="continue the run in the folder")
    ] = False,
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="replace a setting: key=value")
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(help="this one of several hosts: INDEX/COUNT@ADDRESS:PORT, or auto"),
    ] = None,
) -> None:
    """Fit a family of rules, prune it, and publish what remains with its evidence."""
    settings = load_config(config, changes or (), seed)
    if host is not None:
        hosts.join(host)
    folder = out or Path("runs") / f"{settings.name}-{settings.seed}"
    console = Console(quiet=not hosts.is_first())
    with resumable(folder, "--resume"), Display(console) as display:
        found = run_discovery(settings, folder, resume=resume, report=display)
    best, *others = found.trajectories
    console.print(f"\n{found.record.equations}", highlight=False, markup=False)
    name = f"by its algebra: {named(found.record.rule).text}"
    console.print(name, highlight=False, markup=False, soft_wrap=True)
    console.print(f"reward per trial {best.reward} on {best.reward.lives} held-out lives")
    for other in others:
        console.print(f"  minus {other.name}: {best.minus(other)}", markup=False)
    for line in (*told({t.name: t.counts for t in found.trajectories}), *left_out(found.record)):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(f"card: {folder / 'card.md'}", highlight=False, soft_wrap=True)
