"""A task that the package does not know can be lived, fitted and published."""

import runpy
import tomllib
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

import rulegen as rg

RULE = """
param a = 0.5 in [-3, 3] free
param b = 0.3 in [-3, 3] free
e <- e + 0.05*(a*xi*pre + b*post*pre) : synapse
on trial start: e <- 0
on reward: w += clip((R - R_bar[condition])*e, -0.1, 0.1)
"""


EXAMPLE = Path(__file__).parent.parent / "examples" / "own_task.py"
CIRCUIT, LIFE = rg.RateCircuit(neurons=8), rg.LifeSettings(trials=30, warmup=4)


@pytest.fixture(scope="module")
def example():
    found = runpy.run_path(str(EXAMPLE))
    rg.register(found["Tone"])
    return found


def test_lives_learn_it(example):
    rewards = example["rewards"]
    assert rg.paired_difference(rewards[:, -40:].mean(1), rewards[:, :12].mean(1)).low > 0


def test_the_page_of_tasks_shows_all_of_it():
    text = EXAMPLE.read_text()
    assert len(text.splitlines()) <= 30
    assert f"```python\n{text}```" in (EXAMPLE.parents[1] / "docs" / "tasks.md").read_text()


@pytest.fixture(scope="module")
def run(tmp_path_factory, example):
    pgpe = rg.Pgpe(lives=16)
    config = rg.DiscoverConfig(
        name="tone",
        rule=RULE,
        task={"name": "tone", "level": 0.7},
        circuit=CIRCUIT,
        life=LIFE,
        fit=(rg.Phase(estimator=rg.Score(lives=32), iterations=2, choice_lives=16),),
        prune=rg.PruneSettings(
            lives=16, rank_lives=8, refit=rg.Refit(iterations=1, choice_lives=8, estimator=pgpe)
        ),
        refine=rg.RefineSettings(lives=8, moves=1),
        evaluate=rg.EvaluateSettings(lives=256),
    )
    folder = tmp_path_factory.mktemp("runs") / "tone"
    return config, folder, rg.discover(config, folder)


def test_a_discovery_names_it(run, example):
    config, folder, found = run
    task = found.record.evidence.setting.task
    assert config.task == example["Tone"](level=0.7)
    assert task == {
        "name": "tone",
        "level": 0.7,
        "distance": "squared",
        "feedback": "graded",
        "sequence": "shuffled",
    }
    assert tomllib.loads((folder / "config.toml").read_text())["task"]["level"] == 0.7
    other = config.model_copy(update={"task": example["Tone"](level=0.6)})
    assert other.digest != config.digest


def test_the_history_is_a_table(run):
    table = rg.fit_history(run[1])
    fit = table[table.stage == "fit 1 (score)"]
    assert list(fit.iteration) == [0, 1]
    assert list(fit.iloc[0][["a", "b"]]) == [0.5, 0.3]
    assert fit.iloc[1].a != 0.5
    assert np.isfinite(table.reward).all() and (table.error > 0).all()


def test_what_is_no_task_is_refused():
    with pytest.raises(ValidationError, match="give a Task"):
        rg.DiscoverConfig(name="x", rule=RULE, task=3)


def test_its_settings_may_be_lists():
    """Nothing asks whether two tasks are the same by a hash."""

    class Listed(rg.DelayedMatch):
        name: str = "listed"
        sizes: list[float] = [1.0, 2.0]  # noqa: RUF012

    world = rg.World(circuit=rg.RateCircuit(neurons=3), task=Listed(delivery="steps"), life=LIFE)
    lives = rg.Lives(world, rg.compile_rule("w += 0.01*R*pre"))
    assert np.isfinite(lives.run(np.array([]), rg.key(0), 2).rewards).all()
