"""Is the yardstick of every world tuned there? A weak one would make a scale on which all is large.

Its values on a card are those with which it earned the figures, which lives run again confirm; that
no other values earn far more, they cannot tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import jax
import numpy as np

from rulegen.catalog.records.roles import NO_LEARNING, YARDSTICK
from rulegen.ground.progress import Report, silent, ticks
from rulegen.ground.statistics import paired_difference
from rulegen.lives.bench import Bench
from rulegen.objective.joint import key_of
from rulegen.verifying.claims import Key
from rulegen.verifying.finding import Finding, decided, unchecked
from rulegen.verifying.worlds import Place

#: Each parameter of the yardstick is tried so many times as large, and as small.
FACTOR = 2.0
#: Lives of each trial.
LIVES = 512
#: What a trial earns more is too much above this share of what the yardstick gains by learning.
SHARE = 0.1
#: Of honest cards at most this share is refuted in any of its worlds.
ERROR = 0.01


def scales(
    found: Sequence[Place],
    benches: Mapping[str, Mapping[Key, Bench]],
    key: jax.Array,
    report: Report = silent,
) -> Iterator[Finding]:
    """Whether the yardstick learns nearly as well as it can, world by world.

    Args:
        found: the worlds of a record whose rewards are scaled.
        benches: its rules in each, by name.
        key: random numbers of new lives.
        report: told of finished lives.
    """
    tried = {place.name: neighbours(benches[place.name]["rule", YARDSTICK]) for place in found}
    level = 1.0 - ERROR / max(1, sum(map(len, tried.values())))
    for place in found:
        bench, points = benches[place.name]["rule", YARDSTICK], tried[place.name]
        if not points:
            why = "none of its parameters can be moved within its bounds"
            yield unchecked(f"yardstick tuned{place.where}", why)
            continue
        places = [bench.values, *(values for _, values in points)]
        tick = ticks(report, f"yardstick{place.where}", 0, LIVES * len(places), 1)
        mine, *others = bench.rewards(places, key_of(key, place.number), LIVES, tick)
        ends = {c.name: c.reward.mean for c in place.figures.comparisons}
        unit, why = ends[YARDSTICK] - ends[NO_LEARNING], ""
        for (name, values), rewards in zip(points, others, strict=True):
            more = paired_difference(rewards, mine, level)
            if more.low > SHARE * unit:
                value = values[bench.names.index(name)]
                why = (
                    f"with {name} = {value:.3g} it earns {more} more on new lives, where it gains "
                    f"{unit:.3g} by learning: a yardstick must be tuned"
                )
                break
        yield decided(f"yardstick tuned{place.where}", not why, why)


def neighbours(bench: Bench) -> list[tuple[str, np.ndarray]]:
    """The values of a rule with one parameter larger or smaller, and which one it is."""
    found = []
    for index, parameter in enumerate(bench.rule.parameters):
        value = bench.values[index]
        for moved in (value / FACTOR, value * FACTOR) if value else ():
            if parameter.lower <= moved <= parameter.upper:
                values = bench.values.copy()
                values[index] = moved
                found.append((parameter.name, values))
    return found
