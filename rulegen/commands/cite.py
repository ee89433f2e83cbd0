"""`rulegen cite`: references as BibTeX."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Annotated

import typer

from rulegen.catalog.pages.bibtex import bibtex, software
from rulegen.commands.document import print_document
from rulegen.commands.rules import begun
from rulegen.grammar import ConfigError
from rulegen.runs.sources import HELP, read_source


def cite(
    rules: Annotated[
        list[str] | None, typer.Argument(metavar="[RULE]...", help=HELP, autocompletion=begun)
    ] = None,
) -> None:
    """Print BibTeX of rules: their references, discovered rules themselves, and rulegen.

    Examples:
        rulegen cite oja bcm > rules.bib
        rulegen cite runs/mine-1
        rulegen cite
    """
    records = []
    for name in rules or ():
        record = read_source(name, sys.stdin).record
        if record is None:
            raise ConfigError(
                f"{name}: a rule alone has no references; name one of the catalog, a record, a "
                "card or the folder of a run"
            )
        records.append(record)
    print_document("\n".join(filter(None, [bibtex(records), software(version("rulegen"))])))
