"""Reaching: two outputs are the torques that take a hand to the cued place."""

from __future__ import annotations

import math
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import Field, model_validator

from rulegen.ground.noise import Stream
from rulegen.tasks.arm import LENGTHS, START, hand_path
from rulegen.tasks.base import Task
from rulegen.tasks.trials import Trial

Array = jax.Array


class Reaching(Task):
    """A cue, then an arm of two joints that must bring its hand to the cued place and stay there.

    While the cue lasts the arm is held; then the outputs times `torque` act on shoulder and elbow
    (`rulegen.tasks.arm`). Places lie evenly on a circle around the start of the hand. The hand is
    measured from there in units of that circle's radius, and compared with the place during the
    hold: the reward is for where the hand ends, and says nothing about torques.

    Attributes:
        places: number of places, each with a channel and a condition of its own.
        radius: of the circle, m.
        torque: of an output of 1, N m.
        cue, reach, hold: lengths of the periods, ms, in whole steps of the circuit.

    Source: Georgopoulos et al. 1982, 10.1523/JNEUROSCI.02-11-01527.1982, with eight places.
    """

    name: Literal["reaching"] = "reaching"
    places: int = Field(8, ge=2, le=1024)
    radius: float = Field(0.1, gt=0)
    torque: float = Field(1.0, gt=0)
    cue: float = Field(60.0, gt=0)
    reach: float = Field(300.0, gt=0)
    hold: float = Field(60.0, gt=0)

    @model_validator(mode="after")
    def _check(self) -> Reaching:
        bends = np.cumsum(START)
        start = LENGTHS @ np.stack([np.cos(bends), np.sin(bends)], axis=1)
        away = np.linalg.norm(start + self.radius * self.targets, axis=1)
        near, far = abs(LENGTHS[0] - LENGTHS[1]), sum(LENGTHS)
        if away.min() <= near or away.max() >= far:
            raise ValueError(
                f"radius: a place lies {away.min():.3g} m from the shoulder and one "
                f"{away.max():.3g} m, and the arm reaches from {near:.3g} to {far:.3g} m"
            )
        return self

    def check(self, dt: float) -> None:
        """See `Task.check`; the arm knows its step from the number of steps and the periods.

        Raises:
            ValueError: also when a period is no whole number of steps.
        """
        for name, steps in self.spans(dt).items():
            length = self.periods[name]
            if not math.isclose(steps * dt, length, rel_tol=1e-6):
                raise ValueError(
                    f"{name} of {self.name} lasts {length:g} ms, which is no whole number of steps "
                    f"of {dt:g} ms, by which the arm moves: set it to {steps * dt:g}"
                )
        super().check(dt)

    @property
    def conditions(self) -> int:
        """One for each place."""
        return self.places

    @property
    def channels(self) -> int:
        """One for each place."""
        return self.places

    @property
    def outputs(self) -> int:
        """Shoulder and elbow."""
        return 2

    @property
    def periods(self) -> dict[str, float]:
        """Cue, reach, hold."""
        return {"cue": self.cue, "reach": self.reach, "hold": self.hold}

    @property
    def targets(self) -> np.ndarray:
        """The places in radii from the start of the hand, shape (places, 2)."""
        angles = 2 * np.pi * np.arange(self.places) / self.places
        return np.stack([np.cos(angles), np.sin(angles)], axis=1)

    def chance(self, dt: float) -> float:
        """The reward of the best single place of the hand."""
        return self.blind(self.targets)

    def effect(self, trial: Trial, output: Array) -> Array:
        """Where the torques take the hand, in radii from its start."""
        free = jnp.all(trial.stimulus == 0, axis=1, keepdims=True)
        dt = sum(self.periods.values()) / len(output)
        return hand_path(self.torque * free * output, dt) / self.radius

    def trial(self, stream: Stream, condition: Array, dt: float) -> Trial:
        """The same stimulus and target whenever the condition returns."""
        hold = self.window("hold", dt)
        return Trial(
            stimulus=self.window("cue", dt)[:, None] * jax.nn.one_hot(condition, self.places),
            target=hold[:, None] * jnp.array(self.targets)[condition],
            weight=hold / hold.sum(),
            answers=jnp.array(self.targets)[:, None],
        )
