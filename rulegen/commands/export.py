"""`rulegen export`: a rule in another language."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rulegen.catalog import find
from rulegen.catalog.export import export
from rulegen.catalog.records.files import write_whole
from rulegen.catalog.records.literature import names
from rulegen.catalog.records.record import Record, load_record
from rulegen.grammar import ConfigError, Rule
from rulegen.runs.check import read_rule

HELP = "the format, such as numpy, brian2 or latex; an unknown one lists all"


def export_rule(
    rule: Annotated[
        str, typer.Argument(help="a file, a record, a catalogued name, or - for standard input")
    ],
    to: Annotated[str, typer.Option(help=HELP)],
    out: Annotated[Path | None, typer.Option(help="the file to write, instead of printing")] = None,
) -> None:
    """Write a rule in another language, for use without rulegen."""
    text = export(source(rule), to)
    if out is None:
        print(text, end="")
        return
    try:
        write_whole(out, text)
    except OSError as error:
        raise ConfigError(f"cannot write {out}: {error.strerror}") from None


def source(rule: str) -> Record | Rule:
    """The record where there is one, else the rule."""
    path = Path(rule)
    if path.suffix == ".toml" and path.exists():
        return load_record(path)
    if rule in names():
        return find(rule)
    return read_rule(rule, sys.stdin)
