"""The pages of docs/ name what there is, and their examples run."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PLACES = re.findall(
    r"^::: (\S+)$", "".join(p.read_text() for p in (DOCS / "api").glob("*.md")), re.M
)
#: Public functions of other projects, which have their own pages.
FOREIGN = {"key"}


def found(place: str) -> object:
    module, name = place.rsplit(".", 1)
    return getattr(import_module(module), name)


@pytest.mark.parametrize(
    "package",
    [
        "rulegen",
        "rulegen.analysis",
        "rulegen.grammar",
        "rulegen.catalog",
        "rulegen.catalog.export",
    ],
)
def test_the_reference_has_every_public_name(package: str) -> None:
    module = import_module(package)
    home = Path(module.__file__ or "")
    stub = home.with_suffix(".pyi")
    text = (stub if stub.exists() else home).read_text()
    public = set(re.findall(r"^from [\w.]*\w import \w+ as (\w+)$", text, re.M)) - FOREIGN
    assert public
    shown = {place.rsplit(".", 1)[1]: found(place) for place in PLACES}
    for name in sorted(public):
        assert shown.get(name) is getattr(module, name), name


def test_the_reference_has_nothing_twice() -> None:
    assert len(PLACES) == len(set(PLACES))


@pytest.mark.parametrize("name", ["catalog.md", "search.md", "projections.md", "worlds.md"])
def test_the_examples_run(name: str) -> None:
    codes = re.findall(r"```python\n(.*?)```", (DOCS / name).read_text(), re.S)
    assert codes
    for code in codes:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        printed = [line.partition("  # ")[2] for line in code.splitlines() if "  # " in line]
        assert done.stdout.splitlines() == printed
