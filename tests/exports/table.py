"""The table of docs/exports.md: which rule runs where, and why not.

    python tests/exports/table.py FOLDER PAGE

after the checks in Brian 2 and NEST have left their results in the folder.
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
    """Rule, largest difference in Brian 2 and in NEST, or why there is none."""
    in_brian = json.loads((folder / "brian2.json").read_text())["numpy"]
    in_nest = json.loads((folder / "nest.json").read_text())
    table = [("rule", "Brian 2", "NEST"), ("---", "---", "---")]
    for name, record in literature().items():
        cells = [
            refusal(found) if (found := problems(record, fmt)) else f"runs, {differences[name]:.0e}"
            for fmt, differences in (("brian2", in_brian), ("nestml", in_nest))
        ]
        table.append((name, *cells))
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
