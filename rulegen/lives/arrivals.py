"""When the reward of a trial arrives."""

from __future__ import annotations

from typing import get_args

import jax
import jax.numpy as jnp
import numpy as np

from rulegen.catalog.parts import fault
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


def check_parts(task: Task, dt: float, why: str, remedy: str) -> None:
    """See that steps earn the reward of a trial, each by itself.

    Args:
        task: whose reward is taken apart.
        dt: step, ms.
        why: they must, in words.
        remedy: what needs no such steps.

    Raises:
        ValueError: when the reward is known only at the end of a trial.
        ConfigError: when `rewards` of the task gives no number for each step.
    """
    if task.feedback != "binary" and _has_parts(task, dt):
        return
    # Graded feedback is a remedy only where there is such, and where it comes in steps.
    graded = task.model_copy(update={"feedback": "graded"})
    choices = get_args(type(task).model_fields["feedback"].annotation)
    if task.feedback == "binary" and "graded" in choices and _has_parts(graded, dt):
        remedy = 'set task.feedback = "graded"'
    raise ValueError(
        f"the reward of {task.name} is known only at the end of a trial, and {why}: {remedy}"
    )


def _has_parts(task: Task, dt: float) -> bool:
    """Whether what steps earn adds up to the reward, for some output."""

    def both(output: Array) -> tuple[Array, Array, Array]:
        trial = first_trial(task, dt)
        parts = earned(task, trial, output)
        return parts, parts.sum(), task.reward(trial, output)

    output = some_output(task, dt)
    _check_shapes(task, dt, output)
    parts, added, whole = jax.jit(both)(output)
    if (none := np.isnan(parts)).any():
        why = f"it gives nan in step {none.argmax() + 1} of {len(parts)}"
        raise fault(type(task), "rewards", why)
    return bool(np.isclose(added, whole, 1e-4))


def _check_shapes(task: Task, dt: float, output: Array) -> None:
    """Raise `ConfigError` where `rewards` of a trial, or of a step of it, has another shape."""

    def asked(steps: int) -> tuple[int, ...]:
        def some() -> Array:
            return task.rewards(between(first_trial(task, dt), 0, steps), output[:steps])

        return jax.eval_shape(some).shape

    for steps, of in ((len(output), "a trial"), (1, "a single step, as a trial of its own,")):
        if (shape := asked(steps)) != (steps,):
            why = f"of {of} it gives the shape {shape} in place of {(steps,)}, a number for each"
            raise fault(type(task), "rewards", f"{why} step")


def first_trial(task: Task, dt: float) -> Trial:
    """The first trial of some life, to try a task on."""
    source = stream(jax.random.key(0))
    return task.revise(task.begin(source), task.trial(source, jnp.asarray(0), dt))


def some_output(task: Task, dt: float) -> Array:
    """Outputs of a trial that are nothing in particular, shape (T, outputs)."""
    shape = (task.steps(dt), task.outputs)
    return jnp.asarray(np.random.default_rng(0).standard_normal(shape))


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
