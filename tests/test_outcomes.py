"""Wherever rewards are reported, diverged, saturated and silent lives are counted.

Every command that prints or writes rewards runs a rule whose lives diverge, in part or all, one
whose lives saturate and one whose lives fall silent, and its counts are read back.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import jax
import numpy as np
import pandas as pd
import pytest
from test_cli import call

from rulegen.catalog import load_record
from rulegen.catalog.pages.html import html_card
from rulegen.catalog.pages.latex import latex_card
from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.grammar import parse
from rulegen.ground.keys import Branch, branch, origin
from rulegen.lives.life import LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.outcomes import NONE
from rulegen.lives.world import World
from rulegen.publishing.config import load_config
from rulegen.publishing.history import fit_history
from rulegen.runs.compare_figures import plot_rewards
from rulegen.runs.discover import discover
from rulegen.tasks import DelayedAssociation

#: Rates have two limits here, and lives are short.
WORLD = """
[task]
name = "delayed_association"
cue = 20
delay = 10
response = 20
[circuit]
neurons = 6
rate = "sigmoid"
[life]
trials = 30
warmup = 2
weight_limit = 4
"""
TASK = DelayedAssociation(cue=20, delay=10, response=20)
HERE = World(
    circuit=RateCircuit(neurons=6, rate="sigmoid"),
    task=TASK,
    life=LifeSettings(trials=30, warmup=2, weight_limit=4.0),
)
BAD = {
    "runaway": "on reward: w += 10*pre*post",
    "in part": "on reward: w += 0.3*xi*pre",
    "high": "forward bias = 50\non reward: w += 1e-6*pre*post",
    "low": "forward bias = -50\non reward: w += 1e-6*pre*post",
}
WORDS = {"runaway": "diverged", "in part": "diverged", "high": "saturated", "low": "silent"}
#: Node perturbation.
GOOD = """
param theta = {} in [-9, 9] free
e <- e + 0.4*theta*xi*pre : synapse
on trial start: e <- 0
on reward: w += clip((R - R_bar[condition])*e, -0.2, 0.2)
"""
LIVES = 24


def toml(rules: dict[str, str], table: str) -> str:
    return "".join(f"[[{table}]]\nname = \"{n}\"\nrule = '''{t}'''\n" for n, t in rules.items())


def outcomes(rule: str, key: jax.Array, lives: int = LIVES, world: World = HERE) -> Counter:
    """How the lives of a rule end, one by one: the oracle of all counts here."""
    compiled = compile_rule(parse(rule))
    values = np.array([p.value for p in compiled.rule.parameters], float)
    ends = Lives(world, compiled).run(values, key, lives).outcomes
    return Counter(("ok", "diverged", "saturated", "silent")[end] for end in ends)


def sentence(name: str, found: Counter) -> str:
    """What a line on the screen says of a rule."""
    (kind,) = [kind for kind in found if kind != "ok"]
    ended = kind if kind == "diverged" else f"ended {kind}"
    lives = sum(found.values())
    whole = "every one of" if found[kind] == lives else f"{found[kind]} of"
    return f"{name}: {whole} {lives} lives {ended}"


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.fixture(scope="module")
def truth() -> dict[str, Counter]:
    """Of the lives of `simulate` with seed 0; some diverge, all diverge, saturate, fall silent."""
    found = {name: outcomes(rule, origin(0)) for name, rule in BAD.items()}
    assert 0 < found["in part"]["diverged"] < LIVES
    for name, kind in WORDS.items():
        assert found[name][kind] == LIVES or name == "in part"
    return found


def test_simulate(monkeypatch, capsys, tmp_path, truth) -> None:
    rules = {name: rule for name, rule in BAD.items() if name != "runaway"}
    (tmp_path / "scene.toml").write_text(WORLD + toml(rules, "rules"))
    arguments = ("--world", tmp_path / "scene.toml", "--lives", LIVES, "--out", tmp_path / "x.csv")
    code, out, _ = call(monkeypatch, capsys, "simulate", *arguments)
    assert code == 0
    table = pd.read_csv(tmp_path / "x.csv")
    for name in rules:
        assert sentence(name, truth[name]) in flat(out)
        ends = table[(table["rule"] == name) & (table["trial"] == 0)]["outcome"]
        assert Counter(ends) == truth[name]


def test_one_sentence_where_all_is_well(monkeypatch, capsys, tmp_path) -> None:
    (tmp_path / "scene.toml").write_text(WORLD + toml({"good": GOOD.format(0.1)}, "rules"))
    arguments = ("--world", tmp_path / "scene.toml", "--lives", 4)
    _, out, _ = call(monkeypatch, capsys, "simulate", *arguments)
    assert out.count(NONE) == 1


def test_compare(monkeypatch, capsys, tmp_path) -> None:
    """Table, lines, both CSV files, and the picture; no circuit of `tanh` falls silent."""
    rules = {"runaway": "w += 10*pre*post", "high": BAD["high"]}
    for name, rule in rules.items():
        (tmp_path / f"{name}.txt").write_text(rule)
    options = ["--neurons", 6, "--trials", 20, "--lives", LIVES, "--as-is", "--out", tmp_path / "o"]
    files = [tmp_path / f"{name}.txt" for name in rules]
    code, out, _ = call(monkeypatch, capsys, "compare", *files, *options)
    assert code == 0
    table = pd.read_csv(tmp_path / "o" / "rewards.csv", keep_default_na=False, na_values=[""])
    world = World(
        circuit=RateCircuit(neurons=6), task=DelayedAssociation(), life=LifeSettings(trials=20)
    )
    key = branch(origin(0), Branch.COMPARE, 0)
    matrix = (tmp_path / "o" / "matrix.csv").read_text()
    drawn = [text.get_text() for text in plot_rewards(table.assign(note="")).texts]
    for place, (name, rule) in enumerate(rules.items()):
        found = outcomes(rule, key, world=world)
        row = table.set_index("rule").loc[name]
        assert {kind: row[kind] for kind in ("diverged", "saturated", "silent")} == {
            kind: found[kind] for kind in ("diverged", "saturated", "silent")
        }
        told = f"{found[WORDS[name]]} {WORDS[name]}"
        assert sentence(name, found) in flat(out)
        assert told in out.split("algebra")[0] and told in matrix and told in drawn[2 * place + 1]
    assert max(map(len, out.split("algebra")[0].splitlines())) <= 80


#: A world in which the rule gains, and what is compared with it there.
LEARNABLE = """
[task]
name = "delayed_association"
cue = 20
delay = 10
response = 20
[circuit]
neurons = 8
[life]
trials = 40
warmup = 4
"""
REFERENCES = ("runaway", "high")


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A run of `discover` that is compared with those rules that `tanh` does not keep alive."""
    folder = tmp_path_factory.mktemp("discover")
    config = f"""
name = "small"
rule = '''{GOOD.format(1.2)}'''
{toml({name: BAD[name] for name in REFERENCES}, "references")}
{LEARNABLE}
[[fit]]
iterations = 1
choice_lives = 16
estimator = {{ name = "pgpe", lives = 16 }}
[prune]
margin = 1e-4
[evaluate]
lives = 128
"""
    (folder / "config.toml").write_text(config)
    discover(load_config(folder / "config.toml"), folder / "run")
    return folder / "run"


