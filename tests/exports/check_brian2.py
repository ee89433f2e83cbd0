"""Runs the exported synapses in Brian 2 and compares their states with those of rulegen.

    python tests/exports/check_brian2.py FOLDER

in an environment with Brian 2, after `cases.py FOLDER` in that of rulegen. Both compute the same
one-step maps in float64, so that all that may differ is rounding: TOLERANCE, relative to the
largest value of a state, and of a random rule what it makes of rounding. Every rule runs as NumPy
code, as many as CYTHON_RULES says in Cython as well. Of every second one the neurons have
variables by all the names of its program.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import runpy
import sys
import textwrap
from pathlib import Path
from typing import Any

import brian2 as b2
import numpy as np
from brian2.codegen.runtime.numpy_rt import NumpyCodeObject
from brian2.codegen.templates import CodeObjectTemplate
from brian2.core.namespace import DEFAULT_CONSTANTS, DEFAULT_FUNCTIONS, DEFAULT_UNITS
from brian2.devices.device import Device
from Cython.Compiler.PyrexTypes import modifiers_and_name_to_type
from Cython.Compiler.Scanning import py_reserved_words, pyx_reserved_words

ROOT = Path(__file__).parents[2]
TOLERANCE = 1e-10
#: What is left over of a random rule where all cancels, as in `sin(pi*2)`.
NOTHING = 1e-12
#: Also compiled, which takes half a minute each.
IN_CYTHON = ("made up edges", "clopath", "made up names", "made up previous", "made up conditions")
#: So many, random ones after these.
CYTHON_RULES = int(os.environ.get("CYTHON_RULES", "5"))
#: The variable of a group, and of the synapses, that has a signal of rulegen.
SOURCE = {"pre": "r", "pre_u": "u", "pre_error": "error", "pre_spike": "fires"}
TARGET = {"post": "r", "u": "u", "slope": "slope", "xi": "noise", "error": "error"}
TARGET |= {"post_spike": "fires"}
DRIVES = ("drive", "drive_recurrent", "drive_input", "drive_feedback")
TARGET |= {name: name for name in DRIVES}
CONDITIONS = 2
OWN = ("R", "zeta")
HAS = ("r", "u", "slope", "noise", "error", "fires", *DRIVES)


def load(program: str) -> dict[str, Any]:
    """A module, executed in a namespace of its own."""
    space: dict[str, Any] = {}
    exec(program, space)
    return space


def told_names(program: str) -> dict[str, str]:
    """What the comment at the top of a program says that names have become."""
    told = " ".join(program.replace("\n# ", " ").split()).partition("something here: ")[2]
    return dict(re.findall(r"(\w+) is (\w+)", told.partition(". All times")[0]))


def difference(program: str, case: Any, alike: bool = False) -> float:
    """The largest difference of any state after any trial, relative to its largest value.

    `alike`: the neurons have variables by all names that the program has.
    """
    b2.start_scope()
    space, names = load(program), told_names(program)
    signals = {key.removeprefix("signal "): case[key] for key in case if key.startswith("signal ")}
    states = {key.removeprefix("state "): case[key] for key in case if key.startswith("state ")}
    conditions = case["conditions"]
    trials, steps = signals["R"].shape
    n_post, n_pre = case["weights"].shape
    b2.defaultclock.dt = float(case["dt"]) * b2.ms
    belongs = {k.removeprefix("group "): case[k] for k in case if k.startswith("group ")}
    within = {f"in_{name.partition('.')[2]}" for name in belongs}
    neuron = "\n".join(f"{n} : 1" for n in [*HAS, *within, *(space["NAMES"] if alike else ())])
    groups = [
        b2.NeuronGroup(n, neuron, threshold="fires > 0", reset="", name=f"group{i}")
        for i, n in enumerate((n_pre, n_post))
    ]
    for group in groups:  # what a program must not read
        for name in space["NAMES"] if alike else ():
            setattr(group, name, 1e6)
    for name, which in belongs.items():
        side, _, group = name.partition(".")
        setattr(groups[side == "post"], f"in_{group}", which)
    synapses = space["connect"](*groups)
    pre, post = np.array(synapses.i), np.array(synapses.j)
    space["put"](synapses, "w", case["weights"][post, pre])
    now = [0, 0]

    @b2.network_operation(when="start")
    def deliver() -> None:
        for name, array in signals.items():
            value = array[tuple(now)]
            for group, variables in zip(groups, (SOURCE, TARGET), strict=True):
                if name in variables:
                    setattr(group, variables[name], value)
            if name in OWN and name in space["NAMES"]:
                space["put"](synapses, name, value if value.ndim == 0 else value[post, pre])
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
            called = space["seen"](synapses, names.get(name, name))
            found = np.array(getattr(synapses, called))
            gap = case[f"gap {name}"][k] + NOTHING if f"gap {name}" in case else 0.0
            worst = max(worst, apart(found, expected, history, gap))
    return worst


def apart(found: np.ndarray, expected: np.ndarray, history: np.ndarray, gap: float) -> float:
    """The difference of two arrays beyond a gap; infinite where but one of them has a value."""
    found = np.broadcast_to(found, np.broadcast_shapes(found.shape, expected.shape))
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    finite = abs(history[np.isfinite(history)])
    with np.errstate(all="ignore"):
        beyond = np.where(same, 0.0, np.maximum(abs(found - expected) - gap, 0.0))
        difference = beyond / (finite.max(initial=0) or 1.0)
    return float(np.nan_to_num(difference, nan=np.inf).max(initial=0.0))


def free_words() -> set[str]:
    """Words of Brian 2 and of what it writes that the table of the export does not have."""
    b2.start_scope()
    group = b2.NeuronGroup(1, "")
    groups = b2.Synapses(group, group, on_pre=""), b2.Synapses(group, group)
    words = {*py_reserved_words, *pyx_reserved_words}
    words |= DEFAULT_UNITS.keys() | DEFAULT_FUNCTIONS.keys() | DEFAULT_CONSTANTS.keys()
    words |= {name for group in groups for name in [*dir(group), *group.variables]}
    words |= {name for *_, name in modifiers_and_name_to_type}
    words |= NumpyCodeObject.templater.env.globals.keys()
    # Variables are handed to a template beside its own arguments.
    words |= set(inspect.signature(CodeObjectTemplate.__call__).parameters) - {"kwds"}
    calls = ast.walk(ast.parse(textwrap.dedent(inspect.getsource(Device.code_object))))
    words |= {word.arg for call in calls if isinstance(call, ast.Call) for word in call.keywords}
    words.discard(None)
    taken = runpy.run_path(str(ROOT / "catalog/export/words.py"))["taken_in_brian2"]
    return {w for w in words if w.isidentifier() and w[0] != "_" and not taken(w)}


def refuses_what_is_unclear() -> None:
    """Code of the user that names what the rule and the neurons have is refused."""
    b2.start_scope()
    group = b2.NeuronGroup(1, "w : 1\nr : 1", threshold="r > 1", reset="")
    space = load((Path(sys.argv[1]) / "oja.brian2.py").read_text())
    try:
        space["connect"](group, group, on_pre="r_post += w")
    except ValueError as error:
        assert "w is a variable of the rule and of the neurons: write w_rule" in str(error)
    else:
        raise AssertionError("code that may mean two things was accepted")
    space["connect"](group, group, on_pre="r_post += w_rule + w_post")


def main(folder: Path) -> int:
    """One line a rule and target; the number of rules that differ."""
    b2.BrianLogger.suppress_name("unused_brian_object")
    b2.prefs.codegen.target = "numpy"
    with np.load(folder / "oja.npz") as case:
        wrong = (folder / "oja.brian2.py").read_text().replace("new_w = ", "new_w = 1e-9 + ")
        assert difference(wrong, dict(case)) > TOLERANCE, "a wrong program was accepted"
    assert not free_words(), f"words of Brian 2 that no table has: {sorted(free_words())}"
    refuses_what_is_unclear()
    found: dict[str, dict[str, float]] = {"numpy": {}, "cython": {}}
    b2.prefs.codegen.runtime.cython.multiprocess_safe = False
    b2.prefs.codegen.cpp.extra_compile_args_gcc = ["-O0", "-w", "-std=c++17"]
    programs = sorted(folder.glob("*.brian2.py"))
    names = [program.name.removesuffix(".brian2.py") for program in programs]
    compiled = [*IN_CYTHON, *(name for name in names if name.startswith("random "))][:CYTHON_RULES]
    for target, differences in found.items():
        b2.prefs.codegen.target = target
        for i, (name, program) in enumerate(zip(names, programs, strict=True)):
            if target == "numpy" or name in compiled:
                with np.load(folder / f"{name}.npz") as case:
                    alike = bool(i % 2)
                    differences[name] = difference(program.read_text(), dict(case), alike)
                print(f"{target:8} {name:32} {differences[name]:.1e}", flush=True)
    (folder / "brian2.json").write_text(json.dumps(found, indent=1))
    bad = 0
    for target, differences in found.items():
        wrong = [name for name, value in differences.items() if not value <= TOLERANCE]
        bad += len(wrong)
        agreeing = len(differences) - len(wrong)
        print(f"{agreeing} of {len(differences)} agree within {TOLERANCE:g}: {target}", *wrong)
    return bad


if __name__ == "__main__":
    sys.exit(bool(main(Path(sys.argv[1]))))
