"""`rulegen simulate`: the table, the bundled scenes, and what is refused."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_cli import call

from rulegen.commands.cli import main
from rulegen.compile import compile_rule
from rulegen.grammar import ConfigError, parse
from rulegen.lives.batch import Batch
from rulegen.lives.many import Lives
from rulegen.lives.outcomes import Outcome
from rulegen.publishing.evaluate import Trajectory, curves
from rulegen.publishing.figures import plot_learning
from rulegen.runs.simulate import late_rewards, load_scene, simulate
from rulegen.tasks import BaitedBandit, DelayedMatch

EXAMPLES = Path(__file__).parent.parent / "examples"
SMALL = """
[task]
name = "delayed_match"
[circuit]
neurons = 5
[life]
trials = 8
warmup = 1
[[rules]]
name = "still"
rule = "on reward: w += 0"
[[rules]]
name = "node perturbation"
rule = '''
e <- e + 0.1*xi*pre : synapse
on trial start: e <- 0
on reward: w += clip(0.1*(R - R_bar[condition])*e, -0.02, 0.02)
'''
"""


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["rulegen", "simulate", *map(str, arguments)])
    try:
        main()
    except SystemExit as end:
        return end.code or 0
    return 0


def test_the_table_of_a_scene(monkeypatch, tmp_path, capsys):
    (tmp_path / "scene.toml").write_text(SMALL)
    out = tmp_path / "rewards.csv"
    options = ["--world", tmp_path / "scene.toml", "--lives", 3, "--seed", 4]
    assert run(monkeypatch, *options, "--out", out) == 0
    table = pd.read_csv(out)
    answers = ["choice", "wanted", "output_1"]
    assert list(table) == ["rule", "life", "trial", "condition", "reward", *answers, "outcome"]
    assert len(table) == 2 * 3 * 8
    still, other = (table[table["rule"] == name] for name in ("still", "node perturbation"))
    assert (still["condition"].to_numpy() == other["condition"].to_numpy()).all()
    early = still["trial"].to_numpy() < 2
    assert (still["reward"].to_numpy()[early] == other["reward"].to_numpy()[early]).all()
    assert (still["reward"].to_numpy()[~early] != other["reward"].to_numpy()[~early]).any()
    printed = capsys.readouterr().out
    for name, late in late_rewards(table).items():
        assert f"{name}: reward over the last quarter of the trials {late.mean:.4f}" in printed
        mine = table[(table["rule"] == name) & (table["trial"] >= 0.75 * table["trial"].nunique())]
        assert late.mean == pytest.approx(mine["reward"].mean(), rel=1e-5)
        assert late.low <= late.mean <= late.high
    assert list(tmp_path.glob(".*")) == []


def test_the_world_of_a_run(monkeypatch, tmp_path, capsys):
    """The folder of a run is a world, as `compare` takes it; of several worlds none is taken."""
    config = tmp_path / "config.toml"
    config.write_text("[task]\nname = 'delayed_match'\n[circuit]\nneurons = 8\n")
    told = ["hebb", "--world", str(tmp_path), "--trials", "14", "--lives", "2"]
    table = tmp_path / "a.csv"
    assert run(monkeypatch, *told, "--out", str(table)) == 0 and len(pd.read_csv(table)) == 28
    places = "".join(f"[[worlds]]\nname = '{n}'\n" for n in "ab")
    config.write_text(places.replace("\n[", "\ntask = {name = 'go_nogo'}\n[")
                      + "task = {name = 'delayed_match'}\n")  # fmt: skip
    capsys.readouterr()
    assert run(monkeypatch, *told) == 2
    assert "has several worlds: `rulegen compare --worlds" in capsys.readouterr().err


def test_no_interval_is_shown_above_perfect_answers():
    rewards = -np.random.default_rng(0).exponential(0.1, (3, 6))
    curve, quartiles = curves(rewards)
    assert (curve[2] > 0.0).any()
    shown = Trajectory("a", "", rewards.mean(axis=1), curve, quartiles, np.zeros(3, int))
    for task, cut in ((DelayedMatch(), True), (BaitedBandit(), False)):
        ax = plot_learning([shown], task, 10.0)
        top = max(path.vertices[:, 1].max() for path in ax.collections[0].get_paths())
        assert (top == 0.0) == cut


@pytest.mark.parametrize("excitatory", [0.0, 0.8])
def test_signs_that_would_have_changed_are_counted(monkeypatch, tmp_path, capsys, excitatory):
    path = tmp_path / "scene.toml"
    path.write_text(SMALL.replace("neurons = 5", f"neurons = 5\nexcitatory = {excitatory}"))
    assert run(monkeypatch, "--world", path, "--lives", 3) == 0
    scene, printed = load_scene(path), capsys.readouterr().out
    batches = simulate(scene.world, {r.name: parse(r.rule) for r in scene.rules}, 3, 0)
    assert not batches["still"].violations.any()
    for name, batch in batches.items():
        line = f"{name}: {batch.violations.sum():.0f} changes of weights were cut short"
        assert (line in " ".join(printed.split())) == (excitatory > 0)
    assert batches["node perturbation"].violations.any() == (excitatory > 0)


def test_one_rule_needs_no_name(monkeypatch, tmp_path):
    (tmp_path / "rule.txt").write_text("on reward: w += 1e-3*R*pre*post")
    out = tmp_path / "rewards.csv"
    options = ["--task", "delayed_match", "--trials", 14, "--lives", 2, "--out", out]
    assert run(monkeypatch, tmp_path / "rule.txt", *options) == 0
    table = pd.read_csv(out)
    answers = ["choice", "wanted", "output_1"]
    assert list(table) == ["life", "trial", "condition", "reward", *answers, "outcome"]
    assert len(table) == 28


def test_a_rule_that_changes_no_weight_is_named(monkeypatch, capsys, tmp_path):
    (tmp_path / "idle.txt").write_text("dw = 0.1*post*pre")
    assert run(monkeypatch, str(tmp_path / "idle.txt"), "hebb") == 2
    assert "idle: the rule changes no weight\nwrite `dw/dt" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no rule to simulate"),
        (["hebb", "--out", "rewards.xls"], "must end in .csv or .parquet"),
        (["hebb", "--out", "nowhere/rewards.csv"], "cannot write nowhere"),
        (["hebb", "--task", "reaching", "--world", "w.toml"], "the task stands in w.toml"),
        (["hebb", "--task", "chess"], "there is no task `chess`"),
        (["hebb", "--world", "nowhere.toml"], "cannot read nowhere.toml"),
        (["hebb", "hebb"], "called `hebb`, of hebb and of hebb"),
        (["stdp_pair"], "stdp_pair: this circuit does not provide `post_spike`"),
    ],
)
def test_what_is_refused(monkeypatch, capsys, arguments, message):
    assert run(monkeypatch, *arguments) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("name", ["miconi_dnms", "miconi_context"])
def test_miconis_protocols(name):
    """Times, periods and rules as published; see the scene for what differs."""
    scene = load_scene(EXAMPLES / f"{name}.toml")
    steps = scene.task.steps(scene.circuit.dt)
    assert steps == {"miconi_dnms": 1000, "miconi_context": 700}[name]
    assert scene.circuit.step_size == pytest.approx(1 / 30)
    trial = scene.task.trial(None, 1, 1.0) if name == "miconi_dnms" else None
    if trial is not None:
        on = trial.stimulus.any(axis=1)
        assert list(on.nonzero()[0]) == [*range(1, 201), *range(400, 600)]
        assert float(trial.target[-1, 0]) == pytest.approx(0.98)
        assert list(trial.weight.nonzero()[0]) == list(range(800, 1000))
    world = scene.world.model_copy(
        update={"life": scene.life.model_copy(update={"trials": 1, "warmup": 0})}
    )
    for rule in scene.rules:
        compiled = compile_rule(parse(rule.rule))
        assert compiled.explain().startswith("factored")
        assert Lives(world, compiled).chunk >= 1


def test_scenes_name_the_field(tmp_path):
    (tmp_path / "scene.toml").write_text(SMALL + "\n[curcuit]\nneurons = 3\n")
    with pytest.raises(ConfigError, match="curcuit: there is no such setting"):
        load_scene(tmp_path / "scene.toml")


def test_a_rule_that_explodes_fails_and_says_what_may_help(monkeypatch, capsys, tmp_path) -> None:
    """A reward of -1 for every life is no result: the command fails and says why."""
    (tmp_path / "wild.rule").write_text("w += 10*pre*post")
    arguments = ("--trials", "15", "--lives", "4", "--out", tmp_path / "all.csv")
    code, out, err = call(monkeypatch, capsys, "simulate", tmp_path / "wild.rule", *arguments)
    assert code == 1
    assert "every one of 4 lives diverged" in out
    assert "every one of 4 lives diverged" in err
    assert "smaller learning rate" in err
    assert "bounds w in" in err
    assert (pd.read_csv(tmp_path / "all.csv")["outcome"] == "diverged").all(), (
        "written all the same"
    )


def test_some_lives_that_diverge_are_a_warning_with_their_number(monkeypatch, capsys) -> None:
    batch = Batch(
        rewards=np.zeros((4, 3)),
        conditions=np.zeros((4, 3), int),
        scores=np.zeros((4, 3, 0)),
        outcomes=np.array([Outcome.OK, Outcome.DIVERGED, Outcome.SATURATED, Outcome.OK]),
        violations=np.zeros(4),
    )
    monkeypatch.setattr("rulegen.commands.simulate.run_simulation", lambda *a: {"hebb": batch})
    code, out, _ = call(monkeypatch, capsys, "simulate", "hebb", "--lives", "4")
    assert code == 0
    assert "hebb: 1 of 4 lives diverged, 1 saturated: try a smaller learning rate" in out
    assert "1 of 4 lives diverged" in str(batch)


def test_silence_is_said(monkeypatch, capsys, tmp_path) -> None:
    """A bias that keeps neurons without negative rates below 0."""
    (tmp_path / "quiet.rule").write_text("forward bias = -50\ndw/dt = 1e-6*post*pre")
    (tmp_path / "world.toml").write_text(
        '[task]\nname = "delayed_association"\n[circuit]\nneurons = 9\nrate = "relu"\n'
    )
    arguments = [tmp_path / "quiet.rule", "--world", tmp_path / "world.toml", "--trials", "15"]
    code, out, _ = call(monkeypatch, capsys, "simulate", *arguments, "--lives", "3")
    assert code == 0
    assert "every one of 3 lives ended silent" in out


def test_settings_of_the_world_are_replaced(monkeypatch, tmp_path, capsys):
    out = tmp_path / "rewards.csv"
    small = ["--lives", 2, "--trials", 6, "--out", out, "--set", "life.warmup=1"]
    spiking = ["--set", "circuit.name=spiking", "--set", "circuit.neurons=6"]
    assert run(monkeypatch, "stdp_pair", *small) == 2
    assert 'set circuit.name = "spiking"' in capsys.readouterr().err
    assert run(monkeypatch, "stdp_pair", *small, *spiking) == 0
    (tmp_path / "scene.toml").write_text(SMALL)
    here = ["--world", tmp_path / "scene.toml", "--lives", 2, "--out", out]
    assert run(monkeypatch, "hebb", *here, "--set", "life.trials=5") == 0
    assert pd.read_csv(out)["trial"].nunique() == 5


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "foo=1"], "--set: foo: there is no such setting"),
        (["--set", "circuit.neurons=x"], "--set: circuit.neurons"),
        (["--task", "nope"], "there is no task `nope`"),
        (["--task", "reversal", "--world", "scene.toml"], "the task stands in scene.toml"),
        (["--world", ".", "--set", "life.trials=5"], "the world of a run is as it was"),
    ],
)
def test_settings_that_cannot_be_replaced(monkeypatch, tmp_path, capsys, options, message):
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, "hebb", *options) == 2
    assert message in capsys.readouterr().err
