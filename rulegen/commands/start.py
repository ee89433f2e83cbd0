"""Where a process begins: what it was given by its surroundings is made fit, before all imports."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from rulegen.commands.stopping import stopping_at_once


def main() -> None:
    """Run the command line and exit."""
    fill_streams()
    # A notebook tells its children to draw into it, with a package that they may not have.
    os.environ["MPLBACKEND"] = "agg"
    with stopping_at_once():
        cli = import_module("rulegen.commands.cli")
    cli.main()


def fill_streams() -> None:
    """See that the standard streams are there, and take any character.

    The first file that is opened would take the place of a closed one, and what libraries print
    would be written into it. Standard input stays closed to those who ask for it.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123
        # What a console has no sign for is shown by its number.
        getattr(sys, name).reconfigure(errors="backslashreplace")