def test_a_run_has_the_counts_everywhere(run, monkeypatch, capsys) -> None:
    """Record, card in three formats, index, summary, tables, history, and the published lives."""
    record = load_record(run / "record.toml")
    assert record.evidence
    key = branch(origin(record.evidence.seed), Branch.EVALUATE)
    world = load_config(run.parent / "config.toml").world
    summary = json.loads((run / "summary.json").read_text())
    lives, learning = pd.read_csv(run / "lives.csv"), pd.read_csv(run / "learning.csv")
    card = (run / "card.md").read_text()
    section = card[card.index("## Reward") : card.index("## Terms")]
    html, latex = html_card(record), latex_card(record)
    for other in record.evidence.comparisons:
        if other.name not in BAD:
            continue
        found = outcomes(BAD[other.name], key, 128, world)
        counts = {kind: found[kind] for kind in ("diverged", "saturated", "silent")}
        assert other.counts == counts
        there = summary["references"][other.name]
        assert {kind: there[kind] for kind in counts} == counts
        assert Counter(lives[lives["rule"] == other.name]["outcome"]) == found
        rows = learning[learning["rule"] == other.name]
        assert (rows[list(counts)] == list(counts.values())).all(axis=None)
        (line,) = [line for line in section.splitlines() if line.startswith(f"| {other.name} ")]
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert cells[-2:] == [str(found["diverged"]), str(found["saturated"])], "none is silent"
        for page_of in (html, latex):
            assert re.search(rf"{other.name}.*?{counts[WORDS[other.name]]}", page_of, re.DOTALL)
    assert {*record.evidence.counts} < {*summary}
    assert {*record.evidence.counts} <= {*fit_history(run)}
    assert "without a term, no life diverged" in card[card.index("## Terms") :].lower()
    assert "No life fell silent." in section
    code, out, _ = call(monkeypatch, capsys, "verify", run, "--lives", "128")
    table = flat(out)
    assert code == 0 and "ended badly" in table
    assert "128 diverged" in table and table.count("every one of 128") >= 4, (
        "published and new ones"
    )


