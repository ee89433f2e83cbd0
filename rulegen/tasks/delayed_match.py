"""Delayed match and non-match to sample: was the second stimulus like the first?"""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp
from pydantic import Field

from rulegen.ground.noise import Stream
from rulegen.tasks.base import Task
from rulegen.tasks.trials import Trial

Array = jax.Array


class DelayedMatch(Task):
    """A sample, a delay, a test stimulus, a second delay, then a yes or no.

    Conditions 0..3 are the pairs (sample, test) = 00, 01, 10, 11. The target is `+amplitude` for
    a non-match (for a match when `match` is set) and `-amplitude` otherwise.

    Attributes:
        match: reward matches (DMS) instead of non-matches (DNMS).
        amplitude: size of the targets.
        before, wait: time before the sample and before the response, ms; 0 for none.
        sample, delay, test, response: lengths of the other periods, ms.
    """

    name: Literal["delayed_match"] = "delayed_match"
    match: bool = False
    amplitude: float = Field(0.5, gt=0)
    before: float = Field(0.0, ge=0)
    sample: float = Field(60.0, gt=0)
    delay: float = Field(60.0, gt=0)
    test: float = Field(60.0, gt=0)
    wait: float = Field(60.0, ge=0)
    response: float = Field(60.0, gt=0)

    @property
    def conditions(self) -> int:
        """The four pairs."""
        return 4

    @property
    def factors(self) -> dict[str, tuple[int, ...]]:
        """Sample and test; whether they match is their interaction."""
        return {"sample": (0, 0, 1, 1), "test": (0, 1, 0, 1)}

    @property
    def channels(self) -> int:
        """Two stimuli."""
        return 2

    @property
    def periods(self) -> dict[str, float]:
        """Before, sample, delay, test, wait and response, without those of no length."""
        names = "before", "sample", "delay", "test", "wait", "response"
        return {name: getattr(self, name) for name in names if getattr(self, name)}

    def chance(self, dt: float) -> float:
        """The reward of always answering 0."""
        return self.blind([-self.amplitude, self.amplitude])

    def trial(self, stream: Stream, condition: Array, dt: float) -> Trial:
        """The same stimuli and target whenever the condition returns."""
        first, second = condition // 2, condition % 2
        positive = (first == second) == self.match
        level = jnp.where(positive, self.amplitude, -self.amplitude)
        response = self.window("response", dt)
        stimulus = self.window("sample", dt)[:, None] * jax.nn.one_hot(first, 2)
        stimulus += self.window("test", dt)[:, None] * jax.nn.one_hot(second, 2)
        return Trial(
            stimulus=stimulus, target=response[:, None] * level, weight=response / response.sum()
        )
