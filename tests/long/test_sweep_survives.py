"""Fifty small fits on a cluster of this machine, one of whose workers is killed half-way."""

import subprocess
import sys
import time

import pandas as pd
import psutil
import pytest

BASE = '''
name = "small"
rule = """
param a = 0.5 in [-3, 3] free
e <- e + a*xi*pre : synapse
on trial start: e <- 0
on reward: w += clip(0.01*(R - R_bar[condition])*e, -0.1, 0.1)
"""
[task]
name = "delayed_association"
cue = 20
delay = 20
response = 20
[circuit]
neurons = 4
[life]
trials = 20
[[fit]]
iterations = 4
choice_lives = 16
estimator = { name = "pgpe", lives = 16 }
[evaluate]
lives = 16
'''
SWEEP = """
name = "fifty"
base = "base.toml"
job = "fit"
[axes]
seed = [{seeds}]
"circuit.neurons" = [4, 6]
"""


def workers(process):
    """The worker processes of the cluster that a sweep has started."""
    children = psutil.Process(process.pid).children(recursive=True)
    return [c for c in children if "spawn_main" in " ".join(c.cmdline())]


@pytest.mark.long
def test_a_killed_worker_costs_nothing(tmp_path):
    (tmp_path / "base.toml").write_text(BASE)
    path, out = tmp_path / "sweep.toml", tmp_path / "out"
    path.write_text(SWEEP.format(seeds=", ".join(map(str, range(25)))))
    command = [sys.executable, "-m", "rulegen", "sweep", str(path), "--out", str(out)]
    sweep = subprocess.Popen([*command, "--workers", "2"])
    while len(list((out / "results").glob("*.json"))) < 25:
        assert sweep.poll() is None, "it ended too early"
        time.sleep(0.1)
    victim = workers(sweep)[0]
    victim.kill()
    assert sweep.wait(timeout=1800) == 0
    table = pd.read_csv(out / "results.csv")
    assert len(table) == 50
    assert table["ok"].all()
    assert len(list((out / "results").glob("*.json"))) == 50
