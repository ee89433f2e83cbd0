"""A rule as literature: its text, its references, and the evidence for it, in one TOML file.

Everything that is printed or exported about a rule is made from its record.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import tomli_w
from pydantic import Field, ValidationError, model_validator

from rulegen import catalog
from rulegen.catalog.records.evidence import Evidence
from rulegen.catalog.records.fields import Doi, Licence, Line, Name, Prose, Real
from rulegen.catalog.records.files import write_whole
from rulegen.catalog.records.kinds import mistaken
from rulegen.catalog.records.part import RecordPart
from rulegen.grammar import ConfigError, Rule, parse
from rulegen.grammar.reading.files import LARGEST_FILE, parse_toml, read_own, read_toml
from rulegen.grammar.reading.problems import problems


class Reference(RecordPart):
    """Where a rule comes from."""

    citation: Annotated[str, Field(max_length=2000)]
    doi: Doi = ""
    arxiv: str = Field("", pattern=r"^(\d{4}\.\d{4,5})?$")


class ParameterNote(RecordPart):
    """What a parameter means; `low` and `high` bound a fitted one with 95% confidence.

    Attributes:
        meaning: in words. low, high: the interval of a fitted parameter.
        why: the reason when a fitted parameter has no interval.
    """

    meaning: Line = ""
    low: Real | None = None
    high: Real | None = None
    why: Line = ""

    @model_validator(mode="after")
    def _ordered(self) -> ParameterNote:
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval has both limits or none")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"the interval [{self.low:g}, {self.high:g}] ends before it begins")
        return self


class Record(RecordPart):
    """A rule of the catalog.

    Attributes:
        name: identifier, also of its files.
        title: what people call it.
        kind: from the literature, or discovered by a run.
        description: what the rule does and where it is used; like `fact` and `limits` plain text
            in which an empty line starts a paragraph and `code` stands between backticks.
        fact: one checkable fact about it.
        equations: its text in the rule language, comments included.
        parameters: notes on its parameters, by name.
        references: where it comes from.
        tags: words to search by.
        lineage: names, digests or formulas of the rules that it comes from.
        limits: what the rule language or the simulator does not cover of the original.
        licence: under which the record may be used, by its SPDX name, such as `CC-BY-4.0`.
        evidence: figures, for a discovered rule.
    """

    name: Name
    title: Line
    kind: Literal["literature", "discovered"] = "literature"
    description: Prose
    fact: Prose = ""
    equations: str
    parameters: dict[str, ParameterNote] = Field(default_factory=dict)
    references: Annotated[tuple[Reference, ...], Field(max_length=100)] = ()
    tags: Annotated[tuple[Line, ...], Field(max_length=40)] = ()
    lineage: Annotated[tuple[Line, ...], Field(max_length=100)] = ()
    limits: Prose = ""
    licence: Licence = ""
    evidence: Evidence | None = None

    @model_validator(mode="after")
    def _check(self) -> Record:
        if not self.title.strip():
            raise ValueError("the title is empty")
        known = {p.name for p in self.rule.parameters}
        if self.evidence is not None and self.kind != "discovered":
            raise ValueError("evidence is that of a run; a rule of the literature has none")
        if strangers := sorted(self.parameters.keys() - known):
            raise ValueError(f"the rule has no parameter `{strangers[0]}`")
        return self

    @cached_property
    def rule(self) -> Rule:
        """The rule that the equations say."""
        return parse(self.equations)

    @property
    def digest(self) -> str:
        """The canonical digest of the rule."""
        return self.rule.digest

    def __str__(self) -> str:
        lines = [f"{self.title} (`{self.name}`)", "", self.equations.rstrip()]
        if self.evidence is not None:
            lines += ["", str(self.evidence)]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Record {self.name}: {self.title}>"

    def _repr_html_(self) -> str:
        """Its card, for a notebook."""
        return catalog.html_card(self)


class HasRecord(Protocol):
    """What has a record, such as what a run found."""

    @property
    def record(self) -> Record:
        """The record."""


def as_record(given: Record | HasRecord) -> Record:
    """The record that is given, or that of what a run found.

    Raises:
        ConfigError: when it has none.

    Example:
        >>> from rulegen.catalog import find
        >>> as_record(find("oja")).name
        'oja'
        >>> as_record(find("oja").rule)
        Traceback (most recent call last):
        ...
        rulegen.ConfigError: a value of type Rule has no record: give a record, or what a run found
    """
    found = getattr(given, "record", given)
    if isinstance(found, Record):
        return found
    raise ConfigError(
        f"a value of type {type(given).__name__} has no record: give a record, or what a run found"
    )


def load_record(path: Path | str) -> Record:
    """Read a record.

    Raises:
        ConfigError: when the file is no TOML, or a field is missing, unknown or wrong.
        RuleError: when its equations are no rule.
    """
    return checked_record(read_toml(path), path)


def own_record(path: Path | str) -> Record:
    """The record in a folder that may come from a stranger: no link is followed out of it.

    Raises:
        ConfigError: also when it is a link; else as `load_record`.
        RuleError: when its equations are no rule.
    """
    return parse_record(read_own(path, LARGEST_FILE), path)


def parse_record(content: bytes, path: Path | str) -> Record:
    """The record in the content of the file at `path`; errors as of `load_record`."""
    return checked_record(parse_toml(content, path), path)


def checked_record(data: dict[str, Any], path: Path | str) -> Record:
    """The record that the data of the file at `path` describe; errors as of `load_record`."""
    if other := mistaken(data, Record.model_fields, path):
        raise ConfigError(other)
    try:
        return Record.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{path}: {problems(error, Record)}") from None


def save_record(record: Record | HasRecord, path: Path | str) -> None:
    """Write a record; either the whole file is written or the old one stays.

    Example:
        >>> import tempfile, pathlib
        >>> from rulegen.catalog import find
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_record(find("oja"), path := pathlib.Path(folder) / "mine.toml")
        ...     load_record(path) == find("oja")
        True
    """
    write_whole(path, record_text(as_record(record)))


def record_text(record: Record) -> str:
    """A record as TOML."""
    return tomli_w.dumps(plain_data(record), multiline_strings=True)


def plain_data(record: Record) -> dict[str, Any]:
    """What a record says, as dictionaries, lists, texts and numbers; defaults are left out."""
    return record.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
