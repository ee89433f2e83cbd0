"""Pruning: leave out the terms that do not earn their place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rulegen.fitting.ascent import run_phase
from rulegen.ground.keys import Branch
from rulegen.ground.stage import Stage
from rulegen.objective import Objective
from rulegen.selection.looks import Looks, anew, movable, without


class Pruned(NamedTuple):
    """The outcome of pruning.

    Attributes:
        values: all parameters of the family, shape (P,); those of dropped terms are 0.
        kept: coefficients of the terms that remain.
        best, best_terms: the same of the best rule that was met on the way.
    """

    values: np.ndarray
    kept: tuple[str, ...]
    best: np.ndarray
    best_terms: tuple[str, ...]


def prune(objective: Objective, fitted: np.ndarray, looks: Looks, stage: Stage) -> Pruned:
    """Backward elimination with refits.

    The weaker half of the terms is tried first, then half of that, down to single terms: most
    candidates of a large family fall in a few looks. A single term whose removal is refused
    stays until the rule around it changes. Dropped terms keep their place in the compiled family
    with coefficient 0, so that nothing is compiled again.

    Args:
        objective: the family where it lives.
        fitted: parameters of the fitted family, shape (P,).
        looks: takes the looks, and ends the pruning when there are no more.
        stage: its random numbers, and where results are kept.
    """
    names = tuple(t.coefficient for t in objective.rule.terms())
    kept, values = names, fitted
    best, best_terms = fitted, names
    order: list[str] = []
    batch = max(1, len(kept) // 2)
    while len(kept) > 1 and not looks.exhausted:
        number = len(looks.taken)
        if not order:
            order = rank(objective, values, kept, looks, stage.on(Branch.RANK, number))
        removed, batch = order[:batch], min(batch, len(order))
        left = tuple(name for name in kept if name not in removed)
        # From what is left or, where that earns less, from no coefficient at all.
        starts = [without(objective, values, removed), anew(objective, values, left)]
        begin = stage.on(Branch.START, number).called(f"look {number + 1}: start")
        rewards = looks.rough(starts, begin)
        candidate = run_phase(
            objective,
            looks.settings.refit,
            starts[int(np.argmax(rewards))],
            movable(objective, left),
            stage.on(Branch.REFIT, number).called(f"prune {number + 1}: refit"),
        )
        look = looks.take(candidate, left, best, best_terms)
        if look.accepted:
            kept, values, order = left, candidate, []
            batch = max(1, len(kept) // 2)
            if look.difference.mean > 0:
                best, best_terms = candidate, left
        elif batch > 1:
            batch //= 2
        else:
            order = order[1:]
            if not order:
                break
    return Pruned(values, kept, best, best_terms)


def rank(
    objective: Objective, values: np.ndarray, kept: Sequence[str], looks: Looks, stage: Stage
) -> list[str]:
    """The terms in the order of the reward lost without each, without refit; weakest first."""
    variants = [without(objective, values, [name]) for name in kept]
    rewards = looks.rough(variants, stage.called(f"look {len(looks.taken) + 1}: rank"))
    return [kept[i] for i in np.argsort(rewards)[::-1]]
