"""The main job on a small scale: its files, its resumption, its failures."""

import json
import shutil

import jax
import numpy as np
import pandas as pd
import pytest

from rulegen.catalog import load_record
from rulegen.circuits import RateCircuit
from rulegen.grammar import ConfigError, RunError, parse
from rulegen.ground.digests import code_digest, digest_of
from rulegen.ground.keys import Branch, branch
from rulegen.ground.progress import Progress
from rulegen.lives.bench import Bench
from rulegen.publishing.config import load_config
from rulegen.publishing.places import Elsewhere
from rulegen.runs.discover import discover
from rulegen.verifying.admission import add_run

SMALL = '''
name = "small"
exports = ["numpy"]
rule = """
param a = 0.5 in [-3, 3] free
param b = 0.3 in [-3, 3] free
d = u/0.2
e <- e + 0.01*(a*xi*pre + b*d*pre) : synapse
on trial start: e <- 0
on reward: w += clip((R - R_bar[condition])*e, -0.1, 0.1)
"""
[task]
name = "delayed_association"
cue = 30
delay = 30
response = 30
[circuit]
neurons = 12
[life]
trials = 60
[[fit]]
iterations = 3
estimator = { name = "score", lives = 32 }
choice_lives = 32
[[fit]]
iterations = 2
estimator = { name = "pgpe", lives = 32 }
choice_lives = 32
[prune]
lives = 64
rank_lives = 32
refit = { iterations = 2, choice_lives = 32, estimator = { name = "pgpe", lives = 32 } }
[refine]
lives = 32
[evaluate]
lives = 256
[[references]]
name = "without a"
rule = """
e <- e + 0.015*xi*pre : synapse
on trial start: e <- 0
on reward: w += clip((R - R_bar[condition])*e, -0.1, 0.1)
"""
'''


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "config.toml"
    path.write_text(SMALL)
    return load_config(path)


@pytest.fixture(scope="module")
def run(config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "small"
    steps: list[Progress] = []
    found = discover(config, folder, report=steps.append)
    return folder, found, steps


class Stop(Exception):
    pass


def without_costs(folder):
    summary = json.loads((folder / "summary.json").read_text())
    return {k: v for k, v in summary.items() if k not in ("seconds", "peak_mb")}


def test_a_catalog_takes_it_in(run, tmp_path):
    folder, found, _ = run
    entry = add_run(folder, tmp_path / "home", lives=512, seed=0)
    assert entry.record == found.record
    lives = pd.read_csv(folder / "lives.csv", keep_default_na=False)
    left_out = [term.coefficient for term in found.record.evidence.terms]
    assert list(dict.fromkeys(lives["without"])) == ["", *left_out]


def test_it_leaves_everything_that_a_run_promises(run):
    folder, _, _ = run
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "config.toml", "history.jsonl", "family.txt", "fitted.txt", "rule.txt", "record.toml",
        "card.md", "card.tex", "learning.png", "learning.pdf", "learning.csv", "lives.csv",
        "slide.png", "slide.pdf", "report.html", "summary.json", "rule_numpy.py",
    }  # fmt: skip


