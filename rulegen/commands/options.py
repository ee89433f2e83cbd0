"""Options that several commands have, or that belong together, as one value each."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer
from rich.console import Console

from rulegen.ground import hosts
from rulegen.ground.runtime import check_devices


@dataclass(frozen=True)
class RunOptions:
    """Where a run goes, and what of its configuration is replaced."""

    out: Annotated[Path | None, typer.Option(help="folder of the run")] = None
    seed: Annotated[int | None, typer.Option(help="replaces the seed")] = None
    resume: Annotated[bool, typer.Option("--resume", help="continue the run in the folder")] = False
    changes: Annotated[
        list[str] | None, typer.Option("--set", help="replace a setting: key=value")
    ] = None

    def folder(self, name: str, seed: int, what: str = "") -> Path:
        """The folder of the run with this name and seed."""
        return self.out or Path("runs") / f"{name}-{seed}{what and '-'}{what}"


#: One of several hosts that share a run.
Host = Annotated[
    str | None, typer.Option(help="this one of several hosts: INDEX/COUNT@ADDRESS:PORT, or auto")
]


def shared(command: Callable[..., None]) -> Callable[..., None]:
    """A command whose lives several hosts can share, each called with its `--host`.

    They meet before anything is computed. The first alone says what comes out (`screen`), and
    writes it.

    Example:
        >>> @shared
        ... def go(seed: int) -> None:
        ...     print(seed)
        >>> list(inspect.signature(go).parameters)
        ['seed', 'host']
        >>> go(seed=3)
        3
    """
    hints = {**get_type_hints(command, include_extras=True), "host": Host}

    @wraps(command)
    def run(*, host: str | None = None, **given: Any) -> None:
        if host is not None:
            hosts.join(host)
        check_devices()
        command(**given)

    own = inspect.Parameter("host", inspect.Parameter.KEYWORD_ONLY, default=None)
    parameters = [*inspect.signature(command).parameters.values(), own]
    parameters = [p.replace(annotation=hints[p.name], kind=own.kind) for p in parameters]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = hints
    return run


def screen() -> Console:
    """Where a command says what comes out: nowhere but on the first of several hosts."""
    return Console(quiet=not hosts.is_first())


def progress() -> Console:
    """Where a command says how far it is: apart from what comes out, which may become a file."""
    return Console(stderr=True, quiet=not hosts.is_first())


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """A command in which every field of a dataclass among its parameters is an option of its own.

    Example:
        >>> @grouped
        ... def go(run: RunOptions) -> None:
        ...     print(run.seed)
        >>> list(inspect.signature(go).parameters)
        ['out', 'seed', 'resume', 'changes']
        >>> go(seed=3)
        3
    """
    hints = get_type_hints(command, include_extras=True)
    kinds = {
        name: hints[name]
        for name in inspect.signature(command).parameters
        if is_dataclass(hints[name])
    }
    names = {name: [field.name for field in fields(kind)] for name, kind in kinds.items()}

    @wraps(command)
    def spread(**given: Any) -> None:
        for name, kind in kinds.items():
            given[name] = kind(**{f: given.pop(f) for f in names[name] if f in given})
        command(**given)

    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name not in kinds:
            parameters.append(parameter.replace(annotation=hints[parameter.name]))
            continue
        kind = kinds[parameter.name]
        inner = get_type_hints(kind, include_extras=True)
        parameters += [
            inspect.Parameter(
                f.name, parameter.KEYWORD_ONLY, default=f.default, annotation=inner[f.name]
            )
            for f in fields(kind)
        ]
    # By name alone: some without a default stand behind others that have one.
    parameters = [p.replace(kind=p.KEYWORD_ONLY) for p in parameters]
    spread.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    spread.__annotations__ = {p.name: p.annotation for p in parameters}
    return spread
