"""Puts what a script found into the page beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path


def fill(page: Path, parts: Mapping[str, str]) -> None:
    """Replace each part of a page, which stands between `<!-- NAME -->` and `<!-- end of NAME -->`.

    Raises:
        ValueError: when the page has not one place for each part; then it stays as it was.
    """
    text = page.read_text()
    for name, part in parts.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        # A function, because a backslash in a text would be read as an escape.
        put = f"{begin}\n{part}\n\n{end}"
        text, count = re.subn(f"{begin}.*?{end}", lambda _, p=put: p, text, flags=re.DOTALL)
        if count != 1:
            raise ValueError(f"{page} has {count} places for {name}")
    page.write_text(text)
