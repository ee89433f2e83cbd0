"""A world in which the best eligibility is known in closed form.

A linear circuit of N neurons with weights W = 0 at first sees a cue, u1 = v + sigma xi1, and
answers, y = c.u2 with u2 = W u1 + sigma xi2. With R = -(y - t)^2 and the fixed baseline
m = -t^2 - sigma^2, its mean, the first of two trials leaves W = (R - m) e with

    e = a xi2 u1^T + 2 b 1 u1^T + 3 d (xi1 + xi2) 1^T .

The expected reward of the second trial is a quadratic of (a, b, d). By symmetry (c -> -c, v -> -v)
nothing is linear in b and d, and no product of two coefficients has a mean, so b = d = 0 and

    a = 2 t E[(R - m) z] E[u1.u1'] / 2 E[(R - m)^2 z^2] E[(u1.u1')^2] ,   z = c.xi2 ,

with Gaussian moments of v ~ N(0, I), c ~ N(0, I/N).
"""

from __future__ import annotations

import jax

from grammar import Rule, parse
from rulegen.circuits import RateCircuit
from rulegen.life import LifeSettings
from rulegen.lives import World
from rulegen.noise import Stream
from rulegen.tasks import Task, Trial

N, SIGMA, TARGET = 8, 0.3, 1.0


class Answer(Task):
    """One cue, one step later one answer."""

    name: str = "answer"

    @property
    def conditions(self) -> int:
        """One."""
        return 1

    @property
    def channels(self) -> int:
        """One."""
        return 1

    @property
    def periods(self) -> dict[str, float]:
        """A step each."""
        return {"cue": 10.0, "response": 10.0}

    @property
    def chance(self) -> float:
        """Nothing can be known in advance."""
        return 0.0

    def trial(self, stream: Stream, condition: jax.Array, dt: float) -> Trial:
        """See `Task.trial`."""
        cue, response = self.window("cue", dt), self.window("response", dt)
        return Trial(cue[:, None], TARGET * response[:, None], response)


WORLD = World(
    circuit=RateCircuit(neurons=N, rate="linear", gain=0, noise=SIGMA, dt=10, tau=10),
    task=Answer(),
    life=LifeSettings(trials=2, warmup=0, weight_limit=1e6, floor=-1e6),
)


def rule(terms: str) -> Rule:
    """A family with coefficients among `a`, `b` and `d` in its terms, all free."""
    free = "".join(f"param {name} = 0.01 free\n" for name in "abd" if f"{name}*" in terms)
    baseline = -(TARGET**2) - SIGMA**2
    return parse(
        f"{free}e <- e + {terms} : synapse\non trial start: e <- 0\n"
        f"on reward: w += (R - ({baseline}))*e"
    )


def best() -> float:
    """The best coefficient of xi*pre."""
    s2, t2 = SIGMA**2, TARGET**2
    z2, z4, z6 = 1.0, 3 * (1 + 2 / N), 15 * (1 + 2 / N) * (1 + 4 / N)  # E[z^2] and so on
    slope = 2 * SIGMA * TARGET * z2 * N
    curvature = s2**2 * (z6 - 2 * z4 + z2) + 4 * s2 * t2 * z4
    curvature *= N**2 + 2 * N + 2 * s2 * N + N * s2**2
    return TARGET * slope / curvature
