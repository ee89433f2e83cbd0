"""Do the files in the folder of a run say what its record says?"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from rulegen.catalog import Record, parts
from rulegen.catalog.pages.reading import LARGEST_CARD, parse_card
from rulegen.grammar import ConfigError
from rulegen.grammar.reading.files import LARGEST_FILE, decoded, read_own
from rulegen.publishing.config import DiscoverConfig, RunConfig
from rulegen.publishing.printed import export_file, exported, summary, texts

#: What a summary says of the run alone.
EFFORT = ("seconds", "peak_mb")


def agreeing(folder: Path, record: Record) -> None:
    """Refuse the folder of a run in which a file says something else than the record.

    Raises:
        ConfigError: names the file.
    """
    card = folder / "card.md"
    if present(card) and parse_card(read_own(card, LARGEST_CARD), card) != record:
        raise ConfigError(f"{card} and record.toml are not about the same figures")
    names = [n for n in parts.names("export") if present(folder / export_file(n))]
    for name, text in (texts(record) | exported(record, names)).items():
        if present(folder / name) and read_text(folder / name) != text:
            raise ConfigError(
                f"{folder / name} is not what record.toml prints; use the folder as the run left "
                "it, with the version that made it"
            )
    if record.evidence is not None and present(folder / "summary.json"):
        told = read_json(folder / "summary.json")
        true = json.loads(json.dumps(summary(record)))
        numbers = [told.pop(key) for key in EFFORT if key in told]
        if not all(type(n) is float and 0 <= n < math.inf for n in numbers):
            raise ConfigError(f"{folder / 'summary.json'}: {' and '.join(EFFORT)} are no numbers")
        strange = sorted(told.keys() | true.keys())
        # As texts: to Python, `false` is 0.
        here, there = ({k: json.dumps(v) for k, v in data.items()} for data in (told, true))
        if wrong := next((key for key in strange if here.get(key) != there.get(key)), None):
            raise ConfigError(f"{folder / 'summary.json'} and record.toml differ in `{wrong}`")


def of_family(folder: Path, config: RunConfig) -> None:
    """Refuse the folder of a discovery whose family is not that of its configuration.

    Raises:
        ConfigError: names the file.
    """
    path = folder / "family.txt"
    if not isinstance(config, DiscoverConfig) or not present(path):
        return
    if read_text(path) != config.family.text():
        raise ConfigError(f"{path} is not the family of config.toml")


def read_json(path: Path) -> dict[str, Any]:
    """The object in a file.

    Raises:
        ConfigError: when there is none.
    """
    try:
        text = decoded(read_own(path, LARGEST_FILE), path)
        data = json.loads(text, object_pairs_hook=told_once)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not valid JSON: {error}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path} holds no object of JSON")
    return data


def told_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON in which no name stands twice.

    Raises:
        ValueError: when one does: who reads and what reads would take different ones.
    """
    data = dict(pairs)
    if len(data) < len(pairs):
        raise ValueError("a name stands twice")
    return data


def read_text(path: Path) -> str:
    """The text of a file, however its lines end: mail and repositories change that.

    Raises:
        ConfigError: when it cannot be read, or is no text.
    """
    return decoded(read_own(path, LARGEST_CARD), path)


def present(path: Path) -> bool:
    """Whether there is anything in this place, a link to nowhere too."""
    return path.exists() or path.is_symlink()
