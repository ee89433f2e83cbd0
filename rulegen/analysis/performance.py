"""What lives earn, trial after trial."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from rulegen.anatomy import Anatomy
from rulegen.evaluate import QUARTILES, Trajectory, ended


def performance_table(anatomy: Anatomy) -> pd.DataFrame:
    """How well each life did, one row each.

    Performance is `1 - R/R_chance`: 0 for answers that do not depend on the condition, 1 without
    an error.

    Returns:
        columns `reward` (mean per trial), `late` (in the last quarter of the trials), `performance`
        (in the last quarter; NaN where chance is 0) and `trials` (number of the trial at which the
        mean performance over 20 trials first reaches a half; the number of all trials where never).
    """
    rewards, chance = np.asarray(anatomy.rewards, float), anatomy.task.chance
    trials = rewards.shape[1]
    late = rewards[:, -max(1, trials // 4) :].mean(axis=1)
    width = min(20, trials)
    sums = np.cumsum(np.pad(rewards, ((0, 0), (1, 0))), axis=1)
    means = (sums[:, width:] - sums[:, :-width]) / width
    reached = means >= 0.5 * chance
    first = np.where(reached.any(axis=1), reached.argmax(axis=1) + width, trials)
    return pd.DataFrame(
        {
            "reward": rewards.mean(axis=1),
            "late": late,
            "performance": 1.0 - late / chance if chance else np.nan,
            "trials": first,
        }
    )


def trajectories(anatomies: Mapping[str, Anatomy]) -> list[Trajectory]:
    """The rewards of opened circuits, as `rulegen.plot_learning` takes them.

    Every trial counts with the four before it: single trials differ by their condition.
    """
    found = []
    for name, anatomy in anatomies.items():
        rewards = pd.DataFrame(anatomy.rewards.T).rolling(5, min_periods=1).mean().to_numpy().T
        quartiles = np.quantile(rewards, QUARTILES, axis=0)
        found.append(
            Trajectory(name, "", anatomy.rewards.mean(axis=1), quartiles, *ended(anatomy.counts))
        )
    return found
