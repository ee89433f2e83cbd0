"""What whole lives cost, in several forms."""

from __future__ import annotations

import itertools
import tomllib
from collections.abc import Callable
from functools import partial
from pathlib import Path

import jax
import numpy as np

from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.estimators import Evosax, Pathwise, Pgpe, Score
from rulegen.grammar import Rule, parse
from rulegen.lives.bench import Bench
from rulegen.lives.engine import Choice
from rulegen.lives.life import LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.world import World
from rulegen.runs.simulate import load_scene
from rulegen.tasks import TASKS, DelayedAssociation

#: Eight terms that somebody might try, then products of powers.
TERMS = ("xi*pre", "d*pre", "d**3*pre**3", "post*pre**2", "u*pre", "d", "d**3*pre", "post*pre")
TERMS += tuple(
    f"{post}**{k}*pre**{m}"
    for post, k, m in itertools.product(("d", "u", "xi"), (1, 2, 3), (1, 2, 4))
)
PERTURBATION = """
param eta = 1e-3
e <- e + xi*pre : synapse
on trial start: e <- 0
on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)
"""
MICONI = Path(__file__).parent.parent / "examples" / "miconi_dnms.toml"


def family(terms: int) -> Rule:
    """A family with the first so many of the terms."""
    lines = ["param eta = 1e-3 1/ms"]
    lines += [f"param theta_{i} = 0.1 free" for i in range(terms)]
    lines += ["u_bar <- 0.3*u_bar + 0.7*u : post", "d = (u - u_bar)/0.2"]
    products = " + ".join(f"theta_{i}*{TERMS[i]}" for i in range(terms))
    lines += [f"de/dt = {products} : synapse", "on trial start: e <- 0"]
    lines += ["on reward: w += clip(eta*(R - R_bar[condition])*e, -0.02, 0.02)"]
    return parse("\n".join(lines))


def world(neurons: int, trials: int, steps: int = 30, engine: Choice = "auto") -> World:
    """The setting of the delayed association, without a warm-up: some take a single trial."""
    fifth = 10.0 * steps / 5
    return World(
        circuit=RateCircuit(neurons=neurons),
        task=DelayedAssociation(cue=fifth, delay=3 * fifth, response=fifth),
        life=LifeSettings(trials=trials, warmup=0),
        engine=engine,
    )


def runner(
    neurons: int,
    trials: int,
    terms: int,
    *,
    steps: int = 30,
    chunk: int | None = None,
    engine: Choice = "auto",
    **options: object,
) -> Lives:
    """Lives of a family with so many terms; `options` are those of `compile_rule`."""
    compiled = compile_rule(family(terms), **options)  # type: ignore[arg-type]
    return Lives(world(neurons, trials, steps, engine), compiled, chunk=chunk)


def program(
    lives: int, neurons: int, trials: int, terms: int, **options: object
) -> Callable[[], object]:
    """Run `lives` lives of a family with so many terms; `options` are those of `runner`."""
    runs = runner(neurons, trials, terms, **options)  # type: ignore[arg-type]
    values = np.array([p.value for p in family(terms).parameters], float)
    return lambda: runs.run(values, jax.random.key(0), lives)


def estimates(lives: int, neurons: int, trials: int, terms: int) -> dict[str, Callable[[], object]]:
    """One estimate of the meta-gradient by each estimator, from so many lives of a family."""
    bench, found = Bench(world(neurons, trials), family(terms)), {}
    for name, estimator in {
        "pathwise, one trial at a time": Pathwise(lives=lives, credit="trial"),
        "score": Score(lives=lives),
        "pgpe": Pgpe(lives=lives),
        "evosax, OpenES": Evosax(lives=lives, strategy="Open_ES"),
    }.items():
        runner = estimator.prepare(bench)
        key, place = jax.random.key(0), bench.vector(dict.fromkeys(bench.free_names, 0.1))
        found[name] = partial(estimator.estimate, runner, place, bench.free, key)
    return found


def coefficients(terms: int) -> list[str]:
    """Names of the coefficients of `family`."""
    return [f"theta_{i}" for i in range(terms)]


def miconi(lives: int, trials: int, rule: int) -> Callable[[], object]:
    """Trials of Miconi's delayed non-match task; rule 0 is supralinear, 1 node perturbation."""
    scene = load_scene(MICONI)
    life = scene.life.model_copy(update={"trials": trials, "warmup": 0})
    here = scene.world.model_copy(update={"life": life})
    text = parse(tomllib.loads(MICONI.read_text())["rules"][rule]["rule"])
    runner = Lives(here, compile_rule(text))
    values = np.array([p.value for p in text.parameters], float)
    return lambda: runner.run(values, jax.random.key(0), lives)


def bundled(lives: int, neurons: int, trials: int) -> dict[str, tuple[int, Callable[[], object]]]:
    """Node perturbation on every bundled task: its steps in a trial, and lives of such trials."""
    rule = parse(PERTURBATION)
    compiled, values = compile_rule(rule), np.array([p.value for p in rule.parameters], float)
    found = {}
    for name, kind in TASKS.items():
        here = World(
            circuit=RateCircuit(neurons=neurons), task=kind(), life=LifeSettings(trials=trials)
        )
        runner = Lives(here, compiled)
        run = partial(runner.run, values, jax.random.key(0), lives)
        found[name] = here.task.steps(here.circuit.dt), run
    return found
