"""Runs formulas at their edges as a C++ program of Brian 2, and as NumPy code, and compares.

    python tests/exports/check_standalone.py FOLDER

in an environment with Brian 2, after `cases.py FOLDER` in that of rulegen.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import brian2 as b2
import numpy as np

AT = [0.0, 0.5, -0.5, 1.0, -1.0, 0.3]
NEURON = "r : 1\nu : 1\nnoise : 1"


def run(folder: Path, target: str) -> None:
    """All states after two steps, in `standalone.TARGET.npz`."""
    if target == "cpp":
        b2.set_device("cpp_standalone", directory=str(folder / "standalone"))
    b2.prefs.codegen.target = "numpy"
    b2.defaultclock.dt = 2 * b2.ms
    space: dict = {}
    exec((folder / "made up edges.brian2.py").read_text(), space)
    group = b2.NeuronGroup(len(AT), NEURON)
    group.r, group.u, group.noise = np.abs(AT), np.array(AT), np.array(AT[::-1])
    synapses = space["connect"](group, group)
    space["put"](synapses, "w", 0.1)
    b2.run(4 * b2.ms)
    states = [name for name in space["NAMES"] if name == "w" or name.startswith("x_")]
    found = {name: np.array(getattr(synapses, name)[:]) for name in states}
    np.savez(folder / f"standalone.{target}.npz", **found)


def main(folder: Path) -> int:
    """The number of states that differ."""
    for target in ("numpy", "cpp"):  # a device is chosen once a process
        subprocess.run([sys.executable, __file__, str(folder), target], check=True)
    with (
        np.load(folder / "standalone.numpy.npz") as one,
        np.load(folder / "standalone.cpp.npz") as other,
    ):
        agree = [np.allclose(one[k], other[k], 1e-12, 1e-12, equal_nan=True) for k in one]
    print(f"{sum(agree)} of {len(agree)} states agree: C++")
    return len(agree) - sum(agree)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        run(Path(sys.argv[1]), sys.argv[2])
    else:
        sys.exit(bool(main(Path(sys.argv[1]))))
