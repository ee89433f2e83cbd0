"""What a record claims of each of several worlds, and of what they make together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from rulegen.catalog.records.ended import Ended
from rulegen.catalog.records.fields import Label, Package, Real, RuleOrNothing
from rulegen.catalog.records.interval import ROUNDING, Interval, PartKind, Setting
from rulegen.catalog.records.part import RecordPart
from rulegen.catalog.records.roles import NO_LEARNING, YARDSTICK, ambiguous

#: How sharp a worst case may be: a blunter one is the mean, but for rounding, a sharper one the
#: worst.
LEAST_SHARP, MOST_SHARP = 1e-3, 1e6
#: What several worlds make of a rule; `reward` where there is one.
Purpose = Literal["reward", "mean", "worst"]
#: A name that stands in headings and in columns.
Short = Annotated[Label, Field(max_length=80)]


class WorldComparison(Ended, RecordPart):
    """Another rule on the same held-out lives of a world.

    Attributes:
        name: how the figures call it. rule: its text, with values; empty for no learning at all.
        reward: its mean reward per trial.
        difference: the published rule's reward minus its reward, paired over lives.
        scaled: its reward from no learning, 0, to the yardstick, 1.
        scaled_difference: the same of the difference.
    """

    name: Annotated[Label, Field(max_length=400)]
    rule: RuleOrNothing
    reward: Interval
    difference: Interval
    scaled: Interval | None = None
    scaled_difference: Interval | None = None

    @property
    def decides(self) -> Interval:
        """The interval that says which of the two earns more: that of the scaled rewards, if any.

        What rewards themselves leave of a difference may look surer, as they have no scale to tell.
        """
        return self.scaled_difference or self.difference


class WorldFigures(Ended, RecordPart):
    """What a rule earns in a world, on lives that the run never saw.

    All intervals of all worlds of a record hold together with 95%, see `together`.

    Attributes:
        name: of the world.
        weight: its part of the objective; 0 for one that chose nothing.
        setting: its task, circuit and life. packages: see `Evidence`.
        reward: mean reward per trial. scaled: from no learning, 0, to the yardstick, 1.
        chance, best: see `Evidence`.
        comparisons: what the rule is compared with there.
    """

    name: Short
    weight: Annotated[Real, Field(ge=0, le=1)]
    setting: Setting
    packages: dict[PartKind, Package] = Field(default_factory=dict)
    reward: Interval
    scaled: Interval | None = None
    chance: Real
    best: Real
    comparisons: tuple[WorldComparison, ...]

    @property
    def chosen_in(self) -> bool:
        """Whether the run chose anything by this world."""
        return self.weight > 0.0

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """All that is claimed of it."""
        found = [self.reward, self.scaled]
        for other in self.comparisons:
            found += [other.reward, other.difference, other.scaled, other.scaled_difference]
        return tuple(interval for interval in found if interval is not None)

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> WorldFigures:
        where, lives = f"world `{self.name}`", self.reward.lives
        if strange := next((i.lives for i in self.intervals if i.lives != lives), None):
            raise ValueError(f"{where}: {strange} lives in a figure of the same {lives} lives")
        if name := ambiguous(c.name for c in self.comparisons):
            raise ValueError(f"{where}: the name `{name}` stands twice or is that of another role")
        names = [other.name for other in self.comparisons]
        if (YARDSTICK in names and NO_LEARNING in names) < (self.scaled is not None):
            raise ValueError(f"{where}: a scaled reward needs `{YARDSTICK}` and `{NO_LEARNING}`")
        if not self.chance <= self.best:
            raise ValueError(f"{where}: chance, {self.chance:g}, is above perfect answers")
        for part in (self, *self.comparisons):
            if (ended := sum(part.counts.values())) > lives:
                raise ValueError(f"{where}: {ended} of {lives} lives cannot have ended badly")
        for other in self.comparisons:
            if bool(other.rule.strip()) == (other.name == NO_LEARNING):
                raise ValueError(f"{where}: `{other.name}` and its text do not go together")
            if (other.scaled is None) != (self.scaled is None) or (
                other.scaled_difference is None
            ) != (self.scaled is None):
                raise ValueError(f"{where}: all rewards are scaled, or none is")
            differs(f"{where}: `{other.name}`", self.reward, other.reward, other.difference)
            if self.scaled and other.scaled and other.scaled_difference:
                told = (self.scaled, other.scaled, other.scaled_difference)
                differs(f"{where}: `{other.name}`, scaled", *told)
        pairs = [(self.reward, self.scaled), *((c.reward, c.scaled) for c in self.comparisons)]
        for reward, scaled in pairs:
            made = self.on_scale(reward.mean)
            if scaled is not None and not near(scaled.mean, made):
                raise ValueError(
                    f"{where}: a scaled reward is {scaled.mean:.6g}, but its reward makes "
                    f"{made:.6g}"
                )
        return self

    def on_scale(self, reward: float) -> float:
        """A mean reward of this world on its scale, where it has one; or as it is."""
        if self.scaled is None:
            return reward
        ends = {c.name: c.reward.mean for c in self.comparisons}
        unit = ends[YARDSTICK] - ends[NO_LEARNING]
        return (reward - ends[NO_LEARNING]) / unit if unit else math.nan


def near(one: float, other: float) -> bool:
    """Whether two numbers are one but for rounding."""
    return math.isclose(one, other, rel_tol=1e3 * ROUNDING, abs_tol=1e3 * ROUNDING)


def differs(where: str, mine: Interval, other: Interval, difference: Interval) -> None:
    """See that a difference is that of its rewards.

    Raises:
        ValueError: when it is not.
    """
    slack = ROUNDING * max(abs(mine.mean), abs(other.mean), 1.0)
    if not math.isclose(mine.mean - other.mean, difference.mean, abs_tol=slack):
        raise ValueError(
            f"{where}: the difference is {difference.mean:.6g}, but that of the rewards is "
            f"{mine.mean - other.mean:.6g}"
        )


def level(worlds: Sequence[WorldFigures]) -> float:
    """Coverage of each interval of these worlds, with which all of them hold together with 95%."""
    return shared_level(sum(len(world.intervals) for world in worlds))


def shared_level(count: int) -> float:
    """Coverage of each of so many intervals that hold together with 95% (Bonferroni).

    Example:
        >>> round(shared_level(10), 4)
        0.995
    """
    return 1.0 - 0.05 / max(1, count)


def objective_of(
    purpose: Purpose, sharpness: float, weights: Sequence[float], values: Sequence[float]
) -> float:
    """What rewards of worlds make together: see `rulegen.objective.Aim`.

    Example:
        >>> objective_of("mean", 0.0, [0.25, 0.75], [1.0, 2.0])
        1.75
        >>> round(objective_of("worst", 100.0, [0.25, 0.75], [1.0, 2.0]), 2)
        1.01
    """
    pairs = list(zip(weights, values, strict=True))
    if purpose != "worst":
        return math.fsum(weight * value for weight, value in pairs)
    least = min(values)
    powers = (weight * math.exp(-sharpness * (value - least)) for weight, value in pairs)
    return least - math.log(math.fsum(powers)) / sharpness
