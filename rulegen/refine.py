"""Refinement: the last step of a fit, on a quadratic surface of the reward.

Near its maximum the expected reward is quadratic in the parameters. With common random numbers
its shape shows in a few lives where a gradient would drown: every life gives rewards at all
points of a design, and so a quadratic of its own; their mean is the surface, and resampling
lives resamples its maximiser.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import jax
import numpy as np
from pydantic import Field

from rulegen.journal import Journal
from rulegen.keys import Branch, branch
from rulegen.progress import Progress, Report, silent
from rulegen.settings import Settings
from rulegen.statistics import Estimate, paired_difference, resampling_weights
from rulegen.workbench import Workbench

#: Sweeps of coordinate ascent on a quadratic in a box; it gains a digit or more per sweep.
SWEEPS = 60
#: A maximiser within this part of the box ends the moves.
CENTRAL = 0.5


class RefineSettings(Settings):
    """How the kept parameters are refined.

    Attributes:
        lives: lives at each point of the design.
        width: half width of the box around each parameter, relative to its size.
        least: smallest half width.
        moves: how often the box is laid anew around a maximiser that was not near its middle.
        tolerance: a surface that misses the reward at its own maximiser by more than this, and by
            more than chance, is laid anew over a box of half the width.
        most: with more free parameters than this there is no refinement: the design grows with
            their square.
    """

    lives: int = Field(192, ge=8)
    width: float = Field(0.35, gt=0)
    least: float = Field(0.1, gt=0)
    moves: int = Field(6, ge=1)
    tolerance: float = Field(0.001, gt=0)
    most: int = Field(5, ge=1)


class Refined(NamedTuple):
    """The outcome of a refinement.

    Attributes:
        values: all parameters, shape (P,).
        low, high: 95% interval of each parameter; NaN where the data do not give one.
    """

    values: np.ndarray
    low: np.ndarray
    high: np.ndarray


def refine(
    bench: Workbench,
    values: np.ndarray,
    free: np.ndarray,
    settings: RefineSettings,
    key: jax.Array,
    journal: Journal,
    name: str,
    report: Report = silent,
) -> Refined:
    """Move to the maximiser of the reward surface, unless fresh lives show that it is worse.

    Args:
        bench: the rule in its world.
        values: where to start, shape (P,).
        free: indices of the parameters that move.
        settings: sizes.
        key: its random numbers.
        journal: where results are kept, under `name`.
        name: of the step.
        report: told of every move.
    """
    unknown = np.full(len(values), np.nan)
    if not 1 <= len(free) <= settings.most:
        return Refined(values, unknown, unknown)
    points = design(len(free))
    here, low, high, scale = values, unknown, unknown, 1.0
    for move in range(settings.moves):
        half = scale * np.maximum(settings.width * np.abs(here[free]), settings.least)

        def survey(here: np.ndarray = here, half: np.ndarray = half, move: int = move) -> dict:
            lives_key, rewards = branch(key, Branch.REFINE, move), []

            def visit(point: np.ndarray) -> np.ndarray:
                there = place(bench, here, free, half, point)
                found = bench.rewards(there, lives_key, settings.lives)
                rewards.append(found)
                done = move * (len(points) + 1) + len(rewards)
                report(Progress(name, done, settings.moves * (len(points) + 1)))
                return found

            surface = Surface(points, np.array([visit(point) for point in points]).T)
            peak, low, high = surface.maximiser()
            miss = paired_difference(visit(peak), surface.predict(peak))
            best = int(np.argmax(np.mean(rewards, axis=1)))
            return {
                "peak": peak.tolist(),
                "low": low.tolist(),
                "high": high.tolist(),
                "miss": miss._asdict(),
                "best": [*points, peak][best].tolist(),
            }

        found = journal.recall(f"{name}/{move}", survey)
        miss, peak = Estimate(**found["miss"]), np.array(found["peak"])
        low, high = unknown.copy(), unknown.copy()
        if miss.excludes_zero and abs(miss.mean) > settings.tolerance:
            # The reward is no quadratic over this box: a smaller one, around the best place met.
            here, scale = place(bench, here, free, half, np.array(found["best"])), scale / 2.0
            continue
        # On the border of its box a parameter's interval would be that of the box, and beyond the
        # bounds of the rule it says nothing.
        inside = np.where(np.abs(peak) < 1.0, half, np.nan)
        ends = here[free] + inside * np.array([found["low"], found["high"]])
        within = np.all((ends > bench.bounds[0, free]) & (ends < bench.bounds[1, free]), axis=0)
        low[free], high[free] = np.where(within, ends, np.nan)
        here = place(bench, here, free, half, peak)
        if np.all(np.abs(peak) < CENTRAL):
            break

    def check() -> dict:
        check_key, lives = branch(key, Branch.CHOOSE), 2 * settings.lives
        new, old = (bench.rewards(v, check_key, lives) for v in (here, values))
        return paired_difference(new, old)._asdict()

    if journal.recall(f"{name}/check", check)["high"] < 0:
        return Refined(values, unknown, unknown)
    return Refined(here, low, high)


def place(
    bench: Workbench, here: np.ndarray, free: np.ndarray, half: np.ndarray, point: np.ndarray
) -> np.ndarray:
    """The parameter vector at a point of the box, kept within the bounds of the rule."""
    there = here.copy()
    there[free] += half * point
    return np.clip(there, *bench.bounds)


def design(dimensions: int) -> np.ndarray:
    """Points of the box [-1, 1]^P that determine a quadratic: centre, faces and edges.

    Example:
        >>> design(1).ravel().tolist()
        [0.0, 1.0, -1.0]
        >>> design(3).shape
        (19, 3)
    """
    rows = [np.zeros(dimensions)]
    for i in range(dimensions):
        rows += [sign * np.eye(dimensions)[i] for sign in (1.0, -1.0)]
    for i, j in itertools.combinations(range(dimensions), 2):
        for a, b in itertools.product((1.0, -1.0), repeat=2):
            rows.append(a * np.eye(dimensions)[i] + b * np.eye(dimensions)[j])
    return np.array(rows)


class Surface:
    """A quadratic of each life through its rewards at the points of a design.

    Args:
        points: of the box [-1, 1]^P, shape (M, P).
        rewards: of each life at each point, shape (L, M).

    Example:
        >>> points = design(2)
        >>> top = np.array([0.3, -0.2])
        >>> surface = Surface(points, np.tile(-((points - top) ** 2).sum(axis=1), (8, 1)))
        >>> surface.maximiser()[0].round(6).tolist()
        [0.3, -0.2]
        >>> bool(np.all(np.abs(surface.predict(top)) < 1e-12))
        True
    """

    def __init__(self, points: np.ndarray, rewards: np.ndarray) -> None:
        self.dimensions = points.shape[1]
        self.quadratics = rewards @ np.linalg.pinv(self.columns(points)).T

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
            the maximiser and the limits of its interval, each of shape (P,).
        """
        lives = len(self.quadratics)
        weights = np.vstack(
            [np.full((1, lives), 1.0 / lives), resampling_weights(lives, resamples)]
        )
        peaks = maximise(weights @ self.quadratics, self.dimensions)
        low, high = np.quantile(peaks[1:], [0.025, 0.975], axis=0)
        return peaks[0], low, high


def maximise(quadratics: np.ndarray, dimensions: int) -> np.ndarray:
    """Maximisers in the box [-1, 1]^P of many quadratics at once, by coordinate ascent.

    Args:
        quadratics: rows of (constant, P slopes, products x_i x_j for i <= j), shape (B, Q).
        dimensions: P.
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
                inside = np.clip(-slope / (2.0 * curvature), -1.0, 1.0)
            x[:, i] = np.where(curvature < 0, inside, np.where(slope >= 0, 1.0, -1.0))
    return x
