"""The report on estimators: its figures against their definitions, its command, its resumption."""

import sys
import time
from contextlib import closing
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest

from rulegen.circuits import RateCircuit
from rulegen.commands.cli import main
from rulegen.commands.estimators import shown, verdict
from rulegen.estimators import Pgpe, Score
from rulegen.fitting.appraisal import (
    TRUTH,
    AppraisalSettings,
    Sample,
    appraise,
    candidates,
    component_rows,
    differences,
    repeat,
    table_row,
)
from rulegen.fitting.ascent import Phase
from rulegen.grammar import parse
from rulegen.ground.journal import Journal, parse_line
from rulegen.ground.stage import Stage
from rulegen.lives.batch import Batch
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.outcomes import Outcomes
from rulegen.lives.world import World
from rulegen.publishing.figures import plot_estimators
from rulegen.tasks import DelayedAssociation

WORLD = World(
    circuit=RateCircuit(neurons=3, noise=0.5, dt=20, tau=20),
    task=DelayedAssociation(cue=20, delay=20, response=20),
    life=LifeSettings(trials=3, warmup=0),
)
RULE = parse("param k = 0.5 in [0.1, 2] free\nparam b = -0.4 free\non reward: w <- k*pre + b*xi")
KEY = jax.random.key(3)
VALUES = np.array([0.5, -0.4])
TRUE = Sample(np.array([[2.0, -1.0]]), np.full((1, 2), 1e-6), 100, 1.0, 2.0, 0.0, Outcomes(100))


def sample(gradient, error, repeats=4, lives=10, seconds=0.5):
    gradients = np.tile(np.asarray(gradient, float), (repeats, 1))
    return Sample(
        gradients, np.full(gradients.shape, error), lives, seconds, 3.0, 0.0, Outcomes(lives)
    )


def test_the_figures_follow_their_definitions():
    row = table_row("x", sample([4.0, -2.0], 0.1), TRUE, ["k", "b"])
    assert row["cosine"] == pytest.approx(1.0)
    assert row["scale"] == pytest.approx(2.0)
    assert row["bias"] == pytest.approx(1.0, rel=0.01)
    assert row["z"] == pytest.approx(2.0 / 0.05, rel=1e-3)
    assert row["wrong"] == ""
    assert row["variance"] == pytest.approx(2 * 0.1**2 * 10)
    assert row["seconds_per_life"] == pytest.approx(0.05)
    # 20 lives fit into a second: their estimate has an error of 0.1*sqrt(10/20) along each.
    assert row["signal_to_noise"] == pytest.approx(np.hypot(4, 2) / 0.1, rel=0.01)
    assert row["useful"] == pytest.approx(row["signal_to_noise"])


def test_a_wrong_sign_is_named_only_on_evidence():
    assert table_row("x", sample([2.0, 1.0], 0.1), TRUE, ["k", "b"])["wrong"] == "b"
    assert table_row("x", sample([2.0, 1.0], 2.0), TRUE, ["k", "b"])["wrong"] == ""


def test_noise_alone_is_no_bias_and_no_signal():
    rng = np.random.default_rng(0)
    gradients = [2.0, -1.0] + 30 * rng.standard_normal((50, 2))
    many = Sample(gradients, np.full((50, 2), 30.0), 10, 1.0, 0.0, 0.0, Outcomes(10))
    row = table_row("x", many, TRUE, ["k", "b"])
    assert row["bias"] < 3 * row["bias_error"]
    assert row["z"] < 3
    nothing = Sample(np.zeros((4, 2)), np.ones((4, 2)), 10, 1.0, 0.0, 0.0, Outcomes(10))
    assert table_row("x", nothing, TRUE, ["k", "b"])["signal_to_noise"] == 0
    assert table_row("x", nothing, TRUE, ["k", "b"])["cosine"] == 0


def test_where_no_reward_depends_on_anything_there_is_a_table_all_the_same():
    """As when every life of every estimate has diverged."""
    flat = Sample(np.zeros((1, 2)), np.zeros((1, 2)), 100, 1.0, 2.0, 0.0, Outcomes(diverged=100))
    rows = [table_row("x", sample([0.0, 0.0], 0.0), flat), table_row(TRUTH, flat, flat)]
    table = pd.DataFrame(rows)
    assert table["cosine"].isna().all() and plot_estimators(table) is not None
    frame, said = shown(table)
    assert "100 diverged" in frame.to_string() + said
    assert verdict(table) == ["no estimator points uphill with any certainty; try more lives"]


