"""What lies beside a record is looked at though the table of its lives is gone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from forging import honest_run, shared_programs, verify  # noqa: F401
from honest import leave
from test_fabricated import Forge, other_curve, step

from rulegen.catalog import Record
from rulegen.grammar import ConfigError
from rulegen.verifying.published import published

pytestmark = pytest.mark.usefixtures("shared_programs")


def without_table(change: Forge) -> Forge:
    """A folder that lost the table of its lives; what lies beside is looked at all the same."""

    def forge(folder: Path) -> None:
        (folder / "lives.csv").unlink()
        change(folder)

    return forge


def higher(folder: Path) -> None:
    table = pd.read_csv(folder / "learning.csv")
    table[["mean", "low", "high", "lower", "median", "upper"]] += 0.4
    table.to_csv(folder / "learning.csv", index=False)


def another_seed(folder: Path) -> None:
    text = (folder / "config.toml").read_text()
    (folder / "config.toml").write_text(text.replace("seed = 3", "seed = 77", 1))


BESIDE: dict[str, tuple[Forge, str]] = {
    "a higher curve": (higher, "is not that of its lives"),
    "another curve": (other_curve(step), "learning curve of discovered rule"),
    "another seed": (another_seed, "its seed is not that of the record"),
    "another family": (lambda f: (f / "family.txt").write_text("w += pre") and None, "family of"),
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_lies_beside_is_looked_at_without_the_lives(
    honest: tuple[Record, Any], tmp_path: Path, name: str
) -> None:
    forge, words = BESIDE[name]
    folder = leave(*honest, tmp_path / "run")
    without_table(forge)(folder)
    try:
        found = verify(published(str(folder)), lives=64)
    except ConfigError as error:
        assert re.search(words, str(error))
    else:
        assert not found.holds
        assert any(re.search(words, f"{c.claim}: {c.why}") for c in found.checks)
