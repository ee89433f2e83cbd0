"""The records of a catalog: the rules of the literature and those that runs discovered."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from catalog.files import write_whole_bytes
from catalog.literature import DISCOVERED as DISCOVERED_FOLDER
from catalog.literature import FOLDER
from catalog.record import Record, load_record
from grammar import ConfigError

HOME = FOLDER.parent
LITERATURE, DISCOVERED = FOLDER.name, DISCOVERED_FOLDER.name
#: What a run leaves behind, and the endings under which the catalog keeps it.
KEPT = {"learning.png": ".png", "learning.pdf": ".pdf", "lives.csv": ".csv"}
#: A picture larger than this is not put into a page.
LARGEST_FIGURE = 4 << 20
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

    def fingerprint(self) -> bytes:
        """All that its pages depend on."""
        parts = [p.read_bytes() if p else b"" for p in (self.path, self.figure, self.print)]
        return b"".join(len(part).to_bytes(8) + part for part in parts)


def library(home: Path = HOME) -> dict[str, Entry]:
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
    paths = [p for place in (LITERATURE, DISCOVERED) for p in sorted((home / place).glob("*.toml"))]
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
    record = load_record(path)
    if record.name != path.stem:
        raise ConfigError(f"{path}: its name is `{record.name}`; rename the file or the record")
    if record.evidence is None:
        return Entry(path, record, None)
    figure = path.with_suffix(".png")
    try:
        with figure.open("rb") as file:
            start, size = file.read(len(PNG)), figure.stat().st_size
    except OSError:
        raise ConfigError(
            f"{path}: its figure {figure.name} is missing; `rulegen catalog add RUN` brings both"
        ) from None
    data = path.with_suffix(".csv")
    if record.evidence.data and (not data.exists() or digest(data) != record.evidence.data):
        raise ConfigError(
            f"{path}: {data.name} is not the data that it was made from; `rulegen catalog add RUN` "
            "brings both"
        )
    if start != PNG or size > LARGEST_FIGURE:
        raise ConfigError(f"{figure} is no PNG picture of at most {LARGEST_FIGURE >> 20} MB")
    return Entry(path, record, figure)


def digest(path: Path) -> str:
    """The digest of a file, as records name it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def add_run(run: Path, home: Path) -> Entry:
    """Take the rule that a run discovered into a catalog, with its figure and data.

    Args:
        run: the folder of a finished run.
        home: the folder of the catalog.

    Raises:
        ConfigError: when the run is not finished, or its name is taken by another record.
    """
    record = load_record(run / "record.toml")
    place = home / DISCOVERED
    path = place / f"{record.name}.toml"
    if (home / LITERATURE / path.name).exists():
        raise ConfigError(f"the name `{record.name}` is taken by a rule of the literature")
    contents = {path: (run / "record.toml").read_bytes()}
    for name, ending in KEPT.items():
        try:
            contents[path.with_suffix(ending)] = (run / name).read_bytes()
        except OSError as error:
            raise ConfigError(f"cannot read {run / name}: {error.strerror}") from None
    try:
        place.mkdir(parents=True, exist_ok=True)
        for target, content in contents.items():
            write_whole_bytes(target, content)
    except OSError as error:
        raise ConfigError(
            f"cannot write into {place}: {error.strerror}; choose another --to"
        ) from None
    return read_entry(path)
