"""Trials of an environment in the style of gymnasium or neurogym, as arrays.

This module needs nothing but NumPy, so that it also runs where an environment lives that does not
go together with rulegen: with its folder on the path,

    from environments import sample_trials
    np.savez_compressed("trials.npz", **sample_trials(env, 1000))
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

#: A trial that does not end within so many steps has no end.
LONGEST_TRIAL = 100_000
NO_TRUTH = (
    "the environment tells no right answers: trials need `gt` after `new_trial()`, `gt` in the "
    "info of each step, or a policy whose actions are right; where rewards follow from earlier "
    "choices, write a Task with a memory instead"
)


class Answers(NamedTuple):
    """How right actions that are discrete become targets.

    Attributes:
        amplitude: size of the targets.
        fixation: whether action 0 is fixation; else it is a choice like the others.
    """

    amplitude: float = 0.5
    fixation: bool = True


USUAL = Answers()


class Episode(NamedTuple):
    """One trial as an environment shows it.

    Attributes:
        inputs: observations, shape (T, channels).
        truth: right action at each step, shape (T,) or (T, outputs).
        facts: what the environment says about the trial.
        periods: number of steps of its parts.
    """

    inputs: np.ndarray
    truth: np.ndarray
    facts: Mapping[str, Any]
    periods: dict[str, int]


def sample_trials(
    env: Any,
    trials: int,
    *,
    by: Sequence[str] = (),
    length: int | None = None,
    answers: Answers = USUAL,
    policy: Callable[[np.ndarray], Any] | None = None,
    seed: int = 0,
) -> dict[str, np.ndarray]:
    """Trials of an environment in the style of gymnasium or neurogym, as arguments of `Samples`.

    Where it has `new_trial()`, as neurogym's have, each call makes a trial, with its observations
    `ob`, shape (T, channels), and right actions `gt`, shape (T,); wrappers around it are not asked.
    Otherwise `reset` and `step` are called, the right action for an observation is `gt` in the
    info of the step that answers it, and a trial ends with the episode or with `new_trial` in the
    info. The actions taken are those of the policy, and else 0.

    Right actions become targets by a convention. Continuous ones are targets as they are. Of
    discrete ones, action 0 is fixation and its target 0 on all outputs; two further actions are a
    single output of `-amplitude` and `+amplitude`, and any other number of them as many outputs,
    of which the right one is `amplitude`. Only steps count at which some trial has an answer.

    Args:
        env: the environment; nothing but the names above is asked of it, `dt`, the length of a
            step in ms, and where it has them `action_space` and neurogym's `start_ind`, `end_ind`.
        trials: how many to sample.
        by: names of what makes a condition, in the dictionary that `new_trial` returns or in the
            infos, such as `("ground_truth", "coh")`; conditions are numbered in ascending order.
            Unless stated, trials with the same targets are one condition.
        length: steps to which shorter trials are padded by steps without input that do not count.
        answers: how right actions become targets.
        policy: from an observation to an action. Where the environment tells no right actions,
            those of the policy are taken for right.
        seed: of the environment, and of the numbers of the process that it and the policy draw.

    Returns:
        `inputs`, `targets`, `mask`, `dt`, with `by` also `conditions`, and where periods follow one
        another and are the same in all trials `period_names` and `period_steps`.

    Raises:
        ValueError: when trials differ in length, observations have more than one axis, right
            actions or the step are not told, or no step has an answer.

    Example:
        >>> class Echo:
        ...     dt = 20.0
        ...     def new_trial(self):
        ...         self.ob, self.gt = np.ones((3, 1)), np.array([0, 0, 1])
        >>> sample_trials(Echo(), 4)["targets"][0, :, 0].tolist()
        [0.0, 0.0, 0.5]

    Source: Molano-Mazon et al. 2022, 10.31234/osf.io/aqc9n (neurogym).
    """
    if trials < 1:
        raise ValueError(f"the number of trials must be at least 1, not {trials}")
    core = getattr(env, "unwrapped", env)
    step = getattr(env, "dt", getattr(core, "dt", None))
    if step is None:
        raise ValueError("the environment does not tell its step: set `env.dt`, in ms")
    source = made(core, seed) if hasattr(core, "new_trial") else played(env, policy, seed)
    with numbers_of(seed):
        episodes = list(islice(source, trials))
    inputs = stack([episode.inputs for episode in episodes], length)
    truth = stack([episode.truth for episode in episodes], length)
    if inputs.ndim != 3:
        raise ValueError(
            f"observations have the shape {inputs.shape[2:]}, not that of a list of channels: "
            "flatten them, for example by gymnasium.wrappers.FlattenObservation"
        )
    actions = getattr(getattr(core, "action_space", None), "n", None)
    targets = wanted(truth, actions, answers)
    there = np.arange(inputs.shape[1]) < np.array([[len(episode.inputs)] for episode in episodes])
    mask = there & np.any(targets != 0, axis=(0, 2))
    if not mask.any():
        raise ValueError("no step has an answer: the right action is always fixation")
    arrays = {"inputs": inputs, "targets": targets, "mask": mask, "dt": np.array(step)}
    if by:
        arrays["conditions"] = sorted_by(episodes, by)
    periods = episodes[0].periods
    if there.all() and all(episode.periods == periods for episode in episodes):
        arrays["period_names"] = np.array(list(periods))
        arrays["period_steps"] = np.array(list(periods.values()))
    return arrays


@contextmanager
def numbers_of(seed: int) -> Iterator[None]:
    """Random numbers of the whole process follow from the seed here, and go on as before after it.

    Many an environment or policy draws from these, which no seed of its own reaches.
    """
    old = np.random  # what such an environment draws from: a generator would not reach it
    plain, arrays = random.getstate(), old.get_state()
    random.seed(seed)
    old.seed(np.random.SeedSequence(seed).generate_state(8))
    try:
        yield
    finally:
        random.setstate(plain)
        old.set_state(arrays)


def made(env: Any, seed: int) -> Iterator[Episode]:
    """Trials that come whole."""
    if hasattr(env, "seed"):
        env.seed(seed)
    while True:
        facts = env.new_trial()
        if getattr(env, "gt", None) is None:
            raise ValueError(NO_TRUTH)
        inputs, truth = np.array(env.ob), np.array(env.gt)
        if len(inputs) != len(truth):
            raise ValueError(f"a trial has {len(inputs)} observations, but {len(truth)} answers")
        facts = facts if isinstance(facts, Mapping) else {}
        yield Episode(inputs, truth, facts, periods_of(env, len(inputs)))


def played(env: Any, policy: Callable[[np.ndarray], Any] | None, seed: int) -> Iterator[Episode]:
    """Trials that come step by step."""
    observation, told = env.reset(seed=seed)
    if hasattr(getattr(env, "action_space", None), "seed"):
        env.action_space.seed(seed)  # for policies that sample it
    shape = getattr(getattr(env, "action_space", None), "shape", None)
    still: Any = np.zeros(shape) if shape else 0
    while True:
        inputs, truth, facts, over = [], [], dict(told), False
        while not over:
            inputs.append(np.array(observation))
            action = still if policy is None else policy(inputs[-1])
            observation, _, terminated, truncated, info = env.step(action)
            if "gt" not in info and policy is None:
                raise ValueError(NO_TRUTH)
            truth.append(np.array(info.get("gt", action)))
            facts.update(info)
            over = terminated or truncated or bool(info.get("new_trial"))
            if len(inputs) >= LONGEST_TRIAL:
                raise ValueError(
                    f"no trial ends within {LONGEST_TRIAL} steps: let the environment end them, "
                    "for example by gymnasium.wrappers.TimeLimit"
                )
        steps = len(inputs)
        yield Episode(stack(inputs, None), stack(truth, None), facts, {"trial": steps})
        told = {}
        if terminated or truncated:
            observation, told = env.reset()


def periods_of(env: Any, steps: int) -> dict[str, int]:
    """The periods of the present trial, where one follows the other from its start to its end."""
    starts, ends = getattr(env, "start_ind", {}), getattr(env, "end_ind", {})
    spans = sorted((starts[name], ends[name], name) for name in starts if ends[name] > starts[name])
    joints = [0, *(end for _, end, _ in spans)]
    if [*(start for start, _, _ in spans), steps] != joints:
        return {"trial": steps}
    return {name: end - start for start, end, name in spans}


def stack(arrays: Sequence[np.ndarray], length: int | None) -> np.ndarray:
    """Arrays of one kind in one, shape (n, T, ...), those that are too short filled up with 0."""
    if len({array.shape[1:] for array in arrays}) > 1 or arrays[0].dtype.kind == "O":
        raise ValueError(
            "observations or answers are not numbers of one shape: flatten observations, for "
            "example by gymnasium.wrappers.FlattenObservation"
        )
    if arrays[0].ndim == 0:
        return np.array(arrays)
    lengths = [len(array) for array in arrays]
    shortest, longest = min(lengths), max(lengths)
    if length is None and shortest < longest:
        raise ValueError(
            f"trials have from {shortest} to {longest} steps: give the environment's periods "
            f"constant lengths, or pad shorter trials with length={longest}"
        )
    if length is not None and longest > length:
        raise ValueError(f"a trial has {longest} steps, more than length={length}")
    whole = np.zeros((len(arrays), length or longest, *arrays[0].shape[1:]), arrays[0].dtype)
    for row, array in zip(whole, arrays, strict=True):
        row[: len(array)] = array
    return whole


def wanted(truth: np.ndarray, actions: int | None, answers: Answers) -> np.ndarray:
    """Targets of right actions, shape (n, T) to (n, T, outputs); see `sample_trials`.

    Example:
        >>> wanted(np.array([[0, 1, 2]]), 3, Answers())[0, :, 0].tolist()
        [0.0, -0.5, 0.5]
        >>> wanted(np.array([[0, 1, 3]]), 4, Answers(amplitude=1.0))[0].tolist()
        [[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]
    """
    if truth.ndim == 3 or truth.dtype.kind == "f":
        return truth.reshape(*truth.shape[:2], -1)
    actions = int(truth.max()) + 1 if actions is None else int(actions)
    if truth.ndim != 2 or truth.min() < 0 or truth.max() >= actions:
        raise ValueError(f"right actions must be integers from 0 to {actions - 1}, one a step")
    choices, count = (truth - 1, actions - 1) if answers.fixation else (truth, actions)
    if count == 2:
        return answers.amplitude * np.where(choices < 0, 0.0, 2.0 * choices - 1.0)[..., None]
    return answers.amplitude * (choices[..., None] == np.arange(count))


def sorted_by(episodes: Sequence[Episode], names: Sequence[str]) -> np.ndarray:
    """The number of each trial's condition, in the order of what the conditions are."""
    for name in names:
        if missing := [episode.facts for episode in episodes if name not in episode.facts]:
            told = ", ".join(map(str, missing[0])) or "nothing"
            raise ValueError(f"a trial does not tell `{name}`; it tells {told}")
    kinds = [
        tuple(tuple(np.ravel(episode.facts[name]).tolist()) for name in names)
        for episode in episodes
    ]
    order = sorted(set(kinds))
    return np.array([order.index(kind) for kind in kinds])
