"""Rules beside each other: paired rewards, shared terms, common probes, families."""

from __future__ import annotations

import itertools

import jax
import numpy as np
import pandas as pd
import pytest
from test_cli import call

from catalog import find, markdown_card
from catalog.distance import algebraic_distance, canonical_terms, relation
from catalog.literature import literature
from grammar import ConfigError, parse
from rulegen.compare import (
    behavioural_distance,
    compare_rewards,
    family_graph,
    reward_matrix,
    weight_changes,
    worlds,
)
from rulegen.compare_figures import arrangement, plot_families, plot_rewards
from rulegen.keys import Branch, branch
from rulegen.workbench import Workbench

NODE = """
e <- e + 0.015*xi*pre : synapse
on trial start: e <- 0
on reward: w += clip((R - R_bar[condition])*e, -0.1, 0.1)
"""
RULES = {
    "node": parse(NODE),
    "same": parse(NODE.replace("e <- e + 0.015*xi*pre", "e <- xi*pre*0.015 + e")),
    "slower": parse(NODE.replace("0.015", "0.001")),
    "no value": parse("param eta\ndw/dt = eta*pre*post"),
    "no signal": parse("dw/dt = 0.001*error*pre"),
}


@pytest.fixture(scope="module")
def where():
    return worlds(["delayed_association"], [6, 8], trials=10)


@pytest.fixture(scope="module")
def table(where) -> pd.DataFrame:
    return compare_rewards(RULES, where, lives=16, seed=2)


def test_rewards_are_those_of_lives_on_common_random_numbers(table, where) -> None:
    bench = Workbench(where[1], RULES["node"])
    means = bench.rewards(bench.values, branch(jax.random.key(2), Branch.COMPARE, 1), 16)
    row = table[(table["rule"] == "node") & (table["neurons"] == 8)].iloc[0]
    assert row["reward"] == pytest.approx(means.mean())
    same = table[table["rule"] == "same"]
    assert (same["difference"].abs() < 1e-6).all(), "equal rules on the same lives"
    assert len(table) == len(RULES) * len(where)


def test_rules_that_cannot_run_say_why(table) -> None:
    notes = table.drop_duplicates("rule").set_index("rule")["note"]
    assert "`eta` has no value" in notes["no value"]
    assert "`error`" in notes["no signal"]
    assert notes["node"] == ""
    matrix = reward_matrix(table)
    assert list(matrix.index) == list(RULES)
    assert list(matrix.columns) == ["delayed_association, N = 6", "delayed_association, N = 8"]
    assert (matrix.loc["no value"] == "cannot run").all()
    assert matrix.loc["node"].str.contains("[", regex=False).all()


def test_an_unknown_task() -> None:
    with pytest.raises(ConfigError, match="choose from"):
        worlds(["chess"], [8])


RELATIONS = {
    ("w += 2*post*pre", "w += eta*pre*post"): "= other with other numbers",
    ("dw/dt = alpha*pre*post", "dw/dt = eta*post*pre"): "= other",
    ("dw/dt = eta*post*pre - w/tau", "dw/dt = eta*pre*post"): "= other + decay of w",
    ("dw/dt = eta*pre*post", "dw/dt = eta*post*pre - w/tau"): "= other - decay of w",
    ("dw/dt = eta*xi", "dw/dt = eta*pre*post"): "shares no term with other",
    (
        "e <- 0.9*e + xi*pre : synapse\non reward: w += eta*R*e",
        "e <- e + xi*pre : synapse\non reward: w += eta*R*e",
    ): "= other + decay of synapse state",
}


@pytest.mark.parametrize(("texts", "expected"), RELATIONS.items(), ids=RELATIONS.values())
def test_relations(texts: tuple[str, str], expected: str) -> None:
    mine, other = map(parse, texts)
    assert relation(mine, other, "other") == expected


def test_the_algebraic_distance_is_a_metric_on_the_literature() -> None:
    chosen = ("hebb", "oja", "instar", "sanger", "node_perturbation", "e_prop", "stdp_pair")
    rules = [find(name).rule for name in chosen]
    for a, b, c in itertools.product(rules, repeat=3):
        d = algebraic_distance
        assert d(a, a) == 0
        assert d(a, b) == d(b, a)
        assert d(a, c) <= d(a, b) + d(b, c) + 1e-12