def test_the_verdict_names_the_fastest_and_the_surest():
    """What is too noisy to be proven wrong is not sure."""
    rows = [
        {"estimator": TRUTH, "useful": 9.0},
        {"estimator": "fast", "useful": 5.0, "cosine": 0.8, "cosine_error": 0.01},
        {"estimator": "sure", "useful": 2.0, "cosine": 0.97, "cosine_error": 0.01},
        {"estimator": "vague", "useful": 0.1, "cosine": 0.99, "cosine_error": 0.4},
        {"estimator": "none", "note": "it cannot"},
    ]
    first, last = verdict(pd.DataFrame(rows))
    assert "fastest: fast" in first
    assert "surest direction: sure (cosine above 0.95)" in last
    (lost,) = verdict(pd.DataFrame([{"estimator": "lost", "useful": 0.0}]))
    assert "more lives" in lost
    assert "it cannot" in set(shown(pd.DataFrame(rows))[0]["note"])


def test_components_stand_beside_the_truth():
    frame = component_rows("x", sample([2.2, -1.0], 0.2), TRUE, ["k", "b"])
    assert frame["parameter"].tolist() == ["k", "b"]
    assert frame["z"].round(3).tolist() == [2.0, 0.0]


def test_candidates_are_all_kinds_and_those_of_the_fit():
    bench = Bench(WORLD, RULE)
    odd = Score(gamma=0.5)
    found = candidates(bench, [Phase(estimator=odd), Phase(estimator=Pgpe(sigma=0.1))])
    assert found["pgpe"] == Pgpe(sigma=0.1)
    assert found["fit 1: score"] == odd
    assert found["score, gamma 1, exact"] == Score(gamma=1, exact=True)
    silent = Bench(WORLD, parse("param b = 1 free\non reward: w <- b*pre"))
    assert not any("exact" in name for name in candidates(silent, []))


def test_unbiased_estimators_show_no_bias_and_results_are_kept(tmp_path):
    bench, path = Bench(WORLD, RULE), tmp_path / "history.jsonl"
    settings = AppraisalSettings(lives=4000, repeats=2, truth_lives=4000, step=0.1)
    chosen = {"pgpe": Pgpe(clip=0, sigma=0.1), "score": Score(clip=0, gamma=1, exact=True)}
    here = bench.vector({})
    arguments = bench, here, chosen, settings
    with closing(Journal(path, {"configuration": "x"})) as journal:
        found = appraise(*arguments, Stage(KEY, journal))
    table = found.table.set_index("estimator")
    assert (table.loc[["pgpe", "score"], "z"] < 3.5).all()
    assert table.loc["pgpe", "cosine"] > 0.9
    assert (table["seconds_per_life"] > 0).all() and (table["compiling"] >= 0).all()
    before = path.read_bytes()
    with closing(Journal(path, {"configuration": "x"})) as journal:
        again = appraise(*arguments, Stage(KEY, journal))
    pd.testing.assert_frame_equal(again.table, found.table)
    assert path.read_bytes() == before


def stage(name=""):
    """One whose results stay in memory."""
    return Stage(KEY, Journal(), name=name)


@pytest.fixture
def machine(monkeypatch):
    """Lives take no time but 0.04 s a batch, and 3.5 s where their number is new to the process."""
    now, compiled = [0.0], set()
    for clock in ("perf_counter", "process_time"):
        monkeypatch.setattr(time, clock, lambda: now[0])
    monkeypatch.setattr(jax, "local_devices", lambda: jax.devices()[:1])

    def slowly(self, values, key, count, **more):
        now[0] += 0.04 if count in compiled else 3.5
        compiled.add(count)
        return Batch(
            *(np.full((count, 3), 0.5),) * 2, np.zeros((count, 3, 0)), *np.zeros((2, count))
        )

    monkeypatch.setattr(Lives, "run", slowly)
    return compiled


def test_compilation_is_not_timed_but_told(machine):
    """With two repeats the median is their mean, in which a first call would show."""
    found = repeat(Bench(WORLD, RULE), VALUES, Pgpe(lives=24), 2, stage("x"))
    assert found.seconds == pytest.approx(0.04) and found.compiling == pytest.approx(3.46)
    row = table_row("x", found, TRUE, ["k", "b"])
    assert row["seconds_per_life"] == pytest.approx(0.04 / 24)
    assert shown(pd.DataFrame([row]))[0]["compiling, s"].tolist() == ["3.46"]


