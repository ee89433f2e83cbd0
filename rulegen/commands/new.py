"""`rulegen new`: a folder to start from."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

import rulegen as rg
from rulegen.catalog.records.places import NAME

#: Configurations that come with the package, and a project to start from.
EXAMPLES = Path(__file__).parents[1] / "examples"
START = EXAMPLES / "new"
#: Where the configuration to start from has the name of its run: its own, and its folder's.
CALLED = ('name = "mine"', "runs/mine-")


def new(
    folder: Annotated[Path, typer.Argument(help="the folder to make; its name is the run's")],
    example: Annotated[
        str | None, typer.Option(help="an example that comes with rulegen, instead of these")
    ] = None,
) -> None:
    """Make a folder with a configuration, a task and a notebook to start from.

    Examples:
        rulegen new attempt
        rulegen new attempt --example local_search
    """
    written = files(folder.resolve().name, example)
    try:
        folder.mkdir(parents=True)
        for name, text in written.items():
            (folder / name).write_text(text, encoding="utf-8")
    except FileExistsError:
        raise rg.ConfigError(f"{folder} exists already, and nothing in it is changed") from None
    except OSError as error:
        raise rg.ConfigError(f"cannot write into {folder}: {error.strerror}") from None
    for name in written:
        print(folder / name)
    if example is None:
        command = shlex.join(("rulegen", "discover", str(folder / "discover.toml")))
        print(f"change what you like, then: {command}", file=sys.stderr)


def files(name: str, example: str | None = None) -> dict[str, str]:
    """The texts of a new folder by the names of its files.

    Args:
        name: of the folder.
        example: the name of an example, which alone is in it.

    Raises:
        ConfigError: when no run can have this name, or there is no such example.

    Example:
        >>> sorted(files("attempt"))
        ['discover.toml', 'notebook.py', 'task.py']
    """
    if example is None:
        if not re.fullmatch(NAME, name):
            raise rg.ConfigError(
                f"{name!r}: a run is called by lower-case letters, digits and `_`, a letter first; "
                "choose such a name for the folder"
            )
        # Whoever installs a package may leave a folder of compiled modules there.
        files = [path for path in sorted(START.iterdir()) if path.is_file()]
        texts = {path.name: path.read_text(encoding="utf-8") for path in files}
        for place in CALLED:
            own = place.replace("mine", name)
            texts["discover.toml"] = texts["discover.toml"].replace(place, own)
        return texts
    known = {path.stem: path for path in sorted(EXAMPLES.glob("*.*"))}
    if example not in known:
        raise rg.ConfigError(f"there is no example `{example}`: there are {', '.join(known)}")
    file = known[example].name
    # In the repository it lies in a folder, and here beside whoever reads it.
    return {file: known[example].read_text(encoding="utf-8").replace(f"examples/{file}", file)}
