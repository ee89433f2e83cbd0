"""Pruning: leave out the terms that do not earn their place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
from pydantic import Field

from rulegen.estimators import AnyEstimator, Pgpe
from rulegen.fit import Phase, run_phase
from rulegen.journal import Journal
from rulegen.keys import Branch, branch
from rulegen.progress import Progress, Report, silent
from rulegen.refine import Refined, RefineSettings, refine
from rulegen.settings import Settings
from rulegen.statistics import Estimate, paired_difference
from rulegen.workbench import Workbench


class Refit(Phase):
    """A short phase after each removal."""

    estimator: AnyEstimator = Pgpe(lives=256)
    iterations: int = Field(10, ge=1)
    rate: float = Field(0.06, gt=0)
    choice_lives: int = Field(128, ge=2)


class PruneSettings(Settings):
    """How terms are dropped.

    Attributes:
        margin: a smaller rule is accepted when the 95% interval of its reward per trial minus
            that of the best rule so far lies above `-margin`.
        lives: lives of each such comparison; both rules meet the same networks and noise.
        rank_lives: lives on which the terms are put in order, the least useful first.
        refit: how the remaining parameters are fitted again after each removal.
    """

    margin: float = Field(0.005, gt=0)
    lives: int = Field(512, ge=2)
    rank_lives: int = Field(128, ge=2)
    refit: Refit = Refit()


class Look(NamedTuple):
    """One comparison: could these terms go?

    Attributes:
        removed: coefficients of the terms left out.
        kept: coefficients of the terms that remained.
        difference: reward of the smaller rule, refitted, minus that of the best so far.
        accepted: whether it was found non-inferior.
    """

    removed: tuple[str, ...]
    kept: tuple[str, ...]
    difference: Estimate
    accepted: bool


class Pruned(NamedTuple):
    """The outcome of pruning.

    Attributes:
        values: all parameters of the family; those of dropped terms are 0.
        kept: coefficients of the terms that remain.
        looks: every comparison that was made, in order.
    """

    values: np.ndarray
    kept: tuple[str, ...]
    looks: tuple[Look, ...]


def prune(
    bench: Workbench,
    fitted: np.ndarray,
    settings: PruneSettings,
    key: jax.Array,
    journal: Journal,
    report: Report = silent,
) -> Pruned:
    """Backward elimination with refits.

    The weaker half of the terms is tried first, then half of that, down to single terms: most
    candidates of a large family fall in a few looks. A single term whose removal is refused
    stays until the rule around it changes. Dropped terms keep their place in the compiled family
    with coefficient 0, so that nothing is compiled again.

    Args:
        bench: the family in its world.
        fitted: parameters of the fitted family, shape (P,).
        settings: margin and numbers of lives.
        key: its random numbers.
        journal: where results are kept.
        report: told of every step.
    """
    names = [t.coefficient for t in bench.rule.terms()]
    kept, values, best = names, fitted, fitted
    looks: list[Look] = []
    order: list[str] = []
    batch = max(1, len(kept) // 2)
    while len(kept) > 1:
        stage, number = f"prune {len(looks) + 1}", len(looks)
        if not order:
            order = rank(bench, values, kept, settings, branch(key, Branch.RANK, number), journal)
        removed, batch = order[:batch], min(batch, len(order))
        left = [name for name in kept if name not in removed]
        candidate = without(bench, values, removed)
        free = movable(bench, left)
        refit_key = branch(key, Branch.REFIT, number)
        candidate = run_phase(
            bench, settings.refit, candidate, free, refit_key, journal, f"{stage}: refit", report
        )
        report(Progress(f"{stage}: compare", 0, 1, f"{len(left)} of {len(names)} terms"))
        difference = compare(
            bench,
            candidate,
            best,
            settings.lives,
            branch(key, Branch.PRUNE, number),
            journal,
            f"{stage}: compare",
        )
        accepted = difference.low > -settings.margin
        looks.append(Look(tuple(removed), tuple(left), difference, accepted))
        report(Progress(f"{stage}: compare", 1, 1, describe(looks[-1])))
        if accepted:
            kept, values, order = left, candidate, []
            batch = max(1, len(kept) // 2)
            if difference.mean > 0:
                best = candidate
        elif batch > 1:
            batch //= 2
        else:
            order = order[1:]
            if not order:
                break
    return Pruned(values, tuple(kept), tuple(looks))


class Trimmed(NamedTuple):
    """The outcome of trimming.

    Attributes:
        refined: parameters of the final rule, with intervals.
        kept: coefficients of its terms.
        looks: every comparison that was made, in order.
        without: for each kept term, the parameters of the rule refitted without it.
    """

    refined: Refined
    kept: tuple[str, ...]
    looks: tuple[Look, ...]
    without: dict[str, np.ndarray]


def trim(
    bench: Workbench,
    pruned: Pruned,
    settings: PruneSettings,
    surface: RefineSettings,
    key: jax.Array,
    journal: Journal,
    report: Report = silent,
) -> Trimmed:
    """Refine the pruned rule, then ask of each of its terms once more whether it is needed.

    Refits are now on the quadratic surface, which finds the maximum more sharply than a few
    steps of a gradient, so terms that stood in for a badly fitted one fall here.
    """
    key = branch(key, Branch.REFINE)
    kept, looks = list(pruned.kept), list[Look]()
    here = refine(
        bench, pruned.values, movable(bench, kept), surface, key, journal, "refine", report
    )
    rests: dict[str, Refined] = {}
    while len(rests) < len(kept):
        name = next(n for n in kept if n not in rests)
        rest = [n for n in kept if n != name]
        key, stage = branch(key, len(looks) + 1), f"trim {len(looks) + 1}"
        start, free = without(bench, here.values, [name]), movable(bench, rest)
        refit = refine(bench, start, free, surface, key, journal, f"{stage}: refine", report)
        difference = compare(
            bench,
            refit.values,
            here.values,
            settings.lives,
            branch(key, Branch.PRUNE),
            journal,
            f"{stage}: compare",
        )
        accepted = difference.low > -settings.margin and len(kept) > 1
        looks.append(Look((name,), tuple(rest), difference, accepted))
        report(Progress(f"{stage}: compare", 1, 1, describe(looks[-1])))
        if accepted:
            kept, here, rests = rest, refit, {}
        else:
            rests[name] = refit
    refits = {name: rests[name].values for name in kept}
    return Trimmed(here, tuple(kept), tuple(looks), refits)


def movable(bench: Workbench, kept: Sequence[str]) -> np.ndarray:
    """Positions of the free parameters, without the coefficients of terms that are not kept."""
    terms = {t.coefficient for t in bench.rule.terms()}
    return indices(bench, [n for n in bench.free_names if n not in terms or n in kept])


def describe(look: Look) -> str:
    """A look in words."""
    verdict = "dropped" if look.accepted else "kept"
    return f"{', '.join(look.removed)} {verdict}: difference {look.difference}"


def indices(bench: Workbench, names: Sequence[str]) -> np.ndarray:
    """Positions of parameters in the parameter vector."""
    return np.array([bench.names.index(name) for name in names], int)


def without(bench: Workbench, values: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """The parameter vector with some coefficients at 0."""
    result = values.copy()
    result[indices(bench, names)] = 0.0
    return result


def rank(
    bench: Workbench,
    values: np.ndarray,
    kept: Sequence[str],
    settings: PruneSettings,
    key: jax.Array,
    journal: Journal,
) -> list[str]:
    """The terms in the order of the reward lost without each, without refit; weakest first."""

    def compute() -> dict:
        lives = settings.rank_lives
        variants = [without(bench, values, [name]) for name in kept]
        return {"rewards": [float(bench.rewards(v, key, lives).mean()) for v in variants]}

    name = f"rank of {', '.join(kept)}"
    rewards = journal.recall(name, compute)["rewards"]
    return [kept[i] for i in np.argsort(rewards)[::-1]]


def compare(
    bench: Workbench,
    a: np.ndarray,
    b: np.ndarray,
    lives: int,
    key: jax.Array,
    journal: Journal,
    name: str,
) -> Estimate:
    """Reward of `a` minus that of `b`, paired over lives."""

    def compute() -> dict:
        difference = paired_difference(bench.rewards(a, key, lives), bench.rewards(b, key, lives))
        return difference._asdict()

    return Estimate(**journal.recall(name, compute))