def test_a_resumed_report_does_not_time_compilation(machine, tmp_path):
    """What an earlier process measured does not mean that this one has compiled anything."""
    bench, path = Bench(WORLD, RULE), tmp_path / "history.jsonl"
    for repeats in (1, 3):
        machine.clear()
        with closing(Journal(path, {"configuration": "x"})) as journal:
            repeat(bench, VALUES, Pgpe(lives=24), repeats, Stage(KEY, journal, name="x"))
    lines = [parse_line(line)["data"] for line in path.read_bytes().splitlines(keepends=True)]
    assert [d["seconds"] for d in lines if "seconds" in d] == pytest.approx([0.04] * 3)


def test_finite_differences_do_not_time_compilation(machine):
    """The programs of one life and of many are not the same."""
    few = AppraisalSettings(lives=4, repeats=2, truth_lives=24)
    found = differences(Bench(WORLD, RULE), VALUES, few, stage())
    assert found.seconds == pytest.approx(0.08) and found.compiling == pytest.approx(3.46)


def test_what_cannot_run_is_a_note():
    """The score needs noise; the others do without."""
    quiet = WORLD.model_copy(update={"circuit": RateCircuit(neurons=3, noise=0, dt=20, tau=20)})
    bench = Bench(quiet, parse("param b = -0.4 free\non reward: w <- b*pre"))

    settings = AppraisalSettings(lives=4, repeats=2, truth_lives=4)
    found = appraise(bench, bench.values, candidates(bench, []), settings, stage())
    notes = found.table.set_index("estimator")["note"]
    assert "exploration noise" in notes["score, gamma 0"]
    assert notes["pgpe"] == ""
    nothing = appraise(bench, bench.values, {"score": Score()}, settings, stage())
    assert nothing.components.empty and list(nothing.components) == list(found.components)
    assert "exploration noise" in nothing.table["note"].iloc[-1]


def call(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["rulegen", "estimators", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        main()
    out, err = capsys.readouterr()
    return end.value.code or 0, out, err


def test_the_command(monkeypatch, capsys, tmp_path):
    path, out = tmp_path / "config.toml", tmp_path / "report"
    path.write_text(
        'name = "x"\nrule = "param a = 0.1 free\\ne <- e + a*xi*pre : synapse\\n'
        'on reward: w += 0.1*R*e"\n[task]\nname = "delayed_association"\n'
        "[circuit]\nneurons = 4\n[life]\ntrials = 4\nwarmup = 0\n"
    )
    few = ["--out", out, "--lives", 8, "--repeats", 2, "--truth-lives", 8]
    code, text, _ = call(monkeypatch, capsys, path, *few)
    assert code == 0
    assert "surest direction" in text or "more lives" in text
    names = {p.name for p in out.iterdir()}
    assert names == {
        "config.toml", "history.jsonl", "estimators.csv", "components.csv", "estimators.png",
        "estimators.pdf",
    }  # fmt: skip
    table = pd.read_csv(out / "estimators.csv")
    assert {"pgpe", "score, gamma 0.9, exact", TRUTH} <= set(table["estimator"])
    code, _, err = call(monkeypatch, capsys, path, *few)
    assert code == 2
    assert "--resume" in err
    assert call(monkeypatch, capsys, path, *few, "--resume")[0] == 0
    code, _, err = call(monkeypatch, capsys, path, "--out", out, "--resume")
    assert code == 1
    assert "differs from this run in appraisal" in err
    other = tmp_path / "other.txt"
    other.write_text("param b = 1\ndw/dt = b*pre")
    code, _, err = call(monkeypatch, capsys, path, "--at", other)
    assert code == 2
    assert "no value of `a`" in err


def test_an_unknown_estimator_claims_no_folder(monkeypatch, capsys, tmp_path):
    example = Path(__file__).parents[1] / "examples" / "delayed_association.toml"
    options = ("--estimator", "nope", "--out", tmp_path / "out")
    code, _, err = call(monkeypatch, capsys, example, *options)
    assert code == 2 and "no estimator `nope`" in err
    assert not (tmp_path / "out").exists()
