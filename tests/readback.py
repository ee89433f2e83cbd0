"""Reads pages back: every number that they print must stand in what lies beside them."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd
from pydantic import BaseModel

#: Every interval of a page without another level.
LEVEL = 0.95
#: A number that stands for itself: no part of a name, a version, a power or a digest.
NUMBER = re.compile(r"(?<![\w.^/*-])-?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w/]|\.\d)(%?)")
#: What says no number: formulas that are set, comments, targets of links, digests.
SILENT = re.compile(
    r"```math.*?```|\| \$[^$|]*\$ +\||<!--.*?-->|\]\([^)]*\)|`[0-9a-f]{16}`", re.DOTALL
)


def numbers(*sources: Any) -> set[float]:
    """All numbers in records, tables and what JSON or TOML knows, those in texts included."""
    found: set[float] = {LEVEL}
    for source in sources:
        if isinstance(source, BaseModel):
            found |= numbers(source.model_dump(mode="json"))
        elif isinstance(source, pd.DataFrame):
            found |= numbers(source.to_dict("list"))
        elif isinstance(source, str):
            found |= {value for value, _, _ in printed(source)}
        elif isinstance(source, bool) or source is None:
            continue
        elif isinstance(source, int | float):
            found.add(float(source))
        elif isinstance(source, Mapping):
            found |= numbers(*source.keys(), *source.values())
        else:
            found |= numbers(*source)
    return found


def printed(text: str) -> Iterable[tuple[float, float, re.Match]]:
    """Each number of a text, how far from it that may lie which rounds to it, and where it is."""
    for match in NUMBER.finditer(SILENT.sub(lambda silent: " " * len(silent[0]), text)):
        token = match[0].rstrip("%")
        mantissa, _, power = token.partition("e")
        unit = 10.0 ** (int(power or 0) - len(mantissa.partition(".")[2]))
        scale = 0.01 if match[1] else 1.0
        yield scale * float(token), scale * unit * (0.5 + 1e-6), match


def unsupported(page: str, known: set[float]) -> list[str]:
    """The numbers of a page that no known number rounds to."""
    return [
        match[0]
        for value, reach, match in printed(page)
        if not any(abs(value - other) <= reach + 1e-12 * abs(other) for other in known)
    ]


def edited(token: str) -> str:
    """Another number with as many digits: the first one that is not 0 is another.

    >>> edited("-0.0234")
    '-0.0734'
    """
    place = re.search(r"[1-9]", token)
    assert place is not None
    other = str((int(place[0]) + 4) % 9 + 1)
    return token[: place.start()] + other + token[place.end() :]
