"""Searches from a configuration to a card."""

import json
import re
import tomllib
from pathlib import Path as FilePath
from types import SimpleNamespace

import jax
import networkx as nx
import pandas as pd
import pytest
from readback import edited, numbers, unsupported
from test_cli import call
from test_search import CONFIG, SPACE, best

from rulegen.catalog import load_record
from rulegen.catalog.records.interval import Interval
from rulegen.catalog.records.kinds import PAGES
from rulegen.catalog.records.roles import NO_LEARNING
from rulegen.grammar import ConfigError, RunError, load_space, parse
from rulegen.ground.keys import Branch, branch
from rulegen.lives.bench import Bench
from rulegen.publishing.history import fit_history
from rulegen.publishing.places import HERE
from rulegen.publishing.report import left_in
from rulegen.searching import (
    load_search,
    search,
)
from rulegen.searching.findings import page, tables, verdict
from rulegen.searching.run import known_structures
from rulegen.verifying.admission import add_run
from rulegen.verifying.verify import verify


def write(folder, text=CONFIG):
    path = folder / "search.toml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"post_side*pre_side", "w"', '"missing*pre"', "missing"),
        ('locality = "any"', 'locality = "any"\nforbidden = ["pre", "w"]', "space"),
        ("margin = 0.003", "margin = 0", "margin"),
        ('name = "genetic"', 'name = "luck"', "strategy"),
        ("lives = 12000", "lives = 120", "too few"),
        ('"hebb"', '"hebbb"', "did you mean"),
    ],
)
def test_configurations_that_cannot_run(monkeypatch, capsys, tmp_path, old, new, words):
    assert old in CONFIG
    path = write(tmp_path, CONFIG.replace(old, new))
    code, _, err = call(monkeypatch, capsys, "search", path, "--out", tmp_path / "o")
    assert code == 2
    assert words in " ".join(err.split())


def test_a_space_of_its_own_file(tmp_path):
    (tmp_path / "mine.toml").write_text(SPACE)
    head, _, rest = CONFIG.partition('space = """')
    _, _, rest = rest.partition('"""')
    path = write(tmp_path, head + 'space_file = "mine.toml"' + rest)
    assert load_search(path).rules.count() == load_space(SPACE).count()
    with pytest.raises(ConfigError, match="cannot read"):
        load_search(write(tmp_path, head + 'space_file = "none.toml"' + rest))
    with pytest.raises(ConfigError, match="both"):
        load_search(write(tmp_path, CONFIG.replace("seed = 3", 'seed = 3\nspace_file = "a"')))


