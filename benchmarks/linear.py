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

from rulegen.circuits import RateCircuit
from rulegen.grammar import Rule, parse
from rulegen.ground.noise import Stream
from rulegen.lives.life import LifeSettings
from rulegen.lives.world import World
from rulegen.tasks import Task, Trial

TARGET = 1.0


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

    def chance(self, dt: float) -> float:
        """One condition: the best blind answer is the right one."""
        return 0.0

    def trial(self, stream: Stream, condition: jax.Array, dt: float) -> Trial:
        """See `Task.trial`."""
        cue, response = self.window("cue", dt), self.window("response", dt)
        return Trial(cue[:, None], TARGET * response[:, None], response)


def world(neurons: int = 8, sigma: float = 0.3) -> World:
    """A linear circuit with W = 0 and an answer to learn in one trial.

    Rewards of single lives have long tails, the longer the fewer neurons there are and the larger
    their noise is.
    """
    return World(
        circuit=RateCircuit(neurons=neurons, rate="linear", gain=0, noise=sigma, dt=10, tau=10),
        task=Answer(),
        life=LifeSettings(trials=2, warmup=0, weight_limit=1e6, floor=-1e6),
    )


def rule(terms: str, sigma: float = 0.3) -> Rule:
    """A family with coefficients among `a`, `b` and `d` in its terms, all free."""
    free = "".join(f"param {name} = 0.01 free\n" for name in "abd" if f"{name}*" in terms)
    baseline = -(TARGET**2) - sigma**2
    return parse(
        f"{free}e <- e + {terms} : synapse\non trial start: e <- 0\n"
        f"on reward: w += (R - ({baseline}))*e"
    )


def best(neurons: int = 8, sigma: float = 0.3) -> float:
    """The best coefficient of xi*pre."""
    n, s2, t2 = neurons, sigma**2, TARGET**2
    z2, z4, z6 = 1.0, 3 * (1 + 2 / n), 15 * (1 + 2 / n) * (1 + 4 / n)  # E[z^2] and so on
    slope = 2 * sigma * TARGET * z2 * n
    curvature = s2**2 * (z6 - 2 * z4 + z2) + 4 * s2 * t2 * z4
    curvature *= n**2 + 2 * n + 2 * s2 * n + n * s2**2
    return TARGET * slope / curvature
