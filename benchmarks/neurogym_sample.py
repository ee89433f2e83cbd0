"""Where neurogym is installed: its tasks as files that rulegen reads (`make neurogym`)."""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

# The module needs nothing but NumPy, and rulegen does not go together with neurogym.
sys.path.insert(0, str(Path(__file__).parent.parent / "rulegen" / "tasks"))
from environments import sample_trials

DT, TRIALS = 20, 1000


class Case(NamedTuple):
    """An environment: its name, its settings, how to sample it, and attributes to set in it."""

    env: str
    settings: dict[str, Any]
    options: dict[str, Any] = {}  # noqa: RUF012
    attributes: dict[str, Any] = {}  # noqa: RUF012


#: By the name of the task in rulegen. Periods are those that `neurogym_compare` gives to it.
CASES = {
    "perceptual_decision": Case(
        "PerceptualDecisionMaking-v0",
        {"timing": {"fixation": 0, "stimulus": 500, "delay": 0, "decision": 100}},
        {"by": ("ground_truth", "coh")},
    ),
    "delayed_match": Case(
        "DelayMatchSample-v0",
        {
            "timing": {"fixation": 60, "sample": 60, "delay": 60, "test": 60, "decision": 60},
            "sigma": 0,
        },
        {"by": ("sample_theta", "test_theta")},
    ),
    "working_memory": Case(
        "DelayComparison-v0",
        {
            "timing": {
                "fixation": 0, "stimulus1": 100, "delay": 160, "stimulus2": 100, "decision": 60,
            },
            "vpairs": [(10, 2), (18, 10), (26, 18), (34, 26)],
            "sigma": 0,
        },
        {"by": ("v1", "v2")},
    ),
    "go_nogo": Case(
        "GoNogo-v0",
        {"timing": {"fixation": 0, "stimulus": 60, "delay": 60, "decision": 60}},
        {"amplitude": 1.0},
    ),
    "ready_set_go": Case(
        "ReadySetGo-v0",
        {"timing": {"fixation": 20, "ready": 60, "measure": (100, 160, 280), "set": 60}},
        {"by": ("measure",), "amplitude": 1.0, "length": 46},
    ),
    "context_integration": Case(
        "ContextDecisionMaking-v0",
        {
            "timing": {"fixation": 0, "stimulus": 500, "delay": 0, "decision": 200},
            "use_expl_context": True,
            "sigma": float(np.sqrt(DT / 2)),
        },
        {"by": ("context", "ground_truth")},
        {"cohs": [50]},
    ),
    "reaching": Case(
        "ReachingDelayResponse-v0",
        {"timing": {"stimulus": 60, "delay": 300, "decision": 60}},
    ),
    "baited_bandit": Case("Bandit-v0", {"p": (0.6, 0.1)}),
}  # fmt: skip


def channels(space: Any) -> list[str]:
    """The name of each channel of an observation."""
    names = [""] * space.shape[0]
    for name, places in getattr(space, "name", {}).items():
        for number, place in enumerate(np.atleast_1d(places)):
            names[place] = name if np.ndim(places) == 0 else f"{name} {number + 1}"
    return names


def attempt(env: Any, **options: Any) -> dict[str, np.ndarray] | str:
    """Samples, or why there are none."""
    try:
        return sample_trials(env, TRIALS, **options)
    except ValueError as error:
        return str(error)


def rewarded(env: Any, measure: int) -> float:
    """The time after the onset of set at which to go earns most in an interval task, ms."""
    core = env.unwrapped
    core.timing["measure"] = measure
    earned = {}
    for wait in range(1, 2 * measure // core.dt):
        core.new_trial()
        core.t = core.t_ind = 0
        for _ in range(core.start_ind["set"] + wait):
            core.step(0)
        earned[wait * core.dt] = core.step(1)[1]
    return max(earned, key=earned.__getitem__)


def main(folder: Path) -> None:
    """Sample every case: arrays as `.npz`, and what else is worth telling as `facts.json`."""
    warnings.simplefilter("ignore")  # neurogym's own
    import neurogym

    folder.mkdir(parents=True, exist_ok=True)
    packages = "neurogym", "gymnasium", "numpy"
    facts: dict[str, Any] = {"versions": {name: version(name) for name in packages}}
    for name, case in CASES.items():
        env = neurogym.make(case.env, dt=DT, **case.settings)
        for attribute, value in case.attributes.items():
            setattr(env.unwrapped, attribute, value)
        arrays = attempt(env, **case.options)
        told = {"env": case.env, "channels": channels(env.unwrapped.observation_space)}
        if isinstance(arrays, str):
            told["refused"] = arrays
        else:
            np.savez_compressed(folder / f"{name}.npz", **arrays)
        if "length" in case.options:
            told["unpadded"] = attempt(env)
            told["rewarded"] = [rewarded(env, m) for m in case.settings["timing"]["measure"]]
        facts[name] = told
    (folder / "facts.json").write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
