"""Trimming: a local search over the terms of a pruned rule, with sharp refits."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from rulegen.fitting.refine import Refined, RefineSettings, refine, with_intervals
from rulegen.ground.keys import Branch
from rulegen.ground.stage import Stage
from rulegen.objective import Objective
from rulegen.selection.looks import Looks, anew, indices, movable, without
from rulegen.selection.prune import Pruned

#: Coefficients at which a term is tried before the surface around the best of them is looked at.
GRID = tuple(sign * size for size in (0.05, 0.2, 0.8, 3.0) for sign in (1.0, -1.0))


#: Terms, and parameters to refine them from.
Neighbour = tuple[tuple[str, ...], np.ndarray]


class Trimmed(NamedTuple):
    """The outcome of trimming.

    Attributes:
        refined: parameters of the final rule, with intervals.
        kept: coefficients of its terms.
        without: for each of them, the parameters of the rule refitted without it.
        inclusion: for each of them, the share of resamples in which its removal from the final
            rule was not accepted; NaN where the looks were used up before it was asked.
    """

    refined: Refined
    kept: tuple[str, ...]
    without: dict[str, np.ndarray]
    inclusion: dict[str, float]


class Trimming:
    """Refits of rules by their terms."""

    def __init__(
        self,
        objective: Objective,
        looks: Looks,
        surface: RefineSettings,
        stage: Stage,
    ) -> None:
        self.objective, self.looks, self.surface, self.stage = objective, looks, surface, stage
        self.names = tuple(t.coefficient for t in objective.rule.terms())
        self.refits = 0

    def refine(
        self, starts: Sequence[np.ndarray], terms: Sequence[str], climbs: int = 1
    ) -> np.ndarray:
        """The rule with these terms alone, at the maximum of its reward that starts lead to.

        With all coefficients at 0 it is one more start: no refit ends below no learning.
        """
        self.refits += 1
        absent = [n for n in self.names if n not in terms]
        places = [without(self.objective, start, absent) for start in starts]
        still = anew(self.objective, starts[0], terms)
        name = f"refine {self.refits}: {self.words(n for n in self.names if n in terms)}"
        return refine(
            self.objective,
            [*places, still],
            movable(self.objective, terms) if terms else np.array([], int),
            self.surface.model_copy(update={"climbs": climbs}),
            self.stage.on(Branch.REFINE, self.refits).called(name),
        )

    def words(self, coefficients: Iterable[str]) -> str:
        """Terms as people write them, by their coefficients."""
        return ", ".join(self.looks.terms[name] for name in coefficients)

    def with_intervals(self, values: np.ndarray, terms: Sequence[str]) -> Refined:
        """The final rule with the intervals of its parameters."""
        return with_intervals(
            self.objective,
            values,
            movable(self.objective, terms) if terms else np.array([], int),
            self.surface,
            self.stage.on(Branch.REFINE, 0).called("intervals"),
        )

    def best(self, name: str, places: Sequence[np.ndarray]) -> int:
        """Which of these parameter vectors earns most on a few common lives."""
        # The same question comes again when the rule has moved, and is another one.
        stage = self.stage.on(Branch.RANK, self.refits).called(f"refit {self.refits + 1}: {name}")

        def done(number: int) -> None:
            stage.tell(number, len(places))

        rewards = self.looks.rough(places, stage, done)
        count = len(places)
        stage.tell(count, count, "", f"the best of {count} earns {max(rewards):.4g}")
        return int(np.argmax(rewards))

    def with_term(self, values: np.ndarray, name: str) -> list[np.ndarray]:
        """The parameters with one more term, at each coefficient of the grid."""
        (position,) = indices(self.objective, [name])
        places = np.tile(values, (len(GRID), 1))
        places[:, position] = GRID
        return list(np.clip(places, *self.objective.bounds))

    def instead(self, values: np.ndarray, pair: Sequence[str], new: str) -> np.ndarray:
        """The parameters with one term for two, which has the sum of their coefficients.

        What stands in for a time constant between them has it shared out to both.
        """
        place = without(self.objective, values, pair)
        own, both = indices(self.objective, [new]), indices(self.objective, pair)
        place[own] = np.clip(values[both].sum(), *self.objective.bounds[:, own])
        return place

    def neighbours(self, values: np.ndarray, kept: tuple[str, ...]) -> Iterator[Neighbour]:
        """Neighbours of a rule, small ones first, each with a place to refine it from."""
        others = tuple(n for n in self.names if n not in kept)
        label = f"beside {self.words(kept)}"

        def most(what: str, choices: Sequence[Neighbour]) -> Iterator[Neighbour]:
            """The most promising of some neighbours."""
            if choices:
                yield choices[self.best(what, [place for _, place in choices])]

        none = without(self.objective, values, self.names)
        single = [((n,), p) for n in self.names for p in self.with_term(none, n)]
        yield from most("single terms", single)
        for name in kept:
            yield tuple(n for n in kept if n != name), values
        fewer = [
            (tuple(n for n in kept if n not in pair), without(self.objective, values, pair))
            for pair in itertools.combinations(kept, 2)
            if len(kept) > 2
        ]
        yield from most(f"two terms less {label}", fewer)
        merged = [
            ((*(n for n in kept if n not in pair), new), self.instead(values, pair, new))
            for pair in itertools.combinations(kept, 2)
            for new in others
        ]
        yield from most(f"one term for two {label}", merged)
        if len(kept) > 1:
            changed = [
                ((*(n for n in kept if n != old), new), place)
                for old, new in itertools.product(kept, others)
                for place in self.with_term(without(self.objective, values, [old]), new)
            ]
            yield from most(f"another term {label}", changed)
        more = [((*kept, new), place) for new in others for place in self.with_term(values, new)]
        yield from most(f"one term more {label}", more)


def trim(
    objective: Objective,
    pruned: Pruned,
    looks: Looks,
    surface: RefineSettings,
    stage: Stage,
) -> Trimmed:
    """Refine the pruned rule, then move to better neighbours until there are none.

    Refits are now on the quadratic surface, which finds the maximum more sharply than a few
    steps of a gradient. Neighbours of a rule are the best single term, itself without one or two
    of its terms, with one for two, with one exchanged, and with one more. So terms that stood in
    for a badly fitted one fall here, and one that was dropped among others comes back.

    Args:
        objective: the family where it lives.
        pruned: where to start.
        looks: takes the looks, and ends the search when there are no more.
        surface: settings of the refits.
        stage: its random numbers, and where results are kept.
    """
    search = Trimming(objective, looks, surface, stage)
    kept, here = pruned.kept, search.refine([pruned.values], pruned.kept)
    best, best_terms = here, kept
    if search.best("refined or pruned", [here, pruned.best]):
        best, best_terms = pruned.best, pruned.best_terms
    # Every step from one set of terms to another is asked once; a set that is met again is refined
    # again, since its first refit may have ended short of its maximum.
    asked: set[tuple[frozenset[str], frozenset[str]]] = set()
    rests: dict[frozenset[str], np.ndarray] = {}
    # Of looks at the rule as it is now; they say nothing about the one after a move.
    shares: dict[frozenset[str], float] = {}
    moved = True
    while moved and not looks.exhausted:
        moved = False
        for terms, start in search.neighbours(here, kept):
            step = frozenset(kept), frozenset(terms)
            if step in asked or step[0] == step[1]:
                continue
            asked.add(step)
            there = search.refine([start], terms)
            other = (best, best_terms) if len(terms) < len(kept) else (here, kept)
            look = looks.take(there, terms, *other)
            rests[step[1]], shares[step[1]] = there, look.inclusion
            if look.accepted:
                kept, here, moved, shares = terms, there, True, {}
                # What beats the rule that stands may still earn less than what stood before it.
                if look.difference.mean > 0 and (
                    other[0] is best or search.best("the best so far or this", [best, there])
                ):
                    best, best_terms = there, terms
                break
            if looks.exhausted:
                break
    kept = tuple(n for n in search.names if n in kept)
    refined = search.with_intervals(here, kept)
    rest = {name: tuple(n for n in kept if n != name) for name in kept}
    remain, share = dict[str, np.ndarray](), dict[str, float]()
    for name, left in rest.items():
        # What a term is worth is published: so every start is climbed from.
        starts = [refined.values, *([rests[frozenset(left)]] if frozenset(left) in rests else [])]
        remain[name] = search.refine(starts, left, climbs=len(starts) + 1)
        share[name] = shares.get(frozenset(left), np.nan)
    return Trimmed(refined, kept, remain, share)
