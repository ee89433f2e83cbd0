"""What lives earn, trial after trial."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from rulegen.analysis.anatomy import Anatomy
from rulegen.catalog.pages.tables import CHANCE_IS
from rulegen.lives.batch import last_quarter
from rulegen.publishing.evaluate import Trajectory, curves
from rulegen.tasks import Task
from rulegen.tasks.base import NOTHING_TO_KNOW

#: Trials whose mean is compared with half performance; with binary feedback perhaps more.
WINDOW = 20


def window(task: Task, dt: float) -> int:
    """Number of trials whose mean reward tells half performance from luck.

    A single binary reward says little: so many are taken that half performance lies three standard
    errors above chance c, `n >= 9 c (1 - c)/((best - c)/2)^2`, and never fewer than with graded
    feedback.

    Example:
        >>> from rulegen.tasks import DelayedMatch
        >>> window(DelayedMatch(), 10.0), window(DelayedMatch(feedback="binary"), 10.0)
        (20, 36)
    """
    if task.feedback == "graded":
        return WINDOW
    chance = task.chance(dt)
    return max(WINDOW, math.ceil(36.0 * chance * (1.0 - chance) / (task.best - chance) ** 2))


def scale(task: Task, dt: float) -> str:
    """Between which rewards one learns, in words.

    Example:
        >>> from rulegen.tasks import DelayedMatch
        >>> scale(DelayedMatch(feedback="binary"), 10.0).split(". ")[1][:43]
        'Here it is 0.5, and perfect answers earn 1;'
    """
    chance = task.chance(dt)
    told = f"{CHANCE_IS} Here it is {chance:.4g}, and perfect answers earn {task.best:.4g}; "
    if not chance < task.best:
        return f"{told}{NOTHING_TO_KNOW}, so that there is no performance."
    return f"{told}performance is the share of the way from the one to the other."


def performance_table(rewards: ArrayLike, task: Task, dt: float) -> pd.DataFrame:
    """How well each life did, one row each.

    Performance is `(R - chance)/(best - chance)`: 0 for the best answer that ignores the condition,
    1 for perfect answers, below 0 for worse ones (`Task.performance`).

    Args:
        rewards: of every trial, lives first, shape (L, K).
        task: what was learned.
        dt: step of the circuit, ms.

    Returns:
        columns `reward` (mean per trial), `late` (in the last quarter of the trials), `performance`
        (of `late`) and `trials` (number of the trial at which the mean performance of the last
        `window(task, dt)` trials first reaches a half; the number of all trials where it never
        does). The latter two are left out where chance is the best reward.

    Example:
        >>> import numpy as np
        >>> from rulegen.tasks import DelayedMatch
        >>> rewards = np.r_[np.full(40, 0.5), np.full(120, 1.0)][None]
        >>> performance_table(rewards, DelayedMatch(feedback="binary"), 10.0).round(3)
           reward  late  performance  trials
        0   0.875   1.0          1.0    58.0
    """
    rewards = np.asarray(rewards, float)
    trials = rewards.shape[1]
    late = rewards[:, -last_quarter(trials) :].mean(axis=1)
    table = pd.DataFrame({"reward": rewards.mean(axis=1), "late": late})
    if not task.chance(dt) < task.best:
        return table
    width = min(window(task, dt), trials)
    sums = np.cumsum(np.pad(rewards, ((0, 0), (1, 0))), axis=1)
    # Sums of rewards round, and a mean that is half performance has reached it.
    reached = task.performance((sums[:, width:] - sums[:, :-width]) / width, dt) >= 0.5 - 1e-9
    first = np.where(reached.any(axis=1), reached.argmax(axis=1) + width, trials)
    return table.assign(performance=task.performance(late, dt), trials=first.astype(float))


def trajectories(anatomies: Mapping[str, Anatomy]) -> list[Trajectory]:
    """The rewards of opened circuits, as `rulegen.plot_learning` takes them."""
    return [
        Trajectory(name, "", a.rewards.mean(axis=1, dtype=float), *curves(a.rewards), a.outcomes)
        for name, a in anatomies.items()
    ]
