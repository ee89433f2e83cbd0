"""A fit that is killed at any moment ends, resumed, at the same parameters, bit for bit."""

import json
import os
import random
import subprocess
import sys
import time

import pytest

CONFIG = '''
name = "small"
rule = """
param a = 0.5 in [-3, 3] free
param b = 0.1 in [-3, 3] free
e <- e + a*xi*pre + b*u*pre : synapse
on trial start: e <- 0
on reward: w += clip(0.01*(R - R_bar[condition])*e, -0.1, 0.1)
"""
[task]
name = "delayed_association"
[circuit]
neurons = 16
[life]
trials = 60
[[fit]]
iterations = 20
choice_lives = 64
estimator = { name = "score", lives = 64 }
[[fit]]
iterations = 20
choice_lives = 64
estimator = { name = "pgpe", lives = 64 }
[evaluate]
lives = 16
'''
PROGRAM = """
import json, sys
from pathlib import Path
from rulegen.runs.combination import fit_job
from rulegen.publishing.config import load_config
print(json.dumps(fit_job(load_config(Path(sys.argv[1])), Path(sys.argv[2]))["parameters"]))
"""


@pytest.mark.long
def test_twenty_moments(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(CONFIG)
    environment = {**os.environ, "JAX_COMPILATION_CACHE_DIR": str(tmp_path / "cache")}

    def start(folder):
        command = [sys.executable, "-c", PROGRAM, str(path), str(folder)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    def finish(folder):
        out, _ = start(folder).communicate(timeout=600)
        return json.loads(out), lines(folder)

    def lines(folder):
        text = (folder / "history.jsonl").read_text()
        return [json.loads(line)["data"] for line in text.splitlines()]

    expected = finish(tmp_path / "whole")
    rng, moments = random.Random(0), []
    while len(moments) < 20:
        folder = tmp_path / f"killed-{len(moments)}"
        history, wanted = folder / "history.jsonl", rng.randrange(1, len(expected[1]))
        with start(folder) as process:
            while process.poll() is None and written(history) < wanted:
                time.sleep(0.001)
            time.sleep(rng.uniform(0.0, 0.1))
            process.kill()
        moments.append(written(history))
        assert finish(folder) == expected, f"killed after {moments[-1]} lines"
    print("killed after so many lines:", moments)
    assert len(set(moments)) > 10


def written(history):
    """Whole lines in a history so far."""
    return history.read_bytes().count(b"\n") if history.exists() else 0
