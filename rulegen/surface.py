"""Quadratic surfaces of the reward over a box of parameters, one for each life."""

from __future__ import annotations

import itertools

import numpy as np

from rulegen.statistics import grouped, resampling_weights

#: Sweeps of coordinate ascent on a quadratic in a box; it gains a digit or more per sweep.
SWEEPS = 60
#: Intervals are sought in a box this many times as wide; what reaches its border is unknown.
REACH = 3.0
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
        >>> surface.maximiser()[0].round(6).tolist()
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

    def maximiser(self, resamples: int = 1000) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The maximiser of the mean in the box, with a 95% bootstrap interval over lives.

        Args:
            resamples: of the bootstrap.

        Returns:
            the maximiser, in the box, and the limits of its interval, within `REACH` times the
            box, each of shape (P,).
        """
        (peak,) = maximise(self.quadratics.mean(axis=0)[None], self.dimensions)
        parts = grouped(self.quadratics)
        means = resampling_weights(len(parts), resamples) @ parts
        low, high = np.quantile(maximise(means, self.dimensions, REACH), [0.025, 0.975], axis=0)
        return peak, low, high


def maximise(quadratics: np.ndarray, dimensions: int, reach: float = 1.0) -> np.ndarray:
    """Maximisers in the box [-reach, reach]^P of many quadratics at once, by coordinate ascent.

    Args:
        quadratics: rows of (constant, P slopes, products x_i x_j for i <= j), shape (B, Q).
        dimensions: P.
        reach: half width of the box.
    """
    slopes = quadratics[:, 1 : 1 + dimensions]
    products = np.zeros((len(quadratics), dimensions, dimensions))
    pairs = itertools.combinations_with_replacement(range(dimensions), 2)
    for column, (i, j) in enumerate(pairs, start=1 + dimensions):
        products[:, i, j] = products[:, j, i] = quadratics[:, column]
    x = np.zeros((len(quadratics), dimensions))
    for _ in range(SWEEPS):
        for i in range(dimensions):
            curvature = products[:, i, i]
            slope = slopes[:, i] + np.einsum("bj,bj->b", products[:, i], x) - curvature * x[:, i]
            with np.errstate(divide="ignore", invalid="ignore"):
                inside = np.clip(-slope / (2.0 * curvature), -reach, reach)
            x[:, i] = np.where(curvature < 0, inside, np.where(slope >= 0, reach, -reach))
    return x
