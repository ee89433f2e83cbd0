"""`rulegen analyse`: what rules make of circuits."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rulegen.analysis.studies import check_folder, is_scene, save_study, study, subjects
from rulegen.analysis.words import worded
from rulegen.catalog.records.fields import MOST_LIVES
from rulegen.commands.options import progress, screen, shared
from rulegen.ground import hosts
from rulegen.ground.display import Display
from rulegen.ground.settings import MOST_TOGETHER
from rulegen.lives.outcomes import told


@shared
def analyse(
    run: Annotated[
        str, typer.Argument(help="folder of a finished run, a record, a card, or a file with rules")
    ],
    out: Annotated[Path | None, typer.Option(help="folder of tables, figures and page")] = None,
    lives: Annotated[
        int, typer.Option(min=2, max=MOST_LIVES, help="networks, the same for every rule")
    ] = 32,
    repeats: Annotated[
        int,
        typer.Option(
            min=2, max=MOST_TOGETHER, help="noisy trials of each condition after learning"
        ),
    ] = 20,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="of networks and noise")] = 0,
    world: Annotated[
        str, typer.Option(help="which world of a run in several; by default the first")
    ] = "",
) -> None:
    """Open the circuits that rules make: weights, dynamics, codes, and how alike they are.

    Examples:
        rulegen analyse runs/mine-1
        rulegen analyse world.toml --lives 64 --out analyses
        rulegen analyse generalist --world "twice the delay"
    """
    there, rules, where = subjects(run, sys.stdin, world)
    path = Path(run)
    called = path.stem if path.suffix == ".toml" else next(iter(rules))
    folder = out or (path / "analyses" if path.is_dir() else Path("runs") / f"{called}-analyses")
    check_folder(folder)
    console = screen()
    with Display(progress()) as display:
        found = study(
            there, rules, lives=lives, repeats=repeats, seed=seed,
            found="" if is_scene(run) else next(iter(rules)), where=where, report=display,
        )  # fmt: skip
    hosts.on_first(lambda: save_study(found, folder))
    if where:
        named = "" if world else "; name another one with --world"
        console.print(f"in the world `{where}`{named}", markup=False, highlight=False)
    if found.lost:
        console.print(f"{found.lost} of {lives} networks left the finite range and are left out")
    for line in [*told(found.outcomes), *found.missing]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if "contrast" in found.tables:
        for name, rows in found.tables["contrast"].query("separates").groupby("rule", sort=False):
            told_apart = ", ".join(map(worded, rows["measure"]))
            line = f"{name} differs from {next(iter(rules))} in: {told_apart}"
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(f"page: {folder / 'index.md'}", markup=False, highlight=False, soft_wrap=True)
