"""A rule as literature: its text, its references, and the evidence for it, in one TOML file.

Everything that is printed or exported about a rule is made from its record.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from rulegen.catalog.records.ended import Ended
from rulegen.catalog.records.files import write_whole
from rulegen.catalog.records.roles import NO_LEARNING, ambiguous
from rulegen.grammar import ConfigError, Rule, parse

#: A file larger than this is no record.
LARGEST_FILE = 1 << 20

#: No text of a record is longer, characters; formulas have limits of their own below it.
LONGEST = 1 << 16

#: How rules and runs are called.
NAME = r"^[a-z][a-z0-9_]{0,63}$"
Name = Annotated[str, Field(pattern=NAME)]


#: 16 hexadecimal digits, or nothing.
Digest = Annotated[str, Field(pattern=r"^([0-9a-f]{16})?$")]
#: Floating-point numbers that are one number, relative to the largest that it was made of.
ROUNDING = 1e-9
#: No claim is about more lives.
MOST_LIVES = 1 << 20
#: Software and its version, such as `jax` and `0.10.2` or `1.0.0rc1+cuda12`.
SOFTWARE = re.compile(r"[A-Za-z][\w.-]{0,63}")
VERSION = re.compile(r"\d{1,6}(\.\d{1,6}){0,5}[\w.+-]{0,40}")
#: An installed package and its version, such as `rulegen-tone 0.1`.
Package = Annotated[str, Field(pattern=r"^[\w.-]{1,100} [\w.+!-]{1,100}$")]
#: A part of a whole, between 0 and 1.
Share = Annotated[float, Field(ge=0, le=1)]
#: Texts that are set as paragraphs and cells; TeX cannot read lines of any length.
Line = Annotated[str, Field(max_length=400)]
Prose = Annotated[str, Field(max_length=8000)]


def texts(value: Any) -> Iterator[str]:
    """Every text in a value, however deep, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.items():
            yield from texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from texts(item)