def test_from_a_space_to_a_card(tmp_path):
    config = load_search(write(tmp_path))
    found = search(config, tmp_path / "run")
    pick = found.front.finalists[found.front.pick].structure
    assert best(config.rules).terms[0] in pick.terms
    assert found.lives > 15_000
    table = pd.read_csv(tmp_path / "run/front.csv")
    assert {"complexity", "reward", "equation", "digest", "lineage"} <= set(table)
    assert table["digest"].is_unique
    record = load_record(tmp_path / "run/record.toml")
    assert add_run(tmp_path / "run", tmp_path / "home", lives=512, seed=0).record == record
    assert record.evidence.structures > 20 and record.evidence.choice
    assert record.evidence.digest == record.rule.digest
    still = next(c for c in record.evidence.comparisons if c.name == "no learning")
    key = branch(jax.random.key(config.seed), Branch.EVALUATE)
    rewards = found.discovery.trajectories[0].means
    for term in record.evidence.terms:
        loss = still.difference.mean
        if term.rule:
            rest = Bench(config.world, parse(term.rule))
            loss = (rewards - rest.rewards(rest.values, key, 128)).mean()
        assert term.loss.mean == pytest.approx(loss, rel=1e-9)
    checks = {check.claim: check for check in verify(record, lives=64).checks}
    assert checks["reward"].holds, "the published lives give the published figure"
    assert set(found.elsewhere["world"]) == {HERE, "14 neurons"}
    nothing = found.elsewhere[found.elsewhere["against"] == "no learning"]
    assert (nothing["low"] > 0).all()
    check_page(tmp_path / "run", record)
    graph = nx.read_graphml(tmp_path / "run/lineage.graphml")
    assert pick.text in graph
    summary = json.loads((tmp_path / "run/summary.json").read_text())
    assert summary["digest"] == record.digest
    for name in ("front.png", "lineage.png", "search.md", "card.md", "learning.png", "lives.csv"):
        assert (tmp_path / "run" / name).stat().st_size > 100
    saved = tomllib.loads((tmp_path / "run/config.toml").read_text())
    assert load_space(saved["space"]).count() == config.rules.count()
    found.publish(tmp_path / "later")
    for folder in ("run", "later"):
        assert "The front" in (tmp_path / folder / "report.html").read_text()

    # Cut short in the middle, it ends with the same bytes.
    again = tmp_path / "again"
    again.mkdir()
    lines = (tmp_path / "run/history.jsonl").read_bytes().splitlines(keepends=True)
    (again / "history.jsonl").write_bytes(b"".join(lines[: len(lines) // 2]) + b'{"check":1')
    search(config, again, resume=True)
    for name in ("record.toml", "front.csv", "elsewhere.csv", "search.md", "lives.csv"):
        assert (again / name).read_bytes() == (tmp_path / "run" / name).read_bytes(), name


def check_page(folder, record):
    """Everything on the page is what is published: the pick's values, its reward, all numbers."""
    text, (front, elsewhere) = (folder / "search.md").read_text(), tables(folder)
    assert text.partition("\n")[0] in PAGES
    assert text == page(record, front, elsewhere)
    assert unsupported(text, numbers(record, front, elsewhere)) == []
    values = {p.name: p.value for p in record.rule.parameters}
    shown = re.findall(r"\b((?:theta|tau\w*|eta)\w*) = (-?[\d.e-]+)", text)
    assert {name: float(value) for name, value in shown} == values
    assert text.count(str(record.evidence.reward)) == 1
    known = numbers(record, front, elsewhere)
    for old in set(re.findall(r"-?\d\.\d{4,}", text)):
        if unsupported(edited(old), known):  # else the other number stands on the page as well
            here = rf"(?<![-\d.]){re.escape(old)}"
            assert unsupported(re.sub(here, edited(old), text, count=1), known)
    here = elsewhere[elsewhere["pick"] & (elsewhere["world"] == HERE)]
    assert set(here["reward"]) == {record.evidence.reward.mean}, "the same lives, the same text"


def test_nothing_is_published_that_gains_nothing(tmp_path):
    """Weights that decay or walk at random, whatever is chosen among them."""
    head, _, rest = CONFIG.partition("[[strategy]]")
    genetic, end = rest.split("[[strategy]]")[1], rest[rest.index("[select]") :]
    text = f"{head}[[strategy]]{genetic}{end}"
    useless = text.replace('"xi", "1", "trace(post)"', '"1"').replace(', "w"]', "]")
    config = load_search(write(tmp_path, useless), ["seeds=[]", "select.margin=0.02"])
    with pytest.raises(RunError, match="nothing to publish"):
        search(config, tmp_path / "run")
    assert (tmp_path / "run/history.jsonl").exists()
    assert not (tmp_path / "run/record.toml").exists()


#: A card that says nothing of others.
UNTOLD = SimpleNamespace(worlds=[], comparisons=[])


@pytest.mark.parametrize(
    ("lows", "highs", "words"),
    [
        ((0.1, 0.1), (0.2, 0.2), "`a` beats it in every world"),
        ((0.1, -0.3), (0.2, -0.2), "loses to it in: there. No rule of the front"),
        ((0.1, -0.1), (0.2, 0.2), "cannot be told from it in: there. No rule"),
    ],
)
def test_the_verdict_says_where_the_pick_wins_and_loses(lows, highs, words):
    table = pd.DataFrame(
        {"world": ["here", "there"], "rule": "a", "pick": True, "against": "best", "low": lows}
    )
    assert words in verdict(table.assign(high=highs), UNTOLD)


def test_the_verdict_is_that_of_the_card():
    """The table of the front has intervals of its own, which may be on the other side of 0."""
    interval = Interval(mean=0.2, low=-0.01, high=0.4, lives=8)
    card = SimpleNamespace(name="best", decides=interval, difference=interval)
    here = SimpleNamespace(name="here", comparisons=[card])
    table = pd.DataFrame(
        {"world": ["here", "there"], "rule": "a", "pick": True, "against": "best", "low": 0.1}
    ).assign(high=0.3)
    for evidence, words in (
        (SimpleNamespace(worlds=[here], comparisons=[]), "beats it in: there; cannot be told"),
        (SimpleNamespace(worlds=[], comparisons=[card]), "cannot be told from it in: here, there"),
    ):
        assert words in verdict(table, evidence)
        assert "No rule of the front beats it in every world" in verdict(table, evidence)


def test_worlds_may_be_called_by_numbers(tmp_path):
    table = pd.DataFrame(
        {"world": ["16", "0.10"], "rule": "1", "pick": True, "against": "best", "low": [1, -1]}
    ).assign(high=2)
    for name in ("front", "elsewhere"):
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    words = verdict(tables(tmp_path)[1], UNTOLD)
    assert "beats it in: 16; cannot be told from it in: 0.10." in words
    curves = pd.DataFrame({"rule": "0.10", "trial": [1], "mean": 0.5, "low": 0, "high": 1})
    curves.assign(world="0.10").to_csv(tmp_path / "learning.csv", index=False)
    found = left_in(tmp_path).curves
    assert found is not None and found["world"].tolist() == found["rule"].tolist() == ["0.10"]


def test_rules_of_the_literature_are_known_by_their_structure(tmp_path):
    config = load_search(FilePath("examples/local_search.toml"))
    names = {name for known in known_structures(config).values() for name in known}
    assert {"hebb", "oja", "bcm", "miconi_supralinear"} <= names
    assert "node_perturbation" not in names


def test_a_front_of_the_best_of_the_literature_alone(tmp_path):
    """It is compared with no learning, and its page has tables as any other."""
    head, _, rest = CONFIG.partition("[[strategy]]")
    halving = '[[strategy]]\nname = "halving"\nlives = 4000\npoints = 2\n'
    end = rest[rest.index("[select]") :].replace("finalists = ", "finalists = 1 #", 1)
    found = search(load_search(write(tmp_path, head + halving + end)), tmp_path / "run")
    assert len(found.front.finalists) == 1
    assert set(found.elsewhere["against"]) == {NO_LEARNING}
    assert len(found.elsewhere) and "## Elsewhere" in (tmp_path / "run/search.md").read_text()
    with pytest.raises(ConfigError, match="fits no family"):
        fit_history(tmp_path / "run")
