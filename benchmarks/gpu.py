"""`make bench-gpu`: lives on whatever device JAX finds, within a few minutes, as lines and as JSON.

    python -m benchmarks.gpu [OUT.json] [SECONDS]

It begins with what matters most and leaves out what no longer fits into the time, which is four
minutes unless it is told otherwise. Figures of a CPU say nothing about a card.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import rulegen as rg
from benchmarks.lives import coefficients, family, runner, world
from rulegen.estimators import Pathwise, Pgpe, Score
from rulegen.ground.runtime import use_all_cores
from rulegen.lives.bench import Bench
from rulegen.lives.engine import Choice
from rulegen.runs.devices import COPIED, seconds_of
from rulegen.searching.arena import Arena

EXAMPLES = Path(__file__).parent.parent / "examples"
#: Engine, neurons, steps of a trial, trials, terms, those with tangents, and numbers of lives of
#: each row. What tangents cost is told by the row of as many terms without.
ROWS: tuple[tuple[Choice, int, int, int, int, int, tuple[int, ...]], ...] = (
    ("auto", 32, 30, 200, 4, 0, (512, 4096, 128, 1024, 8192, 32_768, 65_536)),
    ("auto", 32, 30, 200, 8, 8, (512, 4096, 32_768)),
    ("auto", 32, 30, 200, 8, 0, (512, 4096)),
    ("auto", 64, 30, 200, 4, 0, (512, 4096)),
    ("auto", 128, 30, 200, 4, 0, (512, 2048)),
    ("auto", 200, 1000, 4, 4, 0, (256,)),
    ("xla", 32, 30, 200, 4, 0, (512, 4096)),
    ("xla", 32, 30, 200, 8, 8, (512, 4096)),
    ("xla", 64, 30, 200, 4, 0, (512, 4096)),
    ("xla", 128, 30, 200, 4, 0, (512,)),
)

#: Products in a row: a single one waits for Python.
STEPS = 200
#: Neurons and lives of the products.
PRODUCTS = ((32, 512), (32, 8192), (32, 65_536), (200, 256))

#: Figures as they come.
Rows = Iterator[dict[str, Any]]


def bare() -> Rows:
    """A copy, and the batched product of one step among many, in microseconds."""

    @jax.jit
    def products(weights: jax.Array, rates: jax.Array) -> jax.Array:
        return jax.lax.fori_loop(0, STEPS, lambda _, rates: weights @ rates, rates)

    yield {
        "copy, GB/s": 8 * COPIED / seconds_of(jax.jit(lambda x: x + 1.0), jnp.ones(COPIED)) / 1e9
    }
    for neurons, lives in PRODUCTS:
        weights, rates = jnp.ones((lives, neurons, neurons)), jnp.ones((lives, neurons, 1))
        took = seconds_of(products, weights / neurons, rates)
        yield {"neurons": neurons, "lives": lives, "product, us": 1e6 * took / STEPS}


def many() -> Rows:
    """Lives in a second, run with no setting as all commands run them."""
    for engine, neurons, steps, trials, terms, tangents, counts in ROWS:
        wrt = coefficients(tangents)
        lives = runner(neurons, trials, terms, steps=steps, engine=engine, wrt=wrt)
        values = np.array([p.value for p in family(terms).parameters], float)
        for count in counts:
            began = time.perf_counter()
            lives.run(values, jax.random.key(0), count)
            first = time.perf_counter() - began
            took = seconds_of(lives.means, values, jax.random.key(1), count)
            yield {
                "neurons": neurons, "steps": steps, "trials": trials, "terms": terms,
                "tangents": tangents, "lives": count, "lives/s": count / took,
                "us a step": 1e6 * took / trials / steps,
                "first call, s": first, "together": lives.chunk,
                "engine": lives.chosen.explain(),
            }  # fmt: skip


def agreement() -> Rows:
    """The same lives as XLA runs them, here and on the CPU: differences of rewards.

    Of their means, and of single trials, the first 13 and all.
    """
    here, xla, there = (runner(32, 200, 4, engine=e) for e in ("auto", "xla", "xla"))
    there.devices = jax.devices("cpu")
    values = np.array([p.value for p in family(4).parameters], float)
    own = here.run(values, jax.random.key(0), 256).rewards
    for name, lives in {"xla here": xla, "xla on the CPU": there}.items():
        other = lives.run(values, jax.random.key(0), 256).rewards
        yield {
            "with": name,
            "mean": float(abs(own.mean() - other.mean())),
            "first 13 trials": float(np.abs(own - other)[:, :13].max()),
            "all trials": float(np.abs(own - other).max()),
        }


def gradients() -> Rows:
    """One estimate of each kind from 512 lives of a family of eight terms."""
    bench, key = Bench(world(32, 200), family(8)), jax.random.key(0)
    place = bench.vector(dict.fromkeys(bench.free_names, 0.1))
    for estimator in (Score(lives=512), Pgpe(lives=512), Pathwise(lives=512, credit="trial")):
        took = seconds_of(estimator.estimate, estimator.prepare(bench), place, bench.free, key)
        yield {"estimator": estimator.name, "seconds": took}


def structures() -> Rows:
    """All structures of the bundled space at once, 16 lives each."""
    config = rg.load_search(EXAMPLES / "local_search.toml")
    arena = Arena(config.rules, config.world)
    points = [arena.default(structure) for structure in config.rules.structures()]
    took = seconds_of(lambda key: arena.rewards(points, key, 16), jax.random.key(0))
    yield {"structures": len(points), "lives/s": 16 * len(points) / took}


def whole() -> Rows:
    """A discovery, and how much of it was compilation."""
    spent: dict[str, float] = {}

    def note(event: str, duration_secs: float, **_: str | int) -> None:
        name = event.rpartition("/")[2]
        spent[name] = spent.get(name, 0.0) + duration_secs

    jax.monitoring.register_event_duration_secs_listener(note)
    began = time.perf_counter()
    found = rg.discover(rg.load_config(EXAMPLES / "delayed_association.toml"))
    yield {
        "seconds": time.perf_counter() - began,
        "compiling": spent.get("backend_compile_duration", 0.0),
        "tracing": spent.get("jaxpr_trace_duration", 0.0),
        "equation": found.rule.text(),
    }


#: Seconds that a part may take which says nothing before its end.
LONGEST = {"discover": 60.0}
#: What is measured, in this order.
PARTS: dict[str, Callable[[], Rows]] = {
    "ceilings": bare, "lives": many, "agreement": agreement, "discover": whole,
    "estimators": gradients, "structures": structures,
}  # fmt: skip


def main(out: Path, seconds: float) -> None:
    """Measure as much as fits, tell it line by line, and keep it after each line."""
    use_all_cores()
    out.parent.mkdir(parents=True, exist_ok=True)
    end, device = time.perf_counter() + seconds, jax.devices()[0]
    found: dict[str, Any] = {
        "device": device.device_kind, "devices": jax.device_count(), "jax": version("jax"),
        "python": sys.version.split()[0],
    }  # fmt: skip
    print(json.dumps(found), flush=True)
    for name, part in PARTS.items():
        rows = found.setdefault(name, [])
        if time.perf_counter() + LONGEST.get(name, 0.0) > end:
            rows.append({"left out": "no time"})
            continue
        try:
            began = time.perf_counter()
            for row in part():
                rows.append(row)
                print(f"{name}: {json.dumps(row)}", flush=True)
                out.write_text(json.dumps(found, indent=1) + "\n")
                now = time.perf_counter()
                # The next row takes about as long as this one.
                if 2 * now - began > end:
                    break
                began = now
        except Exception as error:  # what one part lacks must not cost the others
            rows.append({"failed": f"{type(error).__name__}: {error}"[:300]})
            print(f"{name}: {rows[-1]}", flush=True)
    out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    arguments = dict(enumerate(sys.argv[1:]))
    main(Path(arguments.get(0, "build/bench-gpu.json")), float(arguments.get(1, 240)))
