"""Successive halving: everything gets a few lives, and what does well gets more."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from rulegen.catalog.records.fields import MOST_LIVES
from rulegen.grammar import ConfigError, Space, Structure
from rulegen.ground.settings import MOST_TOGETHER
from rulegen.searching.arena import Point, split
from rulegen.searching.strategy import Candidate, Meeting, Strategy, best_points


class Halving(Strategy):
    """Successive halving over structures and their parameters.

    The structures of one term meet first, at twice as many points. The others begin with the
    values that their terms have alone. Each round has the same number of lives: every structure is
    tried at its best point so far and at others around it, and the best `1/shrink` go on, with
    more lives at each point. All points of a round meet the same lives, and no two rounds do.

    Attributes:
        lives: the budget.
        structures: most structures to begin with, drawn evenly; 0: all of the space.
        points: parameter points of a structure in a round.
        least: lives of a point in the first round.
        shrink: the share that goes on is 1/shrink.
        last: structures in the last round, at most.

    Source: Jamieson and Talwalkar 2016, arXiv:1502.07943.
    """

    name: Literal["halving"] = "halving"
    lives: int = Field(220_000, ge=1)
    structures: int = Field(0, ge=0, le=MOST_TOGETHER)
    points: int = Field(3, ge=1, le=MOST_TOGETHER)
    least: int = Field(8, ge=2, le=MOST_LIVES)
    shrink: float = Field(3.0, gt=1)
    last: int = Field(12, ge=1, le=MOST_TOGETHER)

    def rounds(self, structures: int) -> list[int]:
        """How many structures each round has, at least one fewer than the one before.

        Example:
            >>> Halving(last=12).rounds(1000)
            [1000, 334, 112, 38, 13, 12]
            >>> Halving(last=12, shrink=1.01).rounds(15)
            [15, 14, 13, 12]
        """
        sizes = [structures]
        while sizes[-1] > self.last:
            fewer = min(sizes[-1] - 1, -int(-sizes[-1] // self.shrink))
            sizes.append(max(self.last, fewer))
        return sizes

    def check(self, space: Space) -> None:
        """See `Strategy.check`."""
        count = min(space.count(), self.structures or space.count())
        rounds = len(self.rounds(count))
        widest = self.points * self.least * max(count, 2 * len(space.terms))
        if self.lives < widest * (rounds + 1):
            raise ConfigError(
                f"strategy: {self.lives} lives are too few to finish halving: {count} structures "
                f"and {len(space.terms)} terms alone, at {self.points} points of {self.least} "
                f"lives and more, in {rounds} rounds, take {widest * (rounds + 1)}; raise "
                "`lives`, or begin with fewer `structures`"
            )

    def search(self, meeting: Meeting, seeds: Sequence[Structure]) -> list[Candidate]:
        """See `Strategy.search`."""
        arena, rng, space = meeting.arena, meeting.rng, meeting.arena.space
        singles = [space.structure(term) for term in space.terms]
        if self.structures:
            drawn = space.sample(
                random.Random(int(rng.integers(2**32))), min(self.structures, space.count())
            )
        else:
            drawn = list(space.structures())
        everything = list(dict.fromkeys([*seeds, *drawn]))[: len(drawn)]
        sizes = self.rounds(len(everything))
        share = self.lives // (len(sizes) + 1)

        points = [arena.draw(s, rng) for s in singles for _ in range(2 * self.points)]
        lives = max(self.least, min(256, share // len(points)))
        means = meeting.means(points, lives, f"{len(singles)} terms alone")
        alone = {
            s.terms[0]: split(p)[s.terms[0]] for s, (p, _) in best_points(points, means).items()
        }

        here = {s: arena.compose(s, alone) for s in everything}
        spread, flips = 1.0, 0.25
        for number, size in enumerate(sizes):
            kept = list(here)[:size]
            points = [
                self.around(meeting, here[s], i, spread, flips)
                for s in kept
                for i in range(self.points)
            ]
            lives = max(self.least, share // len(points))
            means = meeting.means(points, lives, f"{len(kept)} structures")
            found = best_points(points, means)
            here = {structure: point for structure, (point, _) in found.items()}
            spread, flips = max(0.15, 0.6 * spread), flips / (2 + number)
        return [
            Candidate(point, reward, lives, self.name, self.parents(space, point.structure))
            for point, reward in found.values()
        ]

    def parents(self, space: Space, structure: Structure) -> tuple[Structure, ...]:
        """The terms alone whose values a structure of several terms began with."""
        several = len(structure.terms) > 1
        return tuple(space.structure(term) for term in structure.terms) if several else ()

    def around(
        self, meeting: Meeting, point: Point, number: int, spread: float, flips: float
    ) -> Point:
        """The point itself, and then others around it."""
        return meeting.arena.near(point, meeting.rng, spread, flips) if number else point
