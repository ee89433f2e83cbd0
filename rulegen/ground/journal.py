"""The append-only history of a run, which is also its checkpoint.

Every expensive result of a run has a name and follows from the configuration and the seed alone.
The journal stores each as one line of JSON, with a digest of the inputs that it was computed from,
and is recalled for these alone. To resume, the run simply starts again: what is in the journal is
read instead of computed, so that optimiser and random state need no storage of their own, and the
continued run equals the uninterrupted one bit for bit.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import time
import zlib
from codecs import BOM_UTF8
from collections.abc import Callable, Mapping, Sequence
from io import FileIO
from itertools import count
from pathlib import Path
from typing import Any, ClassVar

from rulegen.grammar import RunError
from rulegen.ground import hosts
from rulegen.ground.digests import inputs_digest

VERSION = "2"
#: No run leaves a longer history.
LARGEST_HISTORY = 1 << 30


class Journal:
    """Named results on disk, written once and flushed line by line.

    A line that a crash cut short is dropped when the journal is opened again; a damaged line
    in the middle ends the trusted part: what follows is moved to `NAME.damaged` and computed anew.
    The checksum of a line finds accidents, and anybody can make one that fits: whoever can write
    into the file decides what the run goes on with. What is published is held by `verify`.
    On several hosts the first one holds the file, and the others learn from it what is in it.

    Args:
        path: the file; created when it does not exist. Without one, results stay in memory.
        identity: everything that all results depend on, as digests or versions by name.

    Raises:
        RunError: when the journal belongs to another configuration, code or version of a library,
            or another process is writing to it.

    Example:
        >>> import tempfile, pathlib
        >>> path = pathlib.Path(tempfile.mkdtemp()) / "history.jsonl"
        >>> with Journal(path, {"configuration": "x"}) as journal:
        ...     journal.recall("answer", [6, 7], lambda: {"value": 42})["value"]
        42
        >>> with Journal(path, {"configuration": "x"}) as journal:
        ...     journal.recall("answer", [6, 7], lambda: 1 / 0)["value"]
        42
    """

    #: Whether a name that is asked again with other inputs is an error. Names are for people, and
    #: a run computes anew; two results of one name in one run are a mistake in the program.
    strict: ClassVar[bool] = False

    def __init__(
        self, path: Path | str | None = None, identity: Mapping[str, str] | None = None
    ) -> None:
        self.path = path = None if path is None else Path(path)
        self.file: FileIO | None = None
        found: dict[str, Any] = {"results": [], "seconds": 0.0, "damaged": 0}
        if path is not None:
            header = {"format": VERSION, **(identity or {})}
            found = hosts.on_first(lambda: self._open(path, header))
        #: By name and digest of the inputs.
        self.results: dict[tuple[str, str], dict[str, Any]] = {
            (name, inputs): data for name, inputs, data in found["results"]
        }
        self.names: set[str] = {name for name, _ in self.results}
        self.seconds: float = found["seconds"]  # spent so far, also in interrupted runs
        #: Lines that could not be trusted, and are computed again.
        self.damaged: int = found["damaged"]

    def _open(self, path: Path, header: dict[str, str]) -> dict[str, Any]:
        """Take hold of the file; what is in it, and the seconds it cost."""
        self.file = take(path)
        try:
            records, damaged = self._load(path, self.file, header)
            if not records:
                self._append(make_line("header", "", header, 0.0))
        except BaseException:
            self.close()
            raise
        results = [[r["name"], r["inputs"], r["data"]] for r in records[1:]]
        seconds = sum(record["seconds"] for record in records)
        return {"results": results, "seconds": seconds, "damaged": damaged}

    def _load(
        self, path: Path, file: FileIO, header: dict[str, str]
    ) -> tuple[list[dict[str, Any]], int]:
        """Read what can be trusted; nothing is changed in a file that is not this run's."""
        file.seek(0)
        if os.fstat(file.fileno()).st_size > LARGEST_HISTORY:
            raise RunError(
                f"{path} is larger than {LARGEST_HISTORY >> 20} MB; choose another --out"
            )
        lines = file.readall().splitlines(keepends=True)
        records = []
        for line in lines:
            record = parse_line(line)
            if record is None:
                break
            records.append(record)
        first = make_line("header", "", header, 0.0)
        if lines and not records and (lines[0][:3] == BOM_UTF8 or lines[0][-2:] == b"\r\n"):
            raise RunError(
                f"{path} was written anew by an editor or on its way here, with a byte-order mark "
                "or lines that end in CRLF; put the file back as it was, or choose another --out"
            )
        if lines and not (len(lines) == 1 and lines[0] != first and first.startswith(lines[0])):
            refuse_another(path, records[0]["data"] if records else {}, header)
        rest = lines[len(records) :]
        if len(rest) > 1:
            # More than the line that a crash cuts short: keep it for whoever wants to look.
            put_aside(path.with_name(path.name + ".damaged"), b"".join(rest))
        file.truncate(sum(len(line) for line in lines[: len(records)]))
        return records, len(rest)

    def _append(self, line: bytes) -> None:
        """Write a line and see it on the disk; a line that does not fit leaves nothing behind."""
        if self.file is None:
            return
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
        return name in self.names

    def recall(
        self, name: str, inputs: Sequence[Any], compute: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """The result of that name and those inputs: from the journal, or computed now and stored.

        Args:
            name: of the step, for people.
            inputs: everything that the result depends on beside the identity of the run: the rule
                in its world, values, keys, lives, settings; see `inputs_digest`.
            compute: plain data for JSON.
        """
        key = name, inputs_digest(inputs)
        if key not in self.results:
            if self.strict and name in self.names:
                raise AssertionError(f"the journal has a result `{name}` from other inputs")
            began = time.perf_counter()
            data = compute()
            seconds = round(time.perf_counter() - began, 3)
            line = hosts.on_first(lambda: self._store(make_line(*key, data, seconds)))
            # Through JSON, so that a fresh result and a stored one are the same values.
            self.results[key] = json.loads(line)["data"]
            self.names.add(name)
            self.seconds += seconds
        return self.results[key]

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


def refuse_another(path: Path, found: dict[str, str], header: dict[str, str]) -> None:
    """Raise `RunError` unless the journal was made with what is here now."""
    if "configuration" not in found or found.get("format") != VERSION:
        raise RunError(
            f"{path} is no history, or one of another version of rulegen; choose another --out"
        )
    other = [name for name in header | found if header.get(name) != found.get(name)]
    if "configuration" in other:
        raise RunError(
            f"{path} belongs to another configuration or seed; resume with what it was "
            "made with, or choose another --out"
        )
    if other:
        raise RunError(
            f"{path} differs from this run in {', '.join(other)}, and figures of both "
            "must not mix; resume with what it was made with, or start anew with another --out"
        )


def put_aside(path: Path, content: bytes) -> None:
    """Write a new file of that name, or of one with a number behind it; what is there is kept."""
    for number in count(1):
        place = path if number == 1 else path.with_name(f"{path.name}-{number}")
        with contextlib.suppress(FileExistsError), place.open("xb") as file:
            file.write(content)
            return


def take(path: Path) -> FileIO:
    """Open a file for this process alone, until it is closed.

    Raises:
        RunError: when another process has it, or it is no ordinary file: a link could lead
            anywhere, and a pipe has no end.
    """
    if path.is_symlink():
        raise RunError(f"{path} is a link; put the file itself there, or choose another --out")
    if path.exists() and not path.is_file():
        raise RunError(f"{path} is no ordinary file; choose another --out")
    file = FileIO(path, "a+", opener=lambda name, how: os.open(name, how | os.O_NOFOLLOW, 0o666))
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise RunError(
            f"another process is writing to {path.parent}; wait for it, or choose another --out"
        ) from None
    return file


def make_line(name: str, inputs: str, data: Mapping[str, Any], seconds: float) -> bytes:
    """One line of a journal: name, digest of the inputs, what it cost, data and a checksum."""
    record = {"name": name, "inputs": inputs, "seconds": seconds, "data": data}
    body = json.dumps(record, separators=(",", ":"))
    check = zlib.crc32(body.encode())
    return f'{{"check":{check},{body[1:]}\n'.encode()


def parse_line(line: bytes) -> dict[str, Any] | None:
    """The record of a line, or None when it is damaged, cut short, or such as no run writes."""
    try:
        record = json.loads(line)
        again = make_line(*(record[part] for part in ("name", "inputs", "data", "seconds")))
        kinds = {"name": str, "inputs": str, "data": dict, "seconds": float}
        whole = again == line and all(type(record[part]) is kind for part, kind in kinds.items())
        whole = whole and 0 <= record["seconds"] < math.inf
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return record if whole else None
