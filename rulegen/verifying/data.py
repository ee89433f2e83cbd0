"""The table of held-out lives against the same lives, run again."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from rulegen.catalog import Evidence, WorldFigures
from rulegen.catalog.records.ended import Ended
from rulegen.ground.digests import digest_of
from rulegen.ground.statistics import estimate
from rulegen.lives.batch import Lot
from rulegen.lives.outcomes import Outcomes
from rulegen.publishing.tables import lives_tables
from rulegen.verifying.claims import DIGITS, MINE, SAME, Key, agrees
from rulegen.verifying.endings import miscounted
from rulegen.verifying.finding import Finding, Verdict, decided, unchecked
from rulegen.verifying.published import PublishedLives
from rulegen.verifying.worlds import Lived

#: Means of the very same lives differ by less than this, relative to their size, however they are
#: summed; a life that is rounded otherwise moves them by more.
SUMMED = 1e-12
#: Two lives are one when their rewards differ by less than this share of the spread of lives.
ALIKE = 0.01
#: So many of all lives may be others, which other hardware rounded otherwise.
OTHERS = 0.05


def data(lives: PublishedLives | None, evidence: Evidence, again: Lived) -> Finding:
    """The table of held-out lives: its digest, and each life in it against the same, run again.

    Without the table, the lives that were run again are that table, if they are the same to the
    last bit.

    Args:
        lives: of the table.
        evidence: of the record.
        again: the published lives, run again in each world.
    """
    if not evidence.data:
        why = "the record names no table of its lives, as every run leaves one"
        return Finding("data", Verdict.WEAK, why)
    if lives is not None:
        why = f"the table of the lives beside it has the digest {lives.digest}"
        others = [
            f"lives of {key[1]}{f' in {world}' if world else ''}: {other}"
            for world, lots in lives.lived.items()
            for key, lot in lots.items()
            if (other := other_lives(lot, again[world][key]))
        ]
        reasons = others if lives.digest == evidence.data else [why]
        return decided("data", not reasons, "; ".join(reasons))
    told: Mapping[str, Evidence | WorldFigures] = {w.name: w for w in evidence.worlds}
    near = all(
        math.isclose(again[world][key].rewards.mean(), mean, rel_tol=SUMMED, abs_tol=SUMMED)
        for world, figures in (told or {"": evidence}).items()
        for key, mean in means(figures)
    )
    if not near:
        why = "the table of the lives is not beside it, and other hardware rounds otherwise"
        return unchecked("data", why)
    table = lives_tables({world: split(lots) for world, lots in again.items()})
    digest = digest_of(table.to_csv(index=False))
    return decided("data", digest == evidence.data, f"that of the published lives is {digest}")


def means(told: Evidence | WorldFigures) -> Iterator[tuple[Key, float]]:
    """The mean rewards that are published of a world, by whose lives they are."""
    yield MINE, told.reward.mean
    for other in told.comparisons:
        yield ("rule", other.name), other.reward.mean


def split(lots: Mapping[Key, Lot]) -> tuple[dict[str, Lot], dict[str, Lot]]:
    """Lives of rules, and of what remains without a term, as `lives_table` takes them."""
    found: dict[str, dict[str, Lot]] = {"rule": {}, "term": {}}
    for (kind, name), lot in lots.items():
        found[kind][name] = lot
    return found["rule"], found["term"]


def other_lives(told: Lot, again: Lot) -> str:
    """Why published lives are not the same lives, run again; empty where they are.

    They are the same one by one (`unlike`), but for a share of `OTHERS`. Mean, limits and counts
    are those of `agrees` and `miscounted`, as on the card.

    Args:
        told: as published.
        again: the same lives, run again.
    """
    others, count = int(unlike(told, again).sum()), len(again.rewards)
    if others > OTHERS * count:
        return f"{others} of {count} of them, run again, are others than those in lives.csv"
    found, claimed = estimate(again.rewards), estimate(told.rewards)
    if not agrees(claimed, found, SAME):
        return f"run again they earn {found}, and {claimed} in lives.csv"
    counts = Outcomes.of(told.outcomes)
    return miscounted(Ended(**counts.bad), Outcomes.of(again.outcomes), SAME)


def unlike(told: Lot, again: Lot) -> np.ndarray:
    """Which lives are others than they are said to be, shape (L,).

    Example:
        >>> rewards, ends = np.array([0.1, 0.2, 0.3]), np.zeros(3, int)
        >>> unlike(Lot(rewards, ends), Lot(rewards + [1e-7, 0.0, 0.1], ends))
        array([False, False,  True])
    """
    spread = float(again.rewards.std())
    apart = np.abs(told.rewards - again.rewards) > ALIKE * spread + DIGITS
    return np.asarray(apart | (told.outcomes != again.outcomes))
