"""`make selection`: known answers, and how often the selection of terms finds them."""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import jax
import numpy as np
import pandas as pd

from benchmarks import linear
from benchmarks.worlds import REWARDED, Problem, family, nothing, planted
from rulegen.circuits import RateCircuit
from rulegen.fitting.refine import RefineSettings, with_intervals
from rulegen.grammar import RunError
from rulegen.ground.journal import Journal
from rulegen.ground.keys import branch, origin
from rulegen.ground.runtime import keep_compiled_programs, use_all_cores
from rulegen.ground.stage import Stage
from rulegen.ground.statistics import Limits, estimate
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.world import World
from rulegen.objective import Objective
from rulegen.publishing.config import DiscoverConfig
from rulegen.runs.discover import Entrants, carry_out, select
from rulegen.tasks import DelayedAssociation

ROOT = Path(__file__).parent.parent
REPETITIONS = 200
ROOT_KEY = jax.random.key(2026)
#: Rewards gate weights so fast that the best coefficient of `xi*pre` is about 2.
FAST = REWARDED.replace("9.13e-4", "3e-3")
TABLES = ROOT / "runs"
PARTS = ("planted", "nothing", "coverage")


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


def recover(problem: Problem, folder: Path) -> dict:
    """One problem of `planted`: the terms that were found, and those that were there."""
    return {"planted": problem.kind} | selected(
        config_of(problem), problem.bench, problem.truth, folder
    )


def selected(
    config: DiscoverConfig, objective: Objective, truth: frozenset[str], folder: Path
) -> dict:
    """The terms that a selection keeps, beside those that it should."""
    began = time.perf_counter()
    with Journal(folder / "history.jsonl", config.identity) as journal:
        _, trimmed, looks = select(config, objective, Stage(origin(config.seed), journal))
    texts = {t.coefficient: t.text for t in objective.rule.terms()}
    found = {texts[name] for name in trimmed.kept}
    return {
        "terms": quoted(truth),
        "of": len(texts),
        "recovered": "yes" if found == truth else "no",
        "false": quoted(found - truth),
        "missed": quoted(truth - found),
        "looks": len(looks),
        "seconds": round(time.perf_counter() - began),
    }


def publish(problem: Problem, folder: Path) -> dict:
    """One problem of `nothing`: whether something was published all the same."""
    bench = problem.bench
    return {
        "task": problem.kind,
        "neurons": bench.world.circuit.neurons,
        "terms": len(bench.rule.terms()),
    } | published(config_of(problem), Entrants(bench, {}), folder)


def published(config: DiscoverConfig, entrants: Entrants, folder: Path) -> dict:
    """What came of a run in which there is nothing to find."""
    began = time.perf_counter()
    with Journal(folder / "history.jsonl", config.identity) as journal:
        try:
            found = carry_out(config, entrants, Stage(origin(config.seed), journal))
            best, *_, still = found.trajectories
            told = f"published: gains {best.minus(still)}"
        except RunError as error:
            told = str(error).split(". ")[0]
    return {"outcome": told, "seconds": round(time.perf_counter() - began)}


def quoted(terms: set[str] | frozenset[str]) -> str:
    """Terms as a cell of a table."""
    return ", ".join(f"`{t}`" for t in sorted(terms))


def coverage() -> pd.DataFrame:
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
    return pd.DataFrame(rows)


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


def write_page() -> None:
    """Make docs/selection.md from what was measured."""
    parts = {n: pd.read_csv(TABLES / f"selection_{n}.csv", keep_default_na=False) for n in PARTS}
    recovered = (parts["planted"]["recovered"] == "yes").sum()
    silent_ones = parts["nothing"]["outcome"].str.startswith("nothing to publish").sum()
    told = {
        "planted": f"{recovered} of {len(parts['planted'])} recovered.",
        "nothing": f"{silent_ones} of {len(parts['nothing'])} published nothing.",
        "coverage": "",
    }
    text = {name: f"{told[name]}\n\n{markdown(table)}".strip() for name, table in parts.items()}
    sizes = parts["planted"]["of"]
    text["of"] = f"{sizes.min()} to {sizes.max()}"
    text["null"] = str(parts["nothing"]["terms"].min())
    (ROOT / "docs" / "selection.md").write_text(HEAD.format(**text))


def markdown(table: pd.DataFrame) -> str:
    """A table as Markdown."""
    rows = [list(table), ["---"] * len(table.columns), *table.astype(str).to_numpy().tolist()]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def main() -> None:
    """Run the parts that are asked for, and write the page when all of them have run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="*", default=PARTS)
    parser.add_argument("--only", type=int, nargs="*", help="numbers of problems")
    arguments = parser.parse_args()
    use_all_cores()
    keep_compiled_programs()
    for part in arguments.part:
        if part == "coverage":
            table = coverage()
        else:
            work, problems = (recover, planted()) if part == "planted" else (publish, nothing())
            rows = []
            for number, problem in enumerate(problems):
                if arguments.only and number not in arguments.only:
                    continue
                with tempfile.TemporaryDirectory() as folder:
                    rows.append(work(problem, Path(folder)))
                print(f"{part} {number + 1}/{len(problems)}", rows[-1], flush=True)
            table = pd.DataFrame(rows)
        if not arguments.only:
            TABLES.mkdir(exist_ok=True)
            table.to_csv(TABLES / f"selection_{part}.csv", index=False)
    if all((TABLES / f"selection_{part}.csv").exists() for part in PARTS):
        write_page()


if __name__ == "__main__":
    main()
