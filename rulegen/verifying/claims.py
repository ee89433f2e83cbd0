"""The figures that a record claims from its held-out lives, and how lives give each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np

from rulegen.catalog import Evidence, Interval, WorldFigures
from rulegen.catalog.records.interval import ROUNDING
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING
from rulegen.catalog.records.worlds import level
from rulegen.ground.statistics import Estimate, estimate

#: Whose lives: `rule` and the name of a rule of the table, or `term` and the coefficient that what
#: remains is without.
Key = tuple[str, str]
MINE: Key = ("rule", DISCOVERED)
NOTHING: Key = ("rule", NO_LEARNING)
#: On the published lives, a figure may differ from the published one by this share of the half
#: width of the interval found there: other hardware rounds otherwise, and a life magnifies that.
SAME = 0.05
#: Digits of published numbers end here.
DIGITS = 2e-6


def in_world(key: Key, world: str) -> Key:
    """Whose lives in one of several worlds.

    Example:
        >>> in_world(("rule", "start"), "larger")
        ('rule in larger', 'start')
    """
    return f"{key[0]} in {world}", key[1]


def on_scale(key: Key, world: str) -> Key:
    """The same, for rewards that count from no learning to the yardstick."""
    return f"{key[0]} on the scale of {world}", key[1]


class Claim(NamedTuple):
    """One figure.

    Attributes:
        name: how the verification calls it.
        interval: what is claimed.
        of: whose mean reward per trial it is.
        less: whose is taken off, life by life.
        level: coverage of the interval.
    """

    name: str
    interval: Interval
    of: Key
    less: Key | None = None
    level: float = 0.95

    def figure(self, rewards: Mapping[Key, np.ndarray]) -> Estimate:
        """What lives say; arguments as of `values`."""
        return estimate(self.values(rewards), self.level)

    @property
    def boasts(self) -> bool:
        """Whether the published rule is the better for a larger figure."""
        return self.of[1] == DISCOVERED and not self.of[0].startswith("term")

    @property
    def chief(self) -> bool:
        """Whether a card is read for it: the reward, and the gain over no learning."""
        return self.boasts and self.less in (None, NOTHING)

    def known(self, rewards: Mapping[Key, np.ndarray]) -> bool:
        """Whether there are lives of all that it is about."""
        return self.of in rewards and (self.less is None or self.less in rewards)

    def values(self, rewards: Mapping[Key, np.ndarray]) -> np.ndarray:
        """The figure of each life, shape (L,).

        Args:
            rewards: mean reward per trial of each life, shape (L,), by whose lives they are.
        """
        return rewards[self.of] - (rewards[self.less] if self.less else 0.0)


def claims(evidence: Evidence) -> list[Claim]:
    """Every figure of a record that its held-out lives give, in the order of the card.

    Example:
        >>> from rulegen.catalog import find
        >>> [claim.name for claim in claims(find("delayed_association").evidence)][:3]
        ['reward', 'reward of start', 'minus start']
    """
    found = [Claim("reward", evidence.reward, MINE)]
    for other in evidence.comparisons:
        key = ("rule", other.name)
        found.append(Claim(f"reward of {other.name}", other.reward, key))
        found.append(Claim(f"minus {other.name}", other.difference, MINE, key))
    for term in evidence.terms:
        key = ("term", term.coefficient)
        found.append(Claim(f"loss without {term.coefficient}", term.loss, MINE, key))
    for world in evidence.worlds:
        found += world_claims(world, level(evidence.worlds))
    return found


def world_claims(told: WorldFigures, coverage: float) -> Iterator[Claim]:
    """Every figure of one of several worlds; all of them hold together.

    Args:
        told: of the world.
        coverage: of each interval.
    """
    where, mine = f"in {told.name}", in_world(MINE, told.name)
    yield Claim(f"reward {where}", told.reward, mine, None, coverage)
    for other in told.comparisons:
        key = in_world(("rule", other.name), told.name)
        yield Claim(f"reward of {other.name} {where}", other.reward, key, None, coverage)
        yield Claim(f"minus {other.name} {where}", other.difference, mine, key, coverage)
    if told.scaled is None:
        return
    mine = on_scale(MINE, told.name)
    yield Claim(f"scaled reward {where}", told.scaled, mine, None, coverage)
    for other in told.comparisons:
        key, name = on_scale(("rule", other.name), told.name), f"{other.name} {where}"
        if other.scaled and other.scaled_difference:
            yield Claim(f"scaled reward of {name}", other.scaled, key, None, coverage)
            yield Claim(f"scaled minus {name}", other.scaled_difference, mine, key, coverage)


def agrees(claimed: Interval | Estimate, found: Estimate, share: float = 0.0) -> bool:
    """Whether mean and limits are those that lives give.

    Args:
        claimed: what a record says.
        found: from lives.
        share: they may differ by this share of the half width of what was found, never of what
            is claimed, so that no claim can make room for itself.
    """
    half = (found.high - found.low) / 2
    slack = share * half + ROUNDING * max(abs(found.low), abs(found.high), 1.0)
    pairs = zip((claimed.mean, claimed.low, claimed.high), found[:3], strict=True)
    return claimed.lives == found.lives and all(abs(a - b) <= slack for a, b in pairs)


def contradicted(evidence: Evidence, rewards: Mapping[Key, np.ndarray]) -> dict[str, Estimate]:
    """The claims whose figures are not those of the published lives, and what these give.

    Args:
        evidence: with the claims.
        rewards: of the published lives.
    """
    found = {}
    for claim in claims(evidence):
        if claim.known(rewards):
            figure = claim.figure(rewards)
            if not agrees(claim.interval, figure):
                found[claim.name] = figure
    return found
