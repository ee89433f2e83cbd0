"""Was what remains without a term fitted again, or spoilt so that the term seems worth more?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import jax
import numpy as np

from rulegen.catalog import Evidence
from rulegen.catalog.records.roles import NO_LEARNING
from rulegen.estimators.coordinates import Coordinates
from rulegen.fitting.refine import RefineSettings
from rulegen.ground.statistics import paired_difference
from rulegen.lives.batch import Lot
from rulegen.objective import Objective
from rulegen.verifying.claims import MINE, NOTHING, Key
from rulegen.verifying.finding import Finding, decided
from rulegen.verifying.structure import siblings

#: A refit that lives of its own chose may earn less than where it began, on other lives, by this
#: share of what the rule gains over no learning; and where their number is known, by no more than
#: so many standard errors of the difference that they saw.
SHORT, FAR = 0.1, 5.0
#: So many random places meet on so many lives, round by round, and the best of the last round meets
#: what is said to remain on so many of the published lives.
ROUNDS, MEETING = ((96, 32), (12, 128)), 256


def refits(
    evidence: Evidence,
    objective: Objective,
    key: jax.Array,
    lots: Mapping[Key, Lot],
    sizes: RefineSettings | None,
) -> Iterator[Finding]:
    """Whether each rest earns what it could have without being fitted.

    Every refit starts from the rule with the term left out and from coefficients that are all 0,
    so it earns at least as much as the one and as no learning, but for chance; and so much that a
    random search finds nothing that earns a tenth of the gain more.

    Args:
        evidence: with the terms.
        objective: the published rule where it lives.
        key: of the published lives.
        lots: these lives, run again.
        sizes: of the refits, where a configuration says them.
    """
    nothing = lots.get(NOTHING)
    if nothing is None:
        return
    gain = float((lots[MINE].rewards - nothing.rewards).mean())
    for term in evidence.terms:
        floors = {NO_LEARNING: nothing.rewards}
        if term.coefficient in objective.names:
            values = objective.vector({term.coefficient: 0.0})
            less = objective.rewards(values, key, evidence.reward.lives)
            floors["the rule with that term left out"] = less
        rest = lots["term", term.coefficient].rewards
        short = [name for name, floor in floors.items() if falls_short(rest, floor, gain, sizes)]
        why = f"what is said to remain earns less than {' and '.join(short)}: it was not refitted"
        if not short and (found := somewhere(objective, term.coefficient, key, rest, gain)):
            short, why = [found], f"what remains earns more than is said, with {found}"
        yield decided(f"refit without {term.coefficient}", not short, why)


def somewhere(
    objective: Objective, left_out: str, key: jax.Array, rest: np.ndarray, gain: float
) -> str:
    """Where the rule without a term earns more, by random search; empty where no place is found.

    Args:
        objective: the published rule where it lives.
        left_out: the coefficient of the term.
        key: of the published lives.
        rest: what is said to remain earns on them, shape (L,).
        gain: of the rule over no learning.
    """
    if not siblings(objective.rule, left_out):
        return ""
    places = list(drawn(objective, left_out, ROUNDS[0][0]))
    for number, (count, lives) in enumerate(ROUNDS):
        rewards = objective.rewards(places[:count], jax.random.fold_in(key, number), lives)
        order = np.argsort(-rewards.mean(axis=1))
        places = [places[i] for i in order]
    lives = min(MEETING, len(rest))
    more = paired_difference(objective.rewards(places[0], key, lives), rest[:lives])
    if more.low <= 0.0 or more.mean <= SHORT * abs(gain):
        return ""
    found = zip(objective.names, places[0], objective.values, strict=True)
    return ", ".join(f"{name} = {now:.3g}" for name, now, old in found if now not in (old, 0.0))


def drawn(objective: Objective, left_out: str, count: int) -> np.ndarray:
    """Random places within the bounds, shape (count, P), one coefficient being 0.

    Coefficients are of any size up to their bounds, and other parameters with bounds anywhere
    between them; what has no bounds stays.
    """
    rng = np.random.default_rng(0)
    here = Coordinates(objective.rule.parameters)
    low, high = here.inward(objective.bounds)
    bounded = np.isfinite(high - low)
    shares = rng.random((count, len(low)))
    low, high = np.where(bounded, low, 0.0), np.where(bounded, high, 0.0)
    places = np.where(bounded, here.outward(low + shares * (high - low)), objective.values)
    moved = np.isin(objective.names, siblings(objective.rule, left_out))
    places = np.where(
        moved & bounded, places * 10.0 ** -rng.uniform(0.0, 2.0, places.shape), places
    )
    places = np.clip(places, *objective.bounds)
    places[:, objective.names.index(left_out)] = 0.0  # which its bounds may forbid
    return places


def falls_short(
    rest: np.ndarray, floor: np.ndarray, gain: float, sizes: RefineSettings | None
) -> bool:
    """Whether lives earn less than others by more than chance, and than a refit can miss.

    Args:
        rest, floor: mean reward per trial of each life, shape (L,).
        gain: of the rule over no learning.
        sizes: of the refit, which chose on twice as many lives; None: unknown.
    """
    gap = paired_difference(rest, floor)
    slack = SHORT * abs(gain)
    if sizes is not None:
        slack = min(slack, FAR * float(np.std(rest - floor)) / np.sqrt(2 * sizes.lives))
    return gap.high < 0.0 and gap.mean < -slack
