"""The coordinates in which a fit moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rulegen.grammar import Parameter


class Coordinates:
    """Logarithms of the parameters that must be positive, the others as they are.

    A parameter whose lower bound is above 0, such as a time constant, has `x = log(value)`, so
    that a step changes it by a share of itself and never its sign. Gradients, step sizes and
    perturbations of a fit are all in these coordinates.

    Args:
        parameters: all parameters of a rule, in the order of its text.

    Example:
        >>> from rulegen.grammar import parse
        >>> rule = parse("param k = 2 in [1, 8]\\nparam a = 0.5\\ndw/dt = k*pre + a*post")
        >>> here = Coordinates(rule.parameters)
        >>> here.outward(here.inward(np.array([2.0, 0.5])) + 0.1).round(3).tolist()
        [2.21, 0.6]
        >>> here.slope(np.array([2.0, 0.5])).tolist()
        [2.0, 1.0]
    """

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.lower = np.array([p.lower for p in parameters], float)
        self.upper = np.array([p.upper for p in parameters], float)
        self.logarithmic = self.lower > 0

    def inward(self, values: np.ndarray) -> np.ndarray:
        """The coordinates of parameter values, shape (..., P)."""
        values = np.asarray(values, float)
        return np.log(values, out=values.copy(), where=self.logarithmic)

    def outward(self, places: np.ndarray) -> np.ndarray:
        """The parameter values at these coordinates, kept within the bounds of the rule."""
        places = np.asarray(places, float)
        values = np.exp(places, out=places.copy(), where=self.logarithmic)
        return np.clip(values, self.lower, self.upper)

    def slope(self, values: np.ndarray) -> np.ndarray:
        """d value / d coordinate, which turns a gradient along values into one of the fit."""
        return np.where(self.logarithmic, values, 1.0)
