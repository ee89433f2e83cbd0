"""Reversal learning: which answer a cue calls for changes sign again and again within a life."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp
from pydantic import Field, model_validator

from rulegen.ground.noise import Stream
from rulegen.tasks.base import Task
from rulegen.tasks.trials import Trial

Array = jax.Array


class Reversal(Task):
    """One of two cues, a delay, then an answer; every `block` trials the answers change places.

    In the first block the targets are `-amplitude` for the first cue and `+amplitude` for the
    second. Nothing but the reward tells of a reversal: conditions, and with them the baselines of
    a rule, are the cues. The memory is the number of past trials.

    Attributes:
        block: trials between reversals.
        amplitude: size of the targets.
        cue, delay, response: lengths of the periods, ms.

    Source: reviewed by Izquierdo et al. 2017, 10.1016/j.neuroscience.2016.03.021.
    """

    name: Literal["reversal"] = "reversal"
    block: int = Field(200, ge=1)
    amplitude: float = Field(0.5, gt=0)
    cue: float = Field(60.0, gt=0)
    delay: float = Field(60.0, gt=0)
    response: float = Field(60.0, gt=0)

    @model_validator(mode="after")
    def _check(self) -> Reversal:
        if self._lopsided and self.block == 1:
            raise ValueError(
                "block: with cues in turn and a reversal after every trial, all answers are the "
                'same; let blocks be longer, or set sequence = "shuffled"'
            )
        return self

    @property
    def _lopsided(self) -> bool:
        return self.sequence == "cycled" and self.block % 2 == 1

    @property
    def conditions(self) -> int:
        """The cues."""
        return 2

    @property
    def factors(self) -> dict[str, tuple[int, ...]]:
        """The cue."""
        return {"cue": (0, 1)}

    @property
    def channels(self) -> int:
        """One for each cue."""
        return 2

    @property
    def periods(self) -> dict[str, float]:
        """Cue, delay, response."""
        return {"cue": self.cue, "delay": self.delay, "response": self.response}

    def chance(self, dt: float) -> float:
        """The reward of the best single answer.

        Cues in turn begin every block of an odd number of trials with the answer with which they
        began the one before: it is right once more in each block than the other.
        """
        often = (self.block + 1, self.block - 1) if self._lopsided else (1, 1)
        return self.blind([-self.amplitude, self.amplitude], often)

    def begin(self, stream: Stream) -> Array:
        """No trial yet."""
        return jnp.zeros((), jnp.int32)

    def revise(self, memory: Array, trial: Trial) -> Trial:
        """In every second block the other answer is right."""
        sign = jnp.where(memory // self.block % 2 == 0, 1.0, -1.0)
        return trial._replace(target=sign * trial.target)

    def remember(self, memory: Array, trial: Trial, output: Array) -> Array:
        """One trial more."""
        return memory + 1

    def trial(self, stream: Stream, condition: Array, dt: float) -> Trial:
        """A trial of the first block."""
        level = self.amplitude * (2.0 * condition - 1.0)
        response = self.window("response", dt)
        return Trial(
            stimulus=self.window("cue", dt)[:, None] * jax.nn.one_hot(condition, 2),
            target=response[:, None] * level,
            weight=response / response.sum(),
        )
