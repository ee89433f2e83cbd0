"""`rulegen analyse` from a scene and from a run: files, seeds, exit codes; and its statistics."""

import numpy as np
import pandas as pd
import pytest
from honest import leave, publish, text
from test_analysis import LIVES, anatomy
from test_cli import call

from rulegen.analysis.contrast import INTERVALS, contrast_table
from rulegen.analysis.performance import performance_table
from rulegen.analysis.similarity import similarity_graph
from rulegen.analysis.studies import study, subjects, survivors
from rulegen.catalog.pages.pens import ROLES
from rulegen.catalog.records.kinds import PAGES
from rulegen.catalog.records.roles import CHANCE, DISCOVERED, YARDSTICK
from rulegen.circuits import RateCircuit
from rulegen.grammar import ConfigError, RunError, parse
from rulegen.lives.life import LifeSettings
from rulegen.lives.world import World
from rulegen.tasks import TASKS, DelayedMatch
from rulegen.verifying.setting import world_of

SCENE = """
[task]
name = "delayed_association"
cue = 20
delay = 20
response = 20

[circuit]
neurons = 5

[life]
trials = 8
warmup = 2

[[rules]]
name = "a"
rule = "e <- e + xi*pre : synapse\\non reward: w += 0.1*(R - R_bar[condition])*e"

[[rules]]
name = "b"
rule = "on trial end: w += 0.01*post*pre"
"""


@pytest.fixture
def scene(tmp_path):
    def write(text=SCENE):
        path = tmp_path / "scene.toml"
        path.write_text(text)
        return path

    return write


def run(monkeypatch, capsys, *arguments):
    return call(monkeypatch, capsys, "analyse", *arguments, "--lives", 3, "--repeats", 3)


def test_a_scene(monkeypatch, capsys, tmp_path, scene):
    for folder in ("one", "two"):
        code, _, err = run(monkeypatch, capsys, scene(), "--out", tmp_path / folder)
        assert code == 0, err
        assert "lives 3/3" in err
    one, two = tmp_path / "one", tmp_path / "two"
    tables = sorted(path.name for path in one.glob("*.csv"))
    assert {"circuits.csv", "contrast.csv", "fixed_points.csv", "decoding.csv"} <= set(tables)
    for name in [*tables, "index.md"]:
        assert (one / name).read_bytes() == (two / name).read_bytes(), name
    page = (one / "index.md").read_text()
    assert page.partition("\n")[0] in PAGES
    for path in one.iterdir():
        assert path.suffix == ".pdf" or path.name == "index.md" or path.name in page, path.name
        assert path.suffix != ".png" or path.with_suffix(".pdf").exists()
    assert INTERVALS in page
    assert "Here it is -0.25, and perfect answers earn 0;" in page
    circuits = pd.read_csv(one / "circuits.csv")
    assert circuits.groupby("rule").size().to_dict() == {"a": 3, "b": 3}
    same_figures(pd.read_csv(one / "learning.csv"), pd.read_csv(one / "contrast.csv"))
    code, *_ = run(monkeypatch, capsys, scene(), "--out", two, "--seed", 1)
    assert (one / "circuits.csv").read_bytes() != (two / "circuits.csv").read_bytes()


