"""Ctrl-C in a command that can be continued."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console


@contextmanager
def resumable(folder: Path, *flags: str) -> Iterator[None]:
    """Say how to go on when Ctrl-C ends what is inside, and exit with 130.

    Args:
        folder: where what is done is kept.
        flags: what the same command needs in addition to go on.
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
