"""What a long computation tells whoever is watching."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

#: Called with the number of lives finished so far.
Tick = Callable[[int], None]


class Met(NamedTuple):
    """A rule that a run has met.

    Attributes:
        complexity: of its formulas, or its number of terms.
        reward: what it earned on the lives of that meeting. low, high: 95% limits of it.
        text: its formula with its numbers.
    """

    complexity: float
    reward: float
    low: float
    high: float
    text: str


class Progress(NamedTuple):
    """Where a run is.

    Attributes:
        stage: what is being done, such as `fit 1 (score)`.
        done, total: how much of the stage, in its own units.
        text: figures worth seeing, such as reward and signal-to-noise.
        result: what came of the stage, when it is over.
        found: rules that were met, the best of each complexity.
    """

    stage: str
    done: float
    total: float
    text: str = ""
    result: str = ""
    found: tuple[Met, ...] = ()


Report = Callable[[Progress], None]


def silent(progress: Progress) -> None:
    """Report to nobody."""


def ticks(report: Report, stage: str, done: float, total: float, share: float) -> Tick:
    """Turn finished lives into progress: `share` units of the stage per life, from `done` on."""

    def tick(lives: int) -> None:
        report(Progress(stage, done + share * lives, total))

    return tick
