"""`rulegen new`: what it writes runs, and nothing is written over."""

import os
import re
import shutil
import subprocess
import sys

import pytest
from test_cli import call

import rulegen as rg
from rulegen.commands.new import EXAMPLES, START, files

SMALL = (
    *("life.trials=30", "circuit.neurons=8", "fit.0.iterations=2", "fit.0.estimator.lives=16"),
    *("prune.lives=32", "prune.most_lives=64", "prune.refit.iterations=1", "refine.lives=32"),
    *("refine.most_lives=64", "evaluate.lives=64"),
)


def test_a_new_folder(monkeypatch, capsys, tmp_path):
    folder = tmp_path / "deep" / "attempt"
    code, out, err = call(monkeypatch, capsys, "new", folder)
    assert code == 0
    assert err == f"change what you like, then: rulegen discover {folder / 'discover.toml'}\n"
    assert out.split() == [str(path) for path in sorted(folder.iterdir())]
    names = sorted(path.name for path in START.iterdir() if path.is_file())
    assert sorted(path.name for path in folder.iterdir()) == names
    config = rg.load_config(folder / "discover.toml")
    assert config.name == "attempt"
    assert "rulegen open runs/attempt-1\n" in (folder / "discover.toml").read_text()
    assert len(config.family.terms()) == 2


def test_compiled_modules_beside_the_files_are_none_of_them(monkeypatch, tmp_path):
    """As pip leaves them where a wheel is installed."""
    shutil.copytree(START, tmp_path / "new")
    (tmp_path / "new/__pycache__").mkdir(exist_ok=True)
    before = files("attempt")
    monkeypatch.setattr(sys.modules["rulegen.commands.new"], "START", tmp_path / "new")
    assert files("attempt") == before


def test_its_configuration_runs(monkeypatch, capsys, tmp_path):
    call(monkeypatch, capsys, "new", tmp_path / "attempt")
    changes = [part for change in SMALL for part in ("--set", change)]
    code, _, err = call(
        monkeypatch, capsys,
        "discover", tmp_path / "attempt" / "discover.toml", "--out", tmp_path / "run", *changes,
    )  # fmt: skip
    # So few lives may show no gain, which is an answer too.
    assert code == 0 or "nothing to publish" in err
    assert code == 1 or (tmp_path / "run" / "card.md").exists()


def test_its_notebook_runs_with_its_task(monkeypatch, capsys, tmp_path):
    folder = tmp_path / "attempt"
    call(monkeypatch, capsys, "new", folder)
    done = subprocess.run(
        [sys.executable, "notebook.py"],
        cwd=folder, capture_output=True, text=True,
        env=os.environ | {"RULEGEN_FAST": "1", "MPLBACKEND": "agg"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "last 40 trials" in done.stdout
    assert (folder / "runs" / "attempt-of-mine" / "learning.png").exists()


def test_nothing_is_written_over(monkeypatch, capsys, tmp_path):
    (tmp_path / "attempt").mkdir()
    code, _, err = call(monkeypatch, capsys, "new", tmp_path / "attempt")
    assert (code, list((tmp_path / "attempt").iterdir())) == (2, [])
    assert "exists already" in err
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert call(monkeypatch, capsys, "new", tmp_path / "link")[0] == 2
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("name", ["My Run", "2nd", "a" * 65, "x\n"])
def test_a_folder_that_no_run_can_be_called_like(monkeypatch, capsys, tmp_path, name):
    code, _, err = call(monkeypatch, capsys, "new", tmp_path / name)
    assert code == 2
    assert "choose such a name" in err
    assert not (tmp_path / name).exists()


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.*")), ids=lambda path: path.stem)
def test_each_example_comes_with_the_package(path):
    ((name, text),) = files("Any name", path.stem).items()
    assert name == path.name
    assert text == path.read_text(encoding="utf-8").replace("examples/", "")


@pytest.mark.parametrize("example", [None, *(path.stem for path in EXAMPLES.glob("*.*"))])
def test_what_is_told_of_files_is_true(example):
    """Each command names a file of the new folder, and each folder of a run is that of its name."""
    made = files("attempt", example)
    text = "\n".join(made.values())
    assert {*re.findall(r"^# +rulegen .*?(\S+\.toml)", text, re.M)} <= {*made}
    assert {*re.findall(r"\bruns/(\w+)-1\b", text)} <= {"attempt"}


def test_an_example_that_is_none(monkeypatch, capsys, tmp_path):
    code, _, err = call(monkeypatch, capsys, "new", tmp_path / "a", "--example", "nothing")
    assert code == 2
    assert "delayed_association" in err
    assert not (tmp_path / "a").exists()