class Part(BaseModel):
    """Base of the parts of a record: frozen, validated once, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _printable(cls, value: Any) -> Any:
        """Refuse what a terminal would obey, or what would make text read other than it is."""
        for text in texts(value):
            if len(text) > LONGEST:
                raise ValueError(f"a text of {len(text)} characters; at most {LONGEST} are read")
            for character in text:
                if not (character.isprintable() or character in "\n\t"):
                    raise ValueError(f"the character U+{ord(character):04X} has no place in a text")
        return value


class Interval(Part):
    """A mean over lives with its 95% interval, which holds it."""

    mean: float
    low: float
    high: float
    lives: int = Field(ge=1, le=MOST_LIVES)

    @model_validator(mode="after")
    def _ordered(self) -> Interval:
        slack = ROUNDING * max(abs(self.low), abs(self.high))
        if not self.low - slack <= self.mean <= self.high + slack:
            raise ValueError(f"the mean lies outside its interval: {self}")
        return self

    def __str__(self) -> str:
        return f"{self.mean:.4g} [{self.low:.4g}, {self.high:.4g}]"


class Reference(Part):
    """Where a rule comes from."""

    citation: Annotated[str, Field(max_length=2000)]
    doi: str = Field("", max_length=400, pattern=r"^(10\.\S+)?$")
    arxiv: str = Field("", pattern=r"^(\d{4}\.\d{4,5})?$")


class ParameterNote(Part):
    """What a parameter means; `low` and `high` bound a fitted one with 95% confidence.

    Attributes:
        meaning: in words. low, high: the interval of a fitted parameter.
        why: the reason when a fitted parameter has no interval.
    """

    meaning: Line = ""
    low: float | None = None
    high: float | None = None
    why: Line = ""

    @model_validator(mode="after")
    def _ordered(self) -> ParameterNote:
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval has both limits or none")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"the interval [{self.low:g}, {self.high:g}] ends before it begins")
        return self


class TermLoss(Ended, Part):
    """How much reward per trial is lost without a term, after the other terms are refitted.

    The lives that `Ended` counts are those of what remains.

    Attributes:
        coefficient: the parameter in front of the term. term: what it multiplies, as text.
        loss: paired over lives.
        inclusion: share of bootstrap resamples of the selection's lives that keep the term.
        rule: the text of what remains, with its values; empty when nothing is learned without the
            term.
    """

    coefficient: Line
    term: Annotated[str, Field(max_length=4096)]
    loss: Interval
    inclusion: Share | None = None
    rule: str = ""


class Look(Part):
    """One comparison of the selection of terms: is this rule better, or as good and smaller?

    Attributes:
        removed: the terms that it leaves out, as text. added: those that it takes in.
        terms: number of its terms.
        difference: its reward, refitted, minus that of the best rule so far, paired over lives.
        verdict: accepted, and it took the other's place; refused; or undecided by its lives.
        inclusion: share of bootstrap resamples of the lives in which it would not be accepted.
    """

    removed: tuple[str, ...]
    added: tuple[str, ...] = ()
    terms: int
    difference: Interval
    verdict: Literal["accepted", "refused", "undecided"]
    inclusion: Share | None = None


class Comparison(Ended, Part):
    """Another rule on the same held-out lives; `Ended` counts those that ended badly.

    Attributes:
        name: how the figures call it. rule: its text, with values; empty for no learning at all.
        reward: its mean reward per trial.
        difference: the published rule's reward minus its reward, paired over lives.
    """

    name: Line
    rule: str
    reward: Interval
    difference: Interval
    diverged: int = Field(ge=0)

    @model_validator(mode="after")
    def _has_a_rule(self) -> Comparison:
        if bool(self.rule.strip()) == (self.name == NO_LEARNING):
            raise ValueError(
                f"`{self.name}`: every compared rule has its text, but for `{NO_LEARNING}`, which "
                "has none"
            )
        return self


class Setting(Part):
    """A task and a circuit on which a rule was evaluated, as written in a configuration."""

    task: dict[str, Any]
    circuit: dict[str, Any]
    life: dict[str, Any]
    projections: dict[str, Any] = {}


class Evidence(Ended, Part):
    """What is known about a discovered rule from lives that the fit never saw.

    `Ended` counts the held-out lives of the rule that ended badly.

    Attributes:
        setting: task and circuit of the fit and of the evaluation.
        reward: mean reward per trial over held-out lives of the rule as printed.
        chance: the reward of the best single answer that ignores the condition. best: the reward
            of perfect answers.
        comparisons: the start, references and no learning, on the same lives.
        terms: loss of reward without each term. looks: the decisions of the pruning.
        candidates: number of candidate terms at the beginning.
        margin: margin of non-inferiority, reward per trial.
        level: coverage of the interval of each look, with which all of them hold with 95%.
        structures: number of structures that a search has run; 0 without a search.
        choice: why this one was picked among them.
        seed: of the run. versions: of the software. packages: those with which its task and its
            circuit come, where that is not rulegen. config: digest of the configuration.
        code: digest of the programs that ran. data: digest of the table of all held-out lives,
            the file `NAME.csv` beside the record.
        digest: of the rule that was evaluated.
        gradients: of single lives, in all estimates of the run; nonfinite: those of them that were
            infinite or not a number and left out.
        seconds: duration of the run.
    """

    setting: Setting
    reward: Interval
    chance: float
    best: float = 0.0
    diverged: int = Field(ge=0)
    comparisons: tuple[Comparison, ...] = ()
    terms: tuple[TermLoss, ...] = ()
    looks: tuple[Look, ...] = ()
    candidates: int = 0
    margin: float = 0.0
    level: float = 0.95
    structures: int = 0
    choice: Prose = ""
    seed: int = 0
    versions: dict[str, str] = {}
    packages: dict[Annotated[str, Field(pattern=r"^(task|circuit)$")], Package] = {}
    config: str = ""
    code: Digest = ""
    data: Digest = ""
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    gradients: int = Field(0, ge=0)
    nonfinite: int = Field(0, ge=0)
    seconds: float = 0.0

    @field_validator("versions")
    @classmethod
    def _known_form(cls, versions: dict[str, str]) -> dict[str, str]:
        for name, version in versions.items():
            if not (SOFTWARE.fullmatch(name) and VERSION.fullmatch(version)):
                raise ValueError(f"`{name} {version}` is no software with its version")
        return versions

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Evidence:
        lives = self.reward.lives
        figures = [i for c in self.comparisons for i in (c.reward, c.difference)]
        figures += [t.loss for t in self.terms]
        if strange := next((figure.lives for figure in figures if figure.lives != lives), None):
            raise ValueError(f"{strange} lives in a comparison on the same {lives} lives")
        for part in (self, *self.comparisons, *self.terms):
            if (ended := sum(count or 0 for count in part.counts.values())) > lives:
                raise ValueError(f"{ended} of {lives} lives cannot have ended badly: {part.ended}")
        if name := ambiguous(c.name for c in self.comparisons):
            raise ValueError(f"the name `{name}` stands twice or is that of another role")
        if name := ambiguous((t.coefficient for t in self.terms), ()):
            raise ValueError(f"the term of `{name}` stands twice")
        for other in self.comparisons:
            rewards = (self.reward.mean, other.reward.mean)
            slack = ROUNDING * max(map(abs, rewards))
            if not math.isclose(rewards[0] - rewards[1], other.difference.mean, abs_tol=slack):
                raise ValueError(
                    f"`{other.name}`: the difference is {other.difference.mean:.6g}, but that of "
                    f"the rewards is {rewards[0] - rewards[1]:.6g}"
                )
        return self


class Record(Part):
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
        evidence: figures, for a discovered rule.
    """

    name: Name
    title: Line
    kind: Literal["literature", "discovered"] = "literature"
    description: Prose
    fact: Prose = ""
    equations: str
    parameters: dict[str, ParameterNote] = {}
    references: Annotated[tuple[Reference, ...], Field(max_length=100)] = ()
    tags: Annotated[tuple[Line, ...], Field(max_length=40)] = ()
    lineage: Annotated[tuple[Line, ...], Field(max_length=100)] = ()
    limits: Prose = ""
    evidence: Evidence | None = None

    @model_validator(mode="after")
    def _check(self) -> Record:
        known = {p.name for p in self.rule.parameters}
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


