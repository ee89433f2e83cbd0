"""`rulegen check`: what a rule is."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

import rulegen as rg
from rulegen.catalog.records.kinds import kind_of
from rulegen.commands.rules import OneRule
from rulegen.grammar.reading.files import read_toml
from rulegen.runs.check import check_report, check_text
from rulegen.runs.sources import read_source


def check(
    rule: OneRule,
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
    world: Annotated[
        Path | None, typer.Option(help="a file with worlds: say in which of them the rule runs")
    ] = None,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="say in which bundled worlds the rule runs")
    ] = False,
) -> None:
    """Read a rule and say what it is: canonical form, sites, locality, parameters, LaTeX.

    Of a configuration everything else is read as well, as before a run.

    Examples:
        rulegen check oja
        rulegen check rule.txt --everywhere
        echo "dw/dt = eta*pre*post" | rulegen check - --json
    """
    found = read_source(rule, sys.stdin).rule
    if Path(rule).suffix == ".toml" and kind_of(read_toml(Path(rule))) == "rule":
        rg.check_config(rule)
    report = check_report(found)
    if everywhere or world is not None:
        # What simulates is loaded when it is asked for.
        worlds = rg.bundled_worlds() if everywhere else {}
        worlds |= rg.worlds_of(world) if world is not None else {}
        report["worlds"] = rg.where_it_runs(found, worlds).to_dict("records")
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    print(json.dumps(report, indent=2) if as_json else check_text(report, width))
    if not as_json:
        print(*map(said, report.get("worlds", [])), sep="\n")


def said(row: dict[str, Any]) -> str:
    """A world in a line."""
    note = f": {row['note']}" if row["note"] else ""
    return f"{'runs in' if row['runs'] else 'not in '}    {row['world']}{note}"
