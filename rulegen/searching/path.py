"""A sparse path: from no term on, the gradient over all terms says which are worth adding."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Literal

import numpy as np
from pydantic import Field

from rulegen.estimators import AnyEstimator, Pathwise
from rulegen.estimators.together import meta_gradient, prepared
from rulegen.grammar import Basis, ConfigError, Rule, RuleError, Space, Structure
from rulegen.ground.settings import MOST_TOGETHER
from rulegen.ground.stage import Stage, place_of
from rulegen.objective import Objective
from rulegen.searching.arena import Point, split
from rulegen.searching.strategy import Candidate, Meeting, Strategy, best_points

#: Steps of the gradient are tried at these sizes of a new coefficient.
SIZES = (0.05, 0.2, 0.8, 2.5)
#: Lives of a point, at least.
LEAST = 16


class Path(Strategy):
    """A hard-threshold path through the over-complete family of all terms, with refits.

    For supports of 1, 2, ... terms: the meta-gradient of the family, with all coefficients free
    and those of the support at their values, scores every other term by its signal-to-noise
    ratio. Terms of coefficient 0 change nothing, so that a family too large for one rule is one of
    several, each on the same lives. The support and the `breadth` best others form a pool, and of
    its subsets of the size in question, each refitted, the best is the next support. A term is a
    group: its coefficient and its time constants enter and leave together. Terms may leave again.

    Attributes:
        lives: the budget.
        estimator: of the meta-gradient.
        breadth: terms that are proposed for each size.
        points: parameter points of a subset in each of its two refits.

    Source: Blumensath and Davies 2009, 10.1016/j.acha.2009.04.002; Needell and Tropp 2009,
    10.1016/j.acha.2008.07.002.
    """

    name: Literal["path"] = "path"
    lives: int = Field(50_000, ge=1)
    estimator: AnyEstimator = Pathwise(credit="trial", lives=256)
    breadth: int = Field(6, ge=1, le=MOST_TOGETHER)
    points: int = Field(8, ge=2, le=MOST_TOGETHER)

    def check(self, space: Space) -> None:
        """See `Strategy.check`."""
        most = min(space.description.limits.terms, len(space.terms))
        widest = max(math.comb(k - 1 + self.breadth, k) for k in range(1, most + 1))
        scoring = self.estimator.lives * len(families(space))
        needed = most * (scoring + 2 * LEAST * self.points * widest)
        if self.lives < needed:
            raise ConfigError(
                f"strategy: {self.lives} lives are too few for a path of {most} sizes: {widest} "
                f"subsets at {self.points} points of {LEAST} lives, twice for each size, and its "
                f"gradients take {needed}; raise `lives`, or lower `breadth`"
            )

    def search(self, meeting: Meeting, seeds: Sequence[Structure]) -> list[Candidate]:
        """See `Strategy.search`."""
        arena, space = meeting.arena, meeting.arena.space
        most = min(space.description.limits.terms, len(space.terms))
        living = cache(lambda family: arena.living(coefficients_free(family.rule())))
        support: dict[Basis, dict[str, float]] = {}
        found: list[Candidate] = []
        for size in range(1, most + 1):
            parts = families(space, tuple(support))
            scores = self.scores(meeting, living, parts, support, size)
            share = (self.lives // most - len(parts) * self.estimator.lives) // 2
            others = sorted(
                (b for b in space.terms if b not in support), key=lambda b: -abs(scores[b])
            )
            pool = [*support, *others[: self.breadth]]
            subsets = [s for s in combinations(pool, size) if self.allowed(meeting, s)]
            if not subsets:
                break
            points = self.steps(meeting, subsets, support, scores)
            ranked, _ = self.rank(meeting, points, share, f"supports of {size}")
            few = [point for point, _ in list(ranked.values())[: max(2, self.breadth // 2)]]
            points = [
                p if i == 0 else arena.near(p, meeting.rng, 0.3)
                for p in few
                for i in range(self.points)
            ]
            ranked, lives = self.rank(meeting, points, share, f"supports of {size}, refitted")
            found += [
                Candidate(p, r, lives, self.name, self.parent(meeting, support))
                for p, r in ranked.values()
            ]
            support = split(next(iter(ranked.values()))[0])
        return sorted(found, key=lambda candidate: -candidate.reward)

    def steps(
        self,
        meeting: Meeting,
        subsets: Sequence[Sequence[Basis]],
        support: dict[Basis, dict[str, float]],
        scores: dict[Basis, float],
    ) -> list[Point]:
        """Points of every subset: what is new in it steps along its score, in several sizes."""
        arena, points = meeting.arena, []
        for subset in subsets:
            structure = arena.space.structure(*subset)
            known = {b: support[b] for b in subset if b in support}
            for number in range(self.points):
                size = SIZES[number % len(SIZES)]
                step = {b: {"theta": np.sign(scores[b]) * size} for b in subset if b not in support}
                point = arena.within(arena.compose(structure, known | step))
                points.append(arena.near(point, meeting.rng, 0.1 if number < len(SIZES) else 0.5))
        return points

    def rank(
        self, meeting: Meeting, points: Sequence[Point], share: int, text: str
    ) -> tuple[dict[Structure, tuple[Point, float]], int]:
        """The best point of each structure, best first, and the lives that each point had."""
        lives = max(LEAST, share // len(points))
        return best_points(points, meeting.means(points, lives, text)), lives

    def allowed(self, meeting: Meeting, subset: Sequence[Basis]) -> bool:
        """Whether the space has a structure of these terms."""
        total = meeting.arena.space.description.limits.total
        return total is None or sum(b.complexity for b in subset) <= total

    def parent(self, meeting: Meeting, support: dict) -> tuple[Structure, ...]:
        """The structure of a support, where there is one."""
        return (meeting.arena.space.structure(*support),) if support else ()

    def scores(
        self,
        meeting: Meeting,
        living: Callable[[Structure], Objective],
        parts: Sequence[Structure],
        support: dict[Basis, dict[str, float]],
        size: int,
    ) -> dict[Basis, float]:
        """The meta-gradient along every coefficient, in its standard errors."""
        each = max(4, meeting.in_each(self.estimator.lives))
        estimator = self.estimator.model_copy(update={"lives": each})
        found: dict[Basis, float] = {}
        for part, structure in enumerate(parts, 1):
            meeting.lives += each * meeting.worlds
            which = f", part {part} of {len(parts)}" if len(parts) > 1 else ""
            name = f"{meeting.stage.name}: gradient for size {size}{which}"
            stage = meeting.stage.on(1000 + size).called(name)
            family = living(structure)
            values = family.vector(dict.fromkeys(family.free_names, 0.0))
            for number, basis in structure.numbered:
                for stem, value in support.get(basis, {}).items():
                    values[family.names.index(f"{stem}_{number}")] = value
            of = _scored(stage, estimator, family, values)
            found |= {basis: of[f"theta_{number}"] for number, basis in structure.numbered}
        return found


def _scored(
    stage: Stage, estimator: AnyEstimator, family: Objective, values: np.ndarray
) -> dict[str, float]:
    """The gradient at a place along every free parameter, in its standard errors."""

    def compute() -> dict:
        stage.tell(0, 1, f"{len(family.free)} terms")
        lives = prepared(estimator, family)
        with place_of(stage.name):
            place = values, family.free
            result = meta_gradient(estimator, family, lives, place, stage.key)
        error = np.where(result.error > 0, result.error, np.inf)
        lost = {"nonfinite": result.nonfinite, "parts": result.parts}
        return {"scores": (result.gradient / error).tolist(), **lost}

    scores = stage.recall([family, estimator, values], compute)["scores"]
    return dict(zip(family.free_names, scores, strict=True))


def families(space: Space, support: tuple[Basis, ...] = ()) -> list[Structure]:
    """Families that have all terms between them, as few as rules have room for.

    Args:
        space: with its terms. support: terms that each of them has.

    Raises:
        RuleError: when a rule has no room for a single term beside the support.

    Example:
        >>> from rulegen.grammar import load_space
        >>> [len(load_space(name).terms) for name in ("local", "dendrite")]
        [49, 83]
        >>> [[len(f.terms) for f in families(load_space(n))] for n in ("local", "dendrite")]
        [[49], [42, 41]]
    """
    others = [basis for basis in space.terms if basis not in support]
    for count in range(1, max(1, len(others)) + 1):
        parts = [{*support, *others[i::count]} for i in range(count)]
        terms = (tuple(basis for basis in space.terms if basis in part) for part in parts)
        found = [Structure(some, space.description) for some in terms]
        try:
            for structure in found:
                structure.rule()
        except RuleError:
            if count >= len(others):
                raise
        else:
            return found
    raise AssertionError("a space has terms")


def coefficients_free(rule: Rule) -> Rule:
    """The rule with its time constants fixed, so that a gradient is along coefficients alone.

    Example:
        >>> from rulegen.grammar import parse
        >>> rule = parse("param theta_1 = 0 free\\nparam tau_u_1 = 30 ms free\\n"
        ...              "x = lowpass(u, tau_u_1)\\ndw/dt = theta_1*x*pre")
        >>> [p.name for p in coefficients_free(rule).free]
        ['theta_1']
    """
    kept = (replace(p, free=p.free and p.name.startswith("theta_")) for p in rule.parameters)
    return replace(rule, parameters=tuple(kept))
