"""Which rule is meant: a name of the catalog, a file, the folder of a run, or standard input.

What reads records is loaded when one is named: the text of a rule shall not wait for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, TextIO

from rulegen import catalog
from rulegen.catalog.records.places import DISCOVERED, names
from rulegen.catalog.records.roles import BASELINES
from rulegen.grammar import ConfigError, Rule, parse

#: A rule text longer than this is refused before it is read whole.
LARGEST_TEXT = 1 << 20
#: What the commands say of an argument that names a rule.
HELP = "a name of the catalog, a rule file, record, card or run folder, or - for standard input"


class Source(NamedTuple):
    """A rule that somebody named.

    Attributes:
        name: how to call it. rule: itself. record: where it comes with one.
    """

    name: str
    rule: Rule
    record: catalog.Record | None = None


def read_source(source: str, standard_input: TextIO | None) -> Source:
    """The rule that is meant.

    Args:
        source: the folder of a run, a record (`.toml`), a card (`.md`), a file with the text of a
            rule, a name of the catalog, or `-`.
        standard_input: what `-` reads.

    Raises:
        ConfigError: when there is no such file or name, or it holds no rule.
        RuleError: when its text is no rule.

    Example:
        >>> import sys
        >>> read_source("oja", sys.stdin).rule.digest == catalog.find("oja").digest
        True
    """
    if source == "-":
        if standard_input is None:
            raise ConfigError("standard input is closed; name a file, or send the text to it")
        return Source(source, parse(standard_input.read(LARGEST_TEXT)))
    path = Path(source)
    kept = path / "record.toml"
    # A folder that only has the name of a rule of the catalog hides it from nobody.
    if path.is_dir() and (kept.exists() or source not in (*names(), *names(DISCOVERED))):
        if not kept.exists():
            raise ConfigError(f"{path} is no folder of a finished run: it has no record.toml")
        record = catalog.own_record(kept)
    elif path.suffix == ".toml":
        record = catalog.load_record(path)
    elif path.suffix == ".md":
        record = catalog.read_published(path)
    elif not path.is_file() and path.name == source and not path.suffix:
        record = catalog.find(source)
    else:
        return Source(path.stem, read_text(path))
    return Source(record.name, record.rule, record)


def read_text(path: Path) -> Rule:
    """The rule in a text file; errors as of `read_source`."""
    try:
        with path.open(encoding="utf-8") as file:
            return parse(file.read(LARGEST_TEXT))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not text in UTF-8") from None


def named_rules(sources: Sequence[str], standard_input: TextIO | None) -> dict[str, Rule]:
    """The rules by a name each.

    Raises:
        ConfigError, RuleError: when one cannot be read, or two have one name.
    """
    found: dict[str, Rule] = {}
    origins: dict[str, str] = {}
    for source in sources:
        name, rule, _ = read_source(source, standard_input)
        name = f"rule {name}" if name in BASELINES else name  # each has a line of its own in tables
        if name in found:
            raise ConfigError(
                f"two rules are called `{name}`, of {origins[name]} and of {source}; rename one of "
                "them"
            )
        found[name], origins[name] = rule, source
    return found
