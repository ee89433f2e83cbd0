"""Held-out figures: how rules fare on networks and noise that no fit has seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import numpy as np

from rulegen.journal import Journal
from rulegen.outcomes import warning
from rulegen.progress import Progress, Report, silent, ticks
from rulegen.statistics import Estimate, estimate, paired_difference
from rulegen.workbench import Workbench

#: Quantiles over lives that a learning curve shows.
QUARTILES = (0.25, 0.5, 0.75)


class Trajectory(NamedTuple):
    """One rule on the held-out lives.

    Attributes:
        name: how figures and tables call the rule. text: its text.
        means: mean reward per trial of each life, shape (L,).
        quartiles: lower quartile, median and upper quartile over lives, shape (3, K).
        diverged, saturated, silent: numbers of lives that ended so.
    """

    name: str
    text: str
    means: np.ndarray
    quartiles: np.ndarray
    diverged: int
    saturated: int = 0
    silent: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """Number of lives per outcome, as of `Batch.counts`."""
        bad = {"diverged": self.diverged, "saturated": self.saturated, "silent": self.silent}
        return {"ok": len(self.means) - sum(bad.values())} | bad

    def __str__(self) -> str:
        told = f"{self.name}: reward per trial {self.reward} on {len(self.means)} lives"
        return f"{told}; {text}" if (text := warning(self.counts)) else told

    @property
    def reward(self) -> Estimate:
        """Mean reward per trial with its interval over lives."""
        return estimate(self.means)

    def minus(self, other: Trajectory) -> Estimate:
        """Difference of mean reward per trial, paired over lives."""
        return paired_difference(self.means, other.means)


def ended(counts: Mapping[str, int]) -> tuple[int, int, int]:
    """The last fields of a `Trajectory` from what `Batch.counts` says."""
    return counts["diverged"], counts["saturated"], counts["silent"]


def evaluate(
    bench: Workbench,
    values: np.ndarray,
    lives: int,
    key: jax.Array,
    journal: Journal,
    name: str,
    report: Report = silent,
) -> Trajectory:
    """Run a rule on held-out lives; under one key all rules meet the same networks and noise.

    Args:
        bench: the rule in its world.
        values: its parameters, shape (P,).
        lives: number of lives.
        key: random numbers of the held-out lives.
        journal: where results are kept.
        name: of the rule.
        report: told of finished lives.
    """

    report(Progress(f"evaluate {name}", 0, lives))

    def compute() -> dict:
        batch = bench.run(values, key, lives, ticks(report, f"evaluate {name}", 0, lives, 1))
        return {
            "means": batch.means.tolist(),
            "quartiles": np.quantile(batch.rewards, QUARTILES, axis=0).round(6).tolist(),
            "counts": batch.counts(),
        }

    found = journal.recall(f"evaluate {name}", [bench, values, lives, key], compute)
    text = bench.rule.with_values(dict(zip(bench.names, values.tolist(), strict=True))).text()
    return Trajectory(
        name, text, np.array(found["means"]), np.array(found["quartiles"]), *ended(found["counts"])
    )