def test_the_summary_agrees_with_record_rule_and_data(run, config):
    folder, found, _ = run
    summary = json.loads((folder / "summary.json").read_text())
    record = load_record(folder / "record.toml")
    assert record == found.record
    printed = parse((folder / "rule.txt").read_text())
    assert summary["digest"] == printed.digest == record.digest
    assert summary["parameters"] == {p.name: p.value for p in printed.parameters}
    assert not printed.free
    assert parse((folder / "family.txt").read_text()) == config.family
    assert record.lineage == (config.family.digest,)
    assert record.evidence.code == code_digest()
    assert record.evidence.data == digest_of((folder / "lives.csv").read_text())
    table = pd.read_csv(folder / "lives.csv")
    lives = table.pivot_table(index="life", columns="rule", values="reward")
    assert len(lives) == summary["reward"]["lives"] == 256
    assert lives["discovered rule"].mean() == pytest.approx(summary["reward"]["mean"])
    difference = lives["discovered rule"] - lives["start"]
    assert difference.mean() == pytest.approx(summary["paired_difference"]["mean"])
    assert summary["paired_difference"]["low"] < difference.mean()
    assert set(summary["references"]) == {"without a"}
    curves = pd.read_csv(folder / "learning.csv")
    assert (curves["lower"] <= curves["upper"]).all()
    assert (curves["low"] <= curves["high"]).all()
    means = curves.groupby("rule")["mean"].mean()
    assert means["discovered rule"] == pytest.approx(summary["reward"]["mean"], abs=2e-6)
    assert means["no learning"] == pytest.approx(summary["no_learning"]["reward"]["mean"], abs=2e-6)
    assert len(curves) == 4 * 60


def test_the_published_figures_are_those_of_the_printed_text(run, config):
    """Anyone can run the printed rule on the same lives and gets the same rewards."""
    folder, found, _ = run
    bench = Bench(config.world, parse((folder / "rule.txt").read_text()))
    key = branch(jax.random.key(config.seed), Branch.EVALUATE)
    rewards = bench.rewards(bench.values, key, 256)
    assert np.array_equal(rewards, found.trajectories[0].means)


def test_what_a_term_is_worth_is_about_the_text_in_the_record(run, config):
    """Also where a reference has the name of a step: each loss is run again from its text."""
    _, found, _ = run
    evidence, lives = found.record.evidence, 256
    key = branch(jax.random.key(config.seed), Branch.EVALUATE)
    still = next(c for c in evidence.comparisons if c.name == "no learning")
    reference = next(c for c in evidence.comparisons if c.name == "without a")
    bench = Bench(config.world, parse(config.references[0].rule))
    assert reference.reward.mean == bench.rewards(bench.values, key, lives).mean()
    assert evidence.terms
    for term in evidence.terms:
        if term.rule:
            rest = Bench(config.world, parse(term.rule))
            less = found.trajectories[0].means - rest.rewards(rest.values, key, lives)
            assert term.loss.mean == pytest.approx(less.mean(), rel=1e-12)
        else:
            assert term.loss == still.difference


def test_what_changes_no_figure_is_not_in_the_identity(config):
    """And everything else is: each setting, replaced by another value, gives another digest."""
    base = config.model_dump()
    for name, value in {
        "name": "other",
        "title": "Other",
        "description": "other",
        "licence": "MIT",
        "memory_mb": 64.0,
        "chunk": 3,
        "engine": "xla",
        "exports": ("jax",),
    }.items():
        assert config.model_copy(update={name: value}).digest == config.digest, name
        base.pop(name)
    others = {
        "seed": 7,
        "rule": config.rule.replace("0.5", "0.4"),
        "task": config.task.model_copy(update={"cue": 40.0}),
        "circuit": config.circuit.model_copy(update={"neurons": 13}),
        "life": config.life.model_copy(update={"trials": 61}),
        "projections": config.projections.model_copy(update={"studied": "input"}),
        "fit": config.fit[:1],
        "prune": config.prune.model_copy(update={"lives": 65}),
        "refine": config.refine.model_copy(update={"climbs": 2}),
        "evaluate": config.evaluate.model_copy(update={"lives": 65}),
        "references": (),
        "elsewhere": (Elsewhere(name="larger", circuit=RateCircuit(neurons=11)),),
        "scale": "learning",
    }
    # These say nothing of one world whose rewards are taken as they are.
    for name in ("worlds", "objective", "sharpness", "yardstick"):
        base.pop(name)
    assert others.keys() == base.keys()
    digests = {config.model_copy(update={name: value}).digest for name, value in others.items()}
    assert len(digests | {config.digest}) == len(others) + 1


