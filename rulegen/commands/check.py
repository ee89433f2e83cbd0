"""`rulegen check`: what a rule is."""

from __future__ import annotations

import json
import sys
from typing import Annotated

import typer

from rulegen.runs.check import check_report, check_text
from rulegen.runs.sources import HELP, read_source


def check(
    rule: Annotated[str, typer.Argument(help=HELP)],
    as_json: Annotated[bool, typer.Option("--json", help="for programs")] = False,
) -> None:
    """Read a rule and say what it is: canonical form, sites, locality, parameters, LaTeX."""
    report = check_report(read_source(rule, sys.stdin).rule)
    print(json.dumps(report, indent=2) if as_json else check_text(report))
