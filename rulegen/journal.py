"""The append-only history of a run, which is also its checkpoint.

Every expensive result of a run has a name and follows from the configuration and the seed alone.
The journal stores each as one line of JSON. To resume, the run simply starts again: what is in the
journal is read instead of computed, so that optimiser and random state need no storage of their
own, and the continued run equals the uninterrupted one bit for bit.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
import zlib
from collections.abc import Callable
from io import FileIO
from pathlib import Path
from typing import Any

from grammar import RunError
from rulegen import hosts

VERSION = 1


class Journal:
    """Named results on disk, written once and flushed line by line.

    A line that a crash cut short is dropped when the journal is opened again; a damaged line
    in the middle ends the trusted part: what follows is moved to `NAME.damaged` and computed anew.
    On several hosts the first one holds the file, and the others learn from it what is in it.

    Args:
        path: the file; created when it does not exist.
        identity: digest of everything the results depend on.

    Raises:
        RunError: when the journal belongs to another configuration or version, or another
            process is writing to it.

    Example:
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "history.jsonl"
        >>> with Journal(path, "x") as journal:
        ...     journal.recall("answer", lambda: {"value": 42})["value"]
        42
        >>> with Journal(path, "x") as journal:
        ...     journal.recall("answer", lambda: 1 / 0)["value"]
        42
    """

    def __init__(self, path: Path, identity: str) -> None:
        self.path = path
        self.file: FileIO | None = None
        found = hosts.on_first(lambda: self._open({"version": VERSION, "identity": identity}))
        self.results: dict[str, Any] = found["results"]
        self.seconds: float = found["seconds"]  # spent so far, also in interrupted runs
        #: Lines that could not be trusted, and are computed again.
        self.damaged: int = found["damaged"]

    def _open(self, header: dict[str, Any]) -> dict[str, Any]:
        """Take hold of the file; what is in it, and the seconds it cost."""
        self.file = take(self.path)
        try:
            records, damaged = self._load(self.file, header)
            if not records:
                self._append(make_line("header", header, 0.0))
        except BaseException:
            self.close()
            raise
        results = {record["name"]: record["data"] for record in records}
        seconds = sum(record["seconds"] for record in records)
        results = {"header": header} | results
        return {"results": results, "seconds": seconds, "damaged": damaged}

    def _load(self, file: FileIO, header: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
        """Read what can be trusted; nothing is changed in a file that is not this run's."""
        file.seek(0)
        lines = file.readall().splitlines(keepends=True)
        records = []
        for line in lines:
            record = parse_line(line)
            if record is None:
                break
            records.append(record)
        if lines and (not records or records[0]["data"] != header):
            raise RunError(
                f"{self.path} belongs to another configuration, seed or version of rulegen, or is "
                "no history; resume with what it was made with, or choose another --out"
            )
        rest = lines[len(records) :]
        if len(rest) > 1:
            # More than the line that a crash cuts short: keep it for whoever wants to look.
            self.path.with_name(self.path.name + ".damaged").write_bytes(b"".join(rest))
        file.truncate(sum(len(line) for line in lines[: len(records)]))
        return records, len(rest)

    def _append(self, line: bytes) -> None:
        """Write a line and see it on the disk; a line that does not fit leaves nothing behind."""
        assert self.file is not None
        end, rest = self.file.seek(0, os.SEEK_END), memoryview(line)
        try:
            while rest:
                rest = rest[self.file.write(rest) :]
            os.fsync(self.file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                self.file.truncate(end)
            raise RunError(
                f"cannot write {self.path}: {error.strerror}; what is in it is kept: free some "
                "space and run again with --resume"
            ) from error

    def __contains__(self, name: str) -> bool:
        return name in self.results

    def recall(self, name: str, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The result called `name`: from the journal, or computed now and stored."""
        if name not in self.results:
            began = time.perf_counter()
            data = compute()
            seconds = round(time.perf_counter() - began, 3)
            line = hosts.on_first(lambda: self._store(make_line(name, data, seconds)))
            # Through JSON, so that a fresh result and a stored one are the same values.
            self.results[name] = json.loads(line)["data"]
            self.seconds += seconds
        return self.results[name]

    def _store(self, line: bytes) -> str:
        """Append a line and return it as text, which all hosts go on with."""
        self._append(line)
        return line.decode()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        if self.file is not None:
            self.file.close()


def take(path: Path) -> FileIO:
    """Open a file for this process alone, until it is closed.

    Raises:
        RunError: when another process has it.
    """
    file = FileIO(path, "a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise RunError(
            f"another process is writing to {path.parent}; wait for it, or choose another --out"
        ) from None
    return file


def make_line(name: str, data: dict[str, Any], seconds: float) -> bytes:
    """One line of a journal: a name, what it cost, the data and a checksum of it all."""
    body = json.dumps({"name": name, "seconds": seconds, "data": data}, separators=(",", ":"))
    check = zlib.crc32(body.encode())
    return f'{{"check":{check},{body[1:]}\n'.encode()


def parse_line(line: bytes) -> dict[str, Any] | None:
    """The record of a line, or None when it is damaged or cut short."""
    try:
        record = json.loads(line)
        again = make_line(record["name"], record["data"], record["seconds"])
        whole = again == line
    except (ValueError, KeyError, TypeError):
        return None
    return record if whole else None
