"""Sweeps: their combinations, their table, what fails, what is skipped, what is in the way."""

import json
import os
import socket
import subprocess
import sys
from contextlib import suppress

import pandas as pd
import pytest

from rulegen.grammar import ConfigError
from rulegen.runs.combination import run_combination
from rulegen.runs.sweep import claim, connect, finished
from rulegen.runs.sweep_config import load_sweep

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
trials = 6
warmup = 1
[[fit]]
iterations = 2
choice_lives = 4
estimator = { name = "pgpe", lives = 4 }
[evaluate]
lives = 8
'''

SWEEP = """
name = "sizes"
base = "base.toml"
job = "fit"
[axes]
seed = [1, 2]
"circuit.neurons" = [3, -4]
"""


@pytest.fixture
def here(tmp_path):
    (tmp_path / "base.toml").write_text(BASE)
    return tmp_path


def write(here, text):
    path = here / "sweep.toml"
    path.write_text(text)
    return path


def rulegen(*arguments):
    command = [sys.executable, "-m", "rulegen", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_combinations_take_a_value_of_every_axis(here):
    text = (
        SWEEP + '[axes.rule]\nhebb = "param a = 1 free\\ndw/dt = a*pre*post"\nnone = "dw/dt = (("\n'
    )
    found = load_sweep(write(here, text)).combinations
    assert len(found) == 8
    first, second = found[:2]
    assert first.name == "seed-1_circuit.neurons-3_rule-hebb"
    assert first.labels == {"seed": "1", "circuit.neurons": "3", "rule": "hebb"}
    assert first.config.seed == 1
    assert first.config.circuit.neurons == 3
    assert first.config.family.terms()[0].coefficient == "a"
    assert second.config is None
    assert "^" in second.reason
    assert sum(c.config is None for c in found) == 6


def test_a_part_of_a_table_is_what_its_own_axis_says(here):
    """In whatever order they stand: otherwise rows have labels of what was not run."""
    axis, table = '"circuit.neurons" = [3, 4]\n', "circuit = { wide = { neurons = 9, tau = 50 } }\n"
    for axes in (axis + table, table + axis):
        text = SWEEP.split("[axes]")[0] + "[axes]\n" + axes
        for combination in load_sweep(write(here, text)).combinations:
            assert str(combination.config.circuit.neurons) == combination.labels["circuit.neurons"]
            assert combination.config.circuit.tau == 50


BAD = {
    "one value under two names": (
        SWEEP.replace("[3, -4]", "[3]") + '"circuit.noise" = [1, 1.0]\n',
        "seed-1_circuit.neurons-3_circuit.noise-1 and seed-1_circuit.neurons-3_circuit.noise-1.0 "
        "are the same configuration: leave one value out",
    ),
    "no base": (SWEEP.replace("base.toml", "nowhere.toml"), "cannot read"),
    "no axes": ('name = "x"\nbase = "base.toml"\n[axes]\n', "axes"),
    "unknown key": ("jobs = 3\n" + SWEEP, "jobs: there is no such setting"),
    "unknown job": (SWEEP.replace('"fit"', '"dance"'), "job: "),
    "one value": (SWEEP + "x = 3\n", "axes.x: write a list of values, or a table"),
    "no values": (SWEEP + "x = []\n", "axes.x: there are no values"),
    "tables without names": (SWEEP + 'task = [{name = "x"}]\n', r"write [axes.task]"),
    "a place that is none": (SWEEP.replace("circuit.neurons", "circuit.neuron"), "no such setting"),
    "a place inside a value": (SWEEP.replace("circuit.neurons", "name.x"), "no place"),
    "one name twice": (
        SWEEP.replace("[1, 2]", '["a b", "a-b"]'),
        "numbers 1 and 3 are both",
    ),
    "a name that is too long": (SWEEP + f"[axes.x]\n{'y' * 220} = 1\n", "too long"),
    "no numbers": (SWEEP.replace("[3, -4]", "[nan, inf, 3]"), "axes: a number must be 0 or from"),
    "no number in a table": (
        SWEEP + "[axes.task]\na = { delay = inf }\n",
        "axes: a number",
    ),
    "many bytes in a name": (SWEEP + '"' + "\u7a81" * 150 + '" = [1]\n', "... is too long; name"),
    "too many": (SWEEP.replace("[1, 2]", str(list(range(9999)))), "are more than"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_bad_sweeps(here, text, message):
    with pytest.raises(ConfigError) as error:
        load_sweep(write(here, text))
    assert message in str(error.value)


#: What a file of results may not say, and what no number in it may be.
NO_FIGURES = ({}, None, "x\x1b[2J", 10**400, float("nan"))
CHANGES = [{name: n} for name in ("seconds", "diverged", "start_silent") for n in (*NO_FIGURES, -1)]
CHANGES += [{"silent": "0.5"}, {"saturated": 10**6}, {"equation": []}, {"parameters": "none"}]
CHANGES += [{"reward": 5}, {"terms": 1}, {"ok": "yes"}]


def test_a_sweep_from_start_to_restart(here):
    """With one combination that is no configuration and one whose lives all diverge."""
    text = (
        SWEEP + '[axes.rule]\nwild = "param a = 1 free\\non reward: w += 1e6*a*pre"\nmild = """\n'
    )
    text += BASE.split('"""')[1] + '"""\n'
    path, out = write(here, text.replace("[1, 2]", "[1]")), here / "out"
    done = rulegen("sweep", path, "--out", out, "--workers", 1)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(out / "results.csv").set_index("combination")
    assert len(table) == 4
    name = "seed-1_circuit.neurons-3_rule-mild"
    assert table["ok"].to_dict() == {n: n == name for n in table.index}
    assert table.loc[name, "low"] <= table.loc[name, "reward"] <= table.loc[name, "high"]
    assert "every life diverged" in table.loc["seed-1_circuit.neurons-3_rule-wild", "reason"]
    assert "circuit.neurons: " in table.loc["seed-1_circuit.neurons--4_rule-mild", "reason"]
    assert "failed: " in done.stdout
    result, history = out / "results" / f"{name}.json", out / "runs" / name / "history.jsonl"
    before = result.stat().st_mtime_ns, history.stat().st_mtime_ns
    again = rulegen("sweep", path, "--out", out, "--workers", 1)
    assert again.returncode == 0, again.stderr
    assert (result.stat().st_mtime_ns, history.stat().st_mtime_ns) == before
    assert "1 of 4 were finished" in again.stderr
    # Anything that is not a whole result of this very configuration is made again.
    combination = next(c for c in load_sweep(path).combinations if c.name == name)
    stored = json.loads(result.read_text())
    assert finished(out, combination, "fit") == stored
    assert finished(out, combination, "discover") is None, "another job"
    result.write_text(json.dumps(stored | {"identity": "another"}))
    assert finished(out, combination, "fit") is None
    lacking = [{n: v for n, v in stored.items() if n != name} for name in ("ok", "reward", "terms")]
    wrong = [stored | change for change in CHANGES]
    for place in ("reward", "gain"):
        wrong += [stored | {place: stored[place] | {"low": low}} for low in NO_FIGURES]
    others = [json.dumps(data) for data in ([], 5, None, "0" * 16, {}, *lacking, *wrong)]
    for text in (*others, json.dumps(stored)[:-9], "[" * 100_000, "0" * 16, ""):
        result.write_text(text)
        assert finished(out, combination, "fit") is None, text[:99]
    result.unlink()
    os.mkfifo(result)
    assert finished(out, combination, "fit") is None


def test_a_scheduler_elsewhere(here):
    """`--scheduler` finds a cluster that somebody else started."""
    code = """
import sys, distributed
if __name__ == "__main__":
    with distributed.LocalCluster(n_workers=1, threads_per_worker=1, host="127.0.0.1",
                                  dashboard_address=None) as cluster:
        print(cluster.scheduler_address, flush=True)
        sys.stdin.read()
"""
    server = here / "server.py"
    server.write_text(code)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([sys.executable, str(server)], **pipes) as cluster:
        address = cluster.stdout.readline().strip()
        path = write(here, SWEEP.replace("[1, 2]", "[1]"))
        done = rulegen("sweep", path, "--out", here / "out", "--scheduler", address)
        cluster.stdin.close()
    assert done.returncode == 0, done.stderr
    assert pd.read_csv(here / "out" / "results.csv")["ok"].sum() == 1


def test_a_scheduler_that_does_not_answer(here, monkeypatch):
    monkeypatch.setattr(sys.modules["rulegen.runs.sweep"], "PATIENCE", 1)
    with (
        pytest.raises(ConfigError, match="no dask scheduler answers there"),
        connect("tcp://127.0.0.1:9", 1),
    ):
        pass
    with pytest.raises(ConfigError, match="no dask scheduler answers"), connect("9:9:9", 1):
        pass


def test_sweeps_run_beside_each_other():
    """The port that dask's pages have unless another is asked for is taken."""
    pytest.importorskip("distributed")
    with socket.socket() as taken:
        with suppress(OSError):  # by somebody else
            taken.bind(("127.0.0.1", 8787))
            taken.listen()
        with connect(None, 1) as one, connect(None, 1) as two:
            assert one.submit(abs, -3).result() == two.submit(abs, -3).result() == 3


def test_foreign_and_busy_folders(here):
    path = write(here, SWEEP)
    done = rulegen("sweep", path, "--out", here)
    assert done.returncode == 2
    assert "is not empty" in done.stderr
    lock = claim(here / "out")
    done = rulegen("sweep", path, "--out", here / "out")
    lock.close()
    assert done.returncode == 1
    assert "another process is writing" in done.stderr


def test_without_dask(here, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match=r"rulegen\[sweep\]"), connect(None, 1):
        pass


def test_workers_with_other_software_refuse(here):
    config = load_sweep(write(here, SWEEP)).combinations[0].config
    told = run_combination(config.model_dump_json(), {"code": "0"}, "fit", str(here / "run"))
    assert not told["ok"]
    assert "another version of configuration, code" in told["reason"]


def test_a_rule_without_free_parameters_is_evaluated(here):
    config = load_sweep(write(here, SWEEP)).combinations[0].config
    fixed = config.model_copy(update={"rule": config.rule.replace("free", "")})
    told = run_combination(fixed.model_dump_json(), fixed.identity, "fit", str(here / "fixed"))
    assert told["ok"]
    assert told["gain"]["mean"] == 0


def test_a_whole_discovery_that_finds_nothing(here):
    text = SWEEP.replace('"fit"', '"discover"')
    config = (
        load_sweep(write(here, text), ["prune.lives=8", "refine.lives=8"]).combinations[0].config
    )
    idle = config.model_copy(update={"rule": config.rule.replace("0.01*", "0*")})
    told = run_combination(idle.model_dump_json(), idle.identity, "discover", str(here / "idle"))
    assert not told["ok"]
    assert "nothing to publish" in told["reason"]
