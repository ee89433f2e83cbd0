"""What a file is by its content, so that one that stands in the place of another is called by name.

A file of TOML is told by the first of the settings here that it has, a page by its first line.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from pathlib import Path
from typing import Any

#: What begins the comment in which a card has its record.
OPENING = "<!-- the record of this card, which `rulegen verify` reads"
_SEARCH = ("the configuration of a search", "use `rulegen search {}`")
#: By a setting: what the file is, and what to do with it.
KINDS = {
    "equations": ("a record", "use `rulegen check {}`"),
    "template": ("a space of rules", "name it as `space_file` in the configuration of a search"),
    "base": ("a sweep", "use `rulegen sweep {}`"),
    "rule": ("the configuration of a discovery", "use `rulegen discover {}`"),
    "space": _SEARCH,
    "space_file": _SEARCH,
    "strategy": _SEARCH,
    "rules": ("a world with rules", "use `rulegen simulate --world {}`"),
    "worlds": ("several worlds", "use `rulegen compare RULE --worlds {}`"),
    "task": ("a world", "use `rulegen simulate RULE --world {}`"),
}
#: Pages that are no cards, by their first lines.
PAGES = {"# Search": "the page of a search", "# Analyses": "the page of analyses"}


def kind_of(data: Mapping[str, Any]) -> str | None:
    """The setting of `KINDS` that says what a file is; None where none does.

    Example:
        >>> kind_of({"name": "mine", "rule": "w += pre*post"}), kind_of({"name": "mine"})
        ('rule', None)
    """
    return next((setting for setting in KINDS if setting in data), None)


def mistaken(data: Mapping[str, Any], known: Container[str], path: Path | str) -> str | None:
    """What to say of a file that is of another kind than what reads it; None where it is not.

    Args:
        data: of the file. known: the settings that what reads it knows. path: of the file.

    Example:
        >>> mistaken({"name": "mine", "rule": "w += pre*post"}, {"equations"}, "mine.toml")
        'mine.toml is the configuration of a discovery: use `rulegen discover mine.toml`'
    """
    kind = kind_of(data)
    if kind is None or kind in known:
        return None
    what, remedy = KINDS[kind]
    return f"{path} is {what}: {remedy.format(path)}"
