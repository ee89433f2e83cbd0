"""Lives that ended badly are counted by searches, estimators and records as well."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from honest import publish
from test_cli import call
from test_outcomes import GOOD, WORLD, flat, outcomes, sentence
from test_search import SPACE

from rulegen.catalog import Record, load_record
from rulegen.catalog.records.facets import facets
from rulegen.catalog.records.record import plain_data
from rulegen.circuits import RateCircuit
from rulegen.ground.keys import Branch, branch, origin
from rulegen.lives.life import LifeSettings
from rulegen.lives.outcomes import NONE, Outcomes, readable
from rulegen.lives.world import World
from rulegen.searching.findings import page, tables
from rulegen.tasks import DelayedAssociation
from rulegen.verifying.endings import spared
from rulegen.verifying.luck import luck

SEARCH = f"""
name = "tiny"
seed = 3
space = \"\"\"{SPACE}\"\"\"
seeds = ["node_perturbation"]
[task]
name = "delayed_association"
cue = 30
delay = 30
response = 30
[circuit]
neurons = 10
[life]
trials = 50
weight_limit = 1.1
[[strategy]]
name = "halving"
lives = 2000
points = 1
[select]
finalists = 2
lives = 64
margin = 0.001
[refine]
lives = 16
most = 2
[evaluate]
lives = 64
"""


def test_search(monkeypatch, capsys, tmp_path) -> None:
    """On the screen, on the page, and in the tables of the front and of the worlds."""
    (tmp_path / "search.toml").write_text(SEARCH)
    run = tmp_path / "run"
    code, out, err = call(monkeypatch, capsys, "search", tmp_path / "search.toml", "--out", run)
    assert code == 0, err
    record = load_record(run / "record.toml")
    assert record.evidence and record.evidence.diverged
    front, elsewhere = tables(run)
    assert front["diverged"].any() and elsewhere["diverged"].any()
    rewards = elsewhere[elsewhere["pick"]]
    assert (rewards["diverged"] == record.evidence.diverged).all()
    nothing = record.evidence.comparisons[-1]
    assert nothing.name == "no learning"
    rows = elsewhere[elsewhere["against"] == "no learning"]
    assert (rows["against_diverged"] == nothing.diverged).all()
    world = World(
        circuit=RateCircuit(neurons=10),
        task=DelayedAssociation(cue=30, delay=30, response=30),
        life=LifeSettings(trials=50, weight_limit=1.1),
    )
    found = outcomes(record.equations, branch(origin(3), Branch.EVALUATE), 64, world)
    assert record.evidence.diverged == found["diverged"]
    shown = page(record, front, elsewhere)
    selection, there = shown.split("## Elsewhere")
    for count in front["diverged"]:
        assert not count or (f"{count} diverged" in selection and f"{count} diverged" in flat(out))
    assert f"ended badly: {found['diverged']} diverged" in shown
    assert f"{found['diverged']} diverged" in there
    assert sentence("discovered rule", found) in flat(out)
    assert max(map(len, out[out.index("selection\n") :].split("\n\n")[0].splitlines())) <= 80


def test_estimators(monkeypatch, capsys, tmp_path) -> None:
    (tmp_path / "config.toml").write_text(f"name = \"x\"\nrule = '''{GOOD.format(3.0)}'''\n{WORLD}")
    options = ("--lives", 8, "--repeats", 2, "--truth-lives", 8, "--out", tmp_path / "out")
    settings = ("--set", "life.weight_limit=2")
    code, out, err = call(
        monkeypatch, capsys, "estimators", tmp_path / "config.toml", *options, *settings
    )
    assert code == 0, err
    table = pd.read_csv(tmp_path / "out" / "estimators.csv")
    assert table["diverged"].dropna().gt(0).all()
    for count in table["diverged"].dropna():
        assert f"{count:.0f} diverged" in flat(out)


# --- Old records, which do not count everything ---


def test_a_record_that_does_not_count_is_none() -> None:
    """What nobody counted is no 0: every part with a reward counts all kinds."""
    data = plain_data(publish(others={"no learning": ""})[0])
    for part in (data["evidence"], *data["evidence"]["comparisons"], *data["evidence"]["terms"]):
        for name in ("diverged", "saturated", "silent"):
            count = part.pop(name)
            with pytest.raises(ValueError, match="required"):
                Record.model_validate(data)
            part[name] = count
    assert Record.model_validate(data)


def test_the_index_counts_lives() -> None:
    record = publish()[0]
    assert record.evidence
    ended = {"diverged": 3, "saturated": 0, "silent": 0}
    bad = record.model_copy(update={"evidence": record.evidence.model_copy(update=ended)})
    assert facets(bad).reward.endswith("; 3 diverged")
    assert ";" not in facets(record).reward


def test_lives_that_end_worse_than_claimed_refute() -> None:
    """Of the published lives none diverge; of new ones too many, for that to be no luck."""
    record = publish()[0]
    assert record.evidence
    old_ends, rng = np.zeros(128, int), np.random.default_rng(0)
    for share, refuted in ((0.0, False), (0.2, True)):
        new_ends = (rng.random(1024) < share).astype(int)
        found = luck(*spared(record.evidence, old_ends, new_ends), np.zeros(3, bool))
        assert (found.together.min() <= 0.03) == refuted


def test_tables_for_readers_say_what_nobody_counted() -> None:
    table = pd.DataFrame({"reward": [0.1], "diverged": 0, "saturated": 0, "silent": 0})
    assert readable(table)[1] == f"{NONE.capitalize()}."
    unknown = table.assign(diverged=np.nan, saturated=np.nan, silent=np.nan)
    assert readable(unknown)[1] == "How lives ended was not counted."
    some = readable(pd.concat([table.assign(silent=2), unknown]))[0]
    assert list(some["ended badly"]) == ["2 silent", ""]
    assert Outcomes.of([0, 3, 3]).trouble == "2 of 3 lives ended silent"
