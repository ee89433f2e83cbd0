"""Go or no-go: respond to one cue and withhold the response to another."""

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


class GoNogo(Task):
    """A cue, a delay, then an output of `amplitude` after the first cue, and 0 otherwise.

    Conditions are go, no-go, and with `catch` a trial without any cue, in which the response is to
    be withheld as well.

    Attributes:
        catch: whether there are trials without a cue.
        amplitude: output of a response.
        cue, delay, response: lengths of the periods, ms.

    Source: the c-reaction of Donders 1868, translated 1969, 10.1016/0001-6918(69)90065-1.
    """

    name: Literal["go_nogo"] = "go_nogo"
    catch: bool = False
    amplitude: float = Field(1.0, gt=0)
    cue: float = Field(60.0, gt=0)
    delay: float = Field(60.0, gt=0)
    response: float = Field(60.0, gt=0)

    @property
    def conditions(self) -> int:
        """Go, no-go and perhaps catch."""
        return len(self.levels)

    @property
    def channels(self) -> int:
        """One for each cue."""
        return 2

    @property
    def periods(self) -> dict[str, float]:
        """Cue, delay, response."""
        return {"cue": self.cue, "delay": self.delay, "response": self.response}

    @property
    def levels(self) -> np.ndarray:
        """The target of each condition."""
        return self.amplitude * np.eye(2 + self.catch)[0]

    def chance(self, dt: float) -> float:
        """The reward of the best single answer."""
        return self.blind(self.levels)

    def trial(self, stream: Stream, condition: Array, dt: float) -> Trial:
        """The same stimulus and target whenever the condition returns."""
        response = self.window("response", dt)
        return Trial(
            stimulus=self.window("cue", dt)[:, None] * jax.nn.one_hot(condition, 2),
            target=response[:, None] * jnp.array(self.levels)[condition],
            weight=response / response.sum(),
            answers=jnp.array([self.amplitude, 0.0])[:, None, None],
        )
