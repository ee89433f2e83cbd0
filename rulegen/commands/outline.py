"""Commands by their names and lines, each loaded when it is called: `--help` waits for none."""

from __future__ import annotations

import ast
import gc
import inspect
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

import rulegen as rg
from rulegen.catalog.parts.faults import TRACEBACK
from rulegen.commands.stopping import stopping_at_once

HERE = Path(__file__).parent
#: What of the docstring of a command stands below its options, a line each.
EXAMPLES = "\n\nExamples:\n"
#: What asks for help.
ASKED = {"help_option_names": ["-h", "--help"]}


def ask(asked: bool) -> None:
    """Have every error show the whole way to it."""
    if asked:
        os.environ[TRACEBACK] = "1"


SHOWN = typer.Option(
    "--traceback",
    callback=ask,
    expose_value=False,
    help="show the whole way to an error, for developers",
)


def having(traceback: Annotated[bool, SHOWN] = False) -> None:
    """A command with the option that all have, and the groups before them."""


def command_of(function: Callable[..., None], name: str | None = None) -> Any:
    """A function as a command, with what its docstring says.

    Nothing in a text of help is markup: `[[worlds]]` stands there as it is written.
    """
    about, examples = told(function)
    app = typer.Typer(add_completion=False, context_settings=ASKED)
    app.command(name, help=escape(about), epilog=escape(examples))(function)
    command = get_command(app)
    for parameter in command.params:
        parameter.help = escape(getattr(parameter, "help", None) or "")  # type: ignore[attr-defined]
    return command


def told(function: Callable[..., None]) -> tuple[str, str]:
    """What a command does, and its examples, a line each; "" where it has none.

    Example:
        >>> def go() -> None:
        ...     '''Go there.
        ...
        ...     Examples:
        ...         rulegen go
        ...         rulegen go --far
        ...     '''
        >>> told(go)
        ('Go there.', 'Examples:\\n  rulegen go\\n  rulegen go --far')
    """
    about, given, examples = inspect.cleandoc(function.__doc__ or "").partition(EXAMPLES)
    lines = [f"  {line.strip()}" for line in examples.splitlines()]
    return about, "\n".join(["Examples:", *lines]) if given else ""


class Outline(TyperCommand):
    """A command that is not loaded yet.

    Args:
        name: what the user writes.
        place: `MODULE:FUNCTION`, where it is in this folder.
    """

    def __init__(self, name: str, place: str) -> None:
        self.module, _, self.function = place.partition(":")
        super().__init__(name, help=line(self.module, self.function))

    def make_context(self, *arguments: Any, **named: Any) -> Any:
        """Load the command, and let it read its arguments."""
        return self.loaded().make_context(*arguments, **named)

    def loaded(self) -> Any:
        """The command itself.

        What loads JAX runs lives: on all cores, with its compiled programs kept.
        """
        gc.disable()  # nothing that an import makes is garbage: looking for it takes 30 ms
        try:
            with stopping_at_once():
                function = getattr(import_module(f"{__package__}.{self.module}"), self.function)
        except ValueError as error:
            if "JAX flag" not in str(error):
                raise
            raise rg.ConfigError(f"the environment of this process: {error}") from None
        gc.freeze()
        gc.enable()
        if "jax" in sys.modules:
            rg.use_all_cores()
            rg.keep_compiled_programs()
            if advice := rg.unused_card():
                print(advice, file=sys.stderr)
        command = command_of(function, self.name)
        command.params += command_of(having).params
        return command


def group(about: str, places: dict[str, str], *inner: TyperGroup, name: str = "") -> TyperGroup:
    """A command that has others, in the order of their names here.

    Args:
        about: what it is, in a line.
        places: of its commands by their names, see `Outline`.
        inner: groups among its commands.
        name: of the group, where it is a command of another.
    """
    commands = [*(Outline(*item) for item in places.items()), *inner]
    return TyperGroup(
        name=name or None,
        commands=commands,
        help=about,
        no_args_is_help=True,
        params=command_of(having).params,
        context_settings=ASKED,
    )


def line(module: str, function: str) -> str:
    """The first line of a function's docstring, read and not run.

    Example:
        >>> line("check", "check").partition(":")[0]
        'Read a rule and say what it is'
    """
    text = (HERE / f"{module}.py").read_text(encoding="utf-8")
    (found,) = (
        node
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef) and node.name == function
    )
    return (ast.get_docstring(found) or "").partition("\n")[0]