def test_a_run_goes_on_with_less_memory_and_another_title(config, run, tmp_path):
    folder, _, _ = run
    here = tmp_path / "copy"
    shutil.copytree(folder, here)
    before = (here / "history.jsonl").read_bytes()
    other = config.model_copy(update={"memory_mb": 32.0, "title": "Another title"})
    discover(other, here, resume=True)
    assert (here / "history.jsonl").read_bytes() == before
    assert "Another title" in (here / "card.md").read_text()
    assert "memory_mb = 32.0" in (here / "config.toml").read_text()


def test_a_run_of_other_code_is_not_continued(config, run, monkeypatch):
    folder, _, _ = run
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr("rulegen.ground.digests.code_digest", lambda: "edited")
    with pytest.raises(RunError, match=r"differs from this run in code.*start anew"):
        discover(config, folder, resume=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_progress_is_told(run):
    _, _, steps = run
    stages = {step.stage for step in steps}
    assert {"fit 1 (score)", "fit 2 (pgpe)", "prune 1: refit"} <= stages
    first = next(step for step in steps if step.stage == "fit 1 (score)")
    assert "compiled" in first.text
    second = next(step for step in steps if step.stage == "fit 1 (score)" and step.done == 1)
    assert "reward" in second.text
    assert "signal/noise" in second.text
    assert all(0 <= step.done <= step.total for step in steps)


@pytest.mark.parametrize("moment", [1, 4, 8])
def test_an_interrupted_run_resumes_to_the_same_figures(config, run, tmp_path, moment):
    folder, _, _ = run
    count = 0

    def interrupt(progress):
        nonlocal count
        count += 1
        if count == moment:
            raise Stop

    here = tmp_path / "interrupted"
    with pytest.raises(Stop):
        discover(config, here, report=interrupt)
    with (here / "history.jsonl").open("ab") as file:
        file.write(b'{"check":12,"name":"cut sho')  # as a crash in the middle of a line leaves it
    with pytest.raises(ConfigError, match="--resume"):
        discover(config, here)
    discover(config, here, resume=True)
    assert without_costs(here) == without_costs(folder)
    assert (here / "rule.txt").read_text() == (folder / "rule.txt").read_text()
    assert (here / "card.md").read_text() == (folder / "card.md").read_text()


def test_a_finished_run_resumes_without_computing(config, run):
    folder, _, _ = run
    before = (folder / "history.jsonl").read_bytes()
    discover(config, folder, resume=True)
    assert (folder / "history.jsonl").read_bytes() == before


def test_files_that_do_not_fit_on_the_disk(config, run, monkeypatch):
    folder, _, _ = run
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rulegen.publishing.discovery.save_figure", full)
    with pytest.raises(RunError, match="No space left on device; the history is kept: free some"):
        discover(config, folder, resume=True)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_damaged_lines_of_the_history_are_told_and_made_again(config, run, tmp_path):
    folder, _, _ = run
    here, steps = tmp_path / "copy", []
    shutil.copytree(folder, here)
    whole = (here / "history.jsonl").read_bytes()
    (here / "history.jsonl").write_bytes(whole.replace(b'"means":[', b'"means":[0.1,'))
    discover(config, here, resume=True, report=steps.append)
    told = next(step.text for step in steps if step.stage == "resume")
    assert "lines of the history are damaged and made again" in told
    assert without_costs(here) == without_costs(folder)


def test_another_configuration_cannot_resume(config, run):
    folder, _, _ = run
    before = (folder / "config.toml").read_text()
    other = config.model_copy(update={"seed": 7})
    with pytest.raises(RunError, match="another configuration"):
        discover(other, folder, resume=True)
    assert (folder / "config.toml").read_text() == before


def test_foreign_folders_are_left_alone(config, tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ConfigError, match="is not empty"):
        discover(config, tmp_path, resume=True)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(ConfigError, match="cannot write into"):
        discover(config, tmp_path / "thesis.tex" / "run")
