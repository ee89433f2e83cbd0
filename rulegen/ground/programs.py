"""What identifies a program that does not come with rulegen: its files, or what it reads.

A class depends on its module, on the modules of its own that this one imports, and on theirs. In a
notebook, which is no file, it depends on its functions and on what these read there.
"""

from __future__ import annotations

import dataclasses
import inspect
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import CodeType, FunctionType, ModuleType, SimpleNamespace
from typing import Any

from pydantic import BaseModel

#: Where rulegen is.
HERE = Path(__file__).parent.parent
#: Where Python is, and where libraries are: of those only the package counts that is asked about.
PYTHON = tuple(Path(sysconfig.get_paths()[name]) for name in ("stdlib", "platstdlib"))
INSTALLED = tuple(Path(sysconfig.get_paths()[name]) for name in ("purelib", "platlib"))
#: Values that are written out.
PLAIN = (bool, int, float, complex, str, bytes, range, type(None))


def program(made: type) -> str:
    """All that a class is made of, as one text.

    Args:
        made: the class.

    Example:
        >>> def hold(level):
        ...     return type("Hold", (), {"__module__": "a session", "level": level})
        >>> program(hold(0.5)) == program(hold(0.5)), program(hold(0.5)) == program(hold(0.3))
        (True, False)
    """
    reader = _Reader(made.__module__.partition(".")[0])
    reader.read(made)
    return "\n".join(reader.lines)


class _Reader:
    """Goes from a class to whatever it is made of, each part once.

    Args:
        package: of the class; its modules count wherever they are installed.
    """

    def __init__(self, package: str) -> None:
        self.package = package
        self.seen: dict[int, object] = {}  # kept, so that no other object takes the same place
        self.lines: list[str] = []

    def read(self, value: Any, name: str = "") -> None:
        """Add what a value says, and what it leads to."""
        if isinstance(value, PLAIN):
            self.lines.append(f"{name} = {value!r}")
        elif id(value) not in self.seen:
            self.seen[id(value)] = value
            self.lines.append(f"{name}: {type(value).__name__}")
            self.open(value)

    def open(self, value: Any) -> None:
        """Add what is in a value that was not read before."""
        if isinstance(value, ModuleType):
            self.module(value)
        elif isinstance(value, type | FunctionType):
            if not self.in_file(value):
                self.members(value) if isinstance(value, type) else self.function(value)
        elif isinstance(value, Mapping):
            for key, part in value.items():
                self.read(part, repr(key))
        elif isinstance(value, list | tuple):
            for number, part in enumerate(value):
                self.read(part, str(number))
        elif isinstance(value, set | frozenset):
            self.lines += sorted(map(repr, value))
        elif hasattr(value, "tolist"):  # of NumPy and its like
            self.lines.append(repr(value.tolist()))
        elif (inner := getattr(value, "__wrapped__", None)) is not None:
            self.read(inner)  # a function that was compiled, or that keeps its results
        elif isinstance(value, BaseModel | SimpleNamespace) or dataclasses.is_dataclass(value):
            self.read(type(value))
            self.read(vars(value))

    def module(self, module: ModuleType) -> None:
        """Add the text of a module, and of whatever of its own it imports."""
        path = file_of(module)
        if path is None or not self.own(module, path):
            return
        self.lines.append(path.read_text(encoding="utf-8", errors="replace"))
        for value in list(vars(module).values()):
            there = sys.modules.get(getattr(value, "__module__", None) or "")
            for other in (value, there):
                if isinstance(other, ModuleType):
                    self.read(other)

    def own(self, module: ModuleType, path: Path) -> bool:
        """Whether a module is neither rulegen's nor a library's."""
        if any(path.is_relative_to(place) for place in INSTALLED):
            return module.__name__.partition(".")[0] == self.package
        return not any(path.is_relative_to(place) for place in (HERE, *PYTHON))

    def in_file(self, value: type | FunctionType) -> bool:
        """Whether a class or function is a library's, or stands in a file, which then counts."""
        module = sys.modules.get(value.__module__)
        if module is None or (module.__name__ == "__main__" and file_of(module) is None):
            return False
        path = file_of(module)
        if path is None or not self.own(module, path):
            return True
        written = [value] if isinstance(value, FunctionType) else functions(value)
        if written and not any(Path(f.__code__.co_filename).is_file() for f in written):
            return False
        self.read(module)
        return True

    def members(self, made: type) -> None:
        """Add the members of a class, and of those it is derived from."""
        for base in made.__mro__[1:]:
            self.read(base)
        for name, member in vars(made).items():
            if not name.startswith("__"):
                self.read(function_in(member), name)

    def function(self, function: FunctionType) -> None:
        """Add what a function does, its defaults, and what it reads around it."""
        self.lines += instructions(function.__code__)
        self.read(function.__defaults__)
        self.read(function.__kwdefaults__)
        for name, cell in zip(
            function.__code__.co_freevars, function.__closure__ or (), strict=True
        ):
            try:
                self.read(cell.cell_contents, name)
            except ValueError:  # nothing is in it yet
                continue
        for name in sorted(names_in(function.__code__) & function.__globals__.keys()):
            self.read(function.__globals__[name], name)


def file_of(module: ModuleType) -> Path | None:
    """The file of a module in Python; None in a notebook, and for what is built in."""
    path = Path(getattr(module, "__file__", None) or "")
    return path.resolve() if path.suffix == ".py" and path.is_file() else None


def functions(made: type) -> list[FunctionType]:
    """The functions that were written in a class."""
    found = [function_in(member) for member in vars(made).values()]
    return [f for f in found if isinstance(f, FunctionType)]


def function_in(member: Any) -> Any:
    """The function in a property or in a method of any kind; another member as it is."""
    if isinstance(member, property):
        return function_in(member.fget)
    if isinstance(member, cached_property):
        return function_in(member.func)
    return inspect.unwrap(getattr(member, "__func__", member))


def instructions(code: CodeType) -> Iterator[str]:
    """What a code object does, on whatever lines it stands."""
    yield f"{code.co_name} {code.co_code.hex()} {code.co_names} {code.co_varnames}"
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from instructions(value)
        else:
            yield str(sorted(map(repr, value))) if isinstance(value, frozenset) else repr(value)


def names_in(code: CodeType) -> set[str]:
    """All names that a code object reads, and those inside it."""
    inner = [names_in(c) for c in code.co_consts if isinstance(c, CodeType)]
    return set(code.co_names).union(*inner)
