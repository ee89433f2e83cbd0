"""Reading and writing files: never through a link, never half of one."""

from __future__ import annotations

import os
import stat
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rulegen.grammar import ConfigError

#: A file of TOML that is larger than this is none of ours.
LARGEST_FILE = 1 << 20

_TEXT = "made by `rulegen catalog build`; change the record instead"
#: First line of every page that a build may replace or remove.
MARKS = {".md": f"<!-- {_TEXT} -->\n\n", ".tex": f"% {_TEXT}\n", ".html": f"<!-- {_TEXT} -->\n"}

#: What a file is called before it takes its place.
STAGED = ".{}.new"


def read_own(path: Path | str, largest: int) -> bytes:
    """The content of a file that lies in its folder itself.

    A folder may come from a stranger: a link in it could lead to any file of the reader, and
    a pipe or a device never ends.

    Args:
        path: the file.
        largest: most bytes that it may have.

    Raises:
        ConfigError: when it cannot be read, is a link or no ordinary file, or is larger.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        reason = "it is a link" if Path(path).is_symlink() else error.strerror
        raise ConfigError(f"cannot read {path}: {reason}") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ConfigError(f"cannot read {path}: it is no ordinary file")
    with os.fdopen(handle, "rb") as file:
        try:
            content = file.read(largest + 1)
        except OSError as error:
            raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    if len(content) > largest:
        raise ConfigError(f"{path} is larger than {largest >> 20} MB")
    return content


def read_toml(path: Path | str) -> dict[str, Any]:
    """The data in a file of TOML.

    Raises:
        ConfigError: when it cannot be read, is too large, or is no TOML.
    """
    try:
        with Path(path).open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    if len(content) > LARGEST_FILE:
        raise ConfigError(f"{path} is larger than {LARGEST_FILE >> 20} MB")
    return parse_toml(content, path)


def parse_toml(content: bytes, path: Path | str) -> dict[str, Any]:
    """The data in the content of the file at `path`.

    Raises:
        ConfigError: when it is no TOML.
    """
    try:
        return tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None


def own_folder(home: Path, name: str) -> Path:
    """A folder of its own in another, whether it is there already or not.

    Raises:
        ConfigError: when it is a link, which could lead out of `home`.
    """
    folder = home / name
    if folder.is_symlink():
        raise ConfigError(f"{folder} is a link; put the folder itself there")
    return folder


def write_whole(path: Path | str, text: str) -> None:
    """Write a text file; either the whole of it is there or what was there before."""
    write_together({Path(path): text.encode()})


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write files: each is whole or as it was before, and none is new unless all fit on the disk.

    They take their places in the order given.
    """
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
