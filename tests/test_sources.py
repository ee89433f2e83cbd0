"""Every command that takes a rule takes it in every form in which rules come."""

import io

import pytest
from honest import leave, publish
from test_cli import call

from rulegen.catalog import find, markdown_card, save_record
from rulegen.commands.new import EXAMPLES
from rulegen.grammar import ConfigError, RuleError
from rulegen.publishing.config import load_config
from rulegen.runs.sources import named_rules, named_sources, only_discovered, read_source


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
                                     ("simulate", "--trials", 13, "--lives", 2)])  # fmt: skip
def test_commands_take_all_forms(monkeypatch, capsys, forms, command):
    told = []
    for form in forms:
        code, out, err = call(monkeypatch, capsys, *command, form, stdin=find("oja").equations)
        assert code == 0, err
        told.append(out)
    if command == ("check",):
        assert set(told) == {told[0]}


def test_standard_input_is_known_by_its_content(forms):
    record = find("oja")
    for form in forms[3:5]:
        with open(form) as file:  # noqa: PTH123
            assert read_source("-", file) == ("oja", record.rule, record)


def test_the_card_of_every_form(monkeypatch, capsys, forms):
    shown = {
        call(monkeypatch, capsys, "catalog", "show", form, stdin=markdown_card(find("oja")))[1]
        for form in forms
    }
    assert len(shown) == 2  # a text has no title
    assert all("# Oja's rule" in card or "# A plasticity rule" in card for card in shown)


def test_a_claim_from_standard_input(monkeypatch, capsys):
    record, *_ = publish(lives=8, others={"no learning": ""})
    card = markdown_card(record)
    code, out, err = call(monkeypatch, capsys, "verify", "-", "--lives", 8, stdin=card)
    # Where the machine is busy there are lines of progress.
    assert (code in (0, 1), "rulegen: " in err) == (True, False)
    assert "not checked: " in out
    assert "learning curves" in out  # which would lie beside a file
    code, _, err = call(monkeypatch, capsys, "verify", "-", stdin=record.equations)
    assert code == 2
    assert "claims nothing; send a card or a record" in err


def test_a_configuration_is_its_family(monkeypatch, capsys):
    path = EXAMPLES / "delayed_association.toml"
    source = read_source(str(path), None)
    assert (source.name, source.rule) == ("delayed_association", load_config(path).family)
    assert read_source("-", io.StringIO(path.read_text())) == source


#: By what reads it: a file of another kind, and what is said of it.
MISTAKEN = {
    ("check", "two_rules.toml"): "is a world with rules: use `rulegen simulate --world",
    ("compare", "local_search.toml"): "is the configuration of a search: use `rulegen search",
    ("discover", "local_search.toml"): "is the configuration of a search: use `rulegen search",
    ("search", "delayed_association.toml"): "is the configuration of a discovery: use `rulegen dis",
    ("discover", "record.toml"): "is a record: use `rulegen check",
    ("sweep", "record.toml"): "is a record: use `rulegen check",
    ("search", "space.toml"): "is a space of rules: name it as `space_file`",
    ("verify", "delayed_association.toml"): "is the configuration of a discovery",
    ("check", "world.toml"): "is a world: use `rulegen simulate RULE --world",
    ("check", "search.md"): "is no card: it is the page of a search; name the card.md or",
    ("verify", "index.md"): "is no card: it is the page of analyses; name the card.md or",
}


@pytest.mark.parametrize(("command", "name"), MISTAKEN)
def test_a_file_of_another_kind_is_called_by_name(monkeypatch, capsys, tmp_path, command, name):
    save_record(find("oja"), tmp_path / "record.toml")
    (tmp_path / "space.toml").write_text('template = "w += {terms}"')
    (tmp_path / "world.toml").write_text('[circuit]\nneurons = 6\n[task]\nname = "reversal"')
    for path, first in (("search.md", "# Search"), ("index.md", "# Analyses")):
        (tmp_path / path).write_text(f"{first}\n\nWords.\n")
    path = EXAMPLES / name if (EXAMPLES / name).exists() else tmp_path / name
    code, _, err = call(monkeypatch, capsys, command, path)
    assert (code, len(err.splitlines())) == (2, 1)
    assert MISTAKEN[command, name] in err


@pytest.mark.parametrize("name", ['"../evil"', '"x/y\\n"', '""', "7", '["a"]'])
def test_a_configuration_is_called_by_a_name(monkeypatch, capsys, tmp_path, name):
    """Results are written to files that are called like the rule."""
    path = tmp_path / "mine.toml"
    path.write_text(f'name = {name}\nrule = "w += 0.01*pre*post"\n')
    code, _, err = call(monkeypatch, capsys, "compare", path, "--out", tmp_path / "out")
    assert (code, len(err.splitlines())) == (2, 1)
    assert "mine.toml: name: " in err
    assert [p.name for p in tmp_path.iterdir()] == ["mine.toml"]


def test_compared_rules_may_come_in_different_forms(forms):
    half = find("oja").equations.replace("alpha = 1", "alpha = 0.5")
    assert list(named_rules([forms[1], forms[-1]], io.StringIO(half))) == ["-", "oja"]
    with pytest.raises(ConfigError, match=r"two rules are called `oja`, of oja and of .*; rename"):
        named_rules([forms[0], next(f for f in forms if f.endswith(".toml"))], io.StringIO())


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


def test_one_rule_among_others_is_the_discovered_one():
    """Pictures draw it as its role; where there are two, neither."""
    one, two = "delayed_association", "generalist"
    assert only_discovered(named_sources(["oja", one], None)) == one
    assert only_discovered(named_sources([one, two], None)) == ""
    assert only_discovered(named_sources(["oja", "hebb"], None)) == ""


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
