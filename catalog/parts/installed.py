"""What installed packages bring: their entry points, as far as these can be read.

Whatever is wrong with a package is the trouble of those who ask for a part that it may bring.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from importlib.metadata import Distribution, EntryPoint, EntryPoints, distribution, distributions
from itertools import chain
from typing import NamedTuple

#: The entry points through which a package brings parts, by their kind.
GROUPS = {
    "task": "rulegen.tasks",
    "circuit": "rulegen.circuits",
    "estimator": "rulegen.estimators",
    "strategy": "rulegen.strategies",
    "export": "rulegen.exports",
}
#: What a part may be called.
NAME = r"^[a-z][a-z0-9_]{0,63}$"
#: No more than so many characters are told of what another's program says.
MOST = 300


class Source(NamedTuple):
    """Who brings a part.

    Attributes:
        package: the installed distribution; "" for a part of this session.
        version: of the distribution; "" for a part of rulegen, which has that of rulegen.
    """

    package: str
    version: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, self)) or "this session"


def claims(kind: str) -> dict[str, tuple[EntryPoint, ...]]:
    """The entry points of installed packages for parts of a kind, by name."""
    return _installed(tuple(sys.path)).claims.get(GROUPS[kind], {})


def unread() -> tuple[str, ...]:
    """What is wrong with packages that cannot be read, and may bring whatever is missing."""
    return _installed(tuple(sys.path)).unread


class Installed(NamedTuple):
    """What installed packages bring.

    Attributes:
        claims: entry points by group and name; those with a name that no file can use are none.
        unread: what is told of each package that cannot be read.
    """

    claims: dict[str, dict[str, tuple[EntryPoint, ...]]]
    unread: tuple[str, ...]


@cache
def _installed(path: tuple[str, ...]) -> Installed:
    """All that installed packages bring; looked for once on a `path`."""
    bringing, unread = dict[Source, EntryPoints](), list[str]()
    for package in distributions():
        try:
            if any(point.group in GROUPS.values() for point in package.entry_points):
                # Of two packages of one name, the first on the path is the one that is imported.
                first = distribution(package.metadata["Name"])
                bringing[known_as(first)] = first.entry_points
        except Exception as error:  # whatever damaged metadata makes of their readers
            unread.append(f"{called(package)} cannot be read ({said(error)}): mend or uninstall it")
    found: dict[str, dict[str, tuple[EntryPoint, ...]]] = {group: {} for group in GROUPS.values()}
    for point in chain.from_iterable(bringing.values()):
        if point.group in found and re.fullmatch(NAME, point.name):
            points = found[point.group]
            points[point.name] = (*points.get(point.name, ()), point)
    return Installed(found, tuple(unread))


def origin(point: EntryPoint) -> Source:
    """The package of an entry point."""
    assert point.dist is not None
    return known_as(point.dist)


def known_as(package: Distribution) -> Source:
    """Name and version of a package, in characters that a record and a terminal can show.

    Raises:
        ValueError: when it lacks one of them.
    """
    told = (package.metadata["Name"], package.version)
    if not all(told):
        raise ValueError("its metadata have no name or no version")
    return Source(*(re.sub(r"[^\w.+!-]", "_", text) for text in told))


def called(package: Distribution) -> str:
    """A package in words, whatever is wrong with it."""
    try:
        return str(known_as(package))
    except Exception:  # as above
        return f"a package in {package.locate_file('')}"


def said(error: BaseException) -> str:
    """What another's program raised: its kind and what it says, on one line.

    Example:
        >>> said(OSError("no\\ndisk"))
        'OSError: no disk'
    """
    why = on_one_line(str(error))
    return f"{type(error).__name__}: {why}" if why else type(error).__name__


def on_one_line(text: str) -> str:
    """What another's program says, in characters that a terminal can show, and not too many."""
    shown = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(shown.split())[:MOST]


def told(points: tuple[EntryPoint, ...]) -> str:
    """The packages of entry points, in words."""
    return " and ".join(str(origin(point)) for point in points)
