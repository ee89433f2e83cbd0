"""The table of docs/exports.md: which rule runs where, and why not.

    python tests/exports/table.py FOLDER PAGE

after the checks in Brian 2 and NESTML have left their results in the folder.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from rulegen.catalog import literature
from rulegen.catalog.export import problems

BEGIN, END = "<!-- table -->\n", "<!-- end of table -->"


def refusal(found: list[str]) -> str:
    """The first reason, and how many more there are."""
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return found[0] + more


def rows(folder: Path) -> list[tuple[str, str, str]]:
    """Rule, largest difference in Brian 2 or why not, verdict of NESTML or why not."""
    differences = json.loads((folder / "brian2.json").read_text())
    faults = json.loads((folder / "nestml.json").read_text())
    table = [("rule", "Brian 2", "NESTML"), ("---", "---", "---")]
    for name, record in literature().items():
        brian, nest = problems(record, "brian2"), problems(record, "nestml")
        cell = refusal(brian) if brian else f"runs, {differences[name]:.0e}"
        verdict = "accepted" if not faults.get(name) else "refused: " + faults[name][0]
        table.append((name, cell, refusal(nest) if nest else verdict))
    return table


def cells(page: str) -> dict[str, tuple[str, str]]:
    """The table of a page, by rule."""
    text = page.partition(BEGIN)[2].partition(END)[0]
    lines = [tuple(c.strip() for c in line.strip("|").split("|")) for line in text.splitlines()]
    return {name: (brian, nest) for name, brian, nest in lines[2:]}


def main(folder: Path, page: Path) -> None:
    """Put the table in its place."""
    text = BEGIN + "".join("| " + " | ".join(row) + " |\n" for row in rows(folder)) + END
    old = page.read_text()
    page.write_text(re.sub(f"{BEGIN}.*{END}", lambda _: text, old, flags=re.DOTALL))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
