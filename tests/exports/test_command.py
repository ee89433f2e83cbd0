"""`rulegen export` as users meet it."""

from __future__ import annotations

import sys
from io import StringIO
from pathlib import Path

import pytest

from rulegen.catalog import find, save_record
from rulegen.catalog.export import export
from rulegen.commands import cli


def run(monkeypatch: pytest.MonkeyPatch, *words: str, text: str = "") -> int:
    monkeypatch.setattr(sys, "argv", ["rulegen", "export", *words])
    monkeypatch.setattr(sys, "stdin", StringIO(text))
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return int(stop.value.code or 0)


def test_a_catalogued_name(monkeypatch, capsys) -> None:
    assert run(monkeypatch, "oja", "--to", "numpy") == 0
    assert capsys.readouterr().out == export(find("oja"), "numpy")


def test_a_rule_from_a_file_a_record_and_standard_input(monkeypatch, capsys, tmp_path) -> None:
    rule, record, out = tmp_path / "a.rule", tmp_path / "record.toml", tmp_path / "out.py"
    rule.write_text("w += 0.1*pre*post")
    save_record(find("oja"), record)
    assert run(monkeypatch, str(rule), "--to", "jax", "--out", str(out)) == 0
    assert "import jax.numpy as jnp" in out.read_text()
    assert run(monkeypatch, str(record), "--to", "sympy") == 0
    assert "Oja's rule" in capsys.readouterr().out
    assert run(monkeypatch, "-", "--to", "latex", text="w += 0.1*pre*post") == 0
    assert capsys.readouterr().out.startswith("% A plasticity rule")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.rule", "out.py", "record.toml"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["oja", "--to", "matlab"], "there is no export `matlab`"),
        (["ojas", "--to", "numpy"], "did you mean `oja`"),
        (["oja", "--to", "numpy", "--out", "missing/out.py"], "cannot write missing/out.py"),
    ],
)
def test_one_clear_message(monkeypatch, capsys, tmp_path: Path, words, message) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(monkeypatch, *words) == 2
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
