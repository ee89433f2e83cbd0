"""Refinement: the last step of a fit, on a quadratic surface of the reward.

Near its maximum the expected reward is quadratic in the parameters. With common random numbers
its shape shows in a few lives where a gradient would drown: every life gives rewards at all
points of a design, and so a quadratic of its own; their mean is the surface, and how far each life
pulls its maximiser gives an interval.

A box around a parameter vector is laid in x = asinh(value/s): there a small parameter moves by
itself, and a large one by a share of itself, as learning rates do, whose rewards are far more
symmetric on a logarithmic scale. What a quadratic still misses grows with the width of its box,
and what lives leave open grows as the box shrinks. So the box of an interval shrinks until the
interval fills a good part of it, where chance outweighs the misfit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from pydantic import Field, model_validator

from rulegen.catalog.records.fields import MOST_LIVES
from rulegen.fitting.box import AT_BOUND, MANY, MISFIT, ROUNDING, Box, Survey, no_limits
from rulegen.fitting.surface import Surface, design
from rulegen.ground.keys import Branch
from rulegen.ground.settings import MOST_TOGETHER, Settings
from rulegen.ground.stage import Stage
from rulegen.ground.statistics import Estimate, Limits, paired_difference
from rulegen.objective import Objective

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

    lives: int = Field(192, ge=8, le=MOST_LIVES)
    most_lives: int = Field(3072, ge=8, le=MOST_LIVES)
    width: float = Field(0.35, gt=0)
    least: float = Field(0.1, gt=0)
    moves: int = Field(6, ge=1)
    tolerance: float = Field(0.001, gt=0)
    climbs: int = Field(1, ge=1)
    most: int = Field(5, ge=1, le=MOST_TOGETHER)

    @model_validator(mode="after")
    def _ordered(self) -> RefineSettings:
        if self.most_lives < self.lives:
            raise ValueError("`most_lives` is less than `lives`")
        return self


class Refined(NamedTuple):
    """A maximiser with its uncertainty.

    Attributes:
        values: all parameters, shape (P,).
        limits: of each parameter, its 95% interval, or why there is none.
    """

    values: np.ndarray
    limits: tuple[Limits, ...]


#: Rewards of all lives at points of a box, shape (points, L); also how many points came before.
Visit = Callable[[Sequence[np.ndarray], int], np.ndarray]


def box_around(
    objective: Objective,
    middle: np.ndarray,
    free: np.ndarray,
    settings: RefineSettings,
    scale: np.ndarray | float,
) -> Box:
    """A box of so many times the width that the settings say.

    Args:
        objective: the rule where it lives. middle: all its parameters, shape (P,).
        free: indices of those that move.
        settings: sizes. scale: of all free parameters, or of each.
    """
    half = np.full(len(free), settings.width) * scale
    return Box(middle, free, half, settings.least / settings.width, objective.bounds)


def surveyed(free: int, visit: Visit) -> Survey:
    """What lives say that meet at all points of a design, and at the maximiser of their surface.

    Args:
        free: number of parameters that move.
        visit: runs the lives.
    """
    points = design(free)
    rewards = visit(list(points), 0)
    surface = Surface(free, rewards.T)
    peak, low, high = surface.maximiser()
    (there,) = visit([peak], len(points))
    best = [*points, peak][int(np.argmax([*rewards.mean(axis=1), there.mean()]))]
    return Survey(peak, low, high, best, paired_difference(there, surface.predict(peak)))


class Surveyor:
    """Takes the surveys of one refinement, each on lives of its own.

    Args:
        objective: the rule where it lives.
        free: indices of the parameters that move.
        settings: sizes.
        stage: its random numbers, and where results are kept under its name.
    """

    def __init__(
        self, objective: Objective, free: np.ndarray, settings: RefineSettings, stage: Stage
    ) -> None:
        self.objective, self.free, self.settings, self.stage = objective, free, settings, stage
        self.points = design(len(free))
        self.taken, self.most_surveys = 0, settings.moves * settings.climbs

    def box(self, middle: np.ndarray, scale: np.ndarray | float) -> Box:
        """A box of so many times the width that the settings say."""
        return box_around(self.objective, middle, self.free, self.settings, scale)

    def take(self, box: Box, lives: int) -> Survey:
        """One survey."""
        number, visits = self.taken, len(self.points) + 1
        self.taken += 1
        stage = self.stage.on(Branch.REFINE, number).called(f"{self.stage.name}/{number}")

        def visit(points: Sequence[np.ndarray], before: int) -> np.ndarray:
            def tick(done: int) -> None:
                there = number * visits + before + done // lives
                self.stage.tell(there, self.most_surveys * visits, f"{lives} lives")

            places = [box.at(point) for point in points]
            return self.objective.rewards(places, stage.key, lives, tick)

        def compute() -> dict:
            *places, miss = surveyed(len(self.free), visit)
            named = zip(Survey._fields, places, strict=False)
            return {n: place.tolist() for n, place in named} | {"miss": miss._asdict()}

        found = stage.recall([self.objective, box, self.points, lives], compute)
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
        stage = self.stage.on(purpose).called(f"{self.stage.name}: {purpose.name.lower()}")
        lives = 2 * self.settings.lives

        def compute() -> dict:
            rewards = self.objective.rewards(places, stage.key, lives)
            return {"rewards": rewards.mean(axis=1).tolist()}

        rewards = stage.recall([self.objective, places, lives], compute)["rewards"]
        return [places[i] for i in np.argsort(-np.array(rewards), kind="stable")]


def refine(
    objective: Objective,
    starts: Sequence[np.ndarray],
    free: np.ndarray,
    settings: RefineSettings,
    stage: Stage,
) -> np.ndarray:
    """Climb to the maximum of the reward from the best of several starts.

    The starts meet on common lives, and the best of them, `settings.climbs` in number, are climbed
    from. What they lead to meets all starts on other common lives, and whatever earns most there is
    returned: so a refit never falls below a start that is known.

    Args:
        objective: the rule where it lives.
        starts: places to start from, each of shape (P,).
        free: indices of the parameters that move.
        settings: sizes.
        stage: its random numbers, and where results are kept under its name.

    Returns:
        all parameters, shape (P,).
    """
    surveyor = Surveyor(objective, free, settings, stage)
    ranked = surveyor.ranked(starts, Branch.START)
    if not 1 <= len(free) <= settings.most:
        return ranked[0]
    peaks = [surveyor.climb(start) for start in ranked[: settings.climbs]]
    return surveyor.ranked([*peaks, *ranked], Branch.CHOOSE)[0]


def with_intervals(
    objective: Objective,
    values: np.ndarray,
    free: np.ndarray,
    settings: RefineSettings,
    stage: Stage,
) -> Refined:
    """Refined parameters once more, with intervals that hold what a quadratic misses as well.

    Arguments are those of `refine`, but for one start, `values`. Lives multiply where an interval
    leaves its box, and the box of a parameter whose interval fills little of it shrinks.
    """
    if not 1 <= len(free) <= settings.most:
        why = MANY.format(most=settings.most, free=len(free))
        return Refined(values, no_limits(len(values), why))
    surveyor = Surveyor(objective, free, settings, stage)
    here, limits = values, no_limits(len(values), MISFIT)
    scale, lives = np.ones(len(free)), settings.lives
    for _ in range(settings.moves):
        box = surveyor.box(here, scale)
        survey = surveyor.take(box, lives)
        if surveyor.misses(survey):
            here, scale = box.at(survey.best), scale / 2.0
            limits = no_limits(len(values), MISFIT)
            continue
        here, limits = box.at(survey.peak), box.limits(survey)
        breadth, before = survey.breadth, lives
        # Where all lives agree, a smaller box would say nothing else.
        breadth = np.where(breadth < ROUNDING, AIM, breadth)
        if np.any(breadth * scale > 1.0) and lives < settings.most_lives:
            lives = min(MORE * lives, settings.most_lives)
        elif np.all(survey.inside & (breadth > FILLED)):
            break
        # In units of the box, what chance leaves open grows with the square of its narrowness.
        expected = breadth * np.sqrt(before / lives)
        scale = scale * np.sqrt(np.minimum(expected / AIM, 1.0))
    # Where a bound cuts the reward off, it is no quadratic either.
    least, most = objective.bounds
    for i in free[(here[free] <= least[free]) | (here[free] >= most[free])]:
        limits = (*limits[:i], Limits(np.nan, np.nan, AT_BOUND), *limits[i + 1 :])
    return Refined(here, limits)
