"""What is read from files: ordinary ones of a stated size, and texts in UTF-8.

A pipe or a device never ends, and a file may be larger than the memory: nothing else is opened.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rulegen.grammar.reading.errors import ConfigError, RuleError

#: A file of TOML that is larger than this is none of ours.
LARGEST_FILE = 1 << 20
#: Where files of settings have rules.
RULE_PLACE = re.compile(r"(^|\.)(rule|projections\.\w+)$")
#: What some editors begin a text with.
MARK = "\ufeff"


def read_file(path: Path | str, largest: int) -> bytes:
    """The content of a file that somebody names; a link is followed.

    Args:
        path: the file. largest: most bytes that it may have.

    Raises:
        ConfigError: when it cannot be read, is no ordinary file, or is larger.

    Example:
        >>> read_file("/dev/null", 10)
        Traceback (most recent call last):
        ...
        rulegen.ConfigError: cannot read /dev/null: it is no ordinary file
    """
    return _content(path, largest, 0)


def read_own(path: Path | str, largest: int) -> bytes:
    """The content of a file that lies in its folder itself; arguments and errors as `read_file`.

    A folder may come from a stranger, and a link in it could lead to any file of the reader: it is
    refused.
    """
    return _content(path, largest, os.O_NOFOLLOW)


def _content(path: Path | str, largest: int, how: int) -> bytes:
    try:
        # Without waiting: a pipe opens when somebody writes into it, which may be never.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | how)
        with os.fdopen(handle, "rb", closefd=True) as file:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise ConfigError(f"cannot read {path}: it is no ordinary file")
            content = file.read(largest + 1)
    except OSError as error:
        reason = "it is a link" if how and Path(path).is_symlink() else error.strerror
        if isinstance(error, IsADirectoryError):
            inside = sorted(file.name for file in Path(path).glob("*.toml"))
            reason = "it is a folder; name a file in it"
            reason += f", such as {Path(path) / inside[0]}" if inside else ""
        raise ConfigError(f"cannot read {path}: {reason}") from None
    except ValueError as error:  # a name that no file can have
        raise ConfigError(f"cannot read {str(path)!r}: {error}") from None
    check_size(content, largest, path)
    return content


def check_size(content: bytes | str, largest: int, what: Path | str) -> None:
    """Raise `ConfigError` where something is longer than it may be."""
    if len(content) > largest:
        size = f"{largest >> 20} MB" if largest >> 20 else f"{largest >> 10} kB"
        raise ConfigError(f"{what} is larger than {size}")


def decoded(content: bytes, what: Path | str) -> str:
    r"""A text in UTF-8, without a mark before it, its lines ended by `\n`.

    Args:
        content: of a file, or of standard input. what: for messages.

    Raises:
        ConfigError: when it is no such text.

    Example:
        >>> decoded(b"\xef\xbb\xbfa\r\nb", "it")
        'a\nb'
    """
    try:
        return content.decode().removeprefix(MARK).replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise ConfigError(f"{what} is not text in UTF-8") from None


def read_toml(path: Path | str) -> dict[str, Any]:
    """The data in a file of TOML that somebody names.

    Raises:
        ConfigError: when it cannot be read, is too large, or is no TOML.
    """
    return parse_toml(read_file(path, LARGEST_FILE), path)


def parse_toml(content: bytes, path: Path | str) -> dict[str, Any]:
    """The data in the content of the file at `path`.

    Raises:
        ConfigError: when it is no TOML.
    """
    return toml(decoded(content, path), path)


def toml(text: str, what: Path | str) -> dict[str, Any]:
    """The data in a text.

    Args:
        text: of TOML. what: for messages.

    Raises:
        ConfigError: when it is none, has brackets in each other without end, or whole numbers of
            thousands of digits.

    Example:
        >>> toml("a = 1" + 5000 * "0", "it")
        Traceback (most recent call last):
        ...
        rulegen.ConfigError: it is not valid TOML: a whole number of more than 4300 digits
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{what} is not valid TOML: {error}") from None
    except RecursionError:
        raise ConfigError(f"{what} is not valid TOML: too many brackets in each other") from None
    except ValueError:  # such as an integer that Python does not read
        why = "a whole number of more than 4300 digits"
        raise ConfigError(f"{what} is not valid TOML: {why}") from None


def placed(error: RuleError, data: Mapping[str, Any], path: Path | str) -> RuleError:
    """A mistake in a rule with its place in the file that has been read.

    Args:
        data: what the file says, and what has been put in its places.
    """
    rules = {place: text for place, text in texts(data) if RULE_PLACE.search(place)}
    name = next((place for place, text in rules.items() if text == error.rule), None)
    if name is None:
        return error
    try:
        content = decoded(read_file(path, LARGEST_FILE), path)
        stands = dict(texts(toml(content, path))).get(name) == error.rule
    except ConfigError:
        stands = False
    certain = stands and sum(text.count(error.text) for text in rules.values()) == 1
    return error.within(str(path), content if certain else "", name)


def texts(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Every text in data, with its place as `--set` names it.

    Example:
        >>> list(texts({"references": [{"name": "a", "rule": "w += pre"}]}))
        [('references.0.name', 'a'), ('references.0.rule', 'w += pre')]
    """
    if isinstance(value, str):
        yield place, value
    parts = dict(enumerate(value)) if isinstance(value, list) else value
    for key, part in parts.items() if isinstance(parts, Mapping) else ():
        yield from texts(part, f"{place}.{key}" if place else str(key))
