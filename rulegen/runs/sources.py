"""Which rule is meant: a name of the catalog, a file, the folder of a run, or standard input.

A file is known by its suffix, and what comes from standard input by its content. What reads records
is loaded when one is named: the text of a rule shall not wait for it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from rulegen import catalog
from rulegen.catalog.records.kinds import OPENING, kind_of
from rulegen.catalog.records.places import DISCOVERED, NAME, names
from rulegen.catalog.records.roles import BASELINES
from rulegen.grammar import ConfigError, Rule, RuleError, parse
from rulegen.grammar.reading.files import check_size, decoded, placed, read_file, read_toml, toml

#: A file longer than this is refused before it is read whole.
LARGEST_TEXT = 4 << 20
#: What the commands say of an argument that names a rule.
HELP = (
    "a name of the catalog, a rule file, record, card, configuration or run folder, or - for "
    "standard input"
)
#: What messages call standard input.
PIPED = "standard input"


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
        source: the folder of a run, a record or the configuration of a discovery (`.toml`), a card
            (`.md`), a file with the text of a rule, a name of the catalog, or `-`.
        standard_input: what `-` reads: any of these files.

    Raises:
        ConfigError: when there is no such file or name, or it holds no rule.
        RuleError: when its text is no rule.

    Example:
        >>> import sys
        >>> read_source("oja", sys.stdin).rule.digest == catalog.find("oja").digest
        True
    """
    if not source.strip():
        raise ConfigError(f"no rule is named: name {HELP}")
    if source == "-":
        return read_piped(standard_text(standard_input))
    path = Path(source)
    kept = path / "record.toml"
    # A folder that only has the name of a rule of the catalog hides it from nobody.
    if path.is_dir() and (kept.exists() or source not in (*names(), *names(DISCOVERED))):
        if not kept.exists():
            raise ConfigError(
                f"{path} is no folder of a finished run: it has no record.toml{again(path)}"
            )
        return recorded(catalog.own_record(kept))
    if path.suffix == ".toml":
        return described(read_toml(path), path)
    if path.suffix == ".md":
        return recorded(catalog.read_published(path))
    if (path.is_dir() or not path.exists()) and path.name == source and not path.suffix:
        return recorded(catalog.find(source))
    return Source(path.stem, read_text(path))


def again(folder: Path) -> str:
    """How a run that is not finished goes on; "" where there is none."""
    if not (folder / "history.jsonl").exists() or not (folder / "config.toml").exists():
        return ""
    what = "discover" if kind_of(read_toml(folder / "config.toml")) == "rule" else "search"
    return f"; finish it with `rulegen {what} {folder / 'config.toml'} --out {folder} --resume`"


def standard_text(standard_input: TextIO | None) -> str:
    """What standard input holds, in UTF-8 as files are, whatever a terminal writes.

    Raises:
        ConfigError: when it is closed, holds no text, or more than any of these files.
    """
    if standard_input is None:
        raise ConfigError(f"{PIPED} is closed; name a file, or send the text to it")
    # What stands in its place in Python may be a text, which has no bytes.
    stream = getattr(standard_input, "buffer", standard_input)
    try:
        found = stream.read(LARGEST_TEXT + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {PIPED}: {error.strerror}") from None
    check_size(found, LARGEST_TEXT, PIPED)
    return found if isinstance(found, str) else decoded(found, PIPED)


def read_piped(text: str) -> Source:
    """What standard input holds; errors as of `read_source`."""
    if OPENING in text:
        try:
            return recorded(catalog.read_card(text))
        except ConfigError as error:
            raise ConfigError(f"{PIPED} is no card: {error}") from None
    try:
        data = toml(text, PIPED)
    except ConfigError:
        data = {}
    return described(data, PIPED) if kind_of(data) else Source("-", parse(text))


def described(data: dict[str, Any], path: Path | str) -> Source:
    """The record or the family in the data of the file at `path`; errors as of `read_source`."""
    if kind_of(data) == "rule":
        # Files are called by it.
        if (name := data.get("name", "-")) != "-" and not re.fullmatch(NAME, str(name)):
            raise ConfigError(
                f"{path}: name: {name!r:.80} is none: a name has small letters, digits and _, and "
                "begins with a letter"
            )
        try:
            return Source(name, parse(str(data["rule"])))
        except RuleError as error:
            raise placed(error, data, path) from None
    return recorded(catalog.checked_record(data, path))


def recorded(record: catalog.Record) -> Source:
    """The rule of a record."""
    return Source(record.name, record.rule, record)


def read_text(path: Path) -> Rule:
    """The rule in a text file; errors as of `read_source`."""
    return parse(decoded(read_file(path, LARGEST_TEXT), path))


def named_rules(sources: Sequence[str], standard_input: TextIO | None) -> dict[str, Rule]:
    """The rules by a name each; errors as of `named_sources`."""
    named = named_sources(sources, standard_input)
    return {name: source.rule for name, source in named.items()}


def only_discovered(named: Mapping[str, Source]) -> str:
    """The name of the discovered rule among others; "" where there is none, or several."""
    found = [n for n, s in named.items() if s.record and s.record.kind == "discovered"]
    return found[0] if len(found) == 1 else ""


def named_sources(sources: Sequence[str], standard_input: TextIO | None) -> dict[str, Source]:
    """What is named, by a name each.

    Raises:
        ConfigError, RuleError: when one cannot be read, or two have one name.
    """
    read = [read_source(source, standard_input) for source in sources]
    often = Counter(source.name for source in read)
    found: dict[str, Source] = {}
    origins: dict[str, str] = {}
    for source, one in zip(sources, read, strict=True):
        # Runs of one name on several seeds are told apart by their folders.
        several = often[one.name] > 1 and Path(source).is_dir()
        name = Path(source).name if several else one.name
        name = f"rule {name}" if name in BASELINES else name  # each has a line of its own in tables
        if name in found:
            raise ConfigError(
                f"two rules are called `{name}`, of {origins[name]} and of {source}; rename one of "
                "them"
            )
        found[name], origins[name] = one, source
    return found
