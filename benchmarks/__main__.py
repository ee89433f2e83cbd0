"""`python -m benchmarks`: measure, print a table, write results.json."""

from __future__ import annotations

import json
import resource
import time
from pathlib import Path

import jax
from rich.console import Console
from rich.table import Table

from benchmarks.lives import forms, program
from benchmarks.measure import Row, best_seconds
from benchmarks.parts import parts

LIVES, NEURONS, STEPS, TRIALS = 128, 32, 30, 40
FLOOR = "batched matrix-vector product"


def measure() -> list[Row]:
    """All rows, in the order of the table."""
    seconds = best_seconds(parts(LIVES, NEURONS, STEPS, TRIALS) | forms(LIVES, NEURONS, TRIALS))
    per_step = {name: value / (STEPS * TRIALS) * 1e6 for name, value in seconds.items()}
    bounds = {
        FLOOR: "memory bandwidth of the weights",
        "Gaussian noise, Threefry": "integer arithmetic",
        "Gaussian noise, hash": "the inverse error function",
        "one eligibility product": "arithmetic; once per trial",
    }
    rows = [
        Row(name, value, "us per step", FLOOR, value / per_step[FLOOR], bounds.get(name, ""))
        for name, value in per_step.items()
    ]
    start = time.perf_counter()
    program(LIVES, NEURONS, TRIALS + 1, 8)()
    first = time.perf_counter() - start
    again = seconds["lives, 8 terms, factored"]
    rows.append(Row("first call, 8 terms", first - again, "s", bound="tracing and compilation"))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rows.append(Row("peak memory of this run", peak, "MB"))
    return rows


def main() -> None:
    """Measure, print, write."""
    rows = measure()
    console = Console()
    device = jax.devices()[0]
    kind = f"{device.platform}, {len(jax.local_devices())} device(s), JAX {jax.__version__}"
    table = Table(title=f"{LIVES} lives of {NEURONS} neurons, {STEPS} steps a trial; {kind}")
    for column in ("what", "value", "unit", "ratio to", "ratio", "bound by"):
        table.add_column(column, justify="right" if column in ("value", "ratio") else "left")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(row.name, f"{row.value:.3g}", row.unit, row.reference, ratio, row.bound)
    console.print(table)
    path = Path(__file__).parent / "results.json"
    path.write_text(json.dumps([row._asdict() for row in rows], indent=2) + "\n")
    console.print(f"written to {path.name}")


if __name__ == "__main__":
    main()