def test_discover_says_it_on_the_screen(monkeypatch, capsys, run) -> None:
    """The run is there; continued, it prints its closing lines."""
    arguments = (run.parent / "config.toml", "--out", run, "--resume")
    code, out, _ = call(monkeypatch, capsys, "discover", *arguments)
    assert code == 0
    record = load_record(run / "record.toml")
    assert record.evidence
    for other in record.evidence.comparisons:
        if other.name in BAD:
            bad = {kind: count for kind, count in other.counts.items() if count}
            assert sentence(other.name, Counter({"ok": 128 - sum(bad.values())} | bad)) in flat(out)


def test_analyse(monkeypatch, capsys, tmp_path) -> None:
    """Networks whose weights are finite stay, whatever became of their lives; each is told."""
    rules = {"high": BAD["high"], "low": BAD["low"], "in part": BAD["in part"]}
    (tmp_path / "scene.toml").write_text(WORLD + toml(rules, "rules"))
    options = ("--lives", LIVES, "--repeats", 2, "--out", tmp_path / "out")
    code, out, _ = call(monkeypatch, capsys, "analyse", tmp_path / "scene.toml", *options)
    assert code == 0
    key = branch(origin(0), Branch.ANALYSE)
    circuits = pd.read_csv(tmp_path / "out" / "circuits.csv")
    index = (tmp_path / "out" / "index.md").read_text()
    for name, rule in rules.items():
        found = outcomes(rule, key)
        assert Counter(circuits[circuits["rule"] == name]["outcome"]) == found
        assert sentence(name, found) in flat(out) and sentence(name, found) in index


def test_sweep(monkeypatch, capsys, tmp_path) -> None:
    (tmp_path / "base.toml").write_text(
        f"name = \"x\"\nrule = '''{BAD['low']}'''\n{WORLD}\n[evaluate]\nlives = {LIVES}\n"
    )
    axes = "".join(f"{name.replace(' ', '_')} = '''{rule}'''\n" for name, rule in BAD.items())
    (tmp_path / "sweep.toml").write_text(
        f'name = "s"\nbase = "base.toml"\njob = "fit"\n[axes.rule]\n{axes}'
    )
    options = ("--out", tmp_path / "out", "--workers", 1)
    code, out, err = call(monkeypatch, capsys, "sweep", tmp_path / "sweep.toml", *options)
    assert code == 0, err
    table = pd.read_csv(tmp_path / "out" / "results.csv").set_index("combination")
    key = branch(origin(load_config(tmp_path / "base.toml").seed), Branch.EVALUATE)
    for name, rule in BAD.items():
        row, found = table.loc[f"rule-{name.replace(' ', '_')}"], outcomes(rule, key)
        for kind in ("diverged", "saturated", "silent"):
            assert row[kind] == row[f"start_{kind}"] == found[kind]
        assert f"{found[WORDS[name]]} {WORDS[name]}" in flat(out)
    assert max(map(len, out.splitlines()[-12:])) <= 80


@pytest.mark.parametrize("used", ["theta", "exp(theta - 1) if theta > 0 else 0"])
def test_a_state_without_a_value_is_a_diverged_life(used):
    """0/0 before the first reward; what is read through a condition hides it from the weights."""
    rule = f"R_hat = lowpass(R, 1 s)\ng = lowpass(R/R_hat, 1 s)\nforward w = {used}\n"
    rule += "theta += 0.001*g + 0.01*pre*post : synapse\ninitial theta = 1"
    world = World(
        circuit=RateCircuit(neurons=4),
        task=DelayedAssociation(delivery="steps"),
        life=LifeSettings(trials=4, warmup=0),
    )
    counts = Lives(world, compile_rule(parse(rule))).run(np.zeros(0), jax.random.key(0), 3).counts
    assert counts.diverged == 3


def test_a_reward_beyond_all_bounds_is_a_diverged_life():
    """Bounded weights let the rates of a relu circuit grow without end."""
    world = World(
        circuit=RateCircuit(neurons=16, rate="relu", noise=0.1),
        task=DelayedAssociation(),
        life=LifeSettings(trials=6, warmup=0, weight_limit=100.0),
    )
    rule = compile_rule(parse("dw/dt = 0.01*pre*post\nbounds w in [-2, 2]"))
    batch = Lives(world, rule).run(np.zeros(0), jax.random.key(0), 4)
    assert batch.counts.diverged == 4
    assert np.all(np.abs(batch.rewards) <= 1e12)
