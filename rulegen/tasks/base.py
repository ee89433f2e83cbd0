"""What a task is: trials with a stimulus, a target and a reward at the end."""

from __future__ import annotations

import abc
from typing import Any, ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from rulegen.ground.noise import Purpose, Stream, permutation
from rulegen.ground.parts import Part

Array = jax.Array


#: Answers of tasks that ask for a sign.
SIGNS = np.array([-1.0, 1.0])[:, None, None]


class Trial(NamedTuple):
    """One trial as arrays.

    Attributes:
        stimulus: input to each channel, shape (T, channels).
        target: wanted output, shape (T, outputs).
        weight: how much each step counts for the reward, shape (T,), of sum 1.
        answers: outputs among which the target is chosen, shape (answers, T, outputs) or one that
            broadcasts to it; unless stated, one of either sign.
    """

    stimulus: Array
    target: Array
    weight: Array
    answers: Array | np.ndarray = SIGNS


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

    Every task says between which rewards learning happens: `chance`, that of the best single answer
    that ignores the condition, and `best`, that of perfect answers. A task with another `reward`
    says its own `best` as well.

    Attributes:
        name: what configurations and cards call the task.
        distance: of the output from the target, `squared` or `absolute`.
        feedback: `graded` by that distance, or `binary`.
        sequence: the conditions of a life, in `shuffled` blocks or `cycled` through in order.

    Example:
        >>> class Hold(Task):
        ...     name: str = "hold"
        ...     level: float = 0.5
        ...     conditions = property(lambda self: 1)
        ...     channels = property(lambda self: 1)
        ...     periods = property(lambda self: {"cue": 50.0, "hold": 100.0})
        ...     chance = property(lambda self: self.blind([self.level]))
        ...     def trial(self, stream, condition, dt):
        ...         cue, hold = self.window("cue", dt), self.window("hold", dt)
        ...         return Trial(cue[:, None], self.level * hold[:, None], hold / hold.sum())
        >>> Hold().spans(10.0)
        {'cue': 5, 'hold': 10}
    """

    part: ClassVar[str] = "task"

    distance: Literal["squared", "absolute"] = "squared"
    feedback: Literal["graded", "binary"] = "graded"
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

    def check(self, dt: float) -> None:
        """See that trials have the shapes that the task announces, and chance and best their order.

        Raises:
            ValueError: when a trial has arrays of other shapes, a period is shorter than `dt`, or
                perfect answers earn less than blind ones.
        """
        if not self.chance <= self.best:
            raise ValueError(
                f"{self.name} says that perfect answers earn {self.best:g} and the best blind one "
                f"{self.chance:g}: its `best` must be at least its `chance`"
            )
        steps = self.steps(dt)
        word = jnp.uint32(0)
        trial = jax.eval_shape(lambda: self.trial(Stream(word, word), jnp.asarray(0), dt))
        announced = {
            "stimulus": (steps, self.channels),
            "target": (steps, self.outputs),
            "weight": (steps,),
        }
        for name, shape in announced.items():
            if (array := getattr(trial, name)).shape != shape:
                raise ValueError(
                    f"the {name} of a trial of {self.name} has the shape {array.shape}; with its "
                    f"periods, channels and outputs it must be {shape}"
                )

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
        error = self.effect(trial, output) - trial.target
        size = error**2 if self.distance == "squared" else jnp.abs(error)
        return -jnp.sum(trial.weight * jnp.mean(size, axis=-1))

    def correct(self, trial: Trial, output: Array) -> Array:
        """1 when the answer nearest to the output is the one nearest to the target, else 0.

        Nearest in `sum_t weight_t sum_o (output - answer)^2`: for levels that are held, the level
        nearest to the mean output over the response.
        """

        def nearest(course: Array) -> Array:
            errors = jnp.sum((course - trial.answers) ** 2, axis=-1)
            return jnp.argmin(jnp.sum(trial.weight * errors, axis=-1))

        effect = self.effect(trial, output)
        return (nearest(effect) == nearest(trial.target)).astype(output.dtype)

    def blind(self, targets: ArrayLike) -> float:
        """The reward of the best single answer to equally frequent targets.

        With binary feedback that is the share of the most frequent one: targets that are different
        answers must differ.

        Args:
            targets: the targets, or for targets that move their values at equally weighted times,
                with an axis of targets in front.

        Example:
            >>> from rulegen.tasks import DelayedMatch
            >>> DelayedMatch().blind([-0.5, 0.5]), DelayedMatch(feedback="binary").blind([0, 0, 1])
            (-0.25, 0.6666666666666666)
        """
        targets = np.asarray(targets)
        if self.feedback == "binary":
            return float(np.unique(targets, axis=0, return_counts=True)[1].max() / len(targets))
        if self.distance == "squared":
            return -float(np.mean(np.var(targets, axis=0)))
        return -float(np.mean(np.abs(targets - np.median(targets, axis=0))))

    @property
    @abc.abstractmethod
    def chance(self) -> float:
        """The reward of the best single answer that ignores the condition."""

    @property
    def best(self) -> float:
        """The reward of perfect answers, also where no stimulus tells them.

        1 with binary feedback, else 0, the reward at no distance from the target.
        """
        return 1.0 if self.feedback == "binary" else 0.0

    def performance(self, reward: ArrayLike) -> np.ndarray:
        """`(R - chance)/(best - chance)`: 0 for the best blind answer, 1 for perfect answers.

        NaN where these are one, as in a task of a single condition: nothing is there to know.

        Args:
            reward: rewards or mean rewards R, of any shape.

        Example:
            >>> from rulegen.tasks import DelayedMatch
            >>> DelayedMatch().performance([-0.5, -0.25, -0.125, 0.0]).tolist()
            [-1.0, 0.0, 0.5, 1.0]
            >>> DelayedMatch(feedback="binary").performance([0.5, 0.75, 1.0]).tolist()
            [0.0, 0.5, 1.0]
        """
        span = self.best - self.chance
        return (np.asarray(reward, float) - self.chance) / (span if span > 0 else np.nan)
