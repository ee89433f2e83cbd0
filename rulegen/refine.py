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
from rulegen.statistics import paired_difference, resampling_weights
from rulegen.workbench import Workbench

#: Sweeps of coordinate ascent on a quadratic in a box; it gains a digit or more per sweep.
SWEEPS = 60


class RefineSettings(Settings):
    """How the kept parameters are refined.

    Attributes:
        lives: lives at each point of the design.
        width: half width of the box around each parameter, relative to its size.
        least: smallest half width.
        moves: how often the box may move when the maximiser lies on its border.
        most: with more free parameters than this there is no refinement: the design grows with
            their square.
    """

    lives: int = Field(192, ge=8)
    width: float = Field(0.35, gt=0)
    least: float = Field(0.1, gt=0)
    moves: int = Field(4, ge=1)
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
    here, low, high = values, unknown, unknown
    for move in range(settings.moves):
        half = np.maximum(settings.width * np.abs(here[free]), settings.least)
        where = [place(bench, here, free, half, point) for point in points]

        def survey(where: list[np.ndarray] = where, move: int = move) -> dict:
            lives_key, rewards = branch(key, Branch.REFINE, move), []
            for number, there in enumerate(where):
                rewards.append(bench.rewards(there, lives_key, settings.lives))
                done = move * len(where) + number + 1
                report(Progress(name, done, settings.moves * len(where)))
            peak, low, high = maximiser(points, np.array(rewards).T)
            return {"peak": peak.tolist(), "low": low.tolist(), "high": high.tolist()}

        found = journal.recall(f"{name}/{move}", survey)
        low, high = unknown.copy(), unknown.copy()
        peak = np.array(found["peak"])
        # On the border of its box a parameter's interval would be that of the box.
        inside = np.where(np.abs(peak) < 1.0, half, np.nan)
        low[free] = here[free] + inside * np.array(found["low"])
        high[free] = here[free] + inside * np.array(found["high"])
        here = place(bench, here, free, half, peak)
        if np.all(np.abs(peak) < 1.0):
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


def maximiser(
    points: np.ndarray, rewards: np.ndarray, resamples: int = 1000
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The maximiser of the mean quadratic in the box, with a 95% bootstrap interval over lives.

    Args:
        points: design, shape (M, P).
        rewards: of each life at each point, shape (L, M).
        resamples: of the bootstrap.

    Returns:
        the maximiser and the limits of its interval, each of shape (P,).

    Example:
        >>> points = design(2)
        >>> peak = np.array([0.3, -0.2])
        >>> rewards = np.tile(-((points - peak) ** 2).sum(axis=1), (8, 1))
        >>> maximiser(points, rewards)[0].round(6).tolist()
        [0.3, -0.2]
    """
    pairs = list(itertools.combinations_with_replacement(range(points.shape[1]), 2))
    columns = [np.ones(len(points)), *points.T, *(points[:, i] * points[:, j] for i, j in pairs)]
    quadratics = rewards @ np.linalg.pinv(np.array(columns).T).T  # one for each life
    weights = np.vstack(
        [
            np.full((1, len(rewards)), 1.0 / len(rewards)),
            resampling_weights(len(rewards), resamples),
        ]
    )
    peaks = maximise(weights @ quadratics, points.shape[1])
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
