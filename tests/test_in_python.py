"""What a program or a notebook gets: objects that remember, in memory until they are published."""

import pytest
from test_readme import SMALL

import rulegen as rg
from rulegen.catalog.records.roles import NO_LEARNING
from rulegen.verifying.admission import add_run


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """A discovery without a folder, and one of the same configuration with one."""
    folder = tmp_path_factory.mktemp("in_python")
    (folder / "config.toml").write_text(SMALL)
    config = rg.load_config(folder / "config.toml")
    return rg.discover(config), rg.discover(config, folder / "run"), folder / "run"


def test_it_is_the_one_with_a_folder(found):
    here, there, folder = found
    assert here.rule == there.rule == rg.load_record(folder / "record.toml").rule
    assert here.table().equals(there.table())


def test_its_table_has_the_figures_of_the_record(found):
    table, evidence = found[0].table().set_index("rule"), found[0].record.evidence
    assert list(table.index) == ["discovered rule", *(c.name for c in evidence.comparisons)]
    assert tuple(table.iloc[0][["reward", "low", "high"]]) == (
        evidence.reward.mean, evidence.reward.low, evidence.reward.high
    )  # fmt: skip
    nothing = evidence.comparisons[-1]
    assert nothing.name == NO_LEARNING
    assert table.loc[NO_LEARNING, "difference"] == nothing.difference.mean
    assert table.loc[NO_LEARNING, "difference_low"] == nothing.difference.low


def test_it_is_published_later(found, tmp_path):
    here, _, folder = found
    here.publish(tmp_path / "later")
    names = {path.name for path in folder.iterdir()} - {"history.jsonl"}
    assert {path.name for path in (tmp_path / "later").iterdir()} == names
    for name in ("config.toml", "lives.csv", "learning.csv", "rule.txt", "fitted.txt"):
        assert (tmp_path / "later" / name).read_bytes() == (folder / name).read_bytes()
    home = tmp_path / "home"
    assert add_run(tmp_path / "later", home, lives=64, seed=0).record == here.record
    with pytest.raises(rg.ConfigError, match=r"cannot write into .*later: File exists"):
        here.publish(tmp_path / "later")


def test_it_can_be_looked_at(found):
    here = found[0]
    assert here.plot().get_ylabel() == "reward per trial"
    for text in (str(here), str(here.record)):
        assert here.record.equations.strip() in text
        assert f"minus {NO_LEARNING}: {here.record.evidence.comparisons[-1].difference}" in text
    assert here._repr_html_().startswith("<article")
    assert here.record._repr_html_() == here._repr_html_()


def test_nothing_is_resumed_without_a_folder(tmp_path):
    (tmp_path / "config.toml").write_text(SMALL)
    with pytest.raises(rg.ConfigError, match="nothing to resume"):
        rg.discover(rg.load_config(tmp_path / "config.toml"), resume=True)


def test_whatever_has_a_rule_stands_for_it(found):
    here, world, text = found[0], rg.World(task=rg.DelayedAssociation()), "dw/dt = 0.001*pre*post"
    forms = [rg.find("oja"), rg.find("oja").rule, rg.find("oja").equations]
    benches = [rg.Bench(world, form) for form in forms]
    assert len({bench.rule.digest for bench in [*benches, rg.Bench(world, benches[0])]}) == 1
    assert rg.Bench(world, here).rule == here.rule
    assert world.circuit == rg.DiscoverConfig(name="a", rule=text, task=world.task).circuit
    assert rg.compile_rule(text).rule == rg.parse(text)
    assert rg.export(here, "markdown") == rg.export(here.record, "markdown")
    assert rg.export(text, "numpy") == rg.export(rg.parse(text), "numpy")
    assert rg.markdown_card(here) == rg.markdown_card(here.record)
    rules = {"text": text, "record": rg.find("oja")}
    assert [*rg.weight_changes(rules)[0]] == [*rg.family_graph(rules)] == [*rules]
    table = rg.compare_rewards(rules, rg.worlds(["delayed_match"], [4], 13), lives=2, budget=None)
    assert table["note"].eq("").all()


def test_a_finding_is_verified(found):
    here, _, folder = found
    checked = rg.verify(here, lives=16)
    assert [c.claim for c in checked.checks] == [c.claim for c in rg.verify(here.record, 16).checks]
    assert "table of the lives" not in str(rg.verify(str(folder), lives=16).unchecked)
    assert str(checked).endswith(checked.closing)
    assert checked.closing.startswith(("the claim", "nothing could"))
    html = checked._repr_html_()
    assert html.startswith("<table") and html.endswith(f"{checked.closing}</p>")


def test_what_is_shown_is_a_line(found):
    here, record = found[0], rg.find("miconi_supralinear")
    bench = rg.Bench(rg.World(task=rg.DelayedAssociation()), here)
    shown = [repr(x) for x in (here, here.rule, here.record, record, record.rule, bench)]
    assert max(map(len, shown)) < 240
    assert not any("\n" in line for line in shown)
    assert (
        shown[0]
        == f"<Discovery {here.record.name}: reward per trial {here.trajectories[0].reward}>"
    )
    assert shown[3] == f"<Record miconi_supralinear: {record.title}>"
    assert record.rule.digest in shown[4]


def test_a_path_may_be_a_text(found, tmp_path):
    folder = str(found[2])
    assert rg.load_record(f"{folder}/record.toml") == found[1].record
    assert rg.load_config(f"{folder}/config.toml") == found[1].config
    assert len(rg.fit_history(folder)) == len(rg.fit_history(found[2]))
    rg.save_record(found[1], f"{tmp_path}/record.toml")
    assert rg.load_record(tmp_path / "record.toml") == found[1].record
    found[0].publish(f"{tmp_path}/later")
    assert add_run(f"{tmp_path}/later", f"{tmp_path}/home", lives=64, seed=0).record.evidence
    assert [*rg.library(f"{tmp_path}/home")] == [found[1].record.name]
    with rg.Journal(f"{tmp_path}/history.jsonl") as journal:
        assert journal.path == tmp_path / "history.jsonl"
    with pytest.raises(rg.ConfigError, match=r"nothing\.toml: No such file"):
        rg.load_search("nothing.toml")
    with pytest.raises(rg.ConfigError, match=r"nothing\.toml: No such file"):
        rg.load_sweep("nothing.toml")
    with pytest.raises(rg.ConfigError, match="already holds a run"):
        rg.discover(found[1].config, folder)


@pytest.mark.parametrize(
    ("misuse", "words"),
    [
        (lambda: rg.Bench(rg.World(task=rg.DelayedMatch()), 3), "type int is no rule"),
        (lambda: rg.export(rg.World(task=rg.DelayedMatch()), "numpy"), "type World is no rule"),
        (lambda: rg.verify(rg.parse("w += pre")), "type Rule has no record: give a record, or"),
        (lambda: rg.verify("nowhere"), "there is no rule `nowhere` in the catalog"),
        (lambda: rg.save_record(rg.parse("w += pre"), "a.toml"), "type Rule has no record"),
    ],
)
def test_misuse_is_told_in_a_line(misuse, words):
    with pytest.raises(rg.RulegenError, match=words):
        misuse()


def test_register_stands_before_a_class():
    @rg.register
    class Lull(rg.DelayedMatch):
        """A task of this session."""

        name: str = "lull"

    assert Lull().name == "lull"
    assert rg.World(task={"name": "lull"}).task == Lull()
