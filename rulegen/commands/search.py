"""`rulegen search`: find the form of a rule."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rulegen.catalog.likeness.naming import named
from rulegen.commands.interrupted import resumable
from rulegen.commands.options import RunOptions, grouped, progress, screen, shared
from rulegen.commands.table import print_table
from rulegen.commands.worlds import print_worlds
from rulegen.ground.display import Display
from rulegen.lives.outcomes import told
from rulegen.publishing.evidence import left_out
from rulegen.publishing.report import REPORT
from rulegen.searching import load_search
from rulegen.searching import search as run_search
from rulegen.searching.findings import ends, selection, verdict
from rulegen.searching.outlook import planned
from rulegen.verifying.setting import recorded


@shared
@grouped
def search(
    config: Annotated[Path, typer.Argument(help="search, a TOML file")],
    run: RunOptions,
    count: Annotated[
        bool, typer.Option("--count", help="say how large the space is, and run nothing")
    ] = False,
) -> None:
    """Search a space of rules for the form of a rule, and publish the pick with its evidence.

    Examples:
        rulegen search local_search.toml --count
        rulegen search local_search.toml --out runs/local
        rulegen search local_search.toml --out runs/local --resume
    """
    with recorded(run.out if run.resume else None):
        settings, console = load_search(config, run.changes or (), run.seed), screen()
    if count:
        console.print(settings.rules.summary(), markup=False, highlight=False, soft_wrap=True)
        return
    folder = run.folder(settings.name, settings.seed)
    with resumable(folder, "--resume"), Display(progress(), planned(settings)) as display:
        found = run_search(settings, folder, resume=run.resume, report=display)
    finalists, said = selection(found.front.table())
    print_table(console, list(finalists), finalists.itertuples(index=False), "selection")
    record = found.discovery.record
    evidence = record.evidence
    assert evidence is not None
    here = {t.name: t.counts for t in found.discovery.trajectories}
    lines = (
        said,
        f"\n{record.equations}",
        f"by its algebra: {named(record.rule).text}",
        f"the pick among {evidence.structures} structures, tried in {found.lives} lives: "
        f"{evidence.choice}",
        f"{evidence.reward_is} {evidence.reward} on {evidence.reward.lives} held-out lives",
        verdict(found.elsewhere, evidence),
        *told(here | ends(found.elsewhere)),
        *left_out(record),
        f"page: {folder / 'search.md'}",
        f"report: {folder / REPORT}",
    )
    for line in filter(None, lines):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    print_worlds(console, evidence)
