"""Commands that can be continued: Ctrl-C, and results of before that do not fit."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console

from rulegen.grammar import RulegenError, RunError
from rulegen.publishing.history import HISTORY

#: What data of another form end in.
UNFIT = (ArithmeticError, AssertionError, AttributeError, LookupError, TypeError, ValueError)


@contextmanager
def resumable(folder: Path, *flags: str) -> Iterator[None]:
    """Say how to go on when Ctrl-C ends what is inside, and exit with 130.

    Args:
        folder: where what is done is kept.
        flags: what the same command needs in addition to go on.

    Raises:
        RunError: when a run that goes on cannot do so with a result that its history has.
    """
    try:
        yield
    except KeyboardInterrupt:
        again = [a for a in sys.argv[1:] if a not in flags] + list(flags)
        Console(stderr=True).print(
            f"interrupted; what is done is kept in {folder}. To go on:\n"
            f"    rulegen {shlex.join(again)}",
            highlight=False,
            soft_wrap=True,
        )
        raise typer.Exit(130) from None
    except UNFIT as error:
        if isinstance(error, RulegenError) or not (flags and {*flags} <= {*sys.argv}):
            raise
        raise RunError(
            f"{folder / HISTORY} has a result that the run cannot go on with "
            f"({type(error).__name__}: {error}): unless somebody changed it, this is a defect of "
            "rulegen; start anew with another --out"
        ) from error
