"""The box that a survey of the reward looks at, and the intervals that it gives, or why none."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rulegen.ground.statistics import Estimate, Limits

#: An interval that reaches farther than so many half widths of its box is none.
REACH = 3.0
#: A part of the box that rounding alone can fill.
ROUNDING = 1e-9
#: Why a parameter has no interval.
MANY = "intervals are taken of at most {most} parameters at once, and this rule has {free}"
STILL = "it was not moved when intervals were taken"
MISFIT = "the reward is no quadratic around its maximum"
AT_BOUND = "the reward is highest at a bound of the parameter"
AT_BORDER = "the maximum lies beyond the values that were tried"
NO_MAXIMUM = "the lives show no maximum"
NO_CHANCE = "all lives agree, so they show no chance"
TOO_WIDE = "the lives leave it open far beyond the values that were tried"
OVER_BOUND = "its interval would reach over a bound of the parameter"


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

    def limits(self, survey: Survey) -> tuple[Limits, ...]:
        """The limits that a survey found, as values of all parameters, or why there are none."""
        found = list(no_limits(len(self.middle), STILL))
        lows, highs = (self.values(x.clip(-REACH, REACH)) for x in (survey.low, survey.high))
        for k, i in enumerate(self.free):
            least, most = self.bounds[:, i]
            reasons = {
                NO_MAXIMUM: np.isnan(survey.low[k]),
                AT_BORDER: not survey.inside[k],
                NO_CHANCE: survey.breadth[k] < ROUNDING,
                TOO_WIDE: not np.isfinite(survey.breadth[k]),
                OVER_BOUND: not least < lows[k] <= highs[k] < most,
            }
            why = next((why for why, so in reasons.items() if so), "")
            found[i] = Limits(np.nan, np.nan, why) if why else Limits(lows[k], highs[k])
        return tuple(found)


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


def no_limits(count: int, why: str) -> tuple[Limits, ...]:
    """No interval of any of so many parameters, for one reason."""
    return (Limits(np.nan, np.nan, why),) * count
