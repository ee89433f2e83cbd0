"""Perceptual decision: which way does a noisy signal point?"""

from __future__ import annotations

from typing import Annotated, Literal

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from pydantic import Field

from rulegen.ground.noise import Stream, normal
from rulegen.tasks.base import Task
from rulegen.tasks.trials import Trial

Array = jax.Array


class PerceptualDecision(Task):
    """Noisy motion of some coherence to either side, then the answer which side it was.

    The input is `strength*C + spread*z(t)/sqrt(dt)` with fresh `z ~ N(0, 1)` in each step and dt in
    ms, so that what can be known does not depend on the step: an observer who adds up all of it
    answers rightly with probability `Phi(strength*C*sqrt(motion)/spread)`, with the defaults 81% at
    a coherence C of 0.08. Conditions are the coherences to the left, then those to the right. At
    coherence 0 the right answer cannot be known; it is each side as often as the other.

    The experiments show motion for 1 to 2 s; the default is shorter.

    Attributes:
        coherences: shares of dots that move together, each a condition to either side.
        strength: input of full coherence.
        spread: of the noise, in sqrt(ms).
        amplitude: size of the targets, negative for the left.
        motion, response: lengths of the periods, ms.

    Example:
        >>> PerceptualDecision(coherences=(0.1, 0.5)).stimuli.coherence.tolist()
        [-0.1, -0.5, 0.1, 0.5]

    Source: Britten et al. 1992, 10.1523/JNEUROSCI.12-12-04745.1992; Gold & Shadlen 2007,
    10.1146/annurev.neuro.29.051605.113038.
    """

    name: Literal["perceptual_decision"] = "perceptual_decision"
    coherences: tuple[Annotated[float, Field(ge=0)], ...] = Field(
        (0.0, 0.064, 0.128, 0.256, 0.512), min_length=1
    )
    strength: float = Field(1.0, gt=0)
    spread: float = Field(2.0, ge=0)
    amplitude: float = Field(0.5, gt=0)
    motion: float = Field(500.0, gt=0)
    response: float = Field(100.0, gt=0)

    @property
    def conditions(self) -> int:
        """Each coherence to either side."""
        return 2 * len(self.coherences)

    @property
    def factors(self) -> dict[str, tuple[int, ...]]:
        """The side and the coherence."""
        sides, coherences = np.indices((2, len(self.coherences))).reshape(2, -1).tolist()
        return {"side": tuple(sides), "coherence": tuple(coherences)}

    @property
    def stimuli(self) -> pd.DataFrame:
        """The signed coherence of each condition."""
        coherences = np.array(self.coherences)
        return pd.DataFrame({"coherence": np.concatenate([-coherences, coherences])})

    @property
    def channels(self) -> int:
        """The motion."""
        return 1

    @property
    def periods(self) -> dict[str, float]:
        """Motion and response."""
        return {"motion": self.motion, "response": self.response}

    def chance(self, dt: float) -> float:
        """The reward of the best single answer."""
        return self.blind([-self.amplitude, self.amplitude])

    def trial(self, stream: Stream, condition: Array, dt: float) -> Trial:
        """The noise is drawn afresh for every trial."""
        coherence = jnp.array(self.stimuli["coherence"].to_numpy())[condition]
        side = jnp.where(condition < len(self.coherences), -1.0, 1.0)
        noise = self.spread * dt**-0.5 * normal(stream, (self.steps(dt), 1))
        response = self.window("response", dt)
        return Trial(
            stimulus=self.window("motion", dt)[:, None] * (self.strength * coherence + noise),
            target=response[:, None] * (self.amplitude * side),
            weight=response / response.sum(),
        )
