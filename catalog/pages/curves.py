"""Learning curves as the catalog keeps them, thinned out for a page."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from rulegen.grammar import ConfigError
from rulegen.grammar.reading.files import decoded

#: A curve has no more points than these; each is a mean over the trials around it.
POINTS = 50


class Curve(NamedTuple):
    """Reward against trials: means with their limits, at the middle of each stretch."""

    trial: tuple[float, ...]
    mean: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


#: The curves of a world by the names of their rules; the only world of a record is called "".
Curves = Mapping[str, Mapping[str, Curve]]


def read_curves(content: bytes, path: Path) -> Curves:
    """The curves in the table `NAME.learning.csv`.

    Raises:
        ConfigError: when it is no such table; the message names the line.

    Example:
        >>> table = b"rule,trial,mean,low,high\\nstart,1,0.5,0.25,0.75\\nstart,2,1,1,1\\n"
        >>> read_curves(table, Path("a.csv"))[""]["start"].mean
        (0.5, 1.0)
    """
    found: dict[str, dict[str, list[tuple[float, ...]]]] = {}
    reader = csv.DictReader(io.StringIO(decoded(content, path), newline=""))
    try:
        for row in reader:
            point = tuple(float(row[name]) for name in Curve._fields)
            if not all(map(math.isfinite, point)):
                raise ValueError
            found.setdefault(row.get("world", ""), {}).setdefault(row["rule"], []).append(point)
    except (ValueError, KeyError, TypeError, csv.Error):
        raise ConfigError(
            f"{path}, line {reader.line_num}: no point of a learning curve; `rulegen catalog add "
            "RUN` writes the table"
        ) from None
    return {
        world: {rule: thinned(points) for rule, points in rules.items()}
        for world, rules in found.items()
    }


def thinned(points: list[tuple[float, ...]]) -> Curve:
    """A curve with no more than `POINTS` points."""
    size = math.ceil(len(points) / POINTS)
    parts = [points[i : i + size] for i in range(0, len(points), size)]
    columns = (zip(*part, strict=True) for part in parts)
    means = [
        [math.fsum(values) / len(part) for values in column]
        for part, column in zip(parts, columns, strict=True)
    ]
    return Curve(*zip(*means, strict=True))
