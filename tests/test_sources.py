"""Every command that takes a rule takes it in every form in which rules come."""

import io

import pytest
from honest import leave, publish
from test_cli import call

from rulegen.catalog import find, markdown_card, save_record
from rulegen.grammar import ConfigError, RuleError
from rulegen.runs.sources import named_rules, read_source


@pytest.fixture(scope="module")
def forms(tmp_path_factory):
    """One rule as a name, as text, as a record, as a card and as the folder of a run."""
    folder, record = tmp_path_factory.mktemp("forms"), find("oja")
    (folder / "oja.txt").write_text(record.equations)
    save_record(record, folder / "oja.toml")
    (folder / "oja.md").write_text(markdown_card(record))
    (folder / "run").mkdir()
    save_record(record, folder / "run" / "record.toml")
    files = [str(folder / name) for name in ("oja.txt", "oja.toml", "oja.md", "run")]
    return ["oja", "-", *files]


def test_all_forms_are_one_rule(forms):
    text = find("oja").equations
    found = [read_source(form, io.StringIO(text)) for form in forms]
    assert {source.rule.digest for source in found} == {find("oja").digest}
    assert [source.name for source in found] == ["oja", "-", "oja", "oja", "oja", "oja"]
    assert [source.record is None for source in found] == [False, True, True, False, False, False]


@pytest.mark.parametrize("command", [("check",), ("export", "--to", "numpy"),
                                     ("simulate", "--trials", 2, "--lives", 2)])  # fmt: skip
def test_commands_take_all_forms(monkeypatch, capsys, forms, command):
    told = []
    for form in forms:
        code, out, err = call(monkeypatch, capsys, *command, form, stdin=find("oja").equations)
        assert code == 0, err
        told.append(out)
    if command == ("check",):
        assert set(told) == {told[0]}


def test_compared_rules_may_come_in_different_forms(forms):
    half = find("oja").equations.replace("alpha = 1", "alpha = 0.5")
    assert list(named_rules([forms[1], forms[-1]], io.StringIO(half))) == ["-", "oja"]
    with pytest.raises(ConfigError, match=r"two rules are called `oja`, of oja and of .*; rename"):
        named_rules([forms[0], forms[-1]], io.StringIO())


def test_the_folder_of_a_run(tmp_path):
    made = publish(lives=8, others={"no learning": ""})
    folder = leave(*made, tmp_path / "run")
    assert read_source(str(folder), io.StringIO()).record == made[0]


BAD = {
    "no run": ("empty", "no folder of a finished run: it has no record.toml"),
    "a link out of the folder": ("linked", "it is a link"),
    "no file": ("none.txt", "cannot read .*none.txt"),
    "no record": ("none.toml", "cannot read .*none.toml"),
    "no card": ("none.md", "cannot read .*none.md"),
    "a text that is no card": ("words.md", "is no card"),
    "bytes": ("bytes.txt", "not text in UTF-8"),
    "no rule": ("words.txt", "expected|statement"),
}


@pytest.mark.parametrize(("name", "words"), BAD.values(), ids=BAD)
def test_what_is_no_rule(tmp_path, name, words):
    (tmp_path / "empty").mkdir()
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "record.toml").symlink_to("/etc/hostname")
    for file in ("words.md", "words.txt"):
        (tmp_path / file).write_text("nothing of the kind")
    (tmp_path / "bytes.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises((ConfigError, RuleError), match=words):
        read_source(str(tmp_path / name), io.StringIO())


def test_a_name_that_is_nowhere():
    with pytest.raises(ConfigError, match="no rule `ojas` in the catalog: did you mean `oja`"):
        read_source("ojas", io.StringIO())


def test_a_folder_hides_no_rule_of_the_catalog(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "oja").mkdir()
    assert read_source("oja", io.StringIO()).record == find("oja")
    with pytest.raises(ConfigError, match="no folder of a finished run"):
        read_source("./oja", io.StringIO())


def test_what_cannot_be_looked_at_is_one_line(monkeypatch, capsys):
    code, out, err = call(monkeypatch, capsys, "check", "x" * 300)
    assert (code, out, len(err.splitlines())) == (2, "", 1)
    assert "File name too long" in err


def test_standard_input_that_is_closed():
    with pytest.raises(ConfigError, match="standard input is closed"):
        read_source("-", None)
