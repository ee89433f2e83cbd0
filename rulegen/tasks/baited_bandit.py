"""A baited bandit: two arms that are filled by chance and stay filled until they are chosen."""

from __future__ import annotations

from typing import Annotated, Literal

import jax
import jax.numpy as jnp
from pydantic import Field

from rulegen.ground.noise import Purpose, Stream, uniform
from rulegen.tasks.base import Task
from rulegen.tasks.trials import Trial

Array = jax.Array


class BaitedBandit(Task):
    """After a cue the arm whose output is the larger one is chosen, and pays 1 if it has a bait.

    In every trial an empty arm gets a bait with its probability, and keeps it until it is chosen:
    the longer an arm was left alone, the better it pays. The targets are 1 for arms with a bait,
    and the memory is what they were left with. Who always chooses the arm of the larger probability
    earns that probability, and a fair coin `sum_arms p/(1 + p)`. A lot with the best odds earns a
    little more than either, whatever was chosen and paid before: that is chance here.

    Attributes:
        baits: probability that an empty arm gets a bait, for each arm, above 0 and below 1.
        cue, response: lengths of the periods, ms.

    Source: Sugrue et al. 2004, 10.1126/science.1094765; Lau & Glimcher 2005,
    10.1901/jeab.2005.110-04.
    """

    name: Literal["baited_bandit"] = "baited_bandit"
    feedback: Literal["binary"] = "binary"
    baits: tuple[Annotated[float, Field(gt=0, lt=1)], Annotated[float, Field(gt=0, lt=1)]] = (
        0.6,
        0.1,
    )
    cue: float = Field(60.0, gt=0)
    response: float = Field(60.0, gt=0)

    @property
    def conditions(self) -> int:
        """All trials look alike."""
        return 1

    @property
    def channels(self) -> int:
        """The cue."""
        return 1

    @property
    def outputs(self) -> int:
        """One for each arm."""
        return 2

    @property
    def periods(self) -> dict[str, float]:
        """Cue and response."""
        return {"cue": self.cue, "response": self.response}

    def chance(self, dt: float) -> float:
        """What a lot earns that has the best odds, the same in all trials.

        An arm that is chosen with probability x is filled in a share `p/(p + x (1 - p))` of all
        trials. The reward, the sum of x times that share over both arms, is largest where the
        shares are equal, at odds of `p (1 - q)` to `q (1 - p)`, and is then the share itself:

            chance = (p + q - 2 p q)/(1 - p q) .
        """
        p, q = self.baits
        return (p + q - 2.0 * p * q) / (1.0 - p * q)

    @property
    def best(self) -> float:
        """What is earned by who sees the baits.

        With probabilities p >= q of a bait, both arms filled: the arm of p is chosen, because it is
        filled again sooner. So one bait at most is left, that of q, in a share s of all trials,

            s = s p + (1 - s) p q,   best = s + (1 - s) (1 - (1 - p) (1 - q)) .
        """
        q, p = sorted(self.baits)
        left = p * q / (1.0 - p + p * q)
        return left + (1.0 - left) * (1.0 - (1.0 - p) * (1.0 - q))

    def begin(self, stream: Stream) -> Array:
        """Both arms are empty."""
        return jnp.zeros(2)

    def revise(self, memory: Array, trial: Trial) -> Trial:
        """Baits that were left are still there."""
        left = (trial.weight > 0)[:, None] * memory
        return trial._replace(target=jnp.maximum(trial.target, left))

    def remember(self, memory: Array, trial: Trial, output: Array) -> Array:
        """The chosen arm is empty."""
        return (1.0 - self.chosen(trial, output)) * jnp.max(trial.target, axis=0)

    def chosen(self, trial: Trial, output: Array) -> Array:
        """1 for the chosen arm and 0 for the other, shape (2,)."""
        return jax.nn.one_hot(self.choice(trial, output), 2)

    def choice(self, trial: Trial, course: Array) -> Array:
        """The arm of the larger output, and of a target the first that has a bait."""
        return jnp.argmax(trial.weight @ course)

    def correct(self, trial: Trial, output: Array) -> Array:
        """1 when the chosen arm has a bait, else 0."""
        return jnp.max(trial.target, axis=0) @ self.chosen(trial, output)

    def trial(self, stream: Stream, condition: Array, dt: float) -> Trial:
        """The baits are drawn afresh for every trial."""
        drawn = uniform(stream.fold(Purpose.ORDER), (2,)) < jnp.array(self.baits)
        response = self.window("response", dt)
        return Trial(
            stimulus=self.window("cue", dt)[:, None],
            target=response[:, None] * drawn,
            weight=response / response.sum(),
        )
