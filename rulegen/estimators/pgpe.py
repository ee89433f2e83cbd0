"""Parameter-exploring policy gradient with antithetic pairs and common random numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import jax
import numpy as np
from pydantic import Field

from rulegen.estimators.base import Estimator, MetaGradient
from rulegen.estimators.coordinates import Coordinates
from rulegen.lives.batch import Batch
from rulegen.lives.many import Lives
from rulegen.lives.outcomes import Outcomes


class Pgpe(Estimator):
    """Gradient of the reward smoothed by a Gaussian of width `sigma` in theta.

    Theta stands for the coordinates of the fit (see `rulegen.estimators.coordinates`).

    Each pair of lives has the same network and noise and the parameters theta +- sigma eps with
    its own eps ~ N(0, I):

        g = mean over pairs of (R(theta + sigma eps) - R(theta - sigma eps)) / (2 sigma) * eps .

    It is unbiased for the smoothed reward, whatever the rule, the reward or the circuit.

    Attributes:
        lives: number of lives per estimate; two make a pair, and an odd one is left out.
        sigma: standard deviation of the perturbations.

    Source: Sehnke et al. 2010, 10.1016/j.neunet.2009.12.004.
    """

    name: Literal["pgpe"] = "pgpe"
    lives: int = Field(256, ge=4)
    sigma: float = Field(0.05, gt=0)

    def estimate(
        self,
        lives: Lives,
        values: np.ndarray,
        free: np.ndarray,
        key: jax.Array,
        tick: Callable[[int], None] | None = None,
    ) -> MetaGradient:
        """See `Estimator.estimate`."""
        pairs = self.lives // 2
        eps_key, life_key = jax.random.split(key)
        seed = np.asarray(jax.random.key_data(eps_key))
        eps = np.random.default_rng(seed).standard_normal((pairs, len(free)))
        coordinates = Coordinates(lives.rule.rule.parameters)
        here = coordinates.inward(values)
        sides: list[Batch] = []
        for sign in (1.0, -1.0):
            places = np.tile(here, (pairs, 1))
            places[:, free] += sign * self.sigma * eps
            moved = coordinates.outward(places)
            done = len(sides) * pairs
            report = None if tick is None else (lambda n, done=done: tick(done + n))
            sides.append(lives.run(moved, life_key, pairs, tick=report))
        up, down = sides
        slope = (up.means - down.means) / (2.0 * self.sigma)
        outcomes = Outcomes.total([up.counts, down.counts])
        return self.average(slope[:, None] * eps, (up.means + down.means) / 2.0, outcomes)