@pytest.mark.parametrize("name", ["oja", "node_perturbation", "triplet_stdp", "mehta"])
def test_terms_do_not_depend_on_names_and_notation(name: str) -> None:
    rule = literature()[name].rule
    assert canonical_terms(rule.canonical()) == canonical_terms(rule)


def test_behaviour() -> None:
    hebb = "dw/dt = {}*pre*post"
    rules = {
        "hebb": parse(hebb.format(0.001)),
        "faster": parse(hebb.format(0.004)),
        "anti": parse(hebb.format(-0.002)),
        "still": parse("dw/dt = 0*pre"),
        "wild": parse("w <- 1e6*w*w + 1e6*pre*post"),
        "no value": RULES["no value"],
        "everything": parse(
            "w += zeta*R + error*pre_error + dt*dt*pre_spike*post_spike*slope*pre_u"
        ),
    }
    changes, reasons = weight_changes(rules, neurons=5, trials=3, steps=12)
    distance = behavioural_distance(changes)
    assert list(distance) == ["hebb", "faster", "anti", "everything"]
    assert np.allclose(np.diag(distance), 0, atol=1e-12)
    assert distance.loc["hebb", "faster"] == pytest.approx(0, abs=1e-5)
    assert distance.loc["hebb", "anti"] == pytest.approx(2, abs=1e-5)
    assert "does not change" in reasons["still"]
    assert "finite range" in reasons["wild"]
    assert "no value" in reasons["no value"]


def test_families_are_connected_and_drawn() -> None:
    names = ("hebb", "oja", "instar", "outstar", "stdp_pair", "triplet_stdp", "td_lambda")
    graph = family_graph({name: find(name).rule for name in names})
    family = dict(graph.nodes(data="family"))
    assert family["hebb"] == family["oja"] == family["instar"] == 0
    assert family["stdp_pair"] == family["triplet_stdp"] != 0
    assert family["td_lambda"] not in (family["hebb"], family["stdp_pair"])
    ax = plot_families(graph)
    shown = {" ".join(text.get_text().split()) for text in ax.texts}
    assert shown == {name.replace("_", " ") for name in names}
    again = plot_families(graph, ax=ax)
    assert again is ax


def test_no_two_rules_stand_in_one_place() -> None:
    place = arrangement(family_graph({name: r.rule for name, r in literature().items()}))
    points = np.array(list(place.values()))
    apart = np.linalg.norm(points[:, None] - points, axis=-1) + 9.0 * np.eye(len(points))
    assert apart.min() > 0.5


def test_the_matrix_is_drawn_with_what_cannot_run() -> None:
    rules = {name: find(name).rule for name in ("node_perturbation", "stdp_pair")}
    table = compare_rewards(rules, worlds(["delayed_match"], [6, 8], trials=5), lives=4)
    ax = plot_rewards(table)
    texts = [text.get_text() for text in ax.texts]
    assert texts[2:] == ["–", "–"]
    row = table.iloc[0]
    assert texts[0].startswith(f"{row.reward:.3f} ± ")
    assert [label.get_text() for label in ax.get_yticklabels()] == list(rules)
    assert ax.texts[0].get_fontweight() == "bold"


def test_on_the_command_line(monkeypatch, capsys, tmp_path) -> None:
    (tmp_path / "mine.txt").write_text(NODE)
    (tmp_path / "card.md").write_text(markdown_card(find("hebb")))
    code, out, _ = call(
        monkeypatch, capsys, "compare", tmp_path / "mine.txt", tmp_path / "card.md", "td_lambda",
        "--neurons", "6", "--trials", "5", "--lives", "4", "--out", tmp_path / "out",
    )  # fmt: skip
    assert code == 0
    assert "cannot run" in out
    assert "td_lambda: the rule reads R at every step" in out
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "rewards.csv", "matrix.csv", "algebra.csv", "behaviour.csv", "families.png", "families.pdf",
        "rewards.png", "rewards.pdf",
    }  # fmt: skip
    rewards = pd.read_csv(tmp_path / "out" / "rewards.csv")
    assert list(rewards["rule"]) == ["mine", "hebb", "td_lambda"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["oja", "oja"], "called `oja`, of oja and of oja"),
        (["oja", "nowhere"], "there is no rule"),
        (["oja", "hebb", "--task", "chess"], "there is no task"),
    ],
)
def test_bad_input(monkeypatch, capsys, arguments, message) -> None:
    code, _, err = call(monkeypatch, capsys, "compare", *arguments)
    assert code == 2
    assert message in err
