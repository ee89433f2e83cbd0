"""Dynamical association: each cue must evoke its own trajectory of the output."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import Field

from rulegen.ground.noise import Stream
from rulegen.tasks.base import Task
from rulegen.tasks.trials import Trial

Array = jax.Array


class TrajectoryRecall(Task):
    """A brief cue, a delay, then an output that moves along the trajectory of that cue.

    The trajectory of cue c = 1, 2, ... is `amplitude*sin(pi c t/recall)` over the recall: c half
    waves, orthogonal to those of all other cues. The only feedback is one reward at the end of the
    trial, for the trajectory as a whole; an answer is right when the output is nearer to the
    trajectory of its cue than to those of the others.

    Attributes:
        cues: number of cues, each with a channel, a trajectory and a condition of its own.
        amplitude: of the trajectories.
        cue, delay, recall: lengths of the periods, ms.

    Example:
        >>> one, two = TrajectoryRecall(cues=2, amplitude=2**0.5, recall=40.0).answers(10.0)
        >>> print(two[-4:, 0].round(2))
        [ 1.  1. -1. -1.]

    Source: Laje & Buonomano 2013, 10.1038/nn.3405, where circuits are taught by their errors.
    """

    name: Literal["trajectory_recall"] = "trajectory_recall"
    cues: int = Field(3, ge=2, le=64)
    amplitude: float = Field(0.5, gt=0)
    cue: float = Field(60.0, gt=0)
    delay: float = Field(60.0, gt=0)
    recall: float = Field(240.0, gt=0)

    @property
    def conditions(self) -> int:
        """One for each cue."""
        return self.cues

    @property
    def factors(self) -> dict[str, tuple[int, ...]]:
        """The cue."""
        return {"cue": tuple(range(self.cues))}

    @property
    def channels(self) -> int:
        """One for each cue."""
        return self.cues

    @property
    def periods(self) -> dict[str, float]:
        """Cue, delay, recall."""
        return {"cue": self.cue, "delay": self.delay, "recall": self.recall}

    def chance(self, dt: float) -> float:
        """The reward of the best single trajectory."""
        halves, times = np.arange(1, self.cues + 1)[:, None], self.times("recall", dt)
        return self.blind(self.amplitude * np.sin(np.pi * halves * times / self.recall))

    def check(self, dt: float) -> None:
        """See also that the steps of the recall tell all trajectories apart.

        Raises:
            ValueError: when they are fewer than the cues, or as `Task.check` does.
        """
        super().check(dt)
        if self.cues > (steps := self.spans(dt)["recall"]):
            raise ValueError(
                f"cues: a recall of {steps} steps tells {steps} trajectories apart, not "
                f"{self.cues}; let there be fewer cues, or a longer recall"
            )

    def answers(self, dt: float) -> Array:
        """The trajectories, shape (cues, T, 1)."""
        halves = jnp.arange(1, self.cues + 1)[:, None]
        waves = jnp.sin(jnp.pi * halves * self.since("recall", dt) / self.recall)
        return (self.amplitude * self.window("recall", dt) * waves)[..., None]

    def trial(self, stream: Stream, condition: Array, dt: float) -> Trial:
        """The same stimulus and target whenever the condition returns."""
        recall = self.window("recall", dt)
        answers = self.answers(dt)
        return Trial(
            stimulus=self.window("cue", dt)[:, None] * jax.nn.one_hot(condition, self.cues),
            target=answers[condition],
            weight=recall / recall.sum(),
            answers=answers,
        )
