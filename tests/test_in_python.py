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
