"""When the reward of a trial arrives."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from rulegen.ground.noise import stream
from rulegen.tasks import Task, Trial

Array = jax.Array


def arrivals(task: Task, dt: float) -> tuple[int, ...]:
    """After which steps `on reward` runs, the last of them that of the trial.

    A reward in every step is read by formulas of a step; `on reward` runs at the end of the trial,
    with all of it.

    Raises:
        ValueError: when a time is none of the trial, or no later than the one before.

    Example:
        >>> from rulegen.tasks import DelayedMatch
        >>> arrivals(DelayedMatch(delivery=(60.0, 120.0)), 30.0)
        (2, 4, 10)
    """
    steps = task.steps(dt)
    if isinstance(task.delivery, str):
        return (steps,)
    ends = [round(time / dt) for time in task.delivery]
    for time, end, before in zip(task.delivery, ends, [0, *ends], strict=False):
        if not before < end <= steps:
            raise ValueError(
                f"{task.name}: a reward at {time:g} ms is not in a trial of {steps * dt:g} ms, or "
                f"less than a step of {dt:g} ms after the last: change task.delivery"
            )
    return tuple(dict.fromkeys([*ends, steps]))


def arrive(task: Task, dt: float) -> np.ndarray:
    """In which steps some reward arrives, shape (T,)."""
    steps = task.steps(dt)
    if task.delivery == "steps":
        return np.ones(steps, bool)
    return np.isin(np.arange(1, steps + 1), arrivals(task, dt))


def check_parts(task: Task, dt: float, why: str) -> None:
    """See that steps earn the reward of a trial, each by itself.

    Args:
        task: whose reward is taken apart.
        dt: step, ms.
        why: they must, in words.

    Raises:
        ValueError: when the reward is known only at the end of a trial.
    """
    if task.feedback == "binary" or not _has_parts(task, dt):
        raise ValueError(
            f"the reward of {task.name} is known only at the end of a trial, and {why}: "
            + ('set task.feedback = "graded"' if task.feedback == "binary" else "use `on reward:`")
        )


def _has_parts(task: Task, dt: float) -> bool:
    """Whether what steps earn adds up to the reward, for some output."""

    @jax.jit
    def both(output: Array) -> tuple[Array, Array]:
        source = stream(jax.random.key(0))
        trial = task.revise(task.begin(source), task.trial(source, jnp.asarray(0), dt))
        return earned(task, trial, output).sum(), task.reward(trial, output)

    rng = np.random.default_rng(0)
    parts, whole = both(jnp.asarray(rng.standard_normal((task.steps(dt), task.outputs))))
    return bool(np.isclose(parts, whole, 1e-4))


def earned(task: Task, trial: Trial, output: Array) -> Array:
    """What each step earns by itself, shape (T,)."""

    def one(stimulus: Array, target: Array, weight: Array, output: Array) -> Array:
        alone = Trial(stimulus[None], target[None], weight[None])
        return task.rewards(alone, output[None])[0]

    return jax.vmap(one)(trial.stimulus, trial.target, trial.weight, output)


def between(trial: Trial, first: int, last: int) -> Trial:
    """The steps of a trial from `first` on, before `last`, as `rewards` takes them."""
    here = (part[first:last] for part in (trial.stimulus, trial.target, trial.weight))
    return Trial(*here)
