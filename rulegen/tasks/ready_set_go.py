"""Interval timing: ready, set, and go after the same time again."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import Field

from rulegen.ground.noise import Stream
from rulegen.tasks.base import Task
from rulegen.tasks.trials import Trial

Array = jax.Array


class ReadySetGo(Task):
    """Two pulses an interval apart; as long after the second, the output must reach 0.

    The second pulse, set, comes at one time in all trials, and the first, ready, an interval s
    before it on a channel of its own. At a time t after set the target is
    `amplitude*min(t/s - 1, 1)`: a ramp that starts at `-amplitude`, crosses 0 at s, and stays from
    2s on. It counts for 5/4 of the longest interval, the same time in all trials. An answer is
    right when the output first reaches 0 within `tolerance*s` of s.

    The experiment has intervals from 494 to 1200 ms; the defaults are shorter.

    Attributes:
        intervals: ms, each a condition.
        tolerance: of the produced interval, as a share of the right one.
        amplitude: size of the ramp.
        pulse: length of the pulses, ms.
        before: time before the earliest pulse, ms.

    Source: Jazayeri & Shadlen 2010, 10.1038/nn.2590.
    """

    name: Literal["ready_set_go"] = "ready_set_go"
    intervals: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        (100.0, 160.0, 280.0), min_length=2
    )
    tolerance: float = Field(0.2, gt=0)
    amplitude: float = Field(1.0, gt=0)
    pulse: float = Field(60.0, gt=0)
    before: float = Field(20.0, gt=0)

    @property
    def conditions(self) -> int:
        """One for each interval."""
        return len(self.intervals)

    @property
    def factors(self) -> dict[str, tuple[int, ...]]:
        """The interval."""
        return {"interval": tuple(range(self.conditions))}

    @property
    def channels(self) -> int:
        """Ready and set."""
        return 2

    @property
    def periods(self) -> dict[str, float]:
        """Before, the longest sample of an interval, and its production."""
        longest = max(self.intervals)
        return {"before": self.before, "sample": longest, "production": 1.25 * longest}

    def chance(self, dt: float) -> float:
        """The reward of the best single ramp, or with binary feedback of the best single time."""
        ramps = self.ramps(self.times("production", dt))
        if self.feedback == "graded":
            return self.blind(ramps)
        late = np.pad(ramps, ((0, 0), (0, 1)), constant_values=1.0)
        right = np.argmax(late >= 0, axis=1)
        times = np.arange(late.shape[1])[:, None]
        return float(np.mean(np.abs(times - right) <= self.allowed(right), axis=1).max())

    def ramps(self, since: Any) -> Any:
        """The targets of all intervals at some times after set, ms, shape (intervals, times)."""
        intervals = np.array(self.intervals, since.dtype)[:, None]
        # In this order a time that is the interval gives 0, however quotients are rounded.
        return self.amplitude * ((since - intervals) / intervals).clip(max=1.0)

    def answers(self, dt: float) -> Array:
        """The ramps."""
        ramps = self.ramps(self.since("production", dt))
        return (self.window("production", dt) * ramps)[..., None]

    def allowed(self, right: Any) -> Any:
        """By how many steps an answer may miss the right number of them.

        Example:
            >>> ReadySetGo().allowed(np.array([15, 16]))
            array([3., 3.])
        """
        return (self.tolerance * right + 1e-4) // 1.0

    def check(self, dt: float) -> None:
        """See also that there are pulses, and that no single time is right after all intervals.

        Raises:
            ValueError: when a pulse is shorter than a step, a time is right, or as `Task.check`
                does.
        """
        if self.pulse < dt:
            raise ValueError(
                f"pulse lasts {self.pulse:g} ms, less than one step of {dt:g} ms, and would be none"
            )
        super().check(dt)
        if not self.chance(dt) < self.best:
            raise ValueError(
                f"intervals: at a step of {dt:g} ms one time is right after all of them; let them "
                "differ by more, or the tolerance be smaller"
            )

    def produced(self, trial: Trial, output: Array) -> Array:
        """Steps from set until the output, shape (T, 1), reaches 0; all steps if it never does.

        Example:
            >>> from rulegen.ground.noise import stream
            >>> trial = ReadySetGo().trial(stream(jax.random.key(0)), jnp.array(1), 10.0)
            >>> int(ReadySetGo().produced(trial, trial.target))
            16
        """
        counts = trial.weight > 0
        there = counts & (output[:, 0] >= 0)
        first = jnp.argmax(there) - jnp.argmax(counts)
        return jnp.where(jnp.any(there), first, jnp.sum(counts))

    def correct(self, trial: Trial, output: Array) -> Array:
        """1 when the output reaches 0 in time, else 0."""
        right = self.produced(trial, trial.target)
        error = jnp.abs(self.produced(trial, output) - right)
        return (error <= self.allowed(right)).astype(output.dtype)

    def trial(self, stream: Stream, condition: Array, dt: float) -> Trial:
        """The same stimulus and target whenever the condition returns."""
        since = self.since("production", dt)[:, None]
        starts = jnp.stack([-jnp.array(self.intervals)[condition], jnp.zeros(())])
        production = self.window("production", dt)
        answers = self.answers(dt)
        return Trial(
            stimulus=((since > starts) & (since < starts + self.pulse)).astype(float),
            target=answers[condition],
            weight=production / production.sum(),
            answers=answers,
        )
