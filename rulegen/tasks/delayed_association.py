"""Delayed association: after a delay, each cue must evoke its own output."""

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


class DelayedAssociation(Task):
    """A cue on one of `cues` channels, a delay, then an output held at the cue's target.

    Targets are spread evenly over [-amplitude, amplitude].

    Attributes:
        cues: number of cues, each with a channel and a condition of its own.
        amplitude: size of the extreme targets.
        cue, delay, response: lengths of the periods, ms.
    """

    name: Literal["delayed_association"] = "delayed_association"
    cues: int = Field(2, ge=2, le=64)
    amplitude: float = Field(0.5, gt=0)
    cue: float = Field(60.0, gt=0)
    delay: float = Field(180.0, gt=0)
    response: float = Field(60.0, gt=0)

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
        """Cue, delay, response."""
        return {"cue": self.cue, "delay": self.delay, "response": self.response}

    def chance(self, dt: float) -> float:
        """The reward of always answering the mean target, 0."""
        return self.blind(self.levels)

    @property
    def levels(self) -> np.ndarray:
        """The target of each cue."""
        return np.linspace(-self.amplitude, self.amplitude, self.cues)

    def trial(self, stream: Stream, condition: Array, dt: float) -> Trial:
        """The same stimulus and target whenever the condition returns."""
        level = self.amplitude * (2.0 * condition / (self.cues - 1) - 1.0)
        response = self.window("response", dt)
        return Trial(
            stimulus=self.window("cue", dt)[:, None] * jax.nn.one_hot(condition, self.cues),
            target=response[:, None] * level,
            weight=response / response.sum(),
            answers=jnp.array(self.levels)[:, None, None],
        )
