"""Looks: the paired comparisons by which a rule gains and loses terms."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field

from rulegen.catalog import Interval
from rulegen.catalog.records.fields import MOST_LIVES
from rulegen.estimators import AnyEstimator, Pgpe
from rulegen.fitting.ascent import Phase
from rulegen.grammar.printing.sums import NO_TERM, weighted_sum
from rulegen.ground.keys import Branch
from rulegen.ground.progress import Met, Tick
from rulegen.ground.settings import Settings
from rulegen.ground.stage import Stage
from rulegen.ground.statistics import Estimate, estimate, inclusion, paired_difference
from rulegen.objective import Objective

Verdict = Literal["accepted", "refused", "undecided"]


class Refit(Phase):
    """A short phase after each removal."""

    estimator: AnyEstimator = Pgpe(lives=256)
    iterations: int = Field(10, ge=1)
    rate: float = Field(0.06, gt=0)
    choice_lives: int = Field(128, ge=2, le=MOST_LIVES)


#: The level of a look comes too near to 1 for more of them.
MOST_LOOKS = 10_000


class PruneSettings(Settings):
    """How the terms of a rule are selected.

    Attributes:
        margin: a smaller rule is accepted when the interval of its reward per trial minus that of
            the best rule so far lies above `-margin`; a larger one must gain more than `margin`.
        looks: most looks; the coverage of the interval of each is 1 - 0.05 / looks, so that all of
            them hold together with 95%.
        lives: lives of a look; both rules meet the same networks and noise.
        most_lives: a look that leaves the question open is taken again with four times the lives,
            up to so many, and counts as another one.
        rank_lives: lives of the rough comparisons that say what is worth a look.
        refit: how the remaining parameters are fitted again after each removal.
    """

    margin: float = Field(0.005, gt=0)
    looks: int = Field(60, ge=1, le=MOST_LOOKS)
    lives: int = Field(512, ge=2, le=MOST_LIVES)
    most_lives: int = Field(8192, ge=2, le=MOST_LIVES)
    rank_lives: int = Field(128, ge=2, le=MOST_LIVES)
    refit: Refit = Refit()

    @property
    def level(self) -> float:
        """Coverage of the interval of one look."""
        return 1.0 - 0.05 / self.looks


class Look(NamedTuple):
    """One comparison of a candidate, refitted, with the best rule so far.

    Attributes:
        removed: coefficients of the terms that the candidate leaves out.
        added: coefficients of the terms that it takes in.
        kept: coefficients of its terms.
        difference: its reward minus that of the other, with the interval of `PruneSettings.level`.
        verdict: `accepted`, and it takes the other's place; `refused`; or `undecided`, when its
            lives leave both possible.
        inclusion: share of bootstrap resamples of the lives in which it would not be accepted.
    """

    removed: tuple[str, ...]
    added: tuple[str, ...]
    kept: tuple[str, ...]
    difference: Estimate
    verdict: Verdict
    inclusion: float

    @property
    def accepted(self) -> bool:
        """Whether the candidate takes the other's place."""
        return self.verdict == "accepted"

    def __str__(self) -> str:
        return self.told({})

    def told(self, terms: Mapping[str, str]) -> str:
        """The look in a line.

        Args:
            terms: what to call terms, by their coefficients.
        """
        gone, come = (
            ", ".join(terms.get(name, name) for name in names)
            for names in (self.removed, self.added)
        )
        words = [f"without {gone}"] if gone else []
        words += [f"with {come}"] if come else []
        return (
            f"{' and '.join(words)}: {self.verdict}, difference {self.difference} on "
            f"{self.difference.lives} lives"
        )


def judged(difference: Estimate | Interval, terms: int, others: int, margin: float) -> Verdict:
    """What becomes of a candidate.

    A rule with fewer terms must not lose more than the margin, one with as many must gain,
    and one with more must gain more than the margin. A rule without terms is never accepted:
    what it would mean to learn nothing is asked on the held-out lives.

    Args:
        difference: its reward minus that of the other rule.
        terms: number of its terms. others: number of those of the other rule.
        margin: see `PruneSettings`.

    Example:
        >>> small = Estimate(-0.001, -0.004, 0.002, 512)
        >>> judged(small, 2, 3, 0.005), judged(small, 3, 3, 0.005), judged(small, 2, 3, 0.001)
        ('accepted', 'refused', 'undecided')
    """
    smaller, needed = terms < others, needed_for(terms, others, margin)
    if terms and difference.low > needed.low and difference.mean > needed.mean:
        return "accepted"
    # A difference that does not matter is no open question.
    is_open = difference.low <= needed.low and difference.high > (needed.low if smaller else margin)
    return "undecided" if is_open else "refused"


class Needed(NamedTuple):
    """What the mean of a difference and the low end of its interval must lie above."""

    low: float
    mean: float


def needed_for(terms: int, others: int, margin: float) -> Needed:
    """What a candidate needs to be accepted; arguments as of `judged`."""
    if terms < others:
        return Needed(-margin, -math.inf)
    return Needed(0.0, margin if terms > others else -math.inf)


