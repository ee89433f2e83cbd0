"""Files that somebody names to be written: nothing that was there is lost unasked."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from test_cli import call

from rulegen.catalog.records.files import place_of, write_whole
from rulegen.grammar import ConfigError

RULE = "w += pre\n"
EXPORT = ("export", "oja", "--to", "numpy", "--out")
SIMULATE = ("simulate", "oja", "--lives", "2", "--trials", "13", "--out")


Say = Callable[..., tuple[int, str, str]]


@pytest.fixture
def say(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Exit code, standard output and standard error of the command."""
    return partial(call, monkeypatch, capsys)


def refused(say: Say, *arguments: object) -> str:
    """What is said of arguments that are refused, in one line."""
    code, _, told = say(*arguments)
    assert code == 2
    assert told.strip().count("\n") == 0
    return told


@pytest.mark.parametrize("command", [EXPORT, SIMULATE], ids=["export", "simulate"])
def test_what_is_no_ordinary_file_stays(command: tuple[str, ...], tmp_path: Path, say: Say) -> None:
    pipe, around = tmp_path / "pipe.csv", tmp_path / "around.csv"
    os.mkfifo(pipe)
    around.symlink_to(around)
    assert "it is no ordinary file" in refused(say, *command, str(pipe))
    assert pipe.is_fifo()
    assert "cannot write" in refused(say, *command, str(around))
    assert around.is_symlink()
    (tmp_path / "folder.csv").mkdir()
    assert "it is no ordinary file" in refused(say, *command, str(tmp_path / "folder.csv"))
    assert "folder does not exist" in refused(say, *command, str(tmp_path / "nowhere" / "a.csv"))
    assert "cannot write" in refused(say, *command, str(tmp_path / ("a" * 300 + ".csv")))
    with pytest.raises(ConfigError, match="no ordinary file"):
        write_whole(pipe, "text")


@pytest.mark.parametrize("command", [EXPORT, SIMULATE], ids=["export", "simulate"])
def test_links_lead_to_what_is_written(command: tuple[str, ...], tmp_path: Path, say: Say) -> None:
    there, link = tmp_path / "there.csv", tmp_path / "link.csv"
    there.write_text("old")
    link.symlink_to(there.name)
    assert say(*command, link)[0] == 0
    assert link.is_symlink()
    assert there.read_text() != "old"


def test_a_rule_is_not_lost_to_its_own_program(tmp_path: Path, say: Say) -> None:
    rule, link = tmp_path / "mine.txt", tmp_path / "other.txt"
    rule.write_text(RULE)
    link.symlink_to(rule)
    for out in (rule, link):
        told = refused(say, "export", str(rule), "--to", "numpy", "--out", str(out))
        assert "the rule is read from it; choose another name" in told
    assert rule.read_text() == RULE
    assert place_of(tmp_path / "new.py", str(rule)) == tmp_path / "new.py"
