"""What goes wrong in a part of others is told in a line: which part, whose, what, and where.

What goes wrong in a part of rulegen is a defect of rulegen, and shows all of itself.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property, wraps
from pathlib import Path
from types import FunctionType
from typing import Any

from rulegen.catalog.parts.installed import on_one_line, said
from rulegen.catalog.parts.registry import BUNDLED, identified, whose
from rulegen.grammar import ConfigError, RulegenError, RunError

#: What makes the whole way to an error of a part appear as well.
TRACEBACK = "RULEGEN_TRACEBACK"
#: Members that a run asks when it has begun; all others are asked before.
AT_WORK = frozenset({"estimate", "search", "write"})
#: Members that may refuse a rule, a world or settings, by a `ValueError` that says why.
REFUSING = frozenset({"check", "prepare", "draw", "settings"})


@contextmanager
def blamed(part: Any, member: str) -> Iterator[None]:
    """Make of whatever a part of others raises inside an error that names the part.

    Args:
        part: a class, or an export. member: what of it is asked.

    Raises:
        ConfigError: in its place; `RunError` for what is asked when a run has begun.
    """
    try:
        yield
    except RulegenError:
        raise
    except Exception as error:
        refused = isinstance(error, ValueError) and member in REFUSING
        if refused or whose(part) == BUNDLED:
            raise
        if os.environ.get(TRACEBACK):
            traceback.print_exception(error)
        way = f"{place(error)}; {TRACEBACK}=1 shows the whole way there"
        raise fault(part, member, said(error), way) from error


def fault(part: Any, member: str, why: str, way: str = "") -> RulegenError:
    """The error of a part in what it is asked; see `blamed`.

    Args:
        part: a class, or an export. member: what of it is asked.
        why: what is wrong. way: what is told of how it came to that.
    """
    kind, name = identified(part)
    error = RunError if member in AT_WORK else ConfigError
    told = f"the {kind} `{name}` of {whose(part)} fails in `{member}`"
    return error(f"{told}: {on_one_line(why)}{way}")


def place(error: Exception) -> str:
    """The file and the line in which a part raised an error, in brackets; "" where none is known.

    The file is the first on the way that is not of rulegen, and the line the last in that file.
    """
    way = [
        (frame.f_code.co_filename, line)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if frame.f_globals.get("__name__", "").partition(".")[0] not in ("rulegen", "contextlib")
    ]
    line = next((line for file, line in reversed(way) if file == way[0][0]), 0)
    return f" ({Path(way[0][0]).name}, line {line})" if way else ""


def guarded(name: str, member: Any, wrong: Callable[..., str] | None = None) -> Any:
    """A member of a class of others whose errors name the part.

    Args:
        name: of the member.
        member: a method, a property or a cached property; whatever else it is stays as it is.
        wrong: says of the part, and of what the member gives and was given, what is wrong; "" where
            nothing is.
    """
    if isinstance(member, property):
        return property(guarded(name, member.fget, wrong), doc=member.__doc__)
    if isinstance(member, cached_property):
        kept = cached_property(guarded(name, member.func, wrong))
        kept.__set_name__(object, name)
        return kept
    if not isinstance(member, FunctionType):
        return member

    @wraps(member)
    def call(self: Any, *given: Any, **named: Any) -> Any:
        with blamed(type(self), name):
            found = member(self, *given, **named)
        if wrong is not None and (why := wrong(self, found, *given, **named)):
            raise fault(type(self), name, why)
        return found

    return call
