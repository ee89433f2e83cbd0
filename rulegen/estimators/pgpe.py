"""Parameter-exploring policy gradient with antithetic pairs and common random numbers."""

from __future__ import annotations

from typing import Literal

import jax
import numpy as np
from pydantic import Field

from rulegen.catalog.records.fields import MOST_LIVES
from rulegen.estimators.base import Estimator, MetaGradient
from rulegen.estimators.coordinates import Coordinates
from rulegen.ground.progress import Tick
from rulegen.lives.many import Lives


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
    lives: int = Field(256, ge=4, le=MOST_LIVES)
    sigma: float = Field(0.05, gt=0)

    def estimate(
        self,
        lives: Lives,
        values: np.ndarray,
        free: np.ndarray,
        key: jax.Array,
        tick: Tick | None = None,
    ) -> MetaGradient:
        """See `Estimator.estimate`."""
        pairs = self.lives // 2
        eps_key, life_key = jax.random.split(key)
        seed = np.asarray(jax.random.key_data(eps_key))
        eps = np.random.default_rng(seed).standard_normal((pairs, len(free)))
        coordinates = Coordinates(lives.rule.rule.parameters)
        here = coordinates.inward(values)
        places = np.tile(here, (2 * pairs, 1))
        places[:, free] += self.sigma * np.concatenate([eps, -eps])
        twins = np.tile(np.arange(pairs), 2)
        batch = lives.run(
            coordinates.outward(places), life_key, 2 * pairs, numbers=twins, tick=tick
        )
        up, down = batch.means.reshape(2, pairs)
        slope = (up - down) / (2.0 * self.sigma)
        return self.average(slope[:, None] * eps, (up + down) / 2.0, batch.counts)
