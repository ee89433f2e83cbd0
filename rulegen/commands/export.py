"""`rulegen export`: a rule in another language."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rulegen.catalog.export import export
from rulegen.catalog.records.files import place_of, write_whole
from rulegen.commands.document import print_document
from rulegen.commands.rules import OneRule
from rulegen.grammar import ConfigError
from rulegen.runs.sources import read_source

FORMAT = "the format, such as numpy, brian2 or latex; an unknown one lists all"


def export_rule(
    rule: OneRule,
    to: Annotated[str, typer.Option(help=FORMAT)],
    out: Annotated[Path | None, typer.Option(help="the file to write, instead of printing")] = None,
) -> None:
    """Write a rule in another language, for use without rulegen.

    Examples:
        rulegen export oja --to numpy
        rulegen export runs/mine-1 --to brian2 --out rule.py
    """
    place = None if out is None else place_of(out, rule)
    source = read_source(rule, sys.stdin)
    text = export(source.record or source.rule, to)
    if place is None:
        print_document(text)
        return
    try:
        write_whole(place, text)
    except OSError as error:
        raise ConfigError(f"cannot write {out}: {error.strerror}") from None
