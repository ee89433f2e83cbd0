"""What was published: a record, from its file or from its card, and the data beside it."""

from __future__ import annotations

import io
import tomllib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from rulegen.catalog import Evidence, Record, find, load_record
from rulegen.catalog.pages.reading import LARGEST_CARD, parse_card, read_published
from rulegen.catalog.records.files import read_own
from rulegen.catalog.records.library import LARGEST_TABLE, digest
from rulegen.catalog.records.literature import DISCOVERED as DISCOVERED_FOLDER
from rulegen.catalog.records.record import LARGEST_FILE, parse_record
from rulegen.catalog.records.roles import DISCOVERED
from rulegen.grammar import ConfigError
from rulegen.lives.outcomes import Outcome
from rulegen.publishing.config import DiscoverConfig, RunConfig, validated
from rulegen.searching.config import SearchConfig
from rulegen.verifying.claims import Key

#: The columns of the table of held-out lives; tables of older versions lack the last one.
COLUMNS = ["rule", "life", "reward", "outcome"]
#: Columns that have no numbers.
TEXTS = {"rule", "outcome"}


class PublishedLives(NamedTuple):
    """The table of all held-out lives.

    Attributes:
        rewards: mean reward per trial of each life, shape (L,), by whose lives they are.
        digest: of the file.
        outcomes: how each life ended, an `Outcome`, shape (L,); empty for tables without.
    """

    rewards: dict[Key, np.ndarray]
    digest: str
    outcomes: dict[Key, np.ndarray]


class Published(NamedTuple):
    """A record and what lies beside it.

    Attributes:
        record: what is claimed.
        lives: of the table beside it; None where there is none.
        config: the configuration of the run beside it; None where there is none.
    """

    record: Record
    lives: PublishedLives | None = None
    config: RunConfig | None = None


def published(card: str) -> Published:
    """What is in the folder of a run, in a card or record, or of a catalogued rule.

    Args:
        card: a folder, a file `.md` or `.toml`, or a name of the catalog.

    Raises:
        ConfigError: when there is none, a card says something else than its record, card and
            record of a run differ, or the data beside it are none.
        RuleError: when its text is no rule.
    """
    path = Path(card)
    if path.is_dir():
        kept, shown, beside = (path / name for name in ("record.toml", "card.md", "lives.csv"))
        record = parse_record(read_own(kept, LARGEST_FILE), kept)
        if shown.exists() and parse_card(read_own(shown, LARGEST_CARD), shown) != record:
            raise ConfigError(f"{shown} and {kept} are not about the same figures")
    elif not path.exists():
        record, beside = find(card), DISCOVERED_FOLDER / f"{card}.csv"
    elif path.suffix == ".toml":
        record = load_record(path)
        beside = path.with_name("lives.csv") if path.stem == "record" else path.with_suffix(".csv")
    else:
        record = read_published(path)
        in_run, in_catalog = path.with_name("lives.csv"), path.parent.parent / "discovered"
        beside = in_run if path.stem == "card" else in_catalog / f"{record.name}.csv"
    if record.evidence is None or not (beside.exists() or beside.is_symlink()):
        return Published(record)
    settings = beside.with_name("config.toml") if beside.name == "lives.csv" else None
    return Published(
        record,
        read_lives(read_own(beside, LARGEST_TABLE), beside, record.evidence),
        read_config(settings) if settings and settings.exists() else None,
    )


def read_config(path: Path) -> RunConfig:
    """The configuration of a run of any kind.

    Raises:
        ConfigError: when it cannot be read, or is no configuration.
        RuleError: when a rule in it is none.
    """
    try:
        data = tomllib.loads(read_own(path, LARGEST_FILE).decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    return validated(DiscoverConfig if "rule" in data else SearchConfig, data, path)


def read_lives(content: bytes, path: Path, evidence: Evidence) -> PublishedLives:
    """The table of held-out lives.

    Args:
        content: of the file.
        path: for messages.
        evidence: which says whose lives and how many there must be.

    Raises:
        ConfigError: when it is no such table.
    """
    names = [DISCOVERED, *(other.name for other in evidence.comparisons)]
    older = not content.splitlines()[0].endswith(b",outcome") if content else False
    table = read_table(content, path, COLUMNS[:3] if older else COLUMNS)
    if list(dict.fromkeys(table["rule"])) != names:
        raise ConfigError(f"{path}: its rules must be {', '.join(names)}")
    count, rewards, outcomes = evidence.reward.lives, {}, {}
    for name in names:
        rows = table[table["rule"] == name]
        if rows["life"].tolist() != list(range(count)):
            raise ConfigError(f"{path}: `{name}` must have the lives 0 to {count - 1} in order")
        rewards["rule", name] = rows["reward"].to_numpy(float)
        if not older:
            outcomes["rule", name] = ends_of(rows["outcome"], path)
    return PublishedLives(rewards, digest(content), outcomes)


def ends_of(column: pd.Series, path: Path) -> np.ndarray:
    """How lives ended, from the words of a table.

    Raises:
        ConfigError: when one of them is none.
    """
    known = {outcome.name.lower(): outcome for outcome in Outcome}
    if strange := sorted(set(column) - set(known)):
        raise ConfigError(f"{path}: no life ends `{strange[0]}`; it is one of {', '.join(known)}")
    return column.map(known).to_numpy(int)


def read_table(content: bytes, path: Path, columns: list[str]) -> pd.DataFrame:
    """A table of finite numbers, but for its columns of `TEXTS`.

    Raises:
        ConfigError: when it is none, or has other columns.
    """
    try:
        # As texts, whose conversion is exact to the last bit.
        table = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
        if table.columns.tolist() != columns:
            raise ValueError(f"its columns must be {', '.join(columns)}")
        numbers = [name for name in columns if name not in TEXTS]
        table = table.astype(dict.fromkeys(numbers, float))
        if not np.isfinite(table[numbers].to_numpy()).all():
            raise ValueError("there is a number that is not finite")
    except (ValueError, pd.errors.ParserError) as error:
        raise ConfigError(f"{path} is no table of lives: {error}") from None
    return table
