"""`make together`: known answers in several worlds at once, and intervals of what they make."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from benchmarks.known import ROOT, Piece, measured, recovery, silence, told
from benchmarks.worlds import (
    AIMLESS,
    BLIND,
    PLAIN,
    REWARDED,
    TERMS,
    ImitationBench,
    family,
    parse_term,
)
from rulegen.circuits import RateCircuit
from rulegen.ground.keys import branch
from rulegen.ground.runtime import keep_compiled_programs, use_all_cores
from rulegen.ground.statistics import Estimate, estimate
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.world import World
from rulegen.objective import Aim, Joint, Objective
from rulegen.objective.aim import scaled_lives
from rulegen.publishing.config import DiscoverConfig
from rulegen.runs.discover import prepare
from rulegen.tasks import DelayedAssociation, GoNogo

KEY = jax.random.key(4051)
#: Repetitions of each interval, and lives of each.
REPETITIONS, LIVES = 200, 256
SHORT = {"name": "delayed_association", "delay": 60.0}
MATCH = {"name": "delayed_match", "delay": 30.0}


class Problem(NamedTuple):
    """A family in several worlds, and the terms that the objective needs.

    Attributes:
        kind: what is known. weights: of the worlds, in words.
        truth: the terms.
        config: settings of the selection.
        objective: the family where it lives.
    """

    kind: str
    weights: str
    truth: frozenset[str]
    config: DiscoverConfig
    objective: Objective


def config_of(rule: str, seed: int, life: LifeSettings, **more: Any) -> DiscoverConfig:
    """Default settings of prune and refine, and a fit by `pgpe` alone, in two worlds."""
    task = more.pop("tasks", (SHORT, MATCH))
    sizes = more.pop("sizes", (20, 24))
    worlds = [
        {"name": f"world {number}", "task": one, "circuit": {"neurons": size}}
        for number, (one, size) in enumerate(zip(task, sizes, strict=True), 1)
    ]
    fit = [{"iterations": 25, "rate": 0.08, "estimator": {"name": "pgpe"}}]
    told = {"name": "together", "seed": seed, "rule": rule, "worlds": worlds, "fit": fit}
    return DiscoverConfig.model_validate(told | {"scale": "reward", "life": life} | more)


def everywhere() -> list[Problem]:
    """Six problems in which `xi*pre` is best in both worlds, by theory."""
    pairs = (
        (SHORT, MATCH), (SHORT, SHORT | {"delay": 120.0}), (MATCH, MATCH | {"delay": 60.0}),
        (SHORT, {"name": "go_nogo"}), (MATCH, {"name": "go_nogo"}), (MATCH, SHORT),
    )  # fmt: skip
    problems = []
    for seed, tasks in enumerate(pairs, 1):
        sizes = (16 + 4 * (seed % 3), 24)
        rule = family(("xi*pre", *BLIND[:8]), REWARDED, start=0.05).text()
        config = config_of(rule, seed, LifeSettings(trials=150), tasks=tasks, sizes=sizes)
        objective = prepare(config).family
        truth = frozenset({"xi*pre"})
        problems.append(Problem("best in both worlds", "1 : 1", truth, config, objective))
    return problems


#: What is the same in both worlds; beside it `xi*pre`, which is uncorrelated with all of them.
SHARED = ("(post - post_bar)*(pre - pre_bar)", "d**3*pre", "post*p_60")
TORN = "xi*pre"


def torn() -> list[Problem]:
    """Six problems in which a term helps in one world as much as it hurts in the other.

    Lives imitate a rule with +b of the term in the first world and -b in the second. Rewards fall
    with the square of what is missing, so that the best coefficient is b(a_1 - a_2)/(a_1 + a_2): 0
    for equal weights, and then the term is not worth its place.
    """
    problems = []
    rule, life = family(TERMS, PLAIN), LifeSettings(trials=8, warmup=0)
    names = {t.text: t.coefficient for t in rule.terms()}
    for seed, shared in enumerate(SHARED * 2, 1):
        weights = (1.0, 1.0) if seed <= len(SHARED) else (5.0, 1.0)
        benches = {}
        for number, sign in enumerate((1.0, -1.0), 1):
            world = World(
                circuit=RateCircuit(neurons=14 + 2 * seed),
                task=DelayedAssociation(delay=60.0 * number),
                life=life,
            )
            planted = {names[parse_term(shared)]: 1.0, names[TORN]: 0.8 * sign}
            benches[f"world {number}"] = ImitationBench(world, rule, planted, noise=0.3)
        truth = {shared} if weights == (1.0, 1.0) else {shared, TORN}
        config = config_of(rule.text(), seed, life)
        objective = Joint.of(benches, Aim.of_rewards(weights))
        ratio = f"{weights[0]:g} : {weights[1]:g}"
        known = frozenset(map(parse_term, truth))
        problems.append(Problem("helps here, hurts there", ratio, known, config, objective))
    return problems


def recover(problem: Problem) -> Piece:
    """One problem of `planted`."""
    known = {"planted": problem.kind, "weights": problem.weights}
    return recovery(known, problem.config, problem.objective, problem.truth)


def publish(config: DiscoverConfig) -> Piece:
    """One family of `nothing`."""
    tasks = ", ".join(dict.fromkeys(w.task.name for w in config.training.values()))
    return silence({"tasks": tasks}, config, prepare(config))


def nothing() -> list[DiscoverConfig]:
    """Ten families of which no term is of use in either world."""
    configs = []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        terms = tuple(rng.choice(AIMLESS, 8, replace=False).tolist())
        rule = family(terms, "clip(0.0004*e, -0.1, 0.1)", start=0.05).text()
        sizes = (16 + 2 * (seed % 3), 20)
        configs.append(config_of(rule, seed, LifeSettings(trials=60), sizes=sizes))
    return configs


def coverage() -> list[dict]:
    """How often 95% intervals of scaled rewards, and of what worlds make of them, hold the truth.

    The truth is that of all lives of all repetitions.
    """
    rule = family(("xi*pre",), REWARDED.replace("9.13e-4", "3e-3"))
    rewards = []
    for number, task in enumerate((DelayedAssociation(), GoNogo())):
        life = LifeSettings(trials=60)
        world = World(circuit=RateCircuit(neurons=16), task=task, life=life)
        bench, total = Bench(world, rule), REPETITIONS * LIVES
        print("lives of", task.name, flush=True)
        key = branch(KEY, number)
        rewards.append([bench.rewards(np.array([v]), key, total) for v in (1.0, 2.0, 0.0, 1.6)])
    mine, other, none, yard = (np.array(part) for part in zip(*rewards, strict=True))
    aims = {
        "the mean of both": Aim.of_rewards([1.0, 1.0]),
        "the worst of both": Aim.of_rewards([1.0, 1.0], 5.0),
    }

    def scaled(number: int) -> Callable[[slice], np.ndarray]:
        return lambda part: scaled_lives(*(x[number][part] for x in (mine, none, yard)))

    def made(aim: Aim, whose: np.ndarray) -> Callable[[slice], np.ndarray]:
        def numbers(part: slice) -> np.ndarray:
            scales = [(none[v][part], yard[v][part]) for v in range(2)]
            return aim.together([whose[v][part] for v in range(2)], scales)

        return numbers

    figures = {f"scaled reward in world {n + 1}": scaled(n) for n in range(2)}
    for name, aim in aims.items():
        figures[name] = made(aim, mine)
        one, two = made(aim, mine), made(aim, other)
        figures[f"a difference of {name}"] = lambda part, a=one, b=two: a(part) - b(part)
    rows = []
    for name, figure in figures.items():
        truth = float(figure(slice(None)).mean())
        found = [estimate(figure(slice(n * LIVES, (n + 1) * LIVES))) for n in range(REPETITIONS)]
        rows.append(covered(name, found, truth))
    return rows


def covered(what: str, found: list[Estimate], truth: float) -> dict:
    """The share of intervals that hold the truth."""
    hits = np.mean([e.low <= truth <= e.high for e in found])
    width = np.mean([e.high - e.low for e in found])
    return {
        "interval of": what, "lives": LIVES, "repetitions": len(found), "truth": f"{truth:.4f}",
        "covers": f"{hits:.1%}", "mean width": f"{width:.4f}",
    }  # fmt: skip


HEAD = """# Selection in several worlds

