"""What the command line offers beside its commands: help with examples, completion, lists."""

import io
import json
import os
import shlex
import subprocess
import sys

import pytest
from rich.console import Console

from rulegen.catalog import find
from rulegen.catalog.records.library import HOME
from rulegen.commands import cli
from rulegen.commands.card import print_card
from rulegen.commands.catalog_add import place_of
from rulegen.commands.outline import Outline
from rulegen.grammar import ConfigError
from rulegen.grammar.reading.files import read_toml
from rulegen.runs.sources import named_rules, read_source

GROUPS = {"": cli.app, "catalog ": cli.CATALOG}
COMMANDS = [
    f"{before}{name}"
    for before, group in GROUPS.items()
    for name, command in group.commands.items()
    if isinstance(command, Outline)
]


def loaded(name):
    group = cli.CATALOG if name.startswith("catalog ") else cli.app
    return group.commands[name.rpartition(" ")[2]].loaded()


def call(monkeypatch, capsys, *arguments):
    monkeypatch.setattr(sys, "argv", ["rulegen", *map(str, arguments)])
    with pytest.raises(SystemExit) as end:
        cli.main()
    out, err = capsys.readouterr()
    return end.value.code or 0, out, err


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_examples_that_it_takes(name, monkeypatch, tmp_path):
    """Each is parsed by the command that it names; nothing is run."""
    command = loaded(name)
    assert command.epilog.startswith("Examples:")
    for line in command.epilog.splitlines()[1:]:
        said = line.replace("\\[", "[").split("|")[-1].split(">")[0].strip()
        words = shlex.split(said)
        words = words[words.index("rulegen") + 1 :]
        assert " ".join(words).startswith(name)
        context = command.make_context(name, words[len(name.split()) :])
        assert context.args == []


def test_the_version(monkeypatch, capsys):
    code, out, _ = call(monkeypatch, capsys, "--version")
    assert code == 0 and out.startswith("rulegen 0.")


@pytest.mark.parametrize("given", [["-h"], ["catalog", "-h"], ["check", "-h"]])
def test_the_short_word_for_help(monkeypatch, capsys, given):
    code, out, _ = call(monkeypatch, capsys, *given)
    assert code == 0 and "-h" in out and "Show this message" in out


def test_nothing_in_a_help_is_markup(monkeypatch, capsys):
    _, out, _ = call(monkeypatch, capsys, "compare", "--help")
    assert "[[worlds]]" in " ".join(out.split())


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("rulegen cat", "catalog"),
        ("rulegen catalog op", "open"),
        ("rulegen check oj", "oja"),
        ("rulegen export oja --o", "--out"),
    ],
)
def test_a_shell_completes(words, shown):
    made = {
        "_RULEGEN_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    code = "import sys; sys.argv = ['rulegen']; from rulegen.commands.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | made, capture_output=True, text=True
    )
    assert shown in done.stdout.split()


def test_a_list_in_a_pipe_has_a_line_for_each_rule(monkeypatch, capsys):
    _, out, _ = call(monkeypatch, capsys, "catalog", "list", "--kind", "literature")
    assert [line.split()[0] for line in out.splitlines()[1:] if line.strip()] == sorted(
        path.stem for path in (HOME / "rules").glob("*.toml")
    )


def test_a_list_for_programs(monkeypatch, capsys):
    _, out, _ = call(monkeypatch, capsys, "catalog", "list", "--tag", "reward", "--json")
    rows = json.loads(out)
    assert len(rows) > 10 and all("reward" in row["tags"] for row in rows)
    assert {"name", "title", "kind", "complexity", "verdict"} <= rows[0].keys()


def test_a_tag_that_no_rule_has(monkeypatch, capsys):
    code, out, err = call(monkeypatch, capsys, "catalog", "list", "--tag", "rewad")
    assert (code, out) == (2, "")
    assert err == "rulegen: --tag rewad: no rule has it; did you mean `reward`?\n"


def test_other_records(monkeypatch, capsys, tmp_path):
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "oja.toml").write_bytes((HOME / "rules" / "oja.toml").read_bytes())
    _, out, _ = call(monkeypatch, capsys, "catalog", "list", "--records", tmp_path)
    assert len(out.split("\n oja ")) == 2 and "bcm" not in out


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_card_on_a_terminal(width):
    console = Console(width=width, force_terminal=False, file=io.StringIO())
    print_card(console, find("oja"))
    out = console.file.getvalue()
    assert "dwᵢⱼ/dt = η (rⱼ - α wᵢⱼ rᵢ) rᵢ" in out
    assert "```" not in out and "\\dot" not in out and "<!--" not in out
    text = [line for line in out.splitlines() if not line.startswith("    ")]
    assert max(map(len, text)) <= width


def test_what_a_pipe_gets_is_markdown(monkeypatch, capsys):
    _, out, _ = call(monkeypatch, capsys, "catalog", "show", "oja")
    assert out.startswith("# Oja's rule") and "```math" in out


def test_nothing_is_added_to_an_installed_package(tmp_path):
    installed = tmp_path / "site-packages" / "rulegen" / "catalog"
    installed.mkdir(parents=True)
    for to in (None, installed, installed / "mine"):
        with pytest.raises(ConfigError, match="such as --to mine"):
            place_of(to, installed)
    assert place_of(tmp_path / "mine", installed) == tmp_path / "mine"


def test_a_name_that_is_none_is_said_in_a_line():
    with pytest.raises(ConfigError) as error:
        find("zzzz")
    assert len(str(error.value)) < 100 and "`rulegen catalog list` shows all" in str(error.value)


def test_a_folder_in_the_place_of_a_file(tmp_path):
    (tmp_path / "config.toml").write_text("")
    with pytest.raises(
        ConfigError, match=r"it is a folder; name a file in it, such as .*config\.toml"
    ):
        read_toml(tmp_path)


def test_a_run_that_is_not_finished(tmp_path):
    (tmp_path / "history.jsonl").write_text("")
    (tmp_path / "config.toml").write_text('name = "x"\nrule = "dw/dt = pre"\n')
    with pytest.raises(ConfigError, match=r"finish it with `rulegen discover .* --resume`"):
        read_source(str(tmp_path), None)


def test_runs_of_one_name_are_called_by_their_folders(tmp_path):
    record = (HOME / "rules" / "oja.toml").read_bytes()
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "record.toml").write_bytes(record)
    given = [str(tmp_path / "a"), str(tmp_path / "b"), "hebb"]
    assert list(named_rules(given, None)) == ["a", "b", "hebb"]
