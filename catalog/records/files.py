"""Writing files: never half of one, and through a link only where somebody named it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from rulegen.grammar import ConfigError

_TEXT = "made by `rulegen catalog build`; change the record instead"
#: First line of every page that a build may replace or remove.
MARKS = {".md": f"<!-- {_TEXT} -->\n\n", ".tex": f"% {_TEXT}\n", ".html": f"<!-- {_TEXT} -->\n"}

#: What a file is called before it takes its place.
STAGED = ".{}.new"


def own_folder(home: Path, name: str) -> Path:
    """A folder of its own in another, whether it is there already or not.

    Raises:
        ConfigError: when it is a link, which could lead out of `home`.
    """
    folder = home / name
    if folder.is_symlink():
        raise ConfigError(f"{folder} is a link; put the folder itself there")
    return folder


def place_of(file: Path, reads: str = "-") -> Path:
    """Where a file that somebody named is to be written: at the end of its links.

    Args:
        file: its name. reads: what the same command reads, which is not to be lost.

    Raises:
        ConfigError: when no file can be written there.

    Example:
        >>> place_of(Path("/dev/null"))
        Traceback (most recent call last):
            ...
        rulegen.ConfigError: cannot write /dev/null: it is no ordinary file
    """
    try:
        place = file.resolve()
        if place.exists() and not place.is_file():
            raise ConfigError(f"cannot write {file}: it is no ordinary file")
        if not os.access(place.parent, os.W_OK) or not place.parent.is_dir():
            raise ConfigError(f"cannot write {file}: its folder does not exist or is not writable")
        if place.exists() and Path(reads).exists() and place.samefile(reads):
            raise ConfigError(f"cannot write {file}: the rule is read from it; choose another name")
    except (OSError, RuntimeError, ValueError) as error:  # links in a circle, names too long
        told = getattr(error, "strerror", None) or error
        raise ConfigError(f"cannot write {file}: {told}") from None
    return place


def write_whole(path: Path | str, text: str) -> None:
    """Write a text file; either the whole of it is there or what was there before."""
    write_together({Path(path): text.encode()})


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write files: each is whole or as it was before, and none is new unless all fit on the disk.

    They take their places in the order given.

    Raises:
        ConfigError: when something else than a file has a place, such as a device.
        OSError: when one cannot be written.
    """
    for path in contents:
        if path.exists() and not path.is_file():
            raise ConfigError(f"cannot write {path}: it is no ordinary file")
    staged = {path: path.with_name(STAGED.format(path.name)) for path in contents}
    try:
        for path, content in contents.items():
            staged[path].unlink(missing_ok=True)  # of a process that was killed, or a link
            staged[path].write_bytes(content)
        for path, new in staged.items():
            new.replace(path)
    finally:
        for new in staged.values():
            new.unlink(missing_ok=True)
