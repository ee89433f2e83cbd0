"""What `rulegen` takes before any command: its version, and completion for a shell."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.main import get_install_completion_arguments

from rulegen.commands.outline import command_of


def tell(asked: bool) -> None:
    """Say the version, and end."""
    if asked:
        print(f"rulegen {version('rulegen')}")
        raise typer.Exit


TOLD = typer.Option(
    "--version", callback=tell, is_eager=True, expose_value=False, help="say the version"
)


def having(asked: Annotated[bool, TOLD] = False) -> None:
    """What stands before all commands."""


def beginning() -> list[Any]:
    """Options of `rulegen` itself."""
    return [*command_of(having).params, *get_install_completion_arguments()]
