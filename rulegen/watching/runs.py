"""Which runs there are in a folder."""

from __future__ import annotations

import math
import time
from pathlib import Path

from rulegen.grammar import ConfigError
from rulegen.publishing.history import HISTORY
from rulegen.watching.history import History

#: Folders are looked into so deep, and no more runs are shown.
DEPTH, MOST = 3, 2000


class Runs:
    """The runs in a folder, or the one that the folder is.

    Args:
        folder: of a run, or with runs in it.

    Raises:
        ConfigError: when there is none.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, History] = {}
        if not folder.is_dir():
            raise ConfigError(f"there is no folder {folder}")
        if not self.listed():
            raise ConfigError(f"there is no run in {folder}: none of its folders has a {HISTORY}")

    @property
    def alone(self) -> bool:
        """Whether the folder is that of a run."""
        return (self.folder / HISTORY).exists()

    def listed(self) -> dict[str, History]:
        """The histories by the names of their folders, as they were when they were read."""
        if self.alone:
            folders = [self.folder]
        else:
            folders = []
            for depth in range(1, DEPTH + 1):
                pattern = "/".join(["*"] * depth) + f"/{HISTORY}"
                folders += [path.parent for path in sorted(self.folder.glob(pattern))]
        names = {
            shown(path.name if self.alone else path.relative_to(self.folder).as_posix()): path
            for path in folders[:MOST]
            if (path / "config.toml").exists() and not path.is_symlink()
        }
        self.known = {name: self.known.get(name) or History(path) for name, path in names.items()}
        return self.known

    def found(self, patience: float = math.inf) -> dict[str, History]:
        """All histories as they are now, the latest first.

        Args:
            patience: seconds. Those that there is no time for stay as they were, `unread` at first.
        """
        end = time.monotonic() + patience
        latest = dict(sorted(self.listed().items(), key=lambda item: -item[1].changed))
        for history in latest.values():
            if time.monotonic() < end:
                history.refresh()
        return latest


def shown(name: str) -> str:
    r"""The name of a file as a page can have it: Linux knows others.

    Example:
        >>> shown("a"), shown("a\udcff")
        ('a', 'a\\udcff')
    """
    return name.encode(errors="backslashreplace").decode()