class Looks:
    """Takes looks, as many as the settings allow.

    Args:
        objective: the family where it lives.
        settings: margin, number of looks and of lives.
        stage: random numbers, of which every look has its own, and where results are kept.
    """

    def __init__(self, objective: Objective, settings: PruneSettings, stage: Stage) -> None:
        self.objective, self.settings, self.stage = objective, settings, stage
        self.taken: list[Look] = []
        self.terms = {t.coefficient: t.text for t in objective.rule.terms()}

    @property
    def exhausted(self) -> bool:
        """Whether no look is left."""
        return len(self.taken) >= self.settings.looks

    def take(
        self,
        candidate: np.ndarray,
        terms: Sequence[str],
        other: np.ndarray,
        others: Sequence[str],
    ) -> Look:
        """Compare a candidate and its terms with another rule and its terms.

        See `judged`.

        Args:
            candidate: all parameters of the family, shape (P,); those of absent terms are 0.
            terms: coefficients of the candidate's terms.
            other: parameters of the rule that it is compared with, shape (P,).
            others: coefficients of that one's terms.

        Returns:
            the last look at this question.
        """
        needed = needed_for(len(terms), len(others), self.settings.margin)
        # All lives of one question are the same ones, and more of them.
        stage = self.stage.on(Branch.PRUNE, len(self.taken) + 1)
        lives = self.settings.lives
        while True:
            here = stage.called(f"look {len(self.taken) + 1}")
            difference, share, found = self.compare(candidate, other, needed, lives, here)
            verdict = judged(difference, len(terms), len(others), self.settings.margin)
            look = Look(
                removed=tuple(n for n in others if n not in terms),
                added=tuple(n for n in terms if n not in others),
                kept=tuple(terms),
                difference=difference,
                verdict=verdict,
                inclusion=share,
            )
            self.taken.append(look)
            here.tell(1, 1, "", look.told(self.terms), found)
            lives *= 4
            if verdict != "undecided" or lives > self.settings.most_lives or self.exhausted:
                return look

    def rough(
        self, places: Sequence[np.ndarray], stage: Stage, done: Tick | None = None
    ) -> list[float]:
        """What parameter vectors earn on a few common lives, to say which is worth a look.

        Args:
            places: parameter vectors, each of shape (P,).
            stage: random numbers of the lives, and where results are kept under its name.
            done: called with the number of places after each.
        """
        lives = self.settings.rank_lives

        def compute() -> dict:
            def tick(count: int) -> None:
                if done is not None:
                    done(count // lives)

            rewards = self.objective.rewards(places, stage.key, lives, tick)
            return {"rewards": rewards.mean(axis=1).tolist()}

        rewards: list[float] = stage.recall([self.objective, places, lives], compute)["rewards"]
        return rewards

    def compare(
        self, candidate: np.ndarray, other: np.ndarray, needed: Needed, lives: int, stage: Stage
    ) -> tuple[Estimate, float, list[Met]]:
        """The paired difference with the interval of one look, its inclusion, and both rules."""
        level = self.settings.level
        stage.tell(0, 1, f"{lives} lives")

        def compute() -> dict:
            new, old = self.objective.rewards([candidate, other], stage.key, lives)
            found = paired_difference(new, old, level)._asdict()
            both = [self.found(candidate, new), self.found(other, old)]
            share = inclusion(new - old, needed.low, level, needed.mean)
            return found | {"inclusion": share, "found": both}

        asked = [self.objective, candidate, other, list(needed), level, lives]
        found = stage.recall(asked, compute)
        both = [Met(*row) for row in found["found"]]
        return Estimate(*(found[n] for n in Estimate._fields)), found["inclusion"], both

    def found(self, values: np.ndarray, lives: np.ndarray) -> Met:
        """A rule of the family by its values, shape (P,), and what it earned in each life."""
        known = dict(zip(self.objective.names, values.tolist(), strict=True))
        kept = {name: text for name, text in self.terms.items() if known[name]}
        words = weighted_sum((known[name], text) for name, text in kept.items()) or NO_TERM
        return Met(len(kept), *estimate(lives)[:3], words)


def movable(objective: Objective, kept: Sequence[str]) -> np.ndarray:
    """Positions of the free parameters, without the coefficients of terms that are not kept."""
    terms = {t.coefficient for t in objective.rule.terms()}
    return indices(objective, [n for n in objective.free_names if n not in terms or n in kept])


def indices(objective: Objective, names: Sequence[str]) -> np.ndarray:
    """Positions of parameters in the parameter vector."""
    return np.array([objective.names.index(name) for name in names], int)


def without(objective: Objective, values: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """The parameter vector with some coefficients at 0."""
    result = values.copy()
    result[indices(objective, names)] = 0.0
    return result


def anew(objective: Objective, values: np.ndarray, kept: Sequence[str]) -> np.ndarray:
    """The parameter vector with all coefficients at 0, or at a bound where 0 is beyond it.

    The coefficients of terms that are not kept are 0 in any case.
    """
    names = [t.coefficient for t in objective.rule.terms()]
    result, there = without(objective, values, names), indices(objective, kept)
    result[there] = np.clip(result[there], *objective.bounds[:, there])
    return result
