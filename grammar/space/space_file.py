"""The file that describes a space of rules: TOML in, checked values out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from rulegen.grammar.algebra.exact import LARGEST, SMALLEST
from rulegen.grammar.algebra.symbols import SIGNALS, Site
from rulegen.grammar.reading.errors import ConfigError, RuleError
from rulegen.grammar.reading.files import parse_toml, read_file, toml
from rulegen.grammar.reading.problems import problems
from rulegen.grammar.reading.source import MAX_TEXT
from rulegen.grammar.reading.suggest import suggest
from rulegen.grammar.space.derive import START
from rulegen.grammar.space.productions import Production, Traces, check_name, read_alternative

MAX_COMPLEXITY, MAX_TERMS, MAX_SYMBOLS, MAX_ALTERNATIVES = 60, 8, 40, 100
PLACE = "{terms}"
#: Names of what terms bring along: coefficients, time constants, traces, and what slots choose.
OF_TERMS = re.compile(r"(theta|tau_\w+|\w+_bar|choose_\w+|unit_\w+|post|pre|weight)_\d+")

#: TOML tells numbers, truth values and texts apart, and so do the fields.
Number = Annotated[float, Field(strict=True)]
Whole = Annotated[int, Field(strict=True, ge=1)]
Text = Annotated[str, Field(strict=True)]


class Section(BaseModel):
    """A part of the file, whose fields are checked at construction."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Range(Section):
    """Where a free parameter starts and between what it stays.

    Attributes:
        value: where it starts. bounds: the lowest and the highest value.
    """

    value: Number
    bounds: tuple[Number, Number]

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        low, high = self.bounds
        if not low <= self.value <= high or low == high:
            raise ValueError("`bounds = [LOW, HIGH]` must have `value` in them")
        if not all(SMALLEST <= abs(x) <= LARGEST for x in (self.value, low, high) if x != 0):
            raise ValueError("the bounds must be finite numbers")
        return self


class Coefficients(Range):
    """The range of the coefficients of terms."""

    value: Number = 0.1
    bounds: tuple[Number, Number] = (-2.0, 2.0)


class TimeConstants(Range):
    """The range of the time constants of traces, ms."""

    value: Number = 30.0
    bounds: tuple[Number, Number] = (10.0, 1000.0)

    @model_validator(mode="after")
    def _positive(self) -> TimeConstants:
        if self.bounds[0] <= 0:
            raise ValueError("the bounds must be positive numbers")
        return self


class Limits(Section):
    """How large a structure may be.

    Attributes:
        complexity: the highest of a term, or None.
        terms: the highest number of terms.
        total: the highest complexity of all terms together, or None.
    """

    complexity: Annotated[Whole, Field(le=MAX_COMPLEXITY)] | None = None
    terms: Annotated[Whole, Field(le=MAX_TERMS)] = 1
    total: Annotated[Whole, Field(le=MAX_COMPLEXITY * MAX_TERMS)] | None = None


class Constraints(Section):
    """Which terms are left out.

    Attributes:
        locality: what a term may read: anything, what one synapse can know, or that without what
            needs a note in the certificate of locality, such as the exploration noise.
        symmetry: under exchange of the two neurons, or "".
        forbidden: signals that no term may read.
    """

    locality: Literal["any", "local", "measurable"] = "local"
    symmetry: Literal["", "symmetric", "antisymmetric"] = ""
    forbidden: tuple[Text, ...] = ()

    @field_validator("forbidden")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        known = sorted(SIGNALS.keys() | {"w"})
        for name in names:
            if name not in known:
                remedy = suggest(name, known) or f"known are {', '.join(known)}"
                raise ValueError(f"there is no `{name}`: {remedy}")
        return names


class Symbol(Section):
    """What a symbol of the grammar stands for.

    Attributes:
        site: where its formulas live.
        formulas: what it may become.
        weights: how often each is drawn, relative to the others; () for all alike.
    """

    site: Literal["pre", "post", "synapse", "global"] = "synapse"
    formulas: tuple[Text, ...] = Field(min_length=1, max_length=MAX_ALTERNATIVES)
    weights: tuple[Annotated[Number, Field(gt=0, allow_inf_nan=False)], ...] = ()

    @model_validator(mode="after")
    def _as_many(self) -> Symbol:
        if self.weights and len(self.weights) != len(self.formulas):
            raise ValueError("write one weight for each formula")
        return self