def load_record(path: Path) -> Record:
    """Read a record.

    Raises:
        ConfigError: when the file is no TOML, or a field is missing, unknown or wrong.
        RuleError: when its equations are no rule.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    if len(content) > LARGEST_FILE:
        raise ConfigError(f"{path} is larger than a record can be")
    return parse_record(content, path)


def parse_record(content: bytes, path: Path) -> Record:
    """The record in the content of the file at `path`; errors as of `load_record`."""
    try:
        return Record.model_validate(tomllib.loads(content.decode()))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None
    except ValidationError as error:
        raise ConfigError(f"{path}: {first_problem(error)}") from None


def first_problem(error: ValidationError) -> str:
    """The first thing that is wrong, with the name of its field."""
    problem = error.errors()[0]
    place = ".".join(str(p) for p in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    return f"{place}: {message}" if place else message


def save_record(record: Record, path: Path) -> None:
    """Write a record; either the whole file is written or the old one stays."""
    write_whole(path, record_text(record))


def record_text(record: Record) -> str:
    """A record as TOML."""
    return tomli_w.dumps(plain_data(record), multiline_strings=True)


def plain_data(record: Record) -> dict[str, Any]:
    """What a record says, as dictionaries, lists, texts and numbers; defaults are left out."""
    return record.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
