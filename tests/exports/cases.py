"""Writes what the checks in Brian 2 and NESTML need: programs, activity and what `drive` does.

    python tests/exports/cases.py FOLDER

Neither simulator shares an environment with rulegen, so they meet in a folder: `NAME.npz` has the
activity, the weights at the start and the states after each trial; `NAME.brian2.py` and
`NAME.nestml` the exports; `problems.json` why there is none.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from activity import CONDITIONS, DT, random_activity, start

from rulegen import compile_rule, drive
from rulegen.catalog import literature, parts
from rulegen.catalog.export import export, problems

SUFFIXES = {"brian2": ".brian2.py", "nestml": ".nestml"}


def write_cases(folder: Path) -> None:
    """All rules of the literature, on random activity."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    why: dict[str, dict[str, list[str]]] = {}
    for name, record in literature().items():
        rule = record.rule
        why[name] = {fmt: problems(rule, fmt) for fmt in parts.names("export")}
        for fmt, suffix in SUFFIXES.items():
            if not why[name][fmt]:
                (folder / f"{name}{suffix}").write_text(export(record, fmt))
        activity, weights = random_activity(rule), start(rule)
        arrays = {k: jnp.asarray(v) for k, v in activity.items()}
        trials = {**arrays, "condition": jnp.asarray(CONDITIONS)}
        course = drive(compile_rule(rule), jnp.asarray(weights), trials, dt=DT)
        saved = {f"signal {k}": v for k, v in activity.items()}
        saved |= {f"state {k}": np.asarray(v) for k, v in course.history.items()}
        np.savez(folder / f"{name}.npz", weights=weights, dt=DT, conditions=CONDITIONS, **saved)
    (folder / "problems.json").write_text(json.dumps(why, indent=1))


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    write_cases(Path(sys.argv[1]))
