"""What lives earn, trial after trial."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from rulegen.analysis.anatomy import Anatomy
from rulegen.catalog.pages.tables import CHANCE_IS
from rulegen.publishing.evaluate import Trajectory, curves
from rulegen.tasks import Task

#: Trials whose mean is compared with half performance; with binary feedback perhaps more.
WINDOW = 20


def window(task: Task) -> int:
    """Number of trials whose mean reward tells half performance from luck.

    A single binary reward says little: so many are taken that half performance lies three standard
    errors above chance c, `n >= 9 c (1 - c)/((best - c)/2)^2`, and never fewer than with graded
    feedback.

    Example:
        >>> from rulegen.tasks import DelayedMatch
        >>> window(DelayedMatch()), window(DelayedMatch(feedback="binary"))
        (20, 36)
    """
    chance, span = task.chance, task.best - task.chance
    if task.feedback == "graded" or span <= 0:
        return WINDOW
    return max(WINDOW, math.ceil(36.0 * chance * (1.0 - chance) / span**2))


def scale(task: Task) -> str:
    """Between which rewards one learns, in words.

    Example:
        >>> from rulegen.tasks import DelayedMatch
        >>> scale(DelayedMatch(feedback="binary")).split(". ")[1][:43]
        'Here it is 0.5, and perfect answers earn 1;'
    """
    return (
        f"{CHANCE_IS} Here it is {task.chance:.4g}, and perfect answers earn {task.best:.4g}; "
        "performance is the share of the way from the one to the other."
    )


def performance_table(rewards: ArrayLike, task: Task) -> pd.DataFrame:
    """How well each life did, one row each.

    Performance is `(R - chance)/(best - chance)`: 0 for the best answer that ignores the condition,
    1 for perfect answers, below 0 for worse ones (`Task.performance`).

    Args:
        rewards: of every trial, lives first, shape (L, K).
        task: what was learned.

    Returns:
        columns `reward` (mean per trial), `late` (in the last quarter of the trials), `performance`
        (of `late`) and `trials` (number of the trial at which the mean performance of the last
        `window(task)` trials first reaches a half; the number of all trials where it never does).
        The latter two are NaN where chance is the best reward.

    Example:
        >>> import numpy as np
        >>> from rulegen.tasks import DelayedMatch
        >>> rewards = np.r_[np.full(40, 0.5), np.full(120, 1.0)][None]
        >>> performance_table(rewards, DelayedMatch(feedback="binary")).round(3)
           reward  late  performance  trials
        0   0.875   1.0          1.0    58.0
    """
    rewards = np.asarray(rewards, float)
    trials = rewards.shape[1]
    late = rewards[:, -max(1, trials // 4) :].mean(axis=1)
    width = min(window(task), trials)
    sums = np.cumsum(np.pad(rewards, ((0, 0), (1, 0))), axis=1)
    # Sums of rewards round, and a mean that is half performance has reached it.
    reached = task.performance((sums[:, width:] - sums[:, :-width]) / width) >= 0.5 - 1e-9
    first = np.where(reached.any(axis=1), reached.argmax(axis=1) + width, trials)
    return pd.DataFrame(
        {
            "reward": rewards.mean(axis=1),
            "late": late,
            "performance": task.performance(late),
            "trials": first if task.best > task.chance else np.full(len(first), np.nan),
        }
    ).astype(float)


def trajectories(anatomies: Mapping[str, Anatomy]) -> list[Trajectory]:
    """The rewards of opened circuits, as `rulegen.plot_learning` takes them."""
    return [
        Trajectory(name, "", a.rewards.mean(axis=1, dtype=float), *curves(a.rewards), a.outcomes)
        for name, a in anatomies.items()
    ]
