"""docs/exports.md says what is so."""

from __future__ import annotations

import re
from pathlib import Path

from table import cells, refusal

from rulegen.catalog import literature, parts
from rulegen.catalog.export import problems

PAGE = (Path(__file__).parents[2] / "docs" / "exports.md").read_text()


def test_the_table_is_that_of_the_last_check() -> None:
    """Run `make exports-check` when this fails."""
    table = cells(PAGE)
    assert table.keys() == literature().keys()
    for name, record in literature().items():
        for cell, fmt, allowed in zip(
            table[name], ("brian2", "nestml"), (1e-10, 0.02), strict=True
        ):
            why, found = problems(record, fmt), re.fullmatch(r"runs, (\d+e[+-]\d+)", cell)
            assert cell == refusal(why) if why else found and float(found[1]) <= allowed


#: Without what other packages bring into the same process.
OURS = [n for n in parts.names("export") if parts.source("export", n) == parts.BUNDLED]


def test_every_format_has_its_line() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == OURS


def test_the_examples_run() -> None:
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(code, {})
