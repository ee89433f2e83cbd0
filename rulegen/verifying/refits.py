"""Was what remains without a term fitted again, or spoilt so that the term seems worth more?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import jax
import numpy as np

from rulegen.catalog import Evidence
from rulegen.catalog.records.roles import NO_LEARNING
from rulegen.fitting.refine import RefineSettings
from rulegen.ground.statistics import paired_difference
from rulegen.lives.bench import Bench
from rulegen.publishing.evaluate import Lot
from rulegen.verifying.claims import MINE, NOTHING, Key
from rulegen.verifying.finding import Finding, decided

#: A refit that lives of its own chose may earn less than where it began, on other lives, by this
#: share of what the rule gains over no learning; and where their number is known, by no more than
#: so many standard errors of the difference that they saw.
SHORT, FAR = 0.1, 5.0


def refits(
    evidence: Evidence,
    bench: Bench,
    key: jax.Array,
    lots: Mapping[Key, Lot],
    sizes: RefineSettings | None,
) -> Iterator[Finding]:
    """Whether each rest earns what it could have without being fitted.

    Every refit starts from the rule with the term left out and from coefficients that are all 0,
    so it earns at least as much as the one and as no learning, but for chance.

    Args:
        evidence: with the terms.
        bench: the published rule in its world.
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
        if term.coefficient in bench.names:
            values = bench.vector({term.coefficient: 0.0})
            less = bench.run(values, key, evidence.reward.lives)
            floors["the rule with that term left out"] = less.means
        rest = lots["term", term.coefficient].rewards
        short = [name for name, floor in floors.items() if falls_short(rest, floor, gain, sizes)]
        why = f"what is said to remain earns less than {' and '.join(short)}: it was not refitted"
        yield decided(f"refit without {term.coefficient}", not short, why)


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