def same_figures(learning, contrast):
    """What the lines of a picture show is what the table says, and orders rules alike."""
    means = contrast.pivot_table(index="rule", columns="measure", values="mean")
    for rule, line in learning.groupby("rule"):
        assert line["mean"].mean() == pytest.approx(means.loc[rule, "reward"], rel=1e-6)
        late = line["mean"].iloc[-(len(line) // 4) :]
        assert late.mean() == pytest.approx(means.loc[rule, "late"], rel=1e-6)
    gaps = contrast[contrast["rule"] == "b"].set_index("measure")["difference"]
    for measure in ("reward", "late", "performance"):
        assert gaps[measure] == pytest.approx(means.loc["b", measure] - means.loc["a", measure])


def test_a_published_record_in_any_form(monkeypatch, capsys, tmp_path):
    """The folder of a run, of a search as well, and its card and record, are one subject."""
    made = publish(lives=8, others={"no learning": "", "twice": text(2.0)})
    folder = leave(*made, tmp_path / "run")
    forms = [folder, folder / "card.md", folder / "record.toml"]
    (world, rules, where), *others = [subjects(form) for form in forms]
    assert [*rules] == [made[0].name, "twice"]
    assert others == [(world, rules, where)] * 2 and not where
    assert world == world_of(made[0].evidence.setting)
    with (folder / "card.md").open() as file:
        assert subjects("-", file) == (world, rules, where)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("rulegen.commands.analyse.study", lambda *a, **k: {}["no lives here"])
    code, _, err = run(monkeypatch, capsys, folder / "card.md")
    assert code == 1 and "no lives here" in err
    assert (tmp_path / "runs" / f"{made[0].name}-analyses").is_dir()


BAD = {
    "nothing there": ("none.toml", "cannot read"),
    "no run": ("", "is no folder of a finished run: it has no record.toml"),
    "no world": ("rule.txt", "is a rule without a run, and so without a world"),
    "a configuration": (
        "config.toml",
        "is the configuration of a discovery: use",
    ),
}


@pytest.mark.parametrize(("name", "message"), BAD.values(), ids=BAD)
def test_what_cannot_be_analysed(monkeypatch, capsys, tmp_path, name, message):
    (tmp_path / "rule.txt").write_text("w += 0.01*post*pre")
    (tmp_path / "config.toml").write_text('rule = "w += 0.01*post*pre"')
    code, _, err = run(monkeypatch, capsys, tmp_path / name)
    assert code == 2
    assert message in err
    assert len(err.splitlines()) == 1


def test_other_bad_input(monkeypatch, capsys, tmp_path, scene):
    no_rules = SCENE[: SCENE.index("[[rules]]")]
    code, _, err = run(monkeypatch, capsys, scene(no_rules))
    assert (code, len(err.splitlines())) == (2, 1)
    assert "no rules" in err
    code, _, err = run(monkeypatch, capsys, scene(), "--out", scene())
    assert (code, len(err.splitlines())) == (2, 1)
    assert "another --out" in err
    code, _, err = run(monkeypatch, capsys, scene(SCENE.replace("post*pre", "post*chi")))
    assert code == 2


def test_interrupt(monkeypatch, capsys, tmp_path, scene):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("rulegen.commands.analyse.study", interrupted)
    code, _, err = run(monkeypatch, capsys, scene(), "--out", tmp_path / "out")
    assert code == 130
    assert "Traceback" not in err


def test_rules_that_destroy_their_networks(monkeypatch, capsys, tmp_path, scene):
    path = scene(SCENE.replace("0.01*post*pre", "1e30*w*w"))
    code, _, err = run(monkeypatch, capsys, path, "--out", tmp_path / "out")
    assert code == 1
    assert "0 of 3 networks" in err


def test_networks_that_one_rule_destroyed_are_left_out_of_all():
    a, b = anatomy(0.0), anatomy(0.0)
    b.after[1] = np.nan
    kept, lost = survivors({"a": a, "b": b})
    assert lost == 1
    np.testing.assert_array_equal(kept["a"].before, a.before[[0, 2]])
    b.after[:] = np.inf
    with pytest.raises(RunError, match=f"0 of {LIVES}"):
        survivors({"a": a, "b": b})


def test_one_rule_and_several_factors():
    task = DelayedMatch(sample=20, delay=20, test=20, wait=20, response=20)
    world = World(circuit=RateCircuit(neurons=4), task=task, life=LifeSettings(trials=6, warmup=2))
    found = study(world, {"only": parse("on trial end: w += 0.01*R")}, lives=2, repeats=2)
    assert "contrast" not in found.tables
    assert set(found.tables["decoding"]["factor"]) == {"sample", "test"}
    assert "sample:test:time" in found.tables["selectivity"]


def test_the_discovered_rule_has_the_look_that_it_has_in_its_run(monkeypatch, capsys, tmp_path):
    world = World(
        circuit=RateCircuit(neurons=4), task=DelayedMatch(), life=LifeSettings(trials=4, warmup=1)
    )
    rules = {name: parse(f"on trial end: w += 0.0{n}*R") for n, name in ((1, "a"), (2, "b"))}
    drawn = study(world, rules, lives=2, repeats=2, found="a").figures
    for name in ("learning", "spectra", "decoding"):
        first, second, *_ = (
            line for line in drawn[name].lines if line.get_color() != ROLES[CHANCE].colour
        )
        assert first.get_color() == ROLES[DISCOVERED].colour != second.get_color()
    folder = leave(*publish(lives=8, others={"no learning": ""}), tmp_path / "run")
    asked = dict[str, object]()
    monkeypatch.setattr("rulegen.commands.analyse.study", lambda *a, **k: asked.update(k) or {}[""])
    run(monkeypatch, capsys, folder)
    assert asked["found"] == next(iter(subjects(folder)[1]))


def test_one_of_several_worlds():
    """Each with the yardstick as it was tuned there; the first where none is named."""
    first, other = subjects("generalist"), subjects("generalist", where="twice the noise")
    assert (first.where, other.where) == ("delayed association", "twice the noise")
    assert other.world.circuit.noise == 2 * first.world.circuit.noise
    assert first.rules[YARDSTICK].parameters != other.rules[YARDSTICK].parameters
    with pytest.raises(ConfigError, match="has no world `nowhere`; it has `delayed association`, "):
        subjects("generalist", where="nowhere")
    with pytest.raises(ConfigError, match="has one world"):
        subjects("examples/two_rules.toml", where="nowhere")


def test_rules_that_are_called_like_columns():
    world = World(
        circuit=RateCircuit(neurons=4), task=DelayedMatch(), life=LifeSettings(trials=4, warmup=1)
    )
    names = ["rule", "measure", "life", "lives"]
    rules = {name: parse(f"on trial end: w += 0.0{n}*R") for n, name in enumerate(names, 1)}
    found = study(world, rules, lives=2, repeats=2)
    table = found.tables["similarity"]
    assert list(table) == ["rule", *names, "measure"]
    assert table.iloc[:4, 0].tolist() == names
    assert table.iloc[::4, -1].tolist() == ["change", "activity", "trajectories", "spectrum"]


@pytest.mark.parametrize("name", TASKS)
def test_conditions_are_all_combinations_of_factors(name):
    task = TASKS[name]()
    levels = list(zip(*task.factors.values(), strict=True))
    assert len(set(levels)) == len(levels) == task.conditions
    sizes = [len(set(values)) for values in task.factors.values()]
    assert np.prod(sizes) == task.conditions


def test_intervals_hold_together():
    """Without any difference, all 20 measures together are wrong in 5 of 100 comparisons."""
    rng, wrong = np.random.default_rng(3), 0
    for _ in range(60):
        a, b = (pd.DataFrame(rng.normal(size=(60, 20))) for _ in range(2))
        wrong += contrast_table({"a": a, "b": b})["separates"].any()
    assert wrong <= 7  # 3 expected
    shifted = contrast_table({"a": a, "b": b + 2.0})
    assert shifted.loc[shifted["rule"] == "b", "separates"].all()


def test_missing_values_do_not_count():
    a = pd.DataFrame({"x": [1.0, np.nan, 3.0], "y": [np.nan] * 3})
    b = pd.DataFrame({"x": [2.0, 5.0, 4.0], "y": [1.0] * 3})
    table = contrast_table({"a": a, "b": b})
    assert table["measure"].tolist() == ["x", "x"]
    assert table["difference"].tolist() == [0.0, 1.0]


def test_performance_by_hand():
    half = np.r_[np.full(20, -0.25), np.full(60, 0.0)]
    rewards = np.stack([np.full(80, -0.25), np.zeros(80), half])
    table = performance_table(rewards, DelayedMatch(), 10.0)
    np.testing.assert_allclose(table["performance"], [0.0, 1.0, 1.0])
    assert table["trials"].tolist() == [80, 20, 30]


def test_clusters():
    names = list("abcd")
    near = pd.DataFrame(np.eye(4), index=names, columns=names)
    for one, two in ("bd", "dc"):
        near.loc[one, two] = near.loc[two, one] = 0.95
    graph = similarity_graph(near, 0.9)
    assert [graph.nodes[n]["family"] for n in names] == [1, 0, 0, 0]
    assert graph.edges["b", "d"]["distance"] == pytest.approx(0.05)
