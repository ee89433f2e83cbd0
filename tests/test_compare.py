"""Rules beside each other: paired rewards, shared terms, common probes, families."""

from __future__ import annotations

import itertools
from collections import defaultdict

import jax
import numpy as np
import pandas as pd
import pytest
from test_cli import call

from rulegen.catalog import find, markdown_card
from rulegen.catalog.likeness.distance import algebraic_distance, canonical_terms, relation
from rulegen.catalog.records.literature import literature
from rulegen.fitting.tuning import Budget, opened, tuned_values
from rulegen.grammar import ConfigError, parse
from rulegen.grammar.algebra.symbols import SIGNALS
from rulegen.ground.keys import Branch, branch
from rulegen.lives.bench import Bench
from rulegen.runs.compare import behavioural_distance, family_graph, weight_changes
from rulegen.runs.compare_figures import arrangement, plot_families, plot_rewards
from rulegen.runs.contest import (
    Contest,
    cell,
    compare_rewards,
    reward_matrix,
    reward_tables,
    statements,
    worlds,
)

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
    "no signal": parse("dw/dt = 0.001*post_spike*pre"),
}


@pytest.fixture(scope="module")
def where():
    return worlds(["delayed_association"], [6, 8], trials=13)


@pytest.fixture(scope="module")
def table(where) -> pd.DataFrame:
    return compare_rewards(RULES, where, lives=16, seed=2, budget=None)


def test_rewards_are_those_of_lives_on_common_random_numbers(table, where) -> None:
    bench = Bench(where[1], RULES["node"])
    means = bench.rewards(bench.values, branch(jax.random.key(2), Branch.COMPARE, 1), 16)
    row = table[(table["rule"] == "node") & (table["neurons"] == 8)].iloc[0]
    assert row["reward"] == pytest.approx(means.mean())
    same = table[table["rule"] == "same"]
    assert (same["difference"].abs() < 1e-6).all(), "equal rules on the same lives"
    assert len(table) == (len(RULES) + 2) * len(where)


def test_rules_that_cannot_run_say_why(table) -> None:
    notes = table.drop_duplicates("rule").set_index("rule")["note"]
    assert "`eta` has no value" in notes["no value"]
    assert "`post_spike`" in notes["no signal"]
    assert notes["node"] == ""
    matrix = reward_matrix(table)
    assert list(matrix.index) == [*RULES, "no learning", "chance"]
    assert list(matrix.columns) == ["delayed_association, N = 6", "delayed_association, N = 8"]
    assert (matrix.loc["no value"] == "cannot run").all()
    assert matrix.loc["node"].str.contains("[", regex=False).all()


#: As files are called, among them like columns, like rows, and like nothing that reads well.
NAMES = ["rule", "measure", "mean", "low", "task", "neurons", "lives", "note", "index", "level_0"]
NAMES += ["chance", "no learning", r"$\foo$", "[red]x", "%s {} <b>", "_a", "new\nline", "1", "NA"]


def test_rules_of_any_name(monkeypatch, capsys, tmp_path) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.txt").write_text("w += 0.001*pre*post*R")
    files = [tmp_path / f"{name}.txt" for name in NAMES]
    code, _, err = call(
        monkeypatch, capsys, "compare", *files, "--as-is", "--neurons", "4", "--trials", "13",
        "--lives", "2", "--out", tmp_path / "out",
    )  # fmt: skip
    assert code == 0, err
    called = [f"rule {n}" if n in ("chance", "no learning") else n for n in NAMES]
    rows = {
        path.stem: pd.read_csv(path, keep_default_na=False)["rule"].tolist()
        for path in (tmp_path / "out").glob("*.csv")
    }
    assert rows["rewards"] == rows["matrix"] == [*called, "no learning", "chance"]
    assert rows["behaviour"] == called
    assert list(dict.fromkeys(rows["algebra"])) == called[:-1]


def test_no_rule_is_called_like_what_all_are_held_against(where) -> None:
    with pytest.raises(ConfigError, match="`chance` is what all rules are held against; rename"):
        compare_rewards({"chance": RULES["node"]}, where, lives=2)


def test_an_unknown_task() -> None:
    with pytest.raises(ConfigError, match="name one of"):
        worlds(["chess"], [8])


