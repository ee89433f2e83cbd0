"""`make selection`: known answers, and how often the selection of terms finds them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import jax
import numpy as np

from benchmarks import linear
from benchmarks.known import ROOT, Piece, measured, recovery, silence, told
from benchmarks.worlds import REWARDED, Problem, family, nothing, planted
from rulegen.circuits import RateCircuit
from rulegen.fitting.refine import RefineSettings, with_intervals
from rulegen.ground.journal import Journal
from rulegen.ground.keys import branch
from rulegen.ground.runtime import keep_compiled_programs, use_all_cores
from rulegen.ground.stage import Stage
from rulegen.ground.statistics import Limits, estimate
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.world import World
from rulegen.publishing.config import DiscoverConfig
from rulegen.runs.discover import Entrants
from rulegen.tasks import DelayedAssociation

REPETITIONS = 200
ROOT_KEY = jax.random.key(2026)
#: Rewards gate weights so fast that the best coefficient of `xi*pre` is about 2.
FAST = REWARDED.replace("9.13e-4", "3e-3")


def config_of(problem: Problem) -> DiscoverConfig:
    """Default settings of prune, refine and evaluate, and a fit by `pgpe` alone."""
    world = problem.bench.world
    return DiscoverConfig.model_validate(
        {
            "name": "planted",
            "seed": problem.seed,
            "rule": problem.bench.rule.text(),
            "task": world.task,
            "circuit": world.circuit,
            "life": world.life,
            "fit": [{"iterations": 25, "rate": 0.08, "estimator": {"name": "pgpe"}}],
        }
    )


def recover(problem: Problem) -> Piece:
    """One problem of `planted`."""
    known = {"planted": problem.kind}
    return recovery(known, config_of(problem), problem.bench, problem.truth)


def publish(problem: Problem) -> Piece:
    """One problem of `nothing`."""
    bench = problem.bench
    known = {
        "task": problem.kind,
        "neurons": bench.world.circuit.neurons,
        "terms": len(bench.rule.terms()),
    }
    return silence(known, config_of(problem), Entrants(bench, {}))


def coverage() -> list[dict]:
    """How often 95% intervals hold what they are about, over repetitions on lives of their own."""
    world = World(
        circuit=RateCircuit(neurons=16), task=DelayedAssociation(), life=LifeSettings(trials=60)
    )
    real = Bench(world, family(("xi*pre",), FAST))
    lives = 1024
    rule = np.array([1.5])
    print("lives for rewards", flush=True)
    total = REPETITIONS * lives
    a, b = (real.rewards(v, ROOT_KEY, total).reshape(REPETITIONS, lives) for v in (rule, 0 * rule))
    rows = [
        covered(what, lives, [Limits(*estimate(x)[1:3]) for x in values], float(values.mean()))
        for what, values in (("reward", a), ("paired difference", a - b))
    ]
    truth, settings = best_of_many(real, total), RefineSettings()
    found = bounded(real, truth, settings)
    rows.append(covered("coefficient", settings.lives, found, truth))
    # Where the best coefficient is known in closed form.
    for name, neurons, sigma, lives in (
        ("coefficient, linear circuit of 32", 32, 0.1, 4096),
        ("coefficient, linear circuit of 8, heavy tails", 8, 0.3, 1024),
    ):
        truth = linear.best(neurons, sigma)
        bench = Bench(linear.world(neurons, sigma), linear.rule("a*xi*pre", sigma))
        settings = RefineSettings(lives=lives, most_lives=16384, width=0.5, least=truth)
        rows.append(covered(name, lives, bounded(bench, truth, settings), truth))
    return rows


def best_of_many(bench: Bench, lives: int) -> float:
    """The coefficient of the highest mean reward, from a quartic in its logarithm."""
    grid = np.geomspace(1.0, 3.6, 9)
    rewards = bench.means([np.array([value]) for value in grid], branch(ROOT_KEY, 1), lives)
    smooth = np.polynomial.Polynomial.fit(np.log(grid), rewards, 4)
    fine = np.geomspace(grid[0], grid[-1], 10_001)
    return float(fine[np.argmax(smooth(np.log(fine)))])


def bounded(bench: Bench, start: float, settings: RefineSettings) -> list[Limits]:
    """Repetitions of the interval of a rule's one coefficient."""
    found = []
    for number in range(REPETITIONS):
        stage = Stage(branch(ROOT_KEY, 2, number), Journal(), name="intervals")
        r = with_intervals(bench, np.array([start]), bench.free, settings, stage)
        found.append(r.limits[0])
        if number % 20 == 19:
            print("intervals", number + 1, flush=True)
    return found


