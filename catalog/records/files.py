"""Writing files: never through a link, never half of one."""

from __future__ import annotations

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
