"""Runs the exported synapses in Brian 2 and compares their states with those of rulegen.

    python tests/exports/check_brian2.py FOLDER

in an environment with Brian 2, after `cases.py FOLDER` in that of rulegen. Both compute the same
one-step maps in float64, so that all that may differ is rounding: TOLERANCE, relative to the
largest value of a state.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import brian2 as b2
import numpy as np

TOLERANCE = 1e-10
#: The variable of a group, and of the synapses, that has a signal of rulegen.
SOURCE = {"pre": "r", "pre_u": "u", "pre_error": "error", "pre_spike": "fires"}
TARGET = {"post": "r", "u": "u", "slope": "slope", "xi": "noise", "error": "error"}
TARGET |= {"post_spike": "fires"}
DRIVES = ("drive", "drive_recurrent", "drive_input", "drive_feedback")
TARGET |= {name: name for name in DRIVES}
CONDITIONS = 2
OWN = ("R", "zeta")
HAS = ("r", "u", "slope", "noise", "error", "fires", *DRIVES)
NEURON = "\n".join(f"{name} : 1" for name in HAS)


def difference(program: str, case: Any) -> float:
    """The largest difference of any state after any trial, relative to its largest value."""
    b2.start_scope()
    space: dict[str, Any] = {}
    exec(program, space)
    signals = {key.removeprefix("signal "): case[key] for key in case if key.startswith("signal ")}
    states = {key.removeprefix("state "): case[key] for key in case if key.startswith("state ")}
    conditions = case["conditions"]
    trials, steps = signals["R"].shape
    n_post, n_pre = case["weights"].shape
    b2.defaultclock.dt = float(case["dt"]) * b2.ms
    groups = [
        b2.NeuronGroup(n, NEURON, threshold="fires > 0", reset="", name=f"group{i}")
        for i, n in enumerate((n_pre, n_post))
    ]
    synapses = space["connect"](*groups)
    pre, post = np.array(synapses.i), np.array(synapses.j)
    synapses.w = case["weights"][post, pre]
    now = [0, 0]

    @b2.network_operation(when="start")
    def deliver() -> None:
        for name, array in signals.items():
            value = array[tuple(now)]
            for group, variables in zip(groups, (SOURCE, TARGET), strict=True):
                if name in variables:
                    setattr(group, variables[name], value)
            if name in OWN and name in synapses.variables:
                setattr(synapses, name, value if value.ndim == 0 else value[post, pre])
        now[1] += 1

    network = b2.Network(*groups, synapses, deliver)
    worst = 0.0
    for k in range(trials):
        now[:] = [k, 0]
        space["on_trial_start"](synapses, condition=conditions[k])
        network.run(steps * float(case["dt"]) * b2.ms)
        space["on_reward"](synapses, signals["R"][k, -1], condition=conditions[k])
        space["on_trial_end"](synapses, signals["R"][k, -1], condition=conditions[k])
        for name, history in states.items():
            expected = history[k]
            if expected.shape == (CONDITIONS,):
                expected = expected[conditions[k]]
            if expected.ndim:
                own = {(n_pre,): pre, (n_post,): post, (n_post, n_pre): (post, pre)}
                expected = expected[own[expected.shape]]
            variable = name if name in synapses.variables else f"{name}_0"
            found = np.array(getattr(synapses, variable))
            worst = max(worst, abs(found - expected).max() / (abs(history).max() or 1.0))
    return worst


def main(folder: Path) -> int:
    """One line a rule; the number of rules that differ."""
    b2.prefs.codegen.target = "numpy"
    with np.load(folder / "oja.npz") as case:
        wrong = (folder / "oja.brian2.py").read_text().replace("new_w = ", "new_w = 1e-9 + ")
        assert difference(wrong, dict(case)) > TOLERANCE, "a wrong program was accepted"
    found = {}
    for program in sorted(folder.glob("*.brian2.py")):
        name = program.name.removesuffix(".brian2.py")
        with np.load(folder / f"{name}.npz") as case:
            found[name] = difference(program.read_text(), dict(case))
        print(f"{name:32} {found[name]:.1e}", flush=True)
    (folder / "brian2.json").write_text(json.dumps(found, indent=1))
    differing = [name for name, value in found.items() if not value <= TOLERANCE]
    agreeing = len(found) - len(differing)
    print(f"{agreeing} of {len(found)} rules agree within {TOLERANCE:g}", *differing)
    return len(differing)


if __name__ == "__main__":
    sys.exit(bool(main(Path(sys.argv[1]))))
