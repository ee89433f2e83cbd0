"""What a task is: trials with a stimulus, a target and a reward at the end."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from numbers import Real
from typing import Annotated, Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike
from pydantic import BeforeValidator, Field

from rulegen.catalog import parts
from rulegen.ground.noise import Purpose, Stream, permutation
from rulegen.ground.parts import Part, alike
from rulegen.tasks.chance import best_constant, most_frequent
from rulegen.tasks.trials import (
    Trial,
    no_count,
    no_periods,
    no_reward,
    no_rewards,
    no_trial,
)

Array = jax.Array


#: No reward of a trial arrives at more times.
MOST_TIMES = 16


def when(given: Any) -> Any:
    """Refuse what does not say when rewards arrive, in the words of one line."""
    if isinstance(given, list | tuple):
        times = all(isinstance(t, Real) and not isinstance(t, bool) and float(t) > 0 for t in given)
        good = times and 0 < len(given) <= MOST_TIMES
    else:
        good = isinstance(given, str) and given in ("end", "steps")
    if not good:
        raise ValueError(
            f'write "end", "steps", or a list of 1 to {MOST_TIMES} times in ms, such as [60, 120]'
        )
    return given


#: When rewards arrive: at the end, in every step, or at these times, ms.
Delivery = Annotated[Literal["end", "steps"] | tuple[float, ...], BeforeValidator(when)]
#: Why there is nothing between chance and the best reward.
NOTHING_TO_KNOW = "one and the same answer is perfect in all trials"


class Task(Part, abc.ABC):
    """Base of all tasks: periods in ms, conditions that return in shuffled blocks.

    The reward of a trial is `-sum_t weight_t mean_o (output - target)^2`, or with the absolute
    distance in place of the square: it is maximised, and 0 is perfect. With binary feedback it is
    `correct`, 1 for a right answer and 0 for a wrong one.

    A task of one's own is a subclass with a `name`, its settings as annotated fields, and the
    abstract members below; worlds and configurations take an instance of it, and once it is
    registered (`docs/extending.md`) its name. A task whose trials
    depend on earlier ones has a memory, any arrays: `begin` makes it, `revise` makes of it and of
    a trial the trial that is met, and `remember` renews it at the end. It belongs to a life, so
    that results depend on nothing but the numbers of lives and trials.

    Every task says between which rewards learning happens. `chance` is the most that answers earn
    in the long run which depend on neither the stimulus nor the past: the best outputs that are the
    same in all trials, where trials are as they are really met, at the step dt. `best` is the
    reward of perfect answers. A task with another `reward` says its own `best` as well.

    Attributes:
        name: what configurations and cards call the task.
        distance: of the output from the target, `squared` or `absolute`.
        feedback: `graded` by that distance, or `binary`.
        delivery: when rewards arrive: the whole at the `end` of a trial; in all `steps` what each
            has earned; or at several times since its start, ms, what was earned since the last,
            and at the end the rest.
        sequence: the conditions of a life, in `shuffled` blocks or `cycled` through in order.

    Example:
        >>> class Hold(Task):
        ...     name: str = "hold"
        ...     level: float = 0.5
        ...     conditions = property(lambda self: 1)
        ...     channels = property(lambda self: 1)
        ...     periods = property(lambda self: {"cue": 50.0, "hold": 100.0})
        ...     chance = lambda self, dt: self.blind([self.level])
        ...     def trial(self, stream, condition, dt):
        ...         cue, hold = self.window("cue", dt), self.window("hold", dt)
        ...         return Trial(cue[:, None], self.level * hold[:, None], hold / hold.sum())
        >>> Hold().spans(10.0)
        {'cue': 5, 'hold': 10}
    """

    part: ClassVar[str] = "task"
    _wrong: ClassVar[Mapping[str, Callable[..., str]]] = {
        "trial": no_trial,
        "periods": no_periods,
        **dict.fromkeys(("conditions", "channels", "outputs"), no_count),
        **dict.fromkeys(("chance", "best", "reward"), no_reward),
        "rewards": no_rewards,
    }

    distance: Literal["squared", "absolute"] = "squared"
    feedback: Literal["graded", "binary"] = "graded"
    sequence: Literal["shuffled", "cycled"] = "shuffled"
    delivery: Delivery = Field("end", exclude_if=lambda told: told == "end")

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

    def check(self, dt: float) -> None:
        """See that trials have the shapes that the task announces, and chance and best their order.

        Raises:
            ValueError: when a period is shorter than `dt`, or perfect answers earn less than blind
                ones.
            ConfigError: when a trial has arrays of other shapes, or a memory does not keep its own.
        """
        steps = self.steps(dt)
        if not (chance := self.chance(dt)) <= self.best:
            raise ValueError(
                f"{self.name} says that perfect answers earn {self.best:g} and the best blind one "
                f"{chance:g}: its `best` must be at least its `chance`"
            )
        stream = Stream(jnp.uint32(0), jnp.uint32(0))
        trial = jax.eval_shape(lambda condition: self.trial(stream, condition, dt), jnp.asarray(0))
        announced = {
            "stimulus": (steps, self.channels),
            "target": (steps, self.outputs),
            "weight": (steps,),
        }
        for name, shape in announced.items():
            if (array := getattr(trial, name)).shape != shape:
                why = f"its {name} has the shape {array.shape}; with its periods, channels and "
                raise parts.fault(type(self), "trial", f"{why}outputs it must be {shape}")

        def lived(trial: Trial, output: Array) -> tuple[Any, Any, Array]:
            memory = self.begin(stream)
            trial = self.revise(memory, trial)
            self.reward(trial, output)
            return memory, self.remember(memory, trial, output), self.rewards(trial, output)

        outputs = jnp.zeros((steps, self.outputs))
        before, after, rewards = jax.eval_shape(lived, trial, outputs)
        if rewards.shape != (steps,):
            why = f"of a trial it gives the shape {rewards.shape} in place of {(steps,)}, a number"
            raise parts.fault(type(self), "rewards", f"{why} for each step")
        if not alike(before, after):
            raise parts.fault(type(self), "remember", f"it makes of {before} a memory {after}")

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
        time = self.since(period, dt)
        return ((time > 0) & (time < dt * self.spans(dt)[period])).astype(float)

    def since(self, period: str, dt: float) -> Array:
        """Time in the middle of each step since the start of `period`, ms, shape (T,).

        Example:
            >>> from rulegen.tasks import DelayedMatch
            >>> print(DelayedMatch().since("delay", 30.0)[:4])
            [-45. -15.  15.  45.]
        """
        spans = self.spans(dt)
        names = list(spans)
        start = sum(spans[name] for name in names[: names.index(period)])
        return dt * (jnp.arange(self.steps(dt)) - start + 0.5)

    def times(self, period: str, dt: float) -> np.ndarray:
        """Time in the middle of each step of a period since its start, ms, as trials have it.

        Example:
            >>> from rulegen.tasks import DelayedMatch
            >>> DelayedMatch().times("delay", 30.0).tolist()
            [15.0, 45.0]
        """
        steps = np.arange(self.spans(dt)[period])
        return np.multiply(dt, steps + 0.5, dtype=jnp.result_type(float))

    def order(self, stream: Stream, trials: int) -> Array:
        """Conditions of the trials of a life: blocks of all conditions, shape (K,)."""
        if self.sequence == "cycled":
            return jnp.arange(trials) % self.conditions
        source = stream.fold(Purpose.ORDER)
        blocks = -(-trials // self.conditions)
        shuffled = jax.vmap(lambda i: permutation(source.fold(i), self.conditions))
        return shuffled(jnp.arange(blocks)).reshape(-1)[:trials]

    def begin(self, stream: Stream) -> Any:
        """The memory of the task before the first trial of the life with this stream."""
        return ()

    def revise(self, memory: Any, trial: Trial) -> Trial:
        """The trial as earlier ones make it."""
        return trial

    def remember(self, memory: Any, trial: Trial, output: Array) -> Any:
        """The memory after a trial with these outputs, shape (T, outputs)."""
        return memory

    def effect(self, trial: Trial, output: Array) -> Array:
        """What is compared with the target: the outputs, or what they bring about, of one shape."""
        return output

    def reward(self, trial: Trial, output: Array) -> Array:
        """Reward at the end of the trial, from the outputs, shape (T, outputs)."""
        if self.feedback == "binary":
            return self.correct(trial, output)
        return jnp.sum(self.rewards(trial, output))

    def rewards(self, trial: Trial, output: Array) -> Array:
        """What each step earns with graded feedback, shape (T,); their sum is the reward.

        It is asked for single steps as well, as a trial of one step with its stimulus, target and
        weight: a step earns what its own output deserves.
        """
        error = self.effect(trial, output) - trial.target
        size = error**2 if self.distance == "squared" else jnp.abs(error)
        return -(trial.weight * jnp.mean(size, axis=-1))

    def correct(self, trial: Trial, output: Array) -> Array:
        """1 when the choice is the one that the target is, else 0."""
        choice = self.choice(trial, self.effect(trial, output))
        return (choice == self.choice(trial, trial.target)).astype(output.dtype)

    def choice(self, trial: Trial, course: Array) -> Array:
        """The number of the answer nearest to what an output brings about, shape (T, outputs).

        Nearest in `sum_t weight_t sum_o (course - answer)^2`: for levels that are held, the level
        nearest to the mean output over the response.
        """
        errors = jnp.sum((course - trial.answers) ** 2, axis=-1)
        return jnp.argmin(jnp.sum(trial.weight * errors, axis=-1))

    def blind(self, targets: ArrayLike, often: ArrayLike | None = None) -> float:
        """The reward of the best single answer to some targets.

        With binary feedback that is the share of the most frequent one: targets that are different
        answers must differ.

        Args:
            targets: the targets, or for targets that move their values at equally weighted times,
                with an axis of targets in front.
            often: how often each of them is met, in any unit; equally often unless stated.

        Example:
            >>> from rulegen.tasks import DelayedMatch
            >>> DelayedMatch().blind([-0.5, 0.5])
            -0.25
            >>> DelayedMatch(feedback="binary").blind([0, 1], often=[1, 3])
            0.75
        """
        targets = np.asarray(targets, float)
        courses = targets.reshape(len(targets), -1, 1)
        often = np.ones(len(targets)) if often is None else np.asarray(often, float)
        weight = np.full(courses.shape[:2], 1.0 / courses.shape[1])
        if self.feedback == "binary":
            return most_frequent(courses, weight, often)
        return best_constant(courses, weight, often, self.distance)

    @abc.abstractmethod
    def chance(self, dt: float) -> float:
        """The most that answers earn in the long run which depend on neither stimulus nor past.

        Args:
            dt: step of the circuit, ms.
        """

    @property
    def best(self) -> float:
        """The reward of perfect answers, also where no stimulus tells them.

        1 with binary feedback, else 0, the reward at no distance from the target.
        """
        return 1.0 if self.feedback == "binary" else 0.0

    @property
    def ceiling(self) -> float:
        """What no life can exceed: the best reward, or infinity where the task says rewards of its
        own, of which the best may be a mean over luck.

        Example:
            >>> from rulegen.tasks import BaitedBandit, DelayedMatch
            >>> DelayedMatch().ceiling, BaitedBandit().ceiling
            (0.0, inf)
        """
        said = ("reward", "rewards", "correct", "best")
        own = any(getattr(type(self), name) is not getattr(Task, name) for name in said)
        return np.inf if own else self.best

    def performance(self, reward: ArrayLike, dt: float) -> np.ndarray:
        """`(R - chance)/(best - chance)`: 0 for the best blind answer, 1 for perfect answers.

        Args:
            reward: rewards or mean rewards R, of any shape.
            dt: step of the circuit, ms.

        Raises:
            ValueError: when the best blind answer is perfect, as in a task of a single condition.

        Example:
            >>> from rulegen.tasks import DelayedMatch
            >>> DelayedMatch().performance([-0.5, -0.25, -0.125, 0.0], 10.0).tolist()
            [-1.0, 0.0, 0.5, 1.0]
            >>> DelayedMatch(feedback="binary").performance([0.5, 0.75, 1.0], 10.0).tolist()
            [0.0, 0.5, 1.0]
        """
        if not (chance := self.chance(dt)) < self.best:
            raise ValueError(f"{self.name} has no performance: {NOTHING_TO_KNOW}")
        return (np.asarray(reward, float) - chance) / (self.best - chance)
