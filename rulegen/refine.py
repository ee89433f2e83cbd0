"""Refinement: the last step of a fit, on a quadratic surface of the reward.

Near its maximum the expected reward is quadratic in the parameters. With common random numbers
its shape shows in a few lives where a gradient would drown: every life gives rewards at all
points of a design, and so a quadratic of its own; their mean is the surface, and resampling
lives resamples its maximiser.

A box around a parameter vector is laid in x = asinh(value/s): there a small parameter moves by
itself, and a large one by a share of itself, as learning rates do, whose rewards are far more
symmetric on a logarithmic scale. What a quadratic still misses grows with the width of its box,
and what lives leave open grows as the box shrinks. So the box of an interval shrinks until the
interval fills a good part of it, where chance outweighs the misfit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
from pydantic import Field, model_validator

from rulegen.journal import Journal
from rulegen.keys import Branch, branch
from rulegen.progress import Progress, Report, silent
from rulegen.settings import Settings
from rulegen.statistics import Estimate, paired_difference
from rulegen.surface import REACH, Surface, design
from rulegen.workbench import Workbench

#: A maximiser within this part of the box ends the moves.
CENTRAL = 0.5
#: The part of its box that an interval shall fill: less than the first is laid anew, and aims at
#: the second.
FILLED, AIM = 0.25, 0.5
#: How many times as many lives the next survey has where an interval leaves its box.
MORE = 4


class RefineSettings(Settings):
    """How the kept parameters are refined.

    Attributes:
        lives: lives at each point of the design.
        most_lives: where these leave intervals wider than the box, up to so many.
        width: half width of the box around each parameter, relative to its size.
        least: smallest half width.
        moves: how often the box is laid anew, around a maximiser that was not near its middle, or
            of another width.
        tolerance: a surface that misses the reward at its own maximiser by more than this, and by
            more than chance, is laid anew over a box of half the width.
        climbs: so many of the best places to start from are climbed from.
        most: with more free parameters than this there is no refinement: the design grows with
            their square.
    """

    lives: int = Field(192, ge=8)
    most_lives: int = Field(3072, ge=8)
    width: float = Field(0.35, gt=0)
    least: float = Field(0.1, gt=0)
    moves: int = Field(6, ge=1)
    tolerance: float = Field(0.001, gt=0)
    climbs: int = Field(1, ge=1)
    most: int = Field(5, ge=1)

    @model_validator(mode="after")
    def _ordered(self) -> RefineSettings:
        if self.most_lives < self.lives:
            raise ValueError("`most_lives` is less than `lives`")
        return self


class Refined(NamedTuple):
    """A maximiser with its uncertainty.

    Attributes:
        values: all parameters, shape (P,).
        low, high: 95% interval of each parameter; NaN where the data do not give one.
    """

    values: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Box(NamedTuple):
    """The surroundings of a parameter vector, in units in which they reach from -1 to 1.

    Attributes:
        middle: all parameters, shape (P,).
        free: indices of those that move, shape (F,).
        half: half widths in x = asinh(value/unit), shape (F,).
        unit: s of the transform.
        bounds: of the rule, shape (2, P).

    Example:
        >>> box = Box(np.array([5.0, 0.0]), np.array([0, 1]), np.full(2, 0.3), 0.3,
        ...           np.array([[-9.0, -9.0], [9.0, 9.0]]))
        >>> box.at(np.array([1.0, 1.0])).round(2).tolist()
        [6.75, 0.09]
    """

    middle: np.ndarray
    free: np.ndarray
    half: np.ndarray
    unit: float
    bounds: np.ndarray

    def values(self, point: np.ndarray) -> np.ndarray:
        """The moving parameters at a point of shape (F,), wherever that is."""
        return self.unit * np.sinh(
            np.arcsinh(self.middle[self.free] / self.unit) + self.half * point
        )

    def at(self, point: np.ndarray) -> np.ndarray:
        """All parameters at a point of shape (F,), kept within the bounds of the rule."""
        there = self.middle.copy()
        there[self.free] = self.values(point)
        return np.clip(there, *self.bounds)

    def interval(self, survey: Survey) -> tuple[np.ndarray, np.ndarray]:
        """The limits that a survey found, as values of all parameters.

        They are NaN for a parameter whose maximiser lies on the border of the box, or a limit
        beyond reach or the bounds.
        """
        ends = np.array([self.values(survey.low), self.values(survey.high)])
        bounds = self.bounds[:, self.free]
        known = np.all((ends > bounds[0]) & (ends < bounds[1]), axis=0)
        known &= survey.inside & np.isfinite(survey.breadth)
        limits = np.full((2, len(self.middle)), np.nan)
        limits[:, self.free] = np.where(known, ends, np.nan)
        return limits[0], limits[1]


class Survey(NamedTuple):
    """What lives at all points of a box say, in its units.

    Attributes:
        peak: the maximiser of the quadratic, shape (F,).
        low, high: its interval.
        best: the point that earned most.
        miss: the reward at the peak less what the quadratic says.
    """

    peak: np.ndarray
    low: np.ndarray
    high: np.ndarray
    best: np.ndarray
    miss: Estimate

    @property
    def inside(self) -> np.ndarray:
        """Whether each coordinate of the maximiser lies within the box."""
        return np.abs(self.peak) < 1.0

    @property
    def breadth(self) -> np.ndarray:
        """Half the width of each interval, infinite where it has no end within reach."""
        closed = (self.low > -REACH) & (self.high < REACH)
        return np.where(closed, (self.high - self.low) / 2.0, np.inf)


class Surveyor:
    """Takes the surveys of one refinement, each on lives of its own.

    Args:
        bench: the rule in its world.
        free: indices of the parameters that move.
        settings: sizes.
        key: random numbers.
        journal: where results are kept, under `name`.
        name: of the step.
        report: told of every point.
    """

    def __init__(
        self,
        bench: Workbench,
        free: np.ndarray,
        settings: RefineSettings,
        key: jax.Array,
        journal: Journal,
        name: str,
        report: Report,
    ) -> None:
        self.bench, self.free, self.settings = bench, free, settings
        self.key, self.journal, self.name, self.report = key, journal, name, report
        self.points = design(len(free))
        self.taken, self.most_surveys = 0, settings.moves * settings.climbs

    def box(self, middle: np.ndarray, scale: np.ndarray | float) -> Box:
        """A box of so many times the width that the settings say."""
        half = np.full(len(self.free), self.settings.width) * scale
        unit = self.settings.least / self.settings.width
        return Box(middle, self.free, half, unit, self.bench.bounds)

    def take(self, box: Box, lives: int) -> Survey:
        """One survey."""
        number, visits = self.taken, len(self.points) + 1
        self.taken += 1
        key = branch(self.key, Branch.REFINE, number)
        rewards: list[np.ndarray] = []

        def visit(point: np.ndarray) -> np.ndarray:
            rewards.append(self.bench.rewards(box.at(point), key, lives))
            done, total = number * visits + len(rewards), self.most_surveys * visits
            self.report(Progress(self.name, done, total, f"{lives} lives"))
            return rewards[-1]

        def compute() -> dict:
            surface = Surface(len(self.free), np.array([visit(point) for point in self.points]).T)
            peak, low, high = surface.maximiser()
            miss = paired_difference(visit(peak), surface.predict(peak))
            best = [*self.points, peak][int(np.argmax(np.mean(rewards, axis=1)))]
            where = {"peak": peak, "low": low, "high": high, "best": best}
            return {n: point.tolist() for n, point in where.items()} | {"miss": miss._asdict()}

        inputs = [self.bench, box, self.points, lives, key]
        found = self.journal.recall(f"{self.name}/{number}", inputs, compute)
        where = {name: np.array(found[name]) for name in ("peak", "low", "high", "best")}
        return Survey(**where, miss=Estimate(**found["miss"]))

    def misses(self, survey: Survey) -> bool:
        """Whether the reward is no quadratic over the box."""
        return survey.miss.excludes_zero and abs(survey.miss.mean) > self.settings.tolerance

    def climb(self, start: np.ndarray) -> np.ndarray:
        """Move to the maximiser of the reward surface near `start`."""
        here, scale = start, 1.0
        for _ in range(self.settings.moves):
            box = self.box(here, scale)
            survey = self.take(box, self.settings.lives)
            if self.misses(survey):
                here, scale = box.at(survey.best), scale / 2.0
                continue
            here = box.at(survey.peak)
            if np.all(np.abs(survey.peak) < CENTRAL):
                break
        return here

    def ranked(self, places: Sequence[np.ndarray], purpose: Branch) -> list[np.ndarray]:
        """Parameter vectors in the order of their reward on fresh common lives, the best first."""
        if len(places) < 2:
            return list(places)
        key, lives = branch(self.key, purpose), 2 * self.settings.lives

        def compute() -> dict:
            return {"rewards": [float(self.bench.rewards(v, key, lives).mean()) for v in places]}

        inputs = [self.bench, places, key, lives]
        name = f"{self.name}: {purpose.name.lower()}"
        rewards = self.journal.recall(name, inputs, compute)["rewards"]
        return [places[i] for i in np.argsort(-np.array(rewards), kind="stable")]


def refine(
    bench: Workbench,
    starts: Sequence[np.ndarray],
    free: np.ndarray,
    settings: RefineSettings,
    key: jax.Array,
    journal: Journal,
    name: str,
    report: Report = silent,
) -> np.ndarray:
    """Climb to the maximum of the reward from the best of several starts.

    The starts meet on common lives, and the best of them, `settings.climbs` in number, are climbed
    from. What they lead to meets all starts on other common lives, and whatever earns most there is
    returned: so a refit never falls below a start that is known.

    Args:
        bench: the rule in its world.
        starts: places to start from, each of shape (P,).
        free: indices of the parameters that move.
        settings: sizes.
        key: its random numbers.
        journal: where results are kept, under `name`.
        name: of the step.
        report: told of every point.

    Returns:
        all parameters, shape (P,).
    """
    surveyor = Surveyor(bench, free, settings, key, journal, name, report)
    ranked = surveyor.ranked(starts, Branch.START)
    if not 1 <= len(free) <= settings.most:
        return ranked[0]
    peaks = [surveyor.climb(start) for start in ranked[: settings.climbs]]
    return surveyor.ranked([*peaks, *ranked], Branch.CHOOSE)[0]


def with_intervals(
    bench: Workbench,
    values: np.ndarray,
    free: np.ndarray,
    settings: RefineSettings,
    key: jax.Array,
    journal: Journal,
    name: str,
    report: Report = silent,
) -> Refined:
    """Refined parameters once more, with intervals that hold what a quadratic misses as well.

    Arguments are those of `refine`, but for one start, `values`. Lives multiply where an interval
    leaves its box, and the box of a parameter whose interval fills little of it shrinks.
    """
    unknown = np.full(len(values), np.nan)
    if not 1 <= len(free) <= settings.most:
        return Refined(values, unknown, unknown)
    surveyor = Surveyor(bench, free, settings, key, journal, name, report)
    here, low, high = values, unknown, unknown
    scale, lives = np.ones(len(free)), settings.lives
    for _ in range(settings.moves):
        box = surveyor.box(here, scale)
        survey = surveyor.take(box, lives)
        if surveyor.misses(survey):
            here, scale, low, high = box.at(survey.best), scale / 2.0, unknown, unknown
            continue
        here, (low, high) = box.at(survey.peak), box.interval(survey)
        breadth, before = survey.breadth, lives
        if np.any(breadth * scale > 1.0) and lives < settings.most_lives:
            lives = min(MORE * lives, settings.most_lives)
        elif np.all(survey.inside & (breadth > FILLED)):
            break
        # In units of the box, what chance leaves open grows with the square of its narrowness.
        expected = breadth * np.sqrt(before / lives)
        scale = scale * np.sqrt(np.minimum(expected / AIM, 1.0))
    return Refined(here, low, high)