def covered(what: str, lives: int, intervals: Sequence[Limits], truth: float) -> dict:
    """The share of intervals that hold the truth, among those that there are.

    Args:
        what: the truth is of. lives: of each interval, at first. intervals: of all repetitions.
        truth: what they shall hold.
    """
    there = [i for i in intervals if not i.why]
    reasons = Counter(i.why for i in intervals if i.why)
    hits = np.mean([i.low <= truth <= i.high for i in there])
    return {
        "interval of": what,
        "lives": lives,
        "repetitions": len(intervals),
        "no interval": "; ".join(f"{n}: {why}" for why, n in reasons.most_common()) or "0",
        "covers": f"{hits:.1%}",
        "mean width": f"{np.mean([i.high - i.low for i in there]) / abs(truth):.1%}",
    }


HEAD = f"""# Selection

How well terms are selected where the answer is known; made by `make selection`, which takes about
an hour on two CPU cores. Settings are the defaults of `rulegen discover`, with a fit of 25
iterations of `pgpe`.

## Planted rules

Each problem has a family of {{of}} candidate terms and a set of them that is best: `xi*pre` among
terms that know nothing of a neuron's own exploration, on the bundled tasks, by theory; or, by
construction, the terms of a rule that lives must imitate: reward falls with the squared distance
between the weights they end with and those that the planted rule makes of the same life, seen
through noise of half the size of their change. Recovered means that exactly these terms remain.

{{planted}}

## Nothing to find

Families of {{null}} terms that move weights at random, each odd in exploration noise that is
independent of the rest, and none gated by reward. Nothing may be published.

{{nothing}}

## Intervals

95% intervals as cards have them, over {REPETITIONS} repetitions on lives of their own, of node
perturbation on a delayed association. For the reward, and the paired difference of the rule and no
learning, the truth is the mean over all lives; for the coefficient it is the maximum of a smooth
curve through the mean rewards of as many lives at nine values. Lives are those that an interval
begins with; width is relative to the truth. How the method was chosen, and how it fares with few
lives and many intervals at once, is on the page about their [coverage](coverage.md).

In linear circuits (`benchmarks/linear.py`) the best coefficient is known in closed form. One of
them shows where intervals fail: in a circuit of 8 noisy neurons that learns in a single trial, one
life in ten thousand weighs four hundred times the mean, and no interval knows of lives that it has
not seen.

{{coverage}}
"""


def main() -> None:
    """Measure the parts that are asked for, and write docs/selection.md when all were."""
    use_all_cores()
    keep_compiled_programs()
    parts = {
        "planted": [recover(problem) for problem in planted()],
        "nothing": [publish(problem) for problem in nothing()],
        "coverage": [Piece([REPETITIONS], coverage)],
    }
    tables = measured("selection", parts)
    if tables.keys() == parts.keys():
        most, least = tables["planted"]["of"].agg(["max", "min"])
        sizes = {"of": f"{least} to {most}", "null": tables["nothing"]["terms"].min()}
        (ROOT / "docs" / "selection.md").write_text(HEAD.format(**told(tables), **sizes))


if __name__ == "__main__":
    main()
