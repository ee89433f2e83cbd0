"""Quadratic surfaces of the reward over a box of parameters, one for each life."""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np

from rulegen.ground.statistics import estimate

#: Sweeps of coordinate ascent on a quadratic in a box; it gains a digit or more per sweep.
SWEEPS = 60
#: How far from the centre slopes are taken.
INNER = 0.5


def design(dimensions: int) -> np.ndarray:
    """Points of the box [-1, 1]^P: centre, faces and edges, then centre to face half way.

    Example:
        >>> design(1).ravel().tolist()
        [0.0, 1.0, -1.0, 0.5, -0.5]
        >>> design(3).shape
        (25, 3)
    """
    axes = [sign * axis for axis in np.eye(dimensions) for sign in (1.0, -1.0)]
    edges = [
        one + other
        for (i, one), (j, other) in itertools.combinations(enumerate(axes), 2)
        if i // 2 != j // 2
    ]
    return np.array([np.zeros(dimensions), *axes, *edges, *(INNER * axis for axis in axes)])


class Peak(NamedTuple):
    """The maximiser of a mean surface.

    Attributes:
        place: the maximiser in the box, shape (P,).
        low, high: limits of its 95% interval; infinite on the border of the box, and NaN where the
            mean is not concave.
    """

    place: np.ndarray
    low: np.ndarray
    high: np.ndarray


class Surface:
    """A quadratic of each life through its rewards at the points of `design`.

    Curvatures need the whole box, since they drown in noise over a smaller one. Slopes are those
    half way to the faces, where they hold a quarter of what is odd in the reward and no quadratic:
    it would move the maximiser.

    Args:
        dimensions: P.
        rewards: of each life at each point, shape (L, M).

    Example:
        >>> top = np.array([0.3, -0.2])
        >>> surface = Surface(2, np.tile(-((design(2) - top) ** 2).sum(axis=1), (8, 1)))
        >>> surface.maximiser().place.round(6).tolist()
        [0.3, -0.2]
        >>> bool(np.all(np.abs(surface.predict(top)) < 1e-12))
        True
    """

    def __init__(self, dimensions: int, rewards: np.ndarray) -> None:
        self.dimensions, points = dimensions, design(dimensions)
        outer = len(points) - 2 * dimensions
        fit = np.linalg.pinv(self.columns(points[:outer]))
        fit = np.hstack([fit, np.zeros((len(fit), 2 * dimensions))])
        fit[1 : 1 + dimensions, :outer] = 0.0
        fit[1 : 1 + dimensions, outer:] = np.linalg.pinv(points[outer:])
        self.quadratics = rewards @ fit.T

    def columns(self, points: np.ndarray) -> np.ndarray:
        """What the coefficients of a quadratic multiply at each point, shape (M, Q)."""
        pairs = itertools.combinations_with_replacement(range(self.dimensions), 2)
        products = [points[:, i] * points[:, j] for i, j in pairs]
        return np.array([np.ones(len(points)), *points.T, *products]).T

    def predict(self, point: np.ndarray) -> np.ndarray:
        """The reward of each life at a point, shape (L,)."""
        return self.quadratics @ self.columns(point[None, :])[0]

    def maximiser(self) -> Peak:
        """The maximiser of the mean in the box, with its 95% interval over lives.

        Where the mean is concave, with gradient 0 and Hessian H at the maximiser x, the quadratic
        of life i, with gradient g_i there, moves it by -g_i/H in the mean over lives; the interval
        is that of the mean of these. Coordinates on the border of the box stay there.
        """
        mean = self.quadratics.mean(axis=0)
        place = maximise(mean, self.dimensions)
        slopes, hessians = derivatives(self.quadratics, self.dimensions)
        hessian, inside = hessians.mean(axis=0), np.abs(place) < 1.0
        low, high = np.where(~inside & (np.diag(hessian) < 0.0), [[-np.inf], [np.inf]], np.nan)
        hessian = hessian[np.ix_(inside, inside)]
        if inside.any() and np.linalg.eigvalsh(hessian).max() < 0.0:
            gradients = (slopes + hessians @ place)[:, inside]
            moves = [estimate(move) for move in np.linalg.solve(-hessian, gradients.T)]
            low[inside] = place[inside] + [move.low for move in moves]
            high[inside] = place[inside] + [move.high for move in moves]
        return Peak(place, low, high)


def derivatives(quadratics: np.ndarray, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Slopes at the centre, shape (B, P), and Hessians, shape (B, P, P), of many quadratics.

    Args:
        quadratics: rows of (constant, P slopes, products x_i x_j for i <= j), shape (B, Q).
        dimensions: P.
    """
    hessians = np.zeros((len(quadratics), dimensions, dimensions))
    pairs = itertools.combinations_with_replacement(range(dimensions), 2)
    for column, (i, j) in enumerate(pairs, start=1 + dimensions):
        hessians[:, i, j] += quadratics[:, column]
        hessians[:, j, i] += quadratics[:, column]
    return quadratics[:, 1 : 1 + dimensions], hessians


def maximise(quadratic: np.ndarray, dimensions: int) -> np.ndarray:
    """The maximiser in the box [-1, 1]^P of one quadratic, by coordinate ascent, shape (P,).

    Args:
        quadratic: (constant, P slopes, products x_i x_j for i <= j), shape (Q,).
        dimensions: P.
    """
    (slopes,), (hessian,) = derivatives(quadratic[None], dimensions)
    x = np.zeros(dimensions)
    for _ in range(SWEEPS):
        for i in range(dimensions):
            curvature = hessian[i, i]
            slope = slopes[i] + hessian[i] @ x - curvature * x[i]
            if curvature < 0:
                x[i] = np.clip(-slope / curvature, -1.0, 1.0)
            else:
                x[i] = 1.0 if slope >= 0 else -1.0
    return x
