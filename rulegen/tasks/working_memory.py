"""Parametric working memory: was the second vibration faster than the first?"""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from rulegen.ground.noise import Stream, normal
from rulegen.tasks.base import Task
from rulegen.tasks.trials import Trial

Array = jax.Array


class WorkingMemory(Task):
    """A frequency f1, a delay, a frequency f2, then the answer whether f2 was the higher one.

    A frequency f comes as inputs `x` and `-x` with `x = (f - mean)/(max - mean)`, mean and maximum
    over the first frequencies, like the neurons of somatosensory cortex whose rates rise or fall
    with it, plus fresh noise `spread*z(t)/sqrt(dt)` on each. Conditions are the first frequencies
    with a lower second one, then those with a higher second one. With the defaults the second
    frequency alone tells the answer in half of the conditions, and is right in 75%.

    The experiment has stimuli of 500 ms and a delay of 3 s; the defaults are shorter.

    Attributes:
        frequencies: first frequencies, Hz.
        difference: between second and first, Hz.
        spread: of the noise of the inputs, in sqrt(ms).
        amplitude: size of the targets, positive for a higher second frequency.
        first, delay, second, response: lengths of the periods, ms.

    Example:
        >>> WorkingMemory(frequencies=(14, 22)).stimuli.f2.tolist()
        [6.0, 14.0, 22.0, 30.0]

    Source: Romo et al. 1999, 10.1038/20939.
    """

    name: Literal["working_memory"] = "working_memory"
    frequencies: tuple[float, ...] = Field((10.0, 18.0, 26.0, 34.0), min_length=2)
    difference: float = Field(8.0, gt=0)
    spread: float = Field(0.0, ge=0)
    amplitude: float = Field(0.5, gt=0)
    first: float = Field(100.0, gt=0)
    delay: float = Field(150.0, gt=0)
    second: float = Field(100.0, gt=0)
    response: float = Field(60.0, gt=0)

    @model_validator(mode="after")
    def _check(self) -> WorkingMemory:
        if len(set(self.frequencies)) < len(self.frequencies):
            raise ValueError("frequencies: one is named twice")
        return self

    @property
    def conditions(self) -> int:
        """Each first frequency with either second one."""
        return 2 * len(self.frequencies)

    @property
    def factors(self) -> dict[str, tuple[int, ...]]:
        """The answer and the first frequency."""
        answers, first = np.indices((2, len(self.frequencies))).reshape(2, -1).tolist()
        return {"answer": tuple(answers), "first": tuple(first)}

    @property
    def stimuli(self) -> pd.DataFrame:
        """Both frequencies of each condition, Hz."""
        f1 = np.array(self.frequencies)
        f2 = np.concatenate([f1 - self.difference, f1 + self.difference])
        return pd.DataFrame({"f1": np.tile(f1, 2), "f2": f2})

    @property
    def channels(self) -> int:
        """One that rises with the frequency and one that falls."""
        return 2

    @property
    def periods(self) -> dict[str, float]:
        """First, delay, second, response."""
        names = "first", "delay", "second", "response"
        return {name: getattr(self, name) for name in names}

    def chance(self, dt: float) -> float:
        """The reward of the best single answer."""
        return self.blind([-self.amplitude, self.amplitude])

    def trial(self, stream: Stream, condition: Array, dt: float) -> Trial:
        """The same stimuli, but for the noise, and target whenever the condition returns."""
        mean = np.mean(self.frequencies)
        shown = (self.stimuli.to_numpy() - mean) / (np.max(self.frequencies) - mean)
        first, second = jnp.array(shown)[condition]
        one, two = self.window("first", dt)[:, None], self.window("second", dt)[:, None]
        signal = (first * one + second * two) * jnp.array([1.0, -1.0])
        noise = self.spread * dt**-0.5 * normal(stream, (self.steps(dt), 2))
        higher = jnp.where(condition < len(self.frequencies), -1.0, 1.0)
        response = self.window("response", dt)
        return Trial(
            stimulus=signal + (one + two) * noise,
            target=response[:, None] * (self.amplitude * higher),
            weight=response / response.sum(),
        )
