"""Held-out figures: how rules fare on networks and noise that no fit has seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from rulegen.ground.progress import ticks
from rulegen.ground.stage import Stage
from rulegen.ground.statistics import Estimate, estimate, paired_difference
from rulegen.lives.bench import Bench
from rulegen.lives.outcomes import Outcomes

#: Quantiles over lives that a learning curve can show.
QUARTILES = (0.25, 0.5, 0.75)


class Trajectory(NamedTuple):
    """One rule on the held-out lives.

    Attributes:
        name: how figures and tables call the rule. text: its text.
        means: mean reward per trial of each life, shape (L,).
        curve: lower limit, mean and upper limit of each trial's reward, see `curves`, shape (3, K).
        quartiles: lower quartile, median and upper quartile over lives, shape (3, K).
        outcomes: how each life ended, an `Outcome`, shape (L,).
    """

    name: str
    text: str
    means: np.ndarray
    curve: np.ndarray
    quartiles: np.ndarray
    outcomes: np.ndarray

    @property
    def counts(self) -> Outcomes:
        """How many lives ended how."""
        return Outcomes.of(self.outcomes)

    def __str__(self) -> str:
        told = f"{self.name}: reward per trial {self.reward} on {len(self.means)} lives"
        return f"{told}; {self.counts.warning or self.counts}"

    @property
    def reward(self) -> Estimate:
        """Mean reward per trial with its interval over lives."""
        return estimate(self.means)

    def minus(self, other: Trajectory) -> Estimate:
        """Difference of mean reward per trial, paired over lives."""
        return paired_difference(self.means, other.means)


class Shown(NamedTuple):
    """All rules on the held-out lives of one world.

    Attributes:
        trajectories: the published rule first, then what it is compared with, and no learning last.
        without: what remains without each term, by its coefficient; {} in a world that chose
            nothing.
    """

    trajectories: tuple[Trajectory, ...]
    without: Mapping[str, Trajectory]


def curves(rewards: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What lives earn in each trial: means with intervals, and quartiles.

    The interval of a trial's mean is the one that tables have (`rulegen.estimate`, 95%). It holds
    for each trial alone, and not for the whole curve. The mean of the means over trials is the mean
    reward per trial of tables.

    Args:
        rewards: lives first, shape (L, K), of two lives or more.

    Returns:
        `curve` and `quartiles` of a `Trajectory`, each of shape (3, K).

    Example:
        >>> rewards = np.array([[0.0, 1.0], [1.0, 1.0], [2.0, 1.0]])
        >>> (low, mean, high), quartiles = curves(rewards)
        >>> print(mean, low[1] == high[1], low[0] < mean[0] < high[0])
        [1. 1.] True True
        >>> print(quartiles)
        [[0.5 1. ]
         [1.  1. ]
         [1.5 1. ]]
    """
    rewards = np.asarray(rewards, float)
    means = [estimate(trial) for trial in rewards.T]
    limits = np.array([(mean.low, mean.mean, mean.high) for mean in means]).T
    return limits, np.quantile(rewards, QUARTILES, axis=0)


def evaluate(bench: Bench, values: np.ndarray, lives: int, name: str, stage: Stage) -> Trajectory:
    """Run a rule on held-out lives; under one key all rules meet the same networks and noise.

    Args:
        bench: the rule in its world.
        values: its parameters, shape (P,).
        lives: number of lives.
        name: of the rule.
        stage: random numbers of the held-out lives, and where results are kept.
    """
    stage = stage.called(f"evaluate {name}")
    stage.tell(0, lives)

    def compute() -> dict:
        batch = bench.run(values, stage.key, lives, ticks(stage.report, stage.name, 0, lives, 1))
        curve, quartiles = curves(batch.rewards)
        return {
            "means": batch.means.tolist(),
            "curve": curve.round(6).tolist(),
            "quartiles": quartiles.round(6).tolist(),
            "outcomes": batch.outcomes.tolist(),
        }

    found = stage.recall([bench, values, lives], compute)
    text = bench.rule.with_values(dict(zip(bench.names, values.tolist(), strict=True))).text()
    parts = ("means", "curve", "quartiles", "outcomes")
    lived = Trajectory(name, text, *(np.array(found[part]) for part in parts))
    stage.tell(lives, lives, "", f"reward per trial {lived.reward}")
    return lived
