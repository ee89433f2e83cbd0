"""Genetic programming: structures that vary, cross and compete."""

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

#: Competitors of a tournament.
TOURNAMENT = 3


class Genetic(Strategy):
    """Mutation and crossover of expression trees, from the seeds and structures of few terms on.

    In each generation parents are chosen by tournaments, and as many children as there are in the
    population are made: some by crossing two parents, some by a mutation, some with new values
    alone. Terms bring their values along. Parents and children meet the same new lives, so that
    luck is not inherited, and the best by reward less `parsimony` times complexity survive, one
    point for each structure.

    Attributes:
        lives: the budget.
        population: number of individuals.
        each: lives of an individual in a generation.
        crossing, mutation: shares of children made by either; the rest have new values.
        parsimony: reward per trial that a unit of complexity must bring.

    Source: Koza 1992, Genetic Programming, MIT Press.
    """

    name: Literal["genetic"] = "genetic"
    population: int = Field(48, ge=2, le=MOST_TOGETHER)
    each: int = Field(64, ge=2, le=MOST_LIVES)
    crossing: float = Field(0.3, ge=0, le=1)
    mutation: float = Field(0.4, ge=0, le=1)
    parsimony: float = Field(0.0003, ge=0)

    @property
    def generations(self) -> int:
        """How many generations the budget allows."""
        return self.lives // (2 * self.population * self.each)

    def check(self, space: Space) -> None:
        """See `Strategy.check`."""
        if self.generations < 1:
            raise ConfigError(
                f"strategy: {self.lives} lives are too few to finish one generation of "
                f"{self.population} parents and as many children with {self.each} lives each, "
                f"which takes {2 * self.population * self.each}; raise `lives`"
            )
        if self.crossing + self.mutation > 1:
            raise ConfigError("strategy: the shares `crossing` and `mutation` add to more than 1")

    def search(self, meeting: Meeting, seeds: Sequence[Structure]) -> list[Candidate]:
        """See `Strategy.search`."""
        arena, rng, space = meeting.arena, meeting.rng, meeting.arena.space
        chance = random.Random(int(rng.integers(2**32)))
        wanted = min(self.population, space.count())
        drawn = space.sample(chance, wanted, weighted=True)
        parents: dict[Structure, tuple[Structure, ...]] = {}
        how: dict[Structure, str] = dict.fromkeys(seeds, "seed") | dict.fromkeys(drawn, "drawn")
        population = [arena.draw(s, rng) for s in how][: self.population]
        for structure in list(how)[self.population :]:
            del how[structure]
        fitness = {p.structure: 0.0 for p in population}
        for generation in range(self.generations):
            children: list[Point] = []
            while len(children) < self.population:
                one, two = (self.winner(population, fitness, chance) for _ in range(2))
                child, made, by = self.child(meeting, one, two, chance)
                children.append(child)
                if child.structure not in how:
                    how[child.structure], parents[child.structure] = made, by
            text = f"generation {generation + 1} of {self.generations}"
            points = [*population, *children]
            found = best_points(points, meeting.means(points, self.each, text))
            fitness = {s: r - self.parsimony * s.complexity for s, (_, r) in found.items()}
            best = sorted(found, key=fitness.__getitem__, reverse=True)[: self.population]
            population = [found[structure][0] for structure in best]
        return [
            Candidate(
                found[s][0], found[s][1], self.each, f"{self.name}: {how[s]}", parents.get(s, ())
            )
            for s in best
        ]

    def winner(
        self, population: list[Point], fitness: dict[Structure, float], chance: random.Random
    ) -> Point:
        """The best of a few."""
        few = [chance.choice(population) for _ in range(TOURNAMENT)]
        return max(few, key=lambda p: fitness[p.structure])

    def child(
        self, meeting: Meeting, one: Point, two: Point, chance: random.Random
    ) -> tuple[Point, str, tuple[Structure, ...]]:
        """A child of one or two parents, how it was made, and of whom."""
        arena, rng, space = meeting.arena, meeting.rng, meeting.arena.space
        lot = chance.random()
        by: tuple[Structure, ...] = (one.structure,)
        if lot < self.crossing:
            structure, made = space.cross(one.structure, two.structure, chance), "crossing"
            by += (two.structure,)
        elif lot < self.crossing + self.mutation:
            structure, made = space.mutate(one.structure, chance), "mutation"
        else:
            structure, made = one.structure, "new values"
        known = split(arena.draw(structure, rng)) | split(two) | split(one)
        return arena.near(arena.compose(structure, known), rng, 0.4, 0.1), made, by
