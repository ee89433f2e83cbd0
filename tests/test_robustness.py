"""What goes wrong outside: full disks, broken tasks, killed processes. Nothing is lost."""

import json
import subprocess
import sys

import jax
import jax.numpy as jnp
import pytest

from rulegen.circuits import RateCircuit
from rulegen.estimators import Pgpe, Score
from rulegen.fitting.ascent import Phase, fit
from rulegen.grammar import RunError, parse
from rulegen.ground.journal import Journal
from rulegen.ground.keys import Branch
from rulegen.ground.stage import Stage
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation

CONFIG = '''
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
iterations = 8
choice_lives = 4
estimator = { name = "pgpe", lives = 8 }
[prune]
lives = 8
[refine]
lives = 8
[evaluate]
lives = 16
'''


class NoReward(DelayedAssociation):
    """A task of somebody's own, with a mistake in it."""

    name: str = "no_reward"
    value: float | None = None

    def reward(self, trial, output):
        good = super().reward(trial, output)
        return jnp.asarray(self.value, good.dtype) if self.value is not None else jnp.log(good)


class SometimesNone(DelayedAssociation):
    """The reward of large outputs is not a number."""

    name: str = "sometimes_none"

    def reward(self, trial, output):
        return jnp.where(jnp.max(jnp.abs(output)) > 0.4, jnp.nan, super().reward(trial, output))


def fitted(tmp_path, task, estimator, rule="param a = 0.3 free\non reward: w += 0.01*a*R*pre"):
    task = task.model_copy(update={"cue": 20.0, "delay": 20.0, "response": 20.0})
    world = World(circuit=RateCircuit(neurons=4), task=task, life=LifeSettings(trials=5, warmup=1))
    bench = Bench(world, parse(rule))
    phase = Phase(estimator=estimator, iterations=2, choice_lives=4)
    with Journal(tmp_path / "history.jsonl", {"configuration": "x"}) as journal:
        values = fit(bench, [phase], Stage(jax.random.key(0), journal).on(Branch.FIT))
        results = {name: result for (name, _), result in journal.results.items()}
        return values, results[f"fit 1 ({estimator.name})/0"]


@pytest.mark.parametrize("estimator", [Score(lives=8), Pgpe(lives=8)], ids=["score", "pgpe"])
def test_a_reward_that_is_not_a_number(tmp_path, estimator):
    with pytest.raises(RunError, match=r"every life diverged.*look for a reward that is NaN"):
        fitted(tmp_path, NoReward(), estimator)
    assert len((tmp_path / "history.jsonl").read_bytes().splitlines()) == 2, "it is in the history"


@pytest.mark.parametrize("estimator", [Score(lives=8), Pgpe(lives=8)], ids=["score", "pgpe"])
def test_a_reward_that_is_always_the_same(tmp_path, estimator):
    with pytest.raises(RunError, match=r"every life has the same reward .* -0.25 per trial"):
        fitted(tmp_path, NoReward(value=-0.25), estimator)


@pytest.mark.parametrize("estimator", [Score(lives=32), Pgpe(lives=32)], ids=["score", "pgpe"])
def test_some_rewards_that_are_not_numbers_are_counted(tmp_path, estimator):
    values, first = fitted(tmp_path, SometimesNone(), estimator)
    assert 0 < first["outcomes"]["diverged"] < 32
    assert all(abs(x) < 10 for x in [*values, *first["gradient"], *first["error"]])


def rulegen(*arguments, largest_file="unlimited"):
    """Run the command line, with a limit in kB on its files, which fail then as on a full disk."""
    command = [sys.executable, "-m", "rulegen", *map(str, arguments)]
    limited = ["bash", "-c", f'ulimit -f {largest_file}; exec "$@"', "bash", *command]
    return subprocess.run(limited, capture_output=True, text=True, timeout=300)


def test_a_disk_that_is_full(tmp_path):
    """Exit code 1, one message, whole lines only; with space again, the figures of a lucky run."""
    config, out, lucky = tmp_path / "config.toml", tmp_path / "run", tmp_path / "lucky"
    config.write_text(CONFIG)
    stopped = rulegen("discover", config, "--out", out, largest_file=2)
    assert stopped.returncode == 1
    assert "history.jsonl: File too large; what is in it is kept" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    kept = (out / "history.jsonl").read_bytes()
    assert kept.endswith(b"\n")
    assert len(kept.splitlines()) > 1
    rulegen("discover", config, "--out", out, "--resume")
    rulegen("discover", config, "--out", lucky)
    histories = [(folder / "history.jsonl").read_text().splitlines() for folder in (out, lucky)]
    results = [[json.loads(line)["data"] for line in history] for history in histories]
    assert results[0] == results[1]
    assert (out / "history.jsonl").read_bytes().startswith(kept)


def test_a_journal_on_a_full_disk(tmp_path):
    """The line that does not fit is taken back, and the journal closes without another error."""
    code = """
import resource, sys
from pathlib import Path
from rulegen.ground.journal import Journal
from rulegen.grammar import RunError
resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))
try:
    with Journal(Path(sys.argv[1]), {"configuration": "x"}) as journal:
        for i in range(99):
            journal.recall(f"n{i}", [i], lambda: {"value": i})
except RunError as error:
    print(i, error)
"""
    path = tmp_path / "history.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    stored = int(done.stdout.split()[0])
    assert "free some space and run again with --resume" in done.stdout
    with Journal(path, {"configuration": "x"}) as journal:
        assert journal.damaged == 0
        assert len(journal.results) == stored
