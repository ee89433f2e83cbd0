"""What a task is: trials with a stimulus, a target and a reward at the end."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from rulegen.noise import Purpose, Stream, permutation
from rulegen.settings import Settings

Array = jax.Array


class Trial(NamedTuple):
    """One trial as arrays.

    Attributes:
        stimulus: input to each channel, shape (T, channels).
        target: wanted output, shape (T, outputs).
        weight: how much each step counts for the reward, shape (T,), of sum 1.
    """

    stimulus: Array
    target: Array
    weight: Array


class Task(Settings, abc.ABC):
    """Base of all tasks: periods in ms, conditions that return in shuffled blocks.

    The reward of a trial is `-sum_t weight_t mean_o (output - target)^2`, or with the absolute
    distance in place of the square: it is maximised, and 0 is perfect.

    A task of one's own is a subclass with a `name`, its settings as annotated fields, and the
    abstract members below; worlds and configurations take an instance of it.

    Attributes:
        name: what configurations and cards call the task.
        distance: of the output from the target, `squared` or `absolute`.
        sequence: the conditions of a life, in `shuffled` blocks or `cycled` through in order.

    Example:
        >>> class Hold(Task):
        ...     name: str = "hold"
        ...     level: float = 0.5
        ...     conditions = property(lambda self: 1)
        ...     channels = property(lambda self: 1)
        ...     periods = property(lambda self: {"cue": 50.0, "hold": 100.0})
        ...     chance = property(lambda self: 0.0)
        ...     def trial(self, stream, condition, dt):
        ...         cue, hold = self.window("cue", dt), self.window("hold", dt)
        ...         return Trial(cue[:, None], self.level * hold[:, None], hold / hold.sum())
        >>> Hold().spans(10.0)
        {'cue': 5, 'hold': 10}
    """

    name: str
    distance: Literal["squared", "absolute"] = "squared"
    sequence: Literal["shuffled", "cycled"] = "shuffled"

    @property
    @abc.abstractmethod
    def conditions(self) -> int:
        """Number of trial types."""

    @property
    @abc.abstractmethod
    def channels(self) -> int:
        """Number of input channels."""

    @property
    def factors(self) -> dict[str, tuple[int, ...]]:
        """What conditions differ in: by name, the level of each condition.

        Every combination of levels is one condition.
        """
        return {"condition": tuple(range(self.conditions))}

    @property
    def outputs(self) -> int:
        """Number of readouts."""
        return 1

    @property
    @abc.abstractmethod
    def periods(self) -> dict[str, float]:
        """Names and lengths (ms) of the parts of a trial, in order."""

    @abc.abstractmethod
    def trial(self, stream: Stream, condition: Array, dt: float) -> Trial:
        """The trial of type `condition` (a traced integer) at step `dt`; `stream` is its own."""

    def steps(self, dt: float) -> int:
        """Number of steps of a trial.

        Raises:
            ValueError: when a period is shorter than `dt`.
        """
        return sum(self.spans(dt).values())

    def spans(self, dt: float) -> dict[str, int]:
        """Number of steps of each period.

        Raises:
            ValueError: when a period is shorter than `dt`.
        """
        spans = {name: round(length / dt) for name, length in self.periods.items()}
        for name, steps in spans.items():
            if steps < 1:
                raise ValueError(
                    f"{name} lasts {self.periods[name]:g} ms, less than one step of {dt:g} ms"
                )
        return spans

    def window(self, period: str, dt: float) -> Array:
        """1.0 during `period`, else 0.0; shape (T,)."""
        spans = self.spans(dt)
        names = list(spans)
        start = sum(spans[name] for name in names[: names.index(period)])
        steps = jnp.arange(self.steps(dt))
        return ((steps >= start) & (steps < start + spans[period])).astype(float)

    def order(self, stream: Stream, trials: int) -> Array:
        """Conditions of the trials of a life: blocks of all conditions, shape (K,)."""
        if self.sequence == "cycled":
            return jnp.arange(trials) % self.conditions
        source = stream.fold(Purpose.ORDER)
        blocks = -(-trials // self.conditions)
        shuffled = jax.vmap(lambda i: permutation(source.fold(i), self.conditions))
        return shuffled(jnp.arange(blocks)).reshape(-1)[:trials]

    def reward(self, trial: Trial, output: Array) -> Array:
        """Reward at the end of the trial, from the outputs, shape (T, outputs)."""
        error = output - trial.target
        size = error**2 if self.distance == "squared" else jnp.abs(error)
        return -jnp.sum(trial.weight * jnp.mean(size, axis=-1))

    def mean_distance(self, targets: Sequence[float]) -> float:
        """The mean distance of equally frequent targets from the best constant answer.

        Example:
            >>> from rulegen.tasks import DelayedMatch
            >>> DelayedMatch().mean_distance([-0.5, 0.5])
            0.25
        """
        if self.distance == "squared":
            return float(np.var(targets))
        return float(np.mean(np.abs(np.asarray(targets) - np.median(targets))))

    @property
    @abc.abstractmethod
    def chance(self) -> float:
        """The best reward that is possible without knowing the condition."""
