"""How lives ended against what a record counts, of every rule that it has a reward of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from rulegen.catalog import Evidence
from rulegen.catalog.records.ended import Ended, verbs
from rulegen.ground.statistics import estimate
from rulegen.lives.outcomes import Outcome, Outcomes
from rulegen.verifying.claims import MINE, Key, in_world


def endings(evidence: Evidence) -> dict[Key, Ended]:
    """What a record counts beside each reward, by whose lives these are."""
    found: dict[Key, Ended] = {MINE: evidence}
    found |= {("rule", other.name): other for other in evidence.comparisons}
    found |= {("term", term.coefficient): term for term in evidence.terms}
    for told in evidence.worlds:
        mine: dict[Key, Ended] = {MINE: told}
        mine |= {("rule", other.name): other for other in told.comparisons}
        found |= {in_world(key, told.name): ended for key, ended in mine.items()}
    return found


def miscounted(told: Ended, true: Outcomes, share: float = 0.0) -> str:
    """Where counts are not those of lives, in words; empty where they are.

    Args:
        told: what a record says.
        true: of the lives.
        share: they may differ by this share of the half width of the interval of what was found,
            as means may, and by one life where there are some.

    Example:
        >>> miscounted(Ended.of([0, 0, 0]), Outcomes(ok=5, diverged=3))
        '3 of 8 lives diverged and not 0'
        >>> miscounted(Ended.of([3, 0, 3]), Outcomes(ok=2, diverged=3, silent=3))
        ''
    """
    wrong = []
    for name, count in told.counts.items():
        found = true.bad[name]
        share_of_lives = estimate((np.arange(true.lives) < found).astype(float))
        slack = share * true.lives * (share_of_lives.high - share_of_lives.low) / 2
        if share and count and found:
            slack = max(slack, 1.0)
        if abs(count - found) > slack:
            wrong.append(f"{found} of {true.lives} lives {verbs([name])} and not {count}")
    return ", ".join(wrong)


def wrong_in_table(evidence: Evidence, outcomes: Mapping[Key, np.ndarray]) -> dict[Key, str]:
    """Where the counts of a record are not those of its table of lives, in words.

    Args:
        evidence: with the counts.
        outcomes: of each life in the table, by whose lives they are.
    """
    told = endings(evidence)
    wrong = {
        key: miscounted(ended, Outcomes.of(outcomes[key]))
        for key, ended in told.items()
        if key in outcomes
    }
    return {key: why for key, why in wrong.items() if why}


class Spared(NamedTuple):
    """Bad ends as figures of which a larger one is better, for `luck`.

    Attributes:
        claimed: minus the shares of lives that are claimed, shape (k,).
        published, fresh: minus whether each life ended so, shapes (L, k) and (M, k).
    """

    claimed: np.ndarray
    published: np.ndarray
    fresh: np.ndarray


def spared(told: Ended, old: np.ndarray, new: np.ndarray) -> Spared:
    """How lives ended as figures of the published rule, for each kind.

    Args:
        told: counts of the published lives.
        old, new: how published and new lives ended, shapes (L,) and (M,).
    """
    kinds = np.array([Outcome[name.upper()] for name in told.counts], int)
    claimed = -np.array([*told.counts.values()], float) / len(old)
    return Spared(claimed, *(-(lives[:, None] == kinds).astype(float) for lives in (old, new)))