RELATIONS = {
    ("w += 2*post*pre", "w += eta*pre*post"): "the terms of other",
    ("dw/dt = alpha*pre*post", "dw/dt = eta*post*pre"): "= other",
    ("dw/dt = eta*post*pre - w/tau", "dw/dt = eta*pre*post"): "the terms of other and w",
    ("dw/dt = eta*pre*post", "dw/dt = eta*post*pre - w/tau"): "the terms of other without w",
    ("dw/dt = eta*xi", "dw/dt = eta*pre*post"): "shares no term with other",
    (
        "e <- 0.9*e + xi*pre : synapse\non reward: w += eta*R*e",
        "e <- e + xi*pre : synapse\non reward: w += eta*R*e",
    ): "the terms of other and the synapse state itself",
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


@pytest.mark.parametrize("name", sorted(SIGNALS))
def test_a_probe_has_every_signal(name: str) -> None:
    """A circuit without feedback has a current of 0 from there."""
    number = {0: name, 1: f"{name}/ms", -1: f"{name}*ms"}[SIGNALS[name].unit]
    rule = f"e <- e + ({number} + 1)*pre*post : synapse\non trial end: w += 0.001*e"
    changes, reasons = weight_changes({name: rule}, neurons=4, trials=2, steps=4)
    assert list(changes) == [name] and not reasons


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
    table = compare_rewards(
        rules, worlds(["delayed_match"], [6, 8], trials=13), lives=4, budget=None
    )
    ax = plot_rewards(table)
    cells = defaultdict(list)
    for text in ax.texts:
        column, row = map(round, text.get_position())
        cells[row, column].append(text)
    assert [text.get_text() for n in (0, 1) for text in cells[1, n]] == ["–", "–"]
    row = table.iloc[0]
    # The interval itself: it need not be even.
    shown = "\n".join(text.get_text() for text in cells[0, 0])
    assert shown.startswith(cell(row["reward"], row["low"], row["high"]))
    assert [label.get_text() for label in ax.get_yticklabels()][:2] == list(rules)
    first = table[table["neurons"] == 6].reset_index()
    best = int(first["reward"].idxmax())
    assert cells[best, 0][0].get_fontweight() == "bold"


def test_on_the_command_line(monkeypatch, capsys, tmp_path) -> None:
    (tmp_path / "mine.txt").write_text(NODE)
    (tmp_path / "card.md").write_text(markdown_card(find("hebb")))
    code, out, _ = call(
        monkeypatch, capsys, "compare", tmp_path / "mine.txt", tmp_path / "card.md", "stdp_pair",
        "--neurons", "6", "--trials", "13", "--lives", "4", "--out", tmp_path / "out",
    )  # fmt: skip
    assert code == 0
    assert "cannot run" in out
    assert "stdp_pair: this circuit does not provide" in out
    assert {p.name for p in (tmp_path / "out").iterdir()} == {
        "rewards.csv", "matrix.csv", "algebra.csv", "behaviour.csv", "families.png", "families.pdf",
        "rewards.png", "rewards.pdf",
    }  # fmt: skip
    rewards = pd.read_csv(tmp_path / "out" / "rewards.csv")
    assert list(rewards["rule"]) == ["mine", "hebb", "stdp_pair", "no learning", "chance"]


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


TUNED = {
    "node": parse("param eta = 1\nparam tau = 500 ms\n" + NODE.replace("0.015", "eta")),
    "hebb": parse("param eta = 1 in [0, 20]\ndw/dt = eta*pre*post"),
}


@pytest.fixture(scope="module")
def small():
    return worlds(["delayed_association"], [6], trials=20)


def test_every_rule_is_tuned_with_the_budget_on_lives_apart(small, monkeypatch) -> None:
    met: dict[str, list[tuple[int, int]]] = {"tune": [], "judge": []}
    meet, run = Bench.meet, Bench.run

    def counted_meet(self, places, key, lives, tick=None, **how):
        met["tune"].append((len(places), lives))
        keys.add(tuple(jax.random.key_data(key).tolist()))
        return meet(self, places, key, lives, tick, **how)

    def counted_run(self, values, key, lives, tick=None):
        judged.add(tuple(jax.random.key_data(key).tolist()))
        return run(self, values, key, lives, tick)

    keys, judged = set(), set()
    monkeypatch.setattr(Bench, "meet", counted_meet)
    monkeypatch.setattr(Bench, "run", counted_run)
    budget = Budget(((12, 8), (4, 16)))
    table = compare_rewards(TUNED, small, lives=32, budget=budget)
    assert met["tune"] == [(12, 8), (4, 16)] * len(TUNED)
    assert len(keys) == 2, "all rules meet the same lives, each round its own"
    assert len(judged) == 1
    assert not keys & judged
    as_is = compare_rewards(TUNED, small, lives=32, budget=None).set_index("rule")
    tuned = table.set_index("rule")
    assert (tuned["reward"] > as_is["reward"] - 0.02)[["node", "hebb"]].all()
    assert as_is.loc["hebb", "diverged"] == 32
    told = "\n".join(statements(as_is.reset_index(), None))
    assert "hebb: every one of 32 lives diverged" in told
    assert "No rule was tuned" in told
    assert str(budget.lives) in "\n".join(statements(table, budget))


def test_both_baselines_and_both_differences_stand_in_the_table(small) -> None:
    """Chance and no learning, and paired differences to both, on the screen and in the CSV."""
    table = compare_rewards(TUNED, small, lives=16, seed=3, budget=None)
    assert list(table["rule"]) == [*TUNED, "no learning", "chance"]
    rows = table.set_index("rule")
    world = small[0]
    assert rows.loc["chance", "reward"] == world.task.chance(world.circuit.dt)
    key = branch(jax.random.key(3), Branch.COMPARE, 0)
    frozen = world.model_copy(
        update={"life": world.life.model_copy(update={"warmup": world.life.trials})}
    )
    means = {
        name: Bench(where, rule).rewards(Bench(where, rule).values, key, 16)
        for name, where, rule in [
            ("node", world, TUNED["node"]), ("no learning", frozen, TUNED["hebb"]),
        ]
    }  # fmt: skip
    assert rows.loc["no learning", "reward"] == pytest.approx(means["no learning"].mean())
    gain = means["node"].mean() - means["no learning"].mean()
    assert rows.loc["node", "gain"] == pytest.approx(gain)
    assert rows.loc["node", "gain_low"] < gain < rows.loc["node", "gain_high"]
    (printed,) = reward_tables(table).values()
    assert list(printed) == ["rule", "reward per trial", "minus no learning", "minus node"]
    assert printed.iloc[0, 2] == (
        f"{gain:.4f}\n[{rows.loc['node', 'gain_low']:.4f}, {rows.loc['node', 'gain_high']:.4f}]"
    )


def test_tuning_never_leaves_bounds_signs_and_zeros(small) -> None:
    rule = parse(
        "param eta = 0.5 in [0.4, 0.6]\nparam a = -1 in [-2, 0]\nparam b = 0\n"
        "dw/dt = eta*(a*pre*post + b*post)"
    )
    seen = []
    meet = Bench.meet
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Bench, "meet", lambda self, p, *a, **k: seen.extend(p) or meet(self, p, *a, **k)
        )
        tuned_values(Bench(small[0], opened(rule)), jax.random.key(1), Budget(((8, 2), (4, 2))))
    points = np.array(seen)
    assert points[0].tolist() == [0.5, -1.0, 0.0], "the rule as it is comes first"
    assert ((points[:, 0] >= 0.4) & (points[:, 0] <= 0.6)).all()
    assert ((points[:, 1] >= -2) & (points[:, 1] < 0)).all()
    assert (points[:, 2] == 0).all()


def test_an_interrupted_comparison_goes_on(monkeypatch, capsys, tmp_path) -> None:
    arguments = ["compare", "hebb", "oja", "--neurons", "6", "--trials", "13", "--lives", "4"]
    arguments += ["--out", tmp_path]
    entry, names = Contest.entry, []

    def stopping(self, name, *rest):
        if name == "oja" and "oja" not in names:
            names.append(name)
            raise KeyboardInterrupt
        names.append(name)
        return entry(self, name, *rest)

    monkeypatch.setattr(Contest, "entry", stopping)
    code, _, err = call(monkeypatch, capsys, *arguments)
    assert code == 130
    assert "To go on" in err
    code, out, err = call(monkeypatch, capsys, *arguments)
    assert code == 0, err
    assert names == ["hebb", "oja", "oja"], "what was done is not done again"
    assert "tuned in each world with the same budget" in out
    assert not (tmp_path / "history.jsonl").exists()
    assert max(len(line) for line in out.split("\n\n", 1)[0].splitlines()) <= 80
