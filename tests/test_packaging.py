"""What is built is whole, or nothing is built."""

import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import rulegen as rg

ROOT = Path(__file__).parent.parent


def test_everything_is_under_one_name():
    home = Path(rg.__file__).parent
    for name in ("rulegen.grammar", "rulegen.catalog", "rulegen.commands"):
        assert Path(import_module(name).__file__ or "").is_relative_to(home)
    for package in ("rulegen", "rulegen.compile", "rulegen.grammar", "rulegen.catalog"):
        module = __import__(package, fromlist=["*"])
        assert module.__all__
        for name in module.__all__:
            assert getattr(module, name) is not None


@pytest.mark.parametrize("name", ["grammar", "catalog", "examples"])
def test_a_checkout_without_links_is_refused(tmp_path, name):
    shutil.copy(ROOT / "setup.py", tmp_path)
    for folder in {"grammar", "catalog", "examples"} - {name}:
        (tmp_path / "rulegen" / folder).mkdir(parents=True)
    # What git leaves in the place of a link.
    (tmp_path / "rulegen" / name).write_text(f"../{name}")
    done = subprocess.run(
        [sys.executable, "setup.py", "--name"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode != 0
    assert f"rulegen/{name} must be a link" in done.stderr
    assert "core.symlinks true" in done.stderr
