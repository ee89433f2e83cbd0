"""`rulegen discover`: the main job."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rulegen.catalog.likeness.naming import named
from rulegen.commands.interrupted import resumable
from rulegen.commands.options import RunOptions, grouped, progress, screen, shared
from rulegen.commands.worlds import print_worlds
from rulegen.ground.display import Display
from rulegen.lives.outcomes import told
from rulegen.publishing.config import load_config
from rulegen.publishing.evidence import left_out
from rulegen.publishing.outlook import planned
from rulegen.publishing.report import REPORT
from rulegen.runs.discover import discover as run_discovery
from rulegen.verifying.setting import recorded


@shared
@grouped
def discover(
    config: Annotated[Path, typer.Argument(help="configuration, a TOML file")],
    run: RunOptions,
) -> None:
    """Fit a family of rules, prune it, and publish what remains with its evidence.

    Examples:
        rulegen discover attempt/discover.toml
        rulegen discover attempt/discover.toml --seed 2 --set circuit.neurons=64
        rulegen discover attempt/discover.toml --resume
    """
    with recorded(run.out if run.resume else None):
        settings = load_config(config, run.changes or (), run.seed)
    folder = run.folder(settings.name, settings.seed)
    console = screen()
    with resumable(folder, "--resume"), Display(progress(), planned(settings)) as display:
        found = run_discovery(settings, folder, resume=run.resume, report=display)
    best, *others = found.trajectories
    console.print(f"\n{found.record.equations}", highlight=False, markup=False)
    name = f"by its algebra: {named(found.record.rule).text}"
    console.print(name, highlight=False, markup=False, soft_wrap=True)
    evidence = found.record.evidence
    assert evidence is not None
    lives = f"on {best.reward.lives} held-out lives"
    console.print(f"{evidence.reward_is} {best.reward} {lives}", highlight=False)
    for other in others:
        console.print(f"  minus {other.name}: {best.minus(other)}", markup=False)
    print_worlds(console, evidence)
    for line in (*told(found.ended), *left_out(found.record)):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    console.print(f"card: {folder / 'card.md'}", highlight=False, soft_wrap=True)
    console.print(f"report: {folder / REPORT}", highlight=False, soft_wrap=True)
