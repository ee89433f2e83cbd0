"""The append-only history of a run, which is also its checkpoint.

Every expensive result of a run has a name and follows from the configuration and the seed alone.
The journal stores each as one line of JSON. To resume, the run simply starts again: what is in the
journal is read instead of computed, so that optimiser and random state need no storage of their
own, and the continued run equals the uninterrupted one bit for bit.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from grammar import RunError

VERSION = 1


class Journal:
    """Named results on disk, written once and flushed line by line.

    A line that a crash cut short is dropped when the journal is opened again; a damaged line
    in the middle ends the trusted part: what follows is moved to `NAME.damaged` and computed anew.

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
        self.file = path.open("a+b")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise RunError(
                f"another process is writing to {path.parent}; wait for it, or choose another --out"
            ) from None
        self.results: dict[str, Any] = {}
        self.seconds = 0.0  # spent on all results so far, also in interrupted runs
        header = {"version": VERSION, "identity": identity}
        self._load(header)
        self.recall("header", lambda: header)

    def _load(self, header: dict[str, Any]) -> None:
        """Read what can be trusted; nothing is changed in a file that is not this run's."""
        self.file.seek(0)
        lines = self.file.readlines()
        records = []
        for line in lines:
            record = parse_line(line)
            if record is None:
                break
            records.append(record)
        if lines and (not records or records[0]["data"] != header):
            self.close()
            raise RunError(
                f"{self.path} belongs to another configuration, seed or version of rulegen, or is "
                "no history; resume with what it was made with, or choose another --out"
            )
        for record in records:
            self.results[record["name"]] = record["data"]
            self.seconds += record["seconds"]
        rest = lines[len(records) :]
        if len(rest) > 1:
            # More than the line that a crash cuts short: keep it for whoever wants to look.
            self.path.with_name(self.path.name + ".damaged").write_bytes(b"".join(rest))
        self.file.truncate(sum(len(line) for line in lines[: len(records)]))

    def __contains__(self, name: str) -> bool:
        return name in self.results

    def recall(self, name: str, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """The result called `name`: from the journal, or computed now and stored."""
        if name not in self.results:
            began = time.perf_counter()
            data = compute()
            seconds = round(time.perf_counter() - began, 3)
            line = make_line(name, data, seconds)
            try:
                self.file.write(line)
                self.file.flush()
                os.fsync(self.file.fileno())
            except OSError as error:
                raise RunError(
                    f"cannot write {self.path}: {error.strerror}; what is in it is kept: free some "
                    "space and run again with --resume"
                ) from error
            # Through JSON, so that a fresh result and a stored one are the same values.
            self.results[name] = json.loads(line)["data"]
            self.seconds += seconds
        return self.results[name]

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the file."""
        self.file.close()


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
