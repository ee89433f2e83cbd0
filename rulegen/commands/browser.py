"""Pages in the browser of whoever asks for them."""

from __future__ import annotations

import os
import webbrowser
from pathlib import Path

from rulegen.catalog.records.library import digest
from rulegen.grammar import ConfigError


def show_page(page: Path) -> None:
    """Show a page, and say where it is.

    Raises:
        ConfigError: when there is none.
    """
    if not page.is_file():
        raise ConfigError(f"there is no page {page}")
    address = page.resolve().as_uri()
    print(f"{address}" if webbrowser.open(address) else f"open {address} in a browser")


def kept_in(what: str, of: str) -> Path:
    """The folder of the user's cache for something that can be made again.

    Args:
        what: it is. of: what it is made of.

    Example:
        >>> kept_in("catalog", "/home").parent.name
        'catalog'
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "rulegen" / what / digest(of.encode())
