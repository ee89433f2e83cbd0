"""Arguments that name rules, which a shell completes by the names of the catalog."""

from __future__ import annotations

from typing import Annotated

import typer

from rulegen.catalog.records.places import DISCOVERED, names
from rulegen.runs.sources import HELP


def begun(incomplete: str) -> list[str]:
    """Names of the catalog that begin like this; a shell completes files where there are none.

    Example:
        >>> begun("oj")
        ['oja']
    """
    return [name for name in (*names(DISCOVERED), *names()) if name.startswith(incomplete)]


OneRule = Annotated[str, typer.Argument(help=HELP, autocompletion=begun)]
SomeRules = Annotated[list[str], typer.Argument(help=f"each {HELP}", autocompletion=begun)]
AnyRules = Annotated[list[str] | None, typer.Argument(help=f"each {HELP}", autocompletion=begun)]
