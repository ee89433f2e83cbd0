"""The records of a catalog: the rules of the literature and those that runs discovered."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from rulegen.catalog.records.files import own_folder
from rulegen.catalog.records.places import DISCOVERED as DISCOVERED_FOLDER
from rulegen.catalog.records.places import FOLDER
from rulegen.catalog.records.record import Record, own_record
from rulegen.grammar import ConfigError
from rulegen.grammar.reading.files import read_own

HOME = FOLDER.parent
LITERATURE, DISCOVERED = FOLDER.name, DISCOVERED_FOLDER.name
#: A picture larger than this is not put into a page, and a table larger than this is not read.
LARGEST_FIGURE, LARGEST_TABLE = 4 << 20, 64 << 20
#: What the name of a table of learning curves has after that of its record.
CURVES = ".learning.csv"
PNG = b"\x89PNG\r\n\x1a\n"


class Entry(NamedTuple):
    """A record in its place.

    Attributes:
        path: its file.
        record: what the file says.
        figure: its learning curve, PNG, beside it; None without evidence.
    """

    path: Path
    record: Record
    figure: Path | None

    @property
    def print(self) -> Path | None:
        """The same picture as PDF, where there is one."""
        path = self.figure.with_suffix(".pdf") if self.figure else None
        return path if path and path.exists() else None

    @property
    def curves(self) -> Path | None:
        """The table of its learning curves, where there is one."""
        path = self.path.with_name(self.path.stem + CURVES) if self.figure else None
        return path if path and path.exists() else None

    def fingerprint(self) -> bytes:
        """All that its pages depend on."""
        paths = (self.path, self.figure, self.print, self.curves)
        parts = [read_own(path, LARGEST_TABLE) if path else b"" for path in paths]
        return b"".join(len(part).to_bytes(8) + part for part in parts)


def library(home: Path | str = HOME) -> dict[str, Entry]:
    """Every record of a catalog by name: those in `rules/` and those in `discovered/`.

    Args:
        home: the folder of the catalog.

    Raises:
        ConfigError: when there is none, one cannot be read, has another name than its file, two
            share a name, the figure of one with evidence is missing, or its data are not
            those that the record names.

    Example:
        >>> library()["oja"].record.title
        "Oja's rule"
    """
    places = [own_folder(Path(home), name) for name in (LITERATURE, DISCOVERED)]
    paths = [path for place in places for path in sorted(place.glob("*.toml"))]
    if not paths:
        raise ConfigError(
            f"{home} has no records: they are files {LITERATURE}/*.toml or {DISCOVERED}/*.toml"
        )
    entries: dict[str, Entry] = {}
    for path in paths:
        entry = read_entry(path)
        if path.stem in entries:
            raise ConfigError(f"{path}: {entries[path.stem].path} has the same name")
        entries[path.stem] = entry
    return dict(sorted(entries.items()))


def read_entry(path: Path) -> Entry:
    """A record with its figure.

    Raises:
        ConfigError, RuleError: see `library`.
    """
    record = own_record(path)
    if record.name != path.stem:
        raise ConfigError(f"{path}: its name is `{record.name}`; rename the file or the record")
    if record.evidence is None:
        return Entry(path, record, None)
    figure = path.with_suffix(".png")
    if not figure.exists():
        raise ConfigError(
            f"{path}: its figure {figure.name} is missing; `rulegen catalog add RUN` brings both"
        )
    if not read_own(figure, LARGEST_FIGURE).startswith(PNG):
        raise ConfigError(f"{figure} is no PNG picture")
    data, named = path.with_suffix(".csv"), record.evidence.data
    if named and (not data.exists() or digest(read_own(data, LARGEST_TABLE)) != named):
        raise ConfigError(
            f"{path}: {data.name} is not the data that it was made from; `rulegen catalog add RUN` "
            "brings both"
        )
    return Entry(path, record, figure)


def digest(content: bytes) -> str:
    """The digest of a table, as records name it, however its lines end."""
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest()[:16]
