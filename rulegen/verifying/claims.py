"""The figures that a record claims from its held-out lives, and how lives give each of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from rulegen.catalog import Evidence, Interval
from rulegen.catalog.records.evidence import ROUNDING
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING
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


class Claim(NamedTuple):
    """One figure.

    Attributes:
        name: how the verification calls it.
        interval: what is claimed.
        of: whose mean reward per trial it is.
        less: whose is taken off, life by life.
    """

    name: str
    interval: Interval
    of: Key
    less: Key | None = None

    @property
    def boasts(self) -> bool:
        """Whether the published rule is the better for a larger figure."""
        return self.of == MINE

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
    return found


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
            figure = estimate(claim.values(rewards))
            if not agrees(claim.interval, figure):
                found[claim.name] = figure
    return found
