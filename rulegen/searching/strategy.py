"""What all strategies of a search have in common."""

from __future__ import annotations

import abc
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import jax
import numpy as np
from pydantic import Field

from rulegen.grammar import Space, Structure
from rulegen.ground.parts import Part
from rulegen.ground.progress import Met, ticks
from rulegen.ground.stage import Stage
from rulegen.ground.statistics import estimate
from rulegen.searching.arena import Arena, Point


class Candidate(NamedTuple):
    """What a strategy found.

    Attributes:
        point: a structure with its values.
        reward: mean reward per trial when it was last met, on lives that it may owe its place to.
        lives: so many.
        source: the strategy and what made the structure.
        parents: the structures that it was made from.
    """

    point: Point
    reward: float
    lives: int
    source: str
    parents: tuple[Structure, ...] = ()


class Meeting:
    """Where points meet: the arena, its random numbers, and the journal of what they earned.

    Args:
        arena: runs points.
        stage: random numbers of this strategy, and where rewards are kept under its name.

    Attributes:
        tried: the structures that have met.
        lives: so many have been run.
    """

    def __init__(self, arena: Arena, stage: Stage) -> None:
        self.arena, self.stage = arena, stage
        self.rng = np.random.default_rng(np.asarray(jax.random.key_data(stage.key)))
        self.rounds, self.lives = 0, 0
        self.tried: set[Structure] = set()

    @property
    def worlds(self) -> int:
        """In how many worlds a life is lived."""
        return len(self.arena.objective.benches)

    def in_each(self, lives: int) -> int:
        """The share of so many lives that each world has, one at least."""
        return -(-lives // self.worlds)

    def means(self, points: Sequence[Point], lives: int, text: str) -> np.ndarray:
        """Mean reward of each point, on lives that no earlier round has met, shape (points,).

        Args:
            points: as many as one likes.
            lives: of each; with several worlds a part of them in every one.
            text: what is said of the round.
        """
        self.rounds += 1
        stage = self.stage.on(self.rounds).called(f"{self.stage.name} {self.rounds}")
        lives = self.in_each(lives)
        total = len(points) * lives * self.worlds
        self.lives += total
        self.tried |= {point.structure for point in points}
        stage.tell(0, total, text)

        def compute() -> dict:
            tick = ticks(stage.report, stage.name, 0, total, self.worlds)
            rewards = self.arena.rewards(points, stage.key, lives, tick)
            means = rewards.mean(axis=1).tolist()
            return {"means": means, "found": best_of(points, rewards), "lives": total}

        found = stage.recall([self.arena, points, lives], compute)
        means = np.array(found["means"])
        best = points[int(np.argmax(means))].words
        front = [Met(*row) for row in found["found"]]
        stage.tell(total, total, text, f"{text}: {means.max():.4f} by {best}", front)
        return means


def best_of(points: Sequence[Point], rewards: np.ndarray) -> list[Met]:
    """The best point of each complexity with its interval.

    Args:
        points: that met. rewards: of each life, shape (points, L).
    """
    best: dict[int, int] = {}
    for number, mean in enumerate(rewards.mean(axis=1)):
        size = points[number].structure.complexity
        if size not in best or mean > rewards[best[size]].mean():
            best[size] = number
    return [
        Met(size, *estimate(rewards[n])[:3], points[n].words) for size, n in sorted(best.items())
    ]


def no_candidates(strategy: Strategy, found: Any, *given: Any, **named: Any) -> str:
    """Why something is no candidates; "" where it is."""
    some = isinstance(found, list | tuple) and all(isinstance(c, Candidate) for c in found)
    return "" if some and found else f"it gives {found!r} in place of candidates"


class Strategy(Part, abc.ABC):
    """How structures are searched; `search` finds candidates within a budget.

    One of one's own is a subclass with a `name`, `check` and `search`. Rewards come from
    `meeting.means` alone, which counts lives and keeps what they earned.

    Attributes:
        lives: the budget: lives that the strategy may run. In several worlds those of a point are
            rounded up, to as many in every one.
    """

    part: ClassVar[str] = "strategy"
    _wrong: ClassVar[Mapping[str, Callable[..., str]]] = {"search": no_candidates}

    lives: int = Field(100_000, ge=1)

    @abc.abstractmethod
    def check(self, space: Space) -> None:
        """See that the budget suffices for a space.

        Raises:
            ConfigError: when it does not; the message says what would.
        """

    @abc.abstractmethod
    def search(self, meeting: Meeting, seeds: Sequence[Structure]) -> list[Candidate]:
        """Search the arena's space.

        Args:
            meeting: where points meet.
            seeds: structures that are known to be worth trying.

        Returns:
            the candidates of the last round, one for each structure, the best first.
        """


def best_points(
    points: Sequence[Point], means: Iterable[float]
) -> dict[Structure, tuple[Point, float]]:
    """For each structure its best point and that one's mean reward, in order of reward."""
    found: dict[Structure, tuple[Point, float]] = {}
    for point, mean in zip(points, means, strict=True):
        if point.structure not in found or mean > found[point.structure][1]:
            found[point.structure] = point, float(mean)
    return dict(sorted(found.items(), key=lambda item: -item[1][1]))
