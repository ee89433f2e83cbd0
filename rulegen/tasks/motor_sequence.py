"""Motor sequence: visit places in the order that a cue stands for."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import Field, model_validator

from rulegen.ground.noise import Stream
from rulegen.tasks.base import Task
from rulegen.tasks.trials import Trial

Array = jax.Array


class MotorSequence(Task):
    """A cue, then two outputs that stay at some places one after the other, in the cued order.

    Place k of `places` lies on a circle, at `amplitude*(cos phi, sin phi)`, `phi = 2 pi k/places`.
    The reward comes at the end, for the whole sequence; an answer is right when it is nearer to the
    sequence of its cue than to those of the others.

    Attributes:
        places: number of places.
        orders: the places of each sequence; each is a condition, with a cue of its own.
        amplitude: radius of the circle.
        cue: length of the cue, ms.
        element: time at each place, ms.

    Source: Averbeck et al. 2002, 10.1073/pnas.162485599.
    """

    name: Literal["motor_sequence"] = "motor_sequence"
    places: int = Field(3, ge=2, le=1024)
    orders: tuple[tuple[int, ...], ...] = Field(((0, 1, 2), (1, 2, 0), (2, 0, 1)), min_length=2)
    amplitude: float = Field(0.5, gt=0)
    cue: float = Field(60.0, gt=0)
    element: float = Field(80.0, gt=0)

    @model_validator(mode="after")
    def _check(self) -> MotorSequence:
        for number, order in enumerate(self.orders):
            if not order or len(order) != len(self.orders[0]):
                raise ValueError(f"orders: number {number} has not as many places as the first")
            for place in order:
                if not 0 <= place < self.places:
                    raise ValueError(
                        f"orders: there is no place {place}; they are numbered from 0 to "
                        f"{self.places - 1}"
                    )
        if len(set(self.orders)) == 1:
            raise ValueError("orders: all are the same; name another, so that the cue tells them")
        return self

    @property
    def conditions(self) -> int:
        """One for each sequence."""
        return len(self.orders)

    @property
    def channels(self) -> int:
        """One for each sequence."""
        return len(self.orders)

    @property
    def outputs(self) -> int:
        """Two coordinates."""
        return 2

    @property
    def periods(self) -> dict[str, float]:
        """The cue and the elements of the sequence."""
        elements = range(1, len(self.orders[0]) + 1)
        return {"cue": self.cue} | {f"element {k}": self.element for k in elements}

    @property
    def targets(self) -> np.ndarray:
        """Where to be in each sequence and element, shape (sequences, elements, 2)."""
        angles = 2 * np.pi * np.array(self.orders) / self.places
        return self.amplitude * np.stack([np.cos(angles), np.sin(angles)], axis=-1)

    def chance(self, dt: float) -> float:
        """The reward of the best single sequence."""
        return self.blind(self.targets)

    def answers(self, dt: float) -> Array:
        """The sequences, shape (sequences, T, 2)."""
        elements = [self.window(name, dt) for name in self.periods if name != "cue"]
        return jnp.einsum("et,seo->sto", jnp.stack(elements), jnp.array(self.targets))

    def trial(self, stream: Stream, condition: Array, dt: float) -> Trial:
        """The same stimulus and target whenever the condition returns."""
        cue = self.window("cue", dt)
        answers = self.answers(dt)
        return Trial(
            stimulus=cue[:, None] * jax.nn.one_hot(condition, self.channels),
            target=answers[condition],
            weight=(1.0 - cue) / (1.0 - cue).sum(),
            answers=answers,
        )
