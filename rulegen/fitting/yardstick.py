"""The common scale of worlds: what no learning and a well-tuned yardstick earn in each of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

from rulegen.fitting.tuning import COMPARE, opened, tuned_values
from rulegen.grammar import ConfigError, Rule
from rulegen.ground.keys import Branch
from rulegen.ground.progress import ticks
from rulegen.ground.stage import Stage
from rulegen.ground.statistics import Estimate, estimate, paired_difference
from rulegen.lives.bench import Bench, no_learning
from rulegen.lives.world import World
from rulegen.objective.joint import bench_in, key_of

#: Lives of the yardstick and of no learning in each world.
LIVES = 1024
#: It must gain this share of what perfect answers would, to be a unit.
LEAST = 0.01
#: The interval of the gain ends above this share of it: a ratio to less has no interval.
SURE = 0.5


class NoScale(ConfigError):
    """The yardstick does not learn in a world."""


class Mark(NamedTuple):
    """The scale of one world.

    Attributes:
        rule: the yardstick with the values at which it was found to learn best there.
        nothing: mean reward per trial of no learning. yardstick: that of the rule.
        gain: of the rule over no learning, paired over lives.
    """

    rule: Rule
    nothing: Estimate
    yardstick: Estimate
    gain: Estimate


def marks(worlds: Mapping[str, World], rule: Rule, stage: Stage) -> dict[str, Mark]:
    """The scale of every world, by its name.

    The rule is tuned in each world for itself (`rulegen.fitting.tuning`, with the budget of all
    comparisons), and then lives on other lives, which no learning meets as well.

    Args:
        worlds: by name.
        rule: the yardstick.
        stage: random numbers, of which every world has its own, and where results are kept.

    Raises:
        ConfigError: when the yardstick does not run in a world.
        NoScale: when it does not learn there: a scale would have no unit.
    """
    benches = {name: bench_in(name, world, opened(rule)) for name, world in worlds.items()}
    found = {}
    for number, (name, bench) in enumerate(benches.items()):
        own = stage.called(f"{stage.name} {name}")
        compute = partial(measured, bench, number, own)
        told = own.recall([bench, list(COMPARE.rounds), LIVES, number], compute)
        nothing, yard, gain = (Estimate(**told[part]) for part in ("nothing", "yardstick", "gain"))
        room = worlds[name].task.best - nothing.mean
        if gain.low <= SURE * gain.mean or gain.mean < LEAST * room:
            raise NoScale(
                f"world `{name}`: the yardstick gains {gain} over no learning there, and perfect "
                f"answers {room:.3g}, so its scale has no unit: the gain must be {LEAST:.0%} of "
                f"that at least, and surely {SURE:.0%} of itself. Give the world more trials, name "
                'another `yardstick`, take the world out, or set `scale = "reward"`'
            )
        found[name] = Mark(rule.with_values(told["values"]), nothing, yard, gain)
    return found


def measured(bench: Bench, number: int, stage: Stage) -> dict[str, Any]:
    """The best values of a rule in a world, and what it and no learning earn there."""
    key = key_of(stage.on(Branch.TUNE).key, number)
    values = tuned_values(bench, key, COMPARE, stage.report, f"tune {stage.name}")
    key = key_of(stage.on(Branch.SCALE).key, number)
    still = no_learning(bench.world, bench.rule)
    tick = [ticks(stage.report, stage.name, n * LIVES, 2 * LIVES, 1) for n in range(2)]
    nothing = still.rewards(values, key, LIVES, tick[0])
    rewards = bench.rewards(values, key, LIVES, tick[1])
    return {
        "values": dict(zip(bench.names, values.tolist(), strict=True)),
        "nothing": estimate(nothing)._asdict(),
        "yardstick": estimate(rewards)._asdict(),
        "gain": paired_difference(rewards, nothing)._asdict(),
    }
