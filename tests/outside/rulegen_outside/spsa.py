"""An estimator: simultaneous perturbations (Spall 1992, 10.1109/9.119632)."""

import jax
import numpy as np
from pydantic import Field

import rulegen as rg


class Spsa(rg.Estimator):
    """Pairs of lives at `theta +- size s`, with random signs s: `g = mean (R+ - R-) s / 2 size`."""

    name: str = "spsa"
    size: float = Field(0.05, gt=0)

    def estimate(self, lives, values, free, key, tick=None):
        """See `rg.Estimator.estimate`."""
        count = self.lives // 2
        seed = np.asarray(jax.random.key_data(key))
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], (count, len(free)))
        coordinates = rg.Coordinates(lives.rule.rule.parameters)
        ends = []
        for side in (self.size, -self.size):
            places = np.tile(coordinates.inward(values), (count, 1))
            places[:, free] += side * signs
            ends.append(lives.run(coordinates.outward(places), key, count, tick=tick))
        up, down = ends
        slopes = (up.means - down.means)[:, None] * signs / (2 * self.size)
        outcomes = rg.Outcomes.total([up.counts, down.counts])
        return self.average(slopes, (up.means + down.means) / 2, outcomes)
