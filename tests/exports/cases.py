"""Writes what the check in Brian 2 needs: programs, activity and what `drive` does.

    python tests/exports/cases.py FOLDER

Brian 2 does not share an environment with rulegen, so they meet in a folder: `NAME.npz` has the
activity, the weights at the start and the states after each trial; `NAME.brian2.py` the export,
where there is one.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import jax
import numpy as np
from activity import CONDITIONS, DT, followed, memberships, random_activity, start, uncertain
from random_rules import MADE_UP, random_rule

from rulegen.catalog import literature
from rulegen.catalog.export import export, problems
from rulegen.grammar import Rule, parse

#: So many numbers make random rules.
RANDOM = int(os.environ.get("EXPORTED_RULES", "60"))
#: `1/sqrt(abs(w) + 1) != 1` where w is 0 but for rounding: the square root decides by its last bit.
UNDECIDED = {1199}


def write_cases(folder: Path) -> None:
    """All rules of the literature, those made up, and random ones, on random activity."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.*"):
        old.unlink()
    rules = {name: record.rule for name, record in literature().items()}
    rules |= {f"made up {name}": parse(text) for name, text in MADE_UP.items()}
    found = {
        f"random {seed:03}": random_rule(seed) for seed in range(RANDOM) if seed not in UNDECIDED
    }
    rules |= {name: rule for name, rule in found.items() if rule is not None}
    for name, rule in rules.items():
        if not problems(rule, "brian2"):
            (folder / f"{name}.brian2.py").write_text(export(rule, "brian2"))
        np.savez(folder / f"{name}.npz", **case(rule, loose=name in found))


def case(rule: Rule, loose: bool) -> dict[str, Any]:
    """Random activity for a rule, and the states that it has after each trial.

    Of a loose one, as random rules may be, also how far rounding may move them.
    """
    activity, weights = random_activity(rule), start(rule)
    states = followed(rule, weights, activity)
    saved = {f"signal {k}": v for k, v in activity.items()}
    saved |= {f"group {k}": v for k, v in memberships(rule).items()}
    saved |= {f"state {k}": np.array([state[k] for state in states]) for k in states[0]}
    if loose:
        gaps = uncertain(rule, weights, activity, states)
        saved |= {f"gap {k}": np.nan_to_num([gap[k] for gap in gaps]) for k in states[0]}
    return {"weights": weights, "dt": DT, "conditions": CONDITIONS, **saved}


if __name__ == "__main__":
    jax.config.update("jax_enable_x64", True)
    write_cases(Path(sys.argv[1]))
