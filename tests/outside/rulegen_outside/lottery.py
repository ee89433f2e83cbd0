"""A strategy: structures and values at random."""

import random

from pydantic import Field

import rulegen as rg


class Lottery(rg.Strategy):
    """All of the budget for structures that are drawn once, each at random values."""

    name: str = "lottery"
    each: int = Field(64, ge=2)
    winners: int = Field(4, ge=1)

    def check(self, space):
        """See `rg.Strategy.check`."""
        if self.lives < self.each:
            raise rg.ConfigError(f"strategy: {self.lives} lives are none for {self.each} each")

    def search(self, meeting, seeds):
        """See `rg.Strategy.search`."""
        arena, draw = meeting.arena, random.Random(int(meeting.rng.integers(2**32)))
        count = min(self.lives // self.each, arena.space.count())
        drawn = dict.fromkeys([*seeds, *arena.space.sample(draw, count)])
        points = [arena.draw(structure, meeting.rng) for structure in drawn][:count]
        means = meeting.means(points, self.each, f"{len(points)} tickets")
        ranked = sorted(zip(points, means.tolist(), strict=True), key=lambda pair: -pair[1])
        return [rg.Candidate(p, r, self.each, self.name) for p, r in ranked[: self.winners]]
