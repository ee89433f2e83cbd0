"""Where the records that come with the project lie, and their names, without reading one."""

from __future__ import annotations

from pathlib import Path

#: How rules and runs are called, and their files.
NAME = r"^[a-z][a-z0-9_]{0,63}$"
FOLDER = Path(__file__).parent.parent / "rules"
#: Records of rules that runs discovered, each with its figure and data.
DISCOVERED = Path(__file__).parent.parent / "discovered"


def names(folder: Path = FOLDER) -> tuple[str, ...]:
    """The names of all rules in a folder of records, in alphabetical order.

    Example:
        >>> "oja" in names()
        True
    """
    return tuple(sorted(path.stem for path in folder.glob("*.toml")))
