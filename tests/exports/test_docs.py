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
        brian, nest = problems(record, "brian2"), problems(record, "nestml")
        found = re.fullmatch(r"runs, (\d+e[+-]\d+)", table[name][0])
        assert table[name][0] == refusal(brian) if brian else found and float(found[1]) <= 1e-10
        assert table[name][1] == (refusal(nest) if nest else "accepted")


#: Without what other packages bring into the same process.
OURS = [n for n in parts.names("export") if parts.source("export", n) == parts.BUNDLED]


def test_every_format_has_its_line() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == OURS


def test_the_examples_run() -> None:
    for code in re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL):
        exec(code, {})
