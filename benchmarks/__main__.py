"""`python -m benchmarks`: measure, print a table, write results.json and docs/performance.md."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jax
from rich.console import Console
from rich.table import Table

from benchmarks.lives import bundled, coefficients, estimates, miconi, program, runner
from benchmarks.measure import Row, best_seconds, rows_of
from benchmarks.naive import naive
from benchmarks.page import write_page
from benchmarks.parts import matvec, parts
from rulegen.compile.lowering import Lowering
from rulegen.ground.machine import peak_mb
from rulegen.ground.runtime import use_all_cores

LIVES, NEURONS, STEPS, TRIALS = 128, 32, 30, 200
FLOOR, ALL = "bare product, one device", "bare product, all devices"

START = """
import time
began = time.perf_counter()
import numpy as np
from benchmarks.lives import program
from rulegen.ground.runtime import use_all_cores
use_all_cores()
imported = time.perf_counter()
run = program(4, 32, 1, 8, wrt=[f"theta_{i}" for i in range(8)])
run()
print(time.perf_counter() - imported)
"""


def small_circuits() -> list[Row]:
    """128 lives of 32 neurons: the parts, the forms, and the plain program."""
    sizes = (LIVES, NEURONS, STEPS, TRIALS)
    floors = {
        FLOOR: matvec(*sizes),
        ALL: matvec(*sizes, spread=True),
    }
    eight, many = coefficients(8), coefficients(32)

    def make(terms: int, **options: object):
        return program(LIVES, NEURONS, TRIALS, terms, **options)

    forms = {
        "lives, 4 terms, factored": make(4),
        "lives, 4 terms, dense": make(4, lowering=Lowering.DENSE),
        "lives, 8 terms": make(8),
        "lives, 8 terms, 8 tangents": make(8, wrt=eight),
        "lives, 8 terms, 8 tangents and the noise's": make(8, wrt=eight, noise_tangent=True),
        "lives, 32 terms": make(32),
        "lives, 32 terms, 32 tangents": make(32, wrt=many),
        "plain program, 4 terms": naive(*sizes, 4),
        "plain program, 8 terms": naive(*sizes, 8),
        "plain program, 8 terms, jacfwd": naive(*sizes, 8, derivatives=True),
    }
    seconds = best_seconds(floors | parts(*sizes) | forms)
    per_step = {name: value / (STEPS * TRIALS) * 1e6 for name, value in seconds.items()}
    bounds = {
        FLOOR: "reading the weights",
        ALL: "reading the weights",
        "Gaussian noise, Threefry": "integer arithmetic, inverse error function",
        "Gaussian noise, ours": "integer arithmetic",
        "one eligibility product": "arithmetic; once per trial",
        "lives, 4 terms, factored": "many small operations of XLA, memory between them",
        "lives, 8 terms, 8 tangents": "memory: the tangents of all weights, once per trial",
        "plain program, 8 terms, jacfwd": "memory: N x N traces and tangents in every step",
    }
    unit = f"us per step of {LIVES} lives"
    rows = rows_of(per_step, unit, FLOOR, bounds)
    rows += rows_of({n: v for n, v in per_step.items() if n in forms}, unit, ALL, {}, per_step)
    for plain, tangent in (
        ("lives, 8 terms", "lives, 8 terms, 8 tangents"),
        ("lives, 32 terms", "lives, 32 terms, 32 tangents"),
        ("lives, 8 terms, 8 tangents", "plain program, 8 terms, jacfwd"),
        ("lives, 4 terms, factored", "plain program, 4 terms"),
    ):
        rows += rows_of({tangent: per_step[tangent]}, unit, plain, {}, per_step)
    return rows


def meta_gradients() -> list[Row]:
    """One estimate by each estimator, and by a strategy of evosax, beside the lives alone."""
    trials, plain = 50, "lives, 8 terms, 50 trials"
    programs = {plain: program(LIVES, NEURONS, trials, 8)}
    for name, estimate in estimates(LIVES, NEURONS, trials, 8).items():
        programs[f"estimate by {name}"] = estimate
    seconds = best_seconds(programs)
    per_step = {name: value / (STEPS * trials) * 1e6 for name, value in seconds.items()}
    return rows_of(per_step, f"us per step of {LIVES} lives", plain, {})


def large_circuits() -> list[Row]:
    """Miconi's protocol: 200 neurons, 1000 steps."""
    rows = []
    for lives in (1, 16):
        floor = f"bare product, N = 200, {lives} at once"
        programs = {floor: matvec(lives, 200, 1000, 1, spread=lives > 1)}
        # So many that the making of a circuit, once for thousands of trials, does not count.
        trials = 12 if lives == 1 else 4
        names = {"supralinear": 0, "node perturbation": 1}
        forms = {
            f"Miconi, {n}, {lives} at once": miconi(lives, trials, i) for n, i in names.items()
        }
        seconds = best_seconds(programs | forms, rounds=40)
        each = {n: v * 1e3 / lives / (1 if n == floor else trials) for n, v in seconds.items()}
        rows += rows_of(each, "ms per trial and life", floor, {floor: "reading the weights"})
    return rows


