"""What was published: a record, from its file or from its card, and the data beside it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from rulegen.catalog import Evidence, Record, WorldFigures, find, load_record
from rulegen.catalog.pages.reading import read_published
from rulegen.catalog.records.ended import TROUBLES
from rulegen.catalog.records.library import CURVES, LARGEST_TABLE, digest
from rulegen.catalog.records.places import DISCOVERED as DISCOVERED_FOLDER
from rulegen.catalog.records.record import own_record
from rulegen.catalog.records.roles import DISCOVERED
from rulegen.grammar import ConfigError
from rulegen.grammar.reading.files import LARGEST_FILE, parse_toml, read_own
from rulegen.lives.batch import Lot
from rulegen.lives.outcomes import Outcome
from rulegen.publishing.config import DiscoverConfig, RunConfig
from rulegen.publishing.settings_file import validated
from rulegen.publishing.tables import remainder
from rulegen.searching.config import SearchConfig
from rulegen.verifying.claims import DIGITS, Key
from rulegen.verifying.files import agreeing, of_family, present
from rulegen.verifying.learning import FIGURES, Curve
from rulegen.verifying.setting import check_parts
from rulegen.verifying.worlds import Lived, Place, all_lots, places

#: The columns of the table of held-out lives.
COLUMNS = ["rule", "without", "life", "reward", "outcome"]


class PublishedLives(NamedTuple):
    """The table of all held-out lives.

    Attributes:
        lived: the lives in each world.
        lots: those of all that the record claims anything of (`all_lots`).
        content: of the file.
    """

    lived: Lived
    lots: Mapping[Key, Lot]
    content: bytes

    @property
    def rewards(self) -> dict[Key, np.ndarray]:
        """Mean reward per trial of each life, shape (L,), by whose lives they are."""
        return {key: lot.rewards for key, lot in self.lots.items()}

    @property
    def outcomes(self) -> dict[Key, np.ndarray]:
        """How each life ended, an `Outcome`, shape (L,)."""
        return {key: lot.outcomes for key, lot in self.lots.items()}

    @property
    def digest(self) -> str:
        """Of the file, as records name it."""
        return digest(self.content)


class Published(NamedTuple):
    """A record and what lies beside it.

    Attributes:
        record: what is claimed.
        lives: of the table beside it; None where there is none.
        curves: learning curves of the table beside it, by world and rule; None where there is none.
        config: the configuration of the run beside it; None where there is none.
    """

    record: Record
    lives: PublishedLives | None = None
    curves: dict[str, dict[str, Curve]] | None = None
    config: RunConfig | None = None


def published(card: Path | str) -> Published:
    """What is in the folder of a run, in a card or record, or of a catalogued rule.

    Args:
        card: a folder, a file `.md` or `.toml`, or a name of the catalog.

    Raises:
        ConfigError: when there is none, a card says something else than its record, a file of a
            run says something else than its record, or the data beside it are none.
        RuleError: when its text is no rule.
    """
    path = Path(card)
    if path.is_dir():
        kept, beside = path / "record.toml", path / "lives.csv"
        record = own_record(kept)
        agreeing(path, record)
    elif not path.exists():
        record, beside = find(str(card)), DISCOVERED_FOLDER / f"{card}.csv"
    elif path.suffix == ".toml":
        record = load_record(path)
        beside = path.with_name("lives.csv") if path.stem == "record" else path.with_suffix(".csv")
    else:
        record = read_published(path)
        in_run, in_catalog = path.with_name("lives.csv"), path.parent.parent / "discovered"
        beside = in_run if path.stem == "card" else in_catalog / f"{record.name}.csv"
    evidence = record.evidence
    if evidence is None:
        return Published(record)
    for told in evidence.worlds or (evidence,):
        check_parts(told.setting, told.packages)  # says more than a configuration
    tabled = present(beside)
    lives = read_lives(read_own(beside, LARGEST_TABLE), beside, evidence) if tabled else None
    of_run, settings = beside.name == "lives.csv", beside.with_name("config.toml")
    shown = beside.with_name("learning.csv") if of_run else beside.with_suffix(CURVES)
    config = read_config(settings) if of_run and present(settings) else None
    if config is not None:
        of_family(beside.parent, config)
    return Published(
        record, lives, read_curves(shown, evidence) if present(shown) else None, config
    )


def read_config(path: Path) -> RunConfig:
    """The configuration of a run of any kind.

    Raises:
        ConfigError: when it cannot be read, or is no configuration.
        RuleError: when a rule in it is none.
    """
    data = parse_toml(read_own(path, LARGEST_FILE), path)
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
    found = places(evidence)
    table = read_table(content, path, [*(["world"] if evidence.worlds else []), *COLUMNS])
    lived = {
        place.name: lots_in(rows, path, place.keys(evidence), evidence.reward.lives)
        for place, rows in by_world(table, found, path)
    }
    return PublishedLives(lived, all_lots(evidence, lived), content)


def by_world(
    table: pd.DataFrame, found: Sequence[Place], path: Path
) -> Iterator[tuple[Place, pd.DataFrame]]:
    """The rows of each world of a record.

    Raises:
        ConfigError: when a table has those of others, or in another order.
    """
    if "world" not in table:
        yield found[0], table
        return
    names = [place.name for place in found]
    # One after the other: where the name changes, another world begins.
    begins = table["world"] != table["world"].shift()
    if table["world"][begins].tolist() != names:
        raise ConfigError(f"{path}: its worlds must be {', '.join(names)}")
    for place in found:
        yield place, table[table["world"] == place.name]


def lots_in(table: pd.DataFrame, path: Path, expected: Sequence[Key], count: int) -> dict[Key, Lot]:
    """The lives of one world.

    Args:
        table: of its rows. path: for messages.
        expected: whose lives there must be. count: how many of each.

    Raises:
        ConfigError: when there are others.
    """
    rows_of = [(name, "") if kind == "rule" else (remainder(name), name) for kind, name in expected]
    if list(dict.fromkeys(zip(table["rule"], table["without"], strict=True))) != rows_of:
        raise ConfigError(f"{path}: its rules must be {', '.join(name for name, _ in rows_of)}")
    found = {}
    for key, (name, without) in zip(expected, rows_of, strict=True):
        rows = table[(table["rule"] == name) & (table["without"] == without)]
        if rows["life"].tolist() != list(range(count)):
            raise ConfigError(f"{path}: `{key[1]}` must have the lives 0 to {count - 1} in order")
        found[key] = Lot(rows["reward"].to_numpy(float), ends_of(rows["outcome"], path))
    return found


def read_curves(path: Path, evidence: Evidence) -> dict[str, dict[str, Curve]]:
    """The table of learning curves, by the names of world and rule.

    Args:
        path: of the table.
        evidence: of the record beside it, to whose rewards the curves must add up.

    Raises:
        ConfigError: when it is no such table, or of other lives.
    """
    content, columns = read_own(path, LARGEST_TABLE), ["rule", "trial", *FIGURES, *TROUBLES]
    table = read_table(content, path, [*(["world"] if evidence.worlds else []), *columns])
    found = by_world(table, places(evidence), path)
    return {place.name: curves_in(rows, path, place.figures) for place, rows in found}


def curves_in(
    table: pd.DataFrame, path: Path, figures: Evidence | WorldFigures
) -> dict[str, Curve]:
    """The learning curves of one world; arguments and errors as of `read_curves`."""
    told = {DISCOVERED: (figures.reward, figures.counts)}
    told |= {other.name: (other.reward, other.counts) for other in figures.comparisons}
    if list(dict.fromkeys(table["rule"])) != [*told]:
        raise ConfigError(f"{path}: its rules must be {', '.join(told)}")
    trials, found = len(table) // len(told), {}
    for name, (reward, counts) in told.items():
        rows = table[table["rule"] == name]
        if rows["trial"].tolist() != list(range(1, trials + 1)):
            raise ConfigError(f"{path}: `{name}` must have the trials 1 to {trials} in order")
        curve = found[name] = Curve(*(rows[column].to_numpy(float) for column in FIGURES))
        limits, quartiles = curve.parts
        if (np.diff(limits, axis=0) < 0).any() or (np.diff(quartiles, axis=0) < 0).any():
            raise ConfigError(f"{path}: limits or quartiles of `{name}` are not in order")
        if abs(curve.mean.mean() - reward.mean) > DIGITS:
            raise ConfigError(f"{path}: the curve of `{name}` is not that of its lives")
        if (rows[[*counts]] != [*counts.values()]).any(axis=None):
            raise ConfigError(f"{path}: the lives of `{name}` ended otherwise")
    return found


def ends_of(column: pd.Series, path: Path) -> np.ndarray:
    """How lives ended, from the words of a table.

    Raises:
        ConfigError: when one of them is none.
    """
    known = {outcome.name.lower(): outcome for outcome in Outcome}
    if strange := sorted(set(column) - set(known)):
        raise ConfigError(f"{path}: no life ends `{strange[0]}`; it is one of {', '.join(known)}")
    return column.map(known).to_numpy(int)


#: Columns that hold words.
WORDS = ("world", "rule", "without", "outcome")
#: As Python writes numbers.
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]\d+)?", re.ASCII)


def read_table(content: bytes, path: Path, columns: list[str]) -> pd.DataFrame:
    """A table of finite numbers, but for the columns of `WORDS`.

    Raises:
        ConfigError: when it is none, or has other columns.
    """
    try:
        # As texts, whose conversion is exact to the last bit.
        table = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
        if table.columns.tolist() != columns:
            raise ValueError(f"its columns must be {', '.join(columns)}")
        # Readers forgive cells too many, empty lines and marks before the first one.
        if table.to_csv(index=False) != content.decode().replace("\r\n", "\n"):
            raise ValueError("it is not written as runs write it, one cell for each column")
        numbers = [name for name in columns if name not in WORDS]
        for name in numbers:
            if strange := table[name][~table[name].map(NUMBER.fullmatch).astype(bool)].tolist():
                raise ValueError(f"{strange[0]!r} is no number")
        table = table.astype(dict.fromkeys(numbers, float))
        if not np.isfinite(table[numbers].to_numpy()).all():
            raise ValueError("there is a number that is not finite")
    except (ValueError, pd.errors.ParserError) as error:
        raise ConfigError(f"{path} is no table of lives: {error}") from None
    return table