class SpaceFile(Section):
    """What a file has; its attributes are those of `Description`."""

    template: Text
    productions: dict[str, Symbol] = Field({}, max_length=MAX_SYMBOLS)
    limits: Limits = Limits()
    constraints: Constraints = Constraints()
    coefficients: Coefficients = Coefficients()
    traces: TimeConstants = TimeConstants()

    @field_validator("template")
    @classmethod
    def _placed(cls, text: str) -> str:
        if text.count(PLACE) != 1:
            raise ValueError(f"`{PLACE}` must stand in it once, where the terms belong")
        code = "\n".join(row.partition("#")[0] for row in text.splitlines())
        if taken := next((w for w in re.findall(r"\w+", code) if OF_TERMS.fullmatch(w)), None):
            raise ValueError(f"`{taken}` is a name for what terms bring along; choose another")
        return text


@dataclass(frozen=True)
class Description:
    """What a file says about a space.

    Attributes:
        template: the text of a rule, with `{terms}` where the sum of terms stands.
        productions: by name.
        traces: those of the productions.
        limits, constraints: of the structures.
        coefficients, time_constants: of the free parameters.
    """

    template: str
    productions: Mapping[str, Production]
    traces: Traces
    limits: Limits
    constraints: Constraints
    coefficients: Range
    time_constants: Range


def read_description(source: Path | str, forbidden: Sequence[str] = ()) -> Description:
    """Read a file, or a text.

    Args:
        source: the file or the text.
        forbidden: signals that no term may read, beside those that it says.

    Raises:
        ConfigError: it is no description of a space; the message names the field.
    """
    data = _toml(source)
    file = _checked(data)
    if forbidden:
        every = [*file.constraints.forbidden, *forbidden]
        file = _checked(data | {"constraints": data.get("constraints", {}) | {"forbidden": every}})
    productions, traces = _productions(file.productions)
    return Description(
        template=file.template,
        productions=productions,
        traces=traces,
        limits=file.limits,
        constraints=file.constraints,
        coefficients=file.coefficients,
        time_constants=file.traces,
    )


def _checked(data: dict[str, Any]) -> SpaceFile:
    try:
        return SpaceFile.model_validate(data)
    except ValidationError as error:
        raise ConfigError(problems(error, SpaceFile)) from None


def _toml(source: Path | str) -> dict[str, Any]:
    if isinstance(source, Path):
        return parse_toml(read_file(source, MAX_TEXT), source)
    if len(source) > MAX_TEXT:
        raise ConfigError(f"a space of more than {MAX_TEXT} characters: is this the right file?")
    try:
        return toml(source, "the text of the space")
    except ConfigError as error:
        hint = "" if "\n" in source else "; for a file, give a `Path`"
        raise ConfigError(f"{error}{hint}") from None


def _productions(symbols: Mapping[str, Symbol]) -> tuple[dict[str, Production], Traces]:
    if START not in symbols:
        raise ConfigError(
            f"productions.{START} is missing: the formulas of `{START}` are the terms of the rules"
        )
    for name in symbols:
        try:
            check_name(name)
        except RuleError as problem:
            raise ConfigError(f"productions: {problem}") from None
    sites = {name: Site(symbol.site) for name, symbol in symbols.items()}
    traces, found = Traces(sites), {}
    for name, symbol in symbols.items():
        weights, alternatives = symbol.weights or (1.0,) * len(symbol.formulas), []
        for i, (formula, weight) in enumerate(zip(symbol.formulas, weights, strict=True), 1):
            try:
                alternatives.append(read_alternative(formula, sites[name], traces, weight))
            except RuleError as problem:
                place = f"productions.{name}.formulas, number {i}"
                raise ConfigError(f"{place}: {problem}") from None
        found[name] = Production(name, sites[name], tuple(alternatives))
    return found, traces