How well terms are selected by what [several worlds](worlds.md) make of a rule together, where the
answer is known; made by `make together`, which takes about an hour on two CPU cores. Settings are
the defaults of `rulegen discover`, with a fit of 25 iterations of `pgpe`, in two worlds of
different tasks and sizes.

## Planted rules

In half of the problems `xi*pre` is best in both worlds, by theory, among terms that know nothing
of a neuron's own exploration. In the others lives imitate a rule (as on the page about
[selection](selection.md)) of which one term is the same in both worlds, and another helps in the
first as much as it hurts in the second. With equal weights its best coefficient is 0, and it must
go; with weights of 5 : 1 two thirds of it remain, and it must stay.

{planted}

## Nothing to find

Families of 8 terms that move weights at random in both worlds. Nothing may be published.

{nothing}

## Intervals

95% intervals of scaled rewards and of what two worlds make of them, over repetitions on lives of
their own: node perturbation on a delayed association and a go/no-go task, with a better
coefficient as the yardstick. The truth is that of all lives together. The scale is measured on
the lives of each repetition, as on cards.

{coverage}
"""


def main() -> None:
    """Measure the parts that are asked for, and write docs/together.md when all were."""
    use_all_cores()
    keep_compiled_programs()
    parts = {
        "planted": [recover(problem) for problem in (*torn(), *everywhere())],
        "nothing": [publish(config) for config in nothing()],
        "coverage": [Piece([REPETITIONS, LIVES], coverage)],
    }
    tables = measured("together", parts)
    if tables.keys() == parts.keys():
        (ROOT / "docs" / "together.md").write_text(HEAD.format(**told(tables)))


if __name__ == "__main__":
    main()
