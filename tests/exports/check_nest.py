"""Builds the exported synapses with NESTML, runs them in NEST and compares their weights.

    python tests/exports/check_nest.py FOLDER

in an environment with NEST, NESTML and a C++ compiler, after `nest_cases.py FOLDER` in that of
rulegen. Where only spikes change the weight both compute the same numbers and TOLERANCE, relative
to the largest change of the weight, is rounding; where the weight flows between spikes rulegen
takes steps of Euler's method and NEST integrates, so that WITHIN_STEPS is allowed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

TOLERANCE, WITHIN_STEPS = 1e-8, 0.02
MODULE = "exportedmodule"
#: A neuron that fires when it is told to, whatever its synapses say.
RELAY = """
model relay_neuron:
    state:
        told real = 0.0

    input:
        spikes <- spike

    output:
        spike

    onReceive(spikes):
        told += spikes * 1 s

    update:
        if told > 1e5:
            emit_spike()
        told = 0.0
"""
ORDER = 1e6
#: What wheels of NEST say of themselves is where they were built, and how the compiler was set.
CONFIG = """#! /bin/sh
case "$1" in
  --includes) echo "-I{here}/include/nest" ;;
  --libs) echo "-lgsl -lgslcblas -lgomp" ;;
  --cflags) echo "-fopenmp -O1 -w -std=c++20 -D_GLIBCXX_USE_CXX11_ABI={abi}" ;;
  --compiler) echo g++ ;;
  --version) echo {version} ;;
  --prefix) echo "{here}" ;;
  --libdir) echo lib ;;
  --static-libraries) echo OFF ;;
  --python-executable) echo "{python}" ;;
  *) echo share ;;
esac
"""


def build(folder: Path) -> None:
    """All models of a folder as one module of NEST, in `folder/nest`."""
    import nest
    from pynestml.frontend.pynestml_frontend import generate_nest_target

    built = folder.resolve() / "nest"
    (built / "bin").mkdir(parents=True, exist_ok=True)
    (built / "relay_neuron.nestml").write_text(RELAY)
    here = Path(nest.__file__).parent
    kernel = (here / "nestkernel_api.so").read_bytes()
    config = built / "bin" / "nest-config"
    abi = int(b"get_synaptic_elementsENSt7__cxx11" in kernel)
    told = {"here": here, "abi": abi, "version": nest.__version__, "python": sys.executable}
    config.write_text(CONFIG.format(**told))
    config.chmod(0o755)
    models = sorted(folder.glob("*_synapse.nestml"))
    generate_nest_target(
        input_path=[str(path) for path in (built / "relay_neuron.nestml", *models)],
        target_path=str(built / "code"),
        install_path=str(built / "lib"),
        module_name=MODULE,
        logging_level="ERROR",
        codegen_opts={
            "nest_path": str(built),
            "neuron_synapse_pairs": [
                {"neuron": "relay_neuron", "synapses": {m.stem: {"post_ports": ["post_spikes"]}}}
                for m in models
            ],
            "weight_variable": {m.stem: "w" for m in models},
        },
    )


def weights(synapse: str, case: Any) -> np.ndarray:
    """The weight after each presynaptic spike."""
    import nest

    nest.ResetKernel()
    nest.Install(MODULE)
    step = float(case["step"])
    nest.resolution = step
    neuron = f"relay_neuron__with_{synapse}"
    (synapse,) = (
        name
        for name in nest.synapse_models
        if name.startswith(f"{synapse}__with") and not name.endswith(("_hpc", "_lbl"))
    )
    pre, post = nest.Create("parrot_neuron"), nest.Create(neuron)
    # A spike takes a step to the parrot, two to fire the relay.
    for target, steps, weight in ((pre, case["pre"] - 1, 1.0), (post, case["post"] - 2, ORDER)):
        source = nest.Create("spike_generator", {"spike_times": np.round(steps * step, 10)})
        nest.Connect(source, target, syn_spec={"delay": step, "weight": weight})
    # Models of NESTML 9.0 do not copy these when they connect, so that they are anything at all.
    known = nest.GetDefaults(synapse)
    told = {name: 1e-6 for name in ("gsl_abs_error_tol", "gsl_rel_error_tol") if name in known}
    told |= {"synapse_model": synapse, "delay": int(case["delay"]) * step}
    nest.Connect(pre, post, syn_spec=told)
    recorders = [nest.Create("spike_recorder") for _ in range(2)]
    for neurons, recorder in zip((pre, post), recorders, strict=True):
        nest.Connect(neurons, recorder)
    (connection,) = nest.GetConnections(pre, post)
    found, now = [], 0
    for spike in [*case["pre"] + 2, int(case["steps"])]:
        nest.Simulate((spike - now) * step)
        found.append(connection.get("w"))
        now = spike
    for recorder, steps in zip(recorders, (case["pre"], case["post"]), strict=True):
        fired = np.round(np.array(recorder.events["times"]) / step).astype(int)
        assert np.array_equal(fired, steps), f"spikes at {fired} in place of {steps}"
    return np.array(found[:-1])


def difference(name: str, case: Any) -> float:
    """The largest difference of the weight, relative to its largest change."""
    expected = case["weights"]
    found = weights(f"{name}_synapse", case)
    return float(abs(found - expected).max() / (np.ptp(np.append(expected, 1.0)) or 1.0))


def main(folder: Path) -> int:
    """One line a rule; the number of rules that differ."""
    lib = str((folder / "nest" / "lib").resolve())
    if lib not in os.environ.get("LD_LIBRARY_PATH", ""):  # read when a program starts
        build(folder)
        path = {**os.environ, "LD_LIBRARY_PATH": lib}
        return subprocess.run([sys.executable, __file__, str(folder)], env=path).returncode
    found, wrong = {}, []
    for path in sorted(folder.glob("*.nest.npz")):
        name = path.name.removesuffix(".nest.npz")
        with np.load(path) as case:
            found[name] = difference(name, dict(case))
            if not found[name] <= (TOLERANCE if case["exact"] else WITHIN_STEPS):
                wrong.append(name)
        print(f"{name:32} {found[name]:.1e}", flush=True)
    (folder / "nest.json").write_text(json.dumps(found, indent=1))
    print(f"{len(found) - len(wrong)} of {len(found)} agree in NEST", *wrong)
    return len(wrong)


if __name__ == "__main__":
    sys.exit(bool(main(Path(sys.argv[1]))))
