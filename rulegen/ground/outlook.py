"""How far a whole run is, from its plan and what it tells of its stages."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

#: Seconds of a run before anything is said of the time left: what a resumed run recalls is not
#: computed, and goes by at once.
WARM = 5.0


class Leg(NamedTuple):
    """A part of a run.

    Attributes:
        name: of it. begins: with what the names of its stages begin.
        weight: what it costs, in any unit that all legs share.
        steps: how many it has, as far as anybody knows before.
        whole: whether each stage is one step; else the steps of its stages count.
    """

    name: str
    begins: tuple[str, ...]
    weight: float
    steps: float
    whole: bool = False


class Outlook:
    """The share of a run that is over, and the time that the rest will take.

    Args:
        legs: in order; what they say of their steps is a guess, and so no leg is over
            before the next begins.
        clock: seconds, from any time on.

    Example:
        >>> outlook = Outlook([Leg("fit", ("fit",), 3, 10), Leg("evaluate", ("ev",), 1, 2)])
        >>> outlook.see("fit 1", 5, 10)
        >>> outlook.share
        0.375
    """

    def __init__(self, legs: Sequence[Leg], clock: Callable[[], float] = time.monotonic) -> None:
        self.legs, self.clock = tuple(legs), clock
        self.steps: list[dict[str, float]] = [{} for _ in self.legs]
        self.begun, self.began = 0, clock()
        self.first: tuple[float, float] | None = None

    def see(self, stage: str, done: float, total: float) -> None:
        """Take note of where a stage is; one of no leg says nothing."""
        for number, leg in enumerate(self.legs):
            if stage.startswith(leg.begins):
                self.begun = max(self.begun, number)
                steps = min(done / total, 1.0) if leg.whole and total else done
                self.steps[number][stage] = max(steps, self.steps[number].get(stage, 0.0))
                break
        if self.first is None and self.clock() - self.began > WARM:
            self.first = self.clock(), self.share

    @property
    def share(self) -> float:
        """What part of the run is over, from 0 to 1."""
        done = 0.0
        for number, leg in enumerate(self.legs):
            part = sum(self.steps[number].values()) / leg.steps if leg.steps else 0.0
            done += leg.weight * (1.0 if number < self.begun else min(part, 0.98))
        return done / (sum(leg.weight for leg in self.legs) or 1.0)

    @property
    def left(self) -> float | None:
        """Seconds that the rest will take; None where nothing is known of it."""
        if self.first is None:
            return None
        since, before = self.first
        gained, share = self.share - before, self.share
        return (self.clock() - since) * (1.0 - share) / gained if gained > 0.005 else None


def spoken(seconds: float) -> str:
    """A time as people say it.

    Example:
        >>> spoken(8), spoken(100), spoken(5000), spoken(200000)
        ('8 s', '2 min', '1 h 23 min', '2 d 7 h')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes // 1440} d {minutes % 1440 // 60} h"
