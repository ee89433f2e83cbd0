"""`make neurogym` without neurogym: the comparison on an environment in its style."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.neurogym_compare import PAIRS, agreement, interval_table
from rulegen import tasks
from rulegen.tasks import Samples, sample_trials

ROOT = Path(__file__).parent.parent
#: Of the package that is installed.
TASKS = str(Path(tasks.__file__).parent)


class Space:
    def __init__(self, **attributes):
        vars(self).update(attributes)


class Match:
    """A delayed match to sample as neurogym has it; `mistake` makes it another task."""

    dt, action_space = 20, Space(n=3)
    observation_space = Space(shape=(3,), name={"fixation": 0, "stimulus": range(1, 3)})

    def __init__(self, mistake=""):
        self.mistake = mistake

    def seed(self, seed):
        self.rng = np.random.RandomState(seed)

    def new_trial(self):
        sample, test = self.rng.randint(2, size=2)
        names = ("fixation", "sample", "delay", "test", "decision")
        self.start_ind = {name: 3 * i for i, name in enumerate(names)}
        self.end_ind = {name: 3 * i + 3 for i, name in enumerate(names)}
        self.ob, self.gt = np.zeros((15, 3), np.float32), np.zeros(15, int)
        self.ob[:12, 0] = self.ob[3:6, 1 + sample] = self.ob[9:12, 1 + test] = 1
        right = 1 if (sample == test) != (self.mistake == "targets") else 2
        self.gt[(11 if self.mistake == "steps" else 12) :] = right
        if self.mistake == "inputs":
            self.ob[3:6, 1 + sample] = 1.5
        return {"sample_theta": sample, "test_theta": test}


@pytest.mark.parametrize("mistake", ["", "inputs", "targets", "steps"])
def test_the_comparison_finds_what_differs(mistake):
    samples = Samples(**sample_trials(Match(mistake), 80, by=("sample_theta", "test_theta")))
    _, periods, steps, inputs, targets = agreement("delayed_match", PAIRS["delayed_match"], samples)
    assert periods == "same: 3 + 3 + 3 + 3 + 3 steps"
    assert steps == ("DIFFERENT" if mistake == "steps" else "same")
    assert inputs.startswith("DIFFERENT" if mistake == "inputs" else "same")
    assert targets.startswith("DIFFERENT" if mistake in ("targets", "steps") else "same")


def test_intervals_of_both():
    inputs, targets = np.zeros((2, 30, 3)), np.zeros((2, 30, 1))
    for trial, interval in enumerate((4, 6)):
        inputs[trial, 2:4, 1] = inputs[trial, 2 + interval : 4 + interval, 2] = 1
        targets[trial, 2 + 2 * interval + 1] = 1
    lines = interval_table(Samples(inputs, targets, 20.0), (80, 120))
    assert lines[2:] == ["| 120 | 140 | 80 | 120 |", "| 80 | 100 | 120 | 80 |"]


def test_sampling_needs_nothing_but_numpy(monkeypatch):
    code = (
        f"import sys; sys.path.insert(0, {TASKS!r}); import environments; "
        "sys.exit(bool({'jax', 'pydantic', 'grammar', 'rulegen'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_what_is_told_beside_the_samples(monkeypatch):
    monkeypatch.syspath_prepend(TASKS)
    from benchmarks.neurogym_sample import CASES, attempt, channels

    assert channels(Match.observation_space) == ["fixation", "stimulus 1", "stimulus 2"]
    assert channels(Space(shape=(2,))) == ["", ""]
    assert "set `env.dt`" in attempt(Space())
    assert set(CASES) == {*PAIRS, "ready_set_go", "reaching", "baited_bandit"}