def every_task() -> list[Row]:
    """Trials per second of each bundled task, as a share of those of the bare product alone.

    One run of the product stands for all: its time grows with the steps of a trial.
    """
    trials = 50
    tasks = bundled(LIVES, NEURONS, trials)
    floor = {ALL: matvec(LIVES, NEURONS, STEPS, trials, spread=True)}
    seconds = best_seconds(floor | {name: run for name, (_, run) in tasks.items()})
    rows = []
    for name, (steps, _) in tasks.items():
        speed = LIVES * trials / seconds[name] / 1000
        share = seconds[ALL] * steps / STEPS / seconds[name]
        rows.append(
            Row(f"task {name}, {steps} steps", speed, "thousand trials per second", ALL, share)
        )
    return rows


def growth() -> list[Row]:
    """How the cost of a life grows when one size doubles: the ratio to that before."""
    base = {"lives": 64, "neurons": 32, "trials": 20, "terms": 4, "steps": 30}
    programs = {"base": program(**base)}  # type: ignore[arg-type]
    for name, size in base.items():
        programs[f"twice the {name}"] = program(**{**base, name: 2 * size})  # type: ignore[arg-type]
    for name, count in {"base with 4 tangents": 4, "8 terms and tangents": 8}.items():
        sizes = {**base, "terms": count}
        programs[name] = program(**sizes, wrt=coefficients(count))  # type: ignore[arg-type]
    seconds = best_seconds(programs)
    return rows_of(seconds, "s", "base", {"twice the neurons": "four times the weights"})


def memory() -> list[Row]:
    """What a life of 200 neurons needs while it runs, by the length of its trials."""
    base = "memory, N = 200, T = 1000"
    lives = {
        f"memory, N = 200, T = {steps}": runner(200, 1, 4, steps=steps, chunk=1)
        for steps in (100, 1000, 10_000)
    }
    lives[f"{base}, 4 tangents"] = runner(200, 1, 4, steps=1000, chunk=1, wrt=coefficients(4))
    needed = {name: each.planned_bytes() / 1e6 for name, each in lives.items()}
    return rows_of(needed, "MB per life", base, {base: "weights, products, a block of time"})


def start() -> list[Row]:
    """From formula text to the first life in a new process, without and with the cache."""
    rows = []
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {
            "JAX_COMPILATION_CACHE_DIR": cache,
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        }
        for name in ("first life, new process", "first life, second process"):
            done = subprocess.run(
                [sys.executable, "-c", START], env=environment, check=True, capture_output=True
            )
            rows.append(Row(name, float(done.stdout), "s", bound="tracing and compilation"))
    return rows


def answers() -> list[Row]:
    """CPU time of a new process that only reads, beside one that imports SymPy."""
    reference = "importing SymPy"
    programs = {
        reference: ("-c", "import sympy"),
        "rulegen --help": ("-m", "rulegen", "--help"),
        "rulegen check oja": ("-m", "rulegen", "check", "oja"),
    }
    best = dict.fromkeys(programs, float("inf"))
    for _ in range(5):
        for name, arguments in programs.items():
            before = os.times()
            subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
            after = os.times()
            spent = sum(after[2:4]) - sum(before[2:4])  # user and system, of children
            best[name] = min(best[name], spent)
    return rows_of(best, "s of CPU", reference, dict.fromkeys(best, "imports"))


def main() -> None:
    """Measure, print, write."""
    use_all_cores()
    began = time.perf_counter()
    rows = [*small_circuits(), *meta_gradients(), *large_circuits()]
    rows += [*every_task(), *growth(), *memory(), *start(), *answers()]
    peak = peak_mb()
    rows.append(Row("peak memory of this run", peak, "MB"))
    console = Console()
    device = jax.devices()[0]
    kind = f"{device.platform}, {len(jax.local_devices())} devices, JAX {jax.__version__}"
    table = Table(title=kind)
    for column in ("what", "value", "unit", "ratio to", "ratio", "bound by"):
        table.add_column(column, justify="right" if column in ("value", "ratio") else "left")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(row.name, f"{row.value:.3g}", row.unit, row.reference, ratio, row.bound)
    console.print(table)
    folder = Path(__file__).parent
    text = json.dumps([row._asdict() for row in rows], indent=2) + "\n"
    (folder / "results.json").write_text(text)
    write_page(rows, kind, folder.parent / "docs" / "performance.md")
    seconds = time.perf_counter() - began
    console.print(f"results.json and docs/performance.md written after {seconds:.0f} s")


if __name__ == "__main__":
    main()
