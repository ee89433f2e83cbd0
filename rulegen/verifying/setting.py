"""From the setting of a record to the world that it names, if that is here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from rulegen.catalog import Setting, load_record, parts
from rulegen.circuits import AnyCircuit
from rulegen.grammar import ConfigError
from rulegen.grammar.reading.problems import problems
from rulegen.lives.life import LifeSettings
from rulegen.lives.projections import Projections
from rulegen.lives.world import World
from rulegen.tasks import AnyTask


def world_of(setting: Setting, packages: Mapping[str, str] | None = None) -> World:
    """The world that a record names.

    Args:
        setting: of the record.
        packages: that bring its parts, as the record tells them.

    Raises:
        ConfigError: when it names none, or a value is written otherwise than it is read: cards
            print what is written.

    Example:
        >>> task = {"name": "delayed_association", "delay": 100}
        >>> world_of(Setting(task=task, circuit={"neurons": 8}, life={})).circuit.neurons
        8
    """
    check_parts(setting, packages or {})
    try:
        world = World(
            circuit=TypeAdapter[Any](AnyCircuit).validate_python(setting.circuit),
            task=TypeAdapter[Any](AnyTask).validate_python(setting.task),
            life=LifeSettings.model_validate(setting.life),
            projections=Projections.model_validate(setting.projections),
        )
    except ValidationError as error:
        raise ConfigError(f"the setting of the card: {problems(error, World)}") from None
    for place, written in setting.model_dump().items():
        read = getattr(world, place).model_dump(mode="json")
        if unread := next(unlike(written, read, place), None):
            raise ConfigError(f"the setting of the card: {unread}")
    return world


def check_parts(setting: Setting, packages: Mapping[str, str]) -> None:
    """See that the parts of the setting are here, as `check_part`.

    Raises:
        ConfigError: when one is not.
    """
    for kind, part in (("task", setting.task), ("circuit", setting.circuit)):
        if isinstance(name := part.get("name"), str):
            check_part(kind, name, packages.get(kind, ""))


@contextmanager
def recorded(folder: Path | None) -> Iterator[None]:
    """Where what is inside misses a part, tell what the record in the folder of a run says of it.

    Raises:
        ConfigError: that of `check_parts`, in the place of one that knows no package.
    """
    try:
        yield
    except ConfigError:
        if folder is not None and (folder / "record.toml").is_file():
            evidence = load_record(folder / "record.toml").evidence
            if evidence is not None:
                check_parts(evidence.setting, evidence.packages)
        raise


def unlike(written: Any, read: Any, place: str) -> Iterator[str]:
    """Values that are read as other ones, with their places; those that are not written count not.

    Example:
        >>> list(unlike({"trials": "4_0", "floor": -1}, {"trials": 40, "floor": -1.0}, "life"))
        ["life.trials is '4_0', which is read as 40; write that"]
    """
    if isinstance(written, dict) and isinstance(read, dict):
        for name, value in written.items():
            yield from unlike(value, read.get(name), f"{place}.{name}")
    elif isinstance(written, list | tuple) and isinstance(read, list) and len(written) == len(read):
        for number, values in enumerate(zip(written, read, strict=True)):
            yield from unlike(*values, f"{place}.{number}")
    elif written != read or isinstance(written, bool) != isinstance(read, bool):
        yield f"{place} is {written!r}, which is read as {read!r}; write that"


def check_part(kind: str, name: str, package: str) -> None:
    """See that a part that a record names is here, and no other of its name.

    Args:
        kind, name: of the part. package: that brings it, and its version; "" where none is told.

    Raises:
        ConfigError: when it is not; the message says which package brings it.
    """
    if name not in parts.names(kind):
        remedy = (
            f"it came with {package}: install that, if you trust who made it"
            if package
            else "the card tells of no package that brings it: ask its author for the program, and "
            "register it"
        )
        nowhere = f"the {kind} of the card, `{name}`, is not here; {remedy}"
        raise ConfigError("; ".join([nowhere, *parts.unread()]))
    source = parts.source(kind, name)
    here = str(source)
    if package and source == parts.BUNDLED:
        raise ConfigError(
            f"the {kind} of the card, `{name}`, comes with rulegen, whose version stands among the "
            f"others; delete the package {package}"
        )
    if package and package.partition(" ")[0] != here.partition(" ")[0]:
        raise ConfigError(
            f"the {kind} of the card, `{name}`, came with {package}, and the one here is that of "
            f"{here}: verify where the other is installed"
        )
