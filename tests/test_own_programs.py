"""A result depends on the whole program of a part: its file, and whatever that is made of."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from rulegen.ground.programs import program

#: Classes in a session that is no file, with the word LEVEL somewhere in what they read.
SESSIONS = {
    "a constant": "class Made:\n    def trial(self):\n        return LEVEL",
    "a property": "class Made:\n    level = property(lambda self: LEVEL)",
    "a static method": "class Made:\n    @staticmethod\n    def trial():\n        return LEVEL",
    "a cached property": (
        "from functools import cached_property\n"
        "class Made:\n    @cached_property\n    def level(self):\n        return LEVEL"
    ),
    "a value of the class": "class Made:\n    level = LEVEL",
    "a default": "class Made:\n    def trial(self, level=LEVEL):\n        return level",
    "a value of the session": (
        "level = [LEVEL]\nclass Made:\n    def trial(self):\n        return level"
    ),
    "an array": (
        "import numpy as np\nlevel = np.array([LEVEL])\n"
        "class Made:\n    def trial(self):\n        return level"
    ),
    "settings": (
        "from types import SimpleNamespace\nlevel = SimpleNamespace(high=LEVEL)\n"
        "class Made:\n    def trial(self):\n        return level.high"
    ),
    "a function": (
        "def level():\n    return LEVEL\nclass Made:\n    def trial(self):\n        return level()"
    ),
    "a compiled function": (
        "import jax\n@jax.jit\ndef level():\n    return LEVEL\n"
        "class Made:\n    def trial(self):\n        return level()"
    ),
    "a closure": (
        "def make(level):\n    return lambda self: level\nclass Made:\n    trial = make(LEVEL)"
    ),
    "a base class": (
        "class Base:\n    def trial(self):\n        return LEVEL\nclass Made(Base):\n    pass"
    ),
    "a condition": (
        "class Made:\n    def trial(self):\n        return [x for x in range(9) if x in {1, LEVEL}]"
    ),
}


def in_session(text: str, level: float) -> str:
    session = {"__name__": "session"}
    exec(text.replace("LEVEL", repr(level)), session)
    return program(session["Made"])  # type: ignore[arg-type]


@pytest.mark.parametrize("text", SESSIONS.values(), ids=SESSIONS)
def test_everything_that_a_class_reads_counts(text: str) -> None:
    assert in_session(text, 0.8) == in_session("\n\n" + text, 0.8)
    assert in_session(text, 0.8) != in_session(text, 0.3)


def test_the_same_in_another_process() -> None:
    """No order of a set and no place in memory enters."""
    text = "\n".join(SESSIONS.values()).replace("LEVEL", "0.8")
    script = f"{text}\nfrom rulegen.ground.programs import program\nprint(program(Made))"
    found = {
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(found) == 1


FILES = {
    "own_base": "class Base:\n    def trial(self):\n        return LEVEL",
    "own_help": "from own_base import Base\ndef level():\n    return LEVEL",
    "own_made": (
        "import numpy as np\nfrom own_help import Base, level\nclass Made(Base):\n    pass\n# LEVEL"
    ),
}


@pytest.mark.parametrize("changed", FILES)
def test_modules_that_a_file_imports_count(
    changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)

    def written(level: str) -> str:
        for name, text in FILES.items():
            here = level if name == changed else "0.8"
            (tmp_path / f"{name}.py").write_text(text.replace("LEVEL", here))
            sys.modules.pop(name, None)
        importlib.invalidate_caches()
        return program(importlib.import_module("own_made").Made)

    before = written("0.8")
    assert before == written("0.8")
    assert before != written("0.35")
    assert "numpy.core" not in before and len(before) < 1000, "libraries count by their version"
    for name in FILES:
        sys.modules.pop(name)
