"""Timing that two programs on one machine can be compared by."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

import jax


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        name: what was measured.
        value, unit: the figure.
        reference: what it is compared with, from the same run; empty for none.
        ratio: value over the reference's value.
        bound: what limits it.
    """

    name: str
    value: float
    unit: str
    reference: str = ""
    ratio: float | None = None
    bound: str = ""


def best_seconds(programs: dict[str, Callable[[], object]], rounds: int = 7) -> dict[str, float]:
    """The best time of each program, all of them taken in turns so that they share bad moments."""
    for program in programs.values():
        jax.block_until_ready(program())
    best = dict.fromkeys(programs, float("inf"))
    for _ in range(rounds):
        for name, program in programs.items():
            start = time.perf_counter()
            jax.block_until_ready(program())
            best[name] = min(best[name], time.perf_counter() - start)
    return best


def rows_of(
    values: Mapping[str, float],
    unit: str,
    reference: str,
    bounds: Mapping[str, str],
    others: Mapping[str, float] | None = None,
) -> list[Row]:
    """Rows with their ratios to one of the values, or of `others`."""
    base = (others or values)[reference]
    return [
        Row(name, value, unit, reference, value / base, bounds.get(name, ""))
        for name, value in values.items()
    ]
