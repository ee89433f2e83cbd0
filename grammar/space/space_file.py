"""The file that describes a space of rules: TOML in, checked values out."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rulegen.grammar.algebra.exact import LARGEST, SMALLEST
from rulegen.grammar.algebra.symbols import SIGNALS, Site
from rulegen.grammar.reading.errors import ConfigError, RuleError
from rulegen.grammar.reading.formula import suggest
from rulegen.grammar.reading.source import MAX_TEXT
from rulegen.grammar.space.derive import START
from rulegen.grammar.space.productions import Production, Traces, check_name, read_alternative

#: What a term may read: anything, what one synapse can know, or that without what needs a note in
#: the certificate of locality, such as the exploration noise.
LOCALITIES = ("any", "local", "measurable")
SYMMETRIES = ("symmetric", "antisymmetric")
MAX_COMPLEXITY, MAX_TERMS, MAX_SYMBOLS, MAX_ALTERNATIVES = 60, 8, 40, 100
PLACE = "{terms}"


@dataclass(frozen=True)
class Range:
    """Where a free parameter starts and between what it stays."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Limits:
    """How large a structure may be.

    Attributes:
        complexity: the highest of a term, or None.
        terms: the highest number of terms.
        total: the highest complexity of all terms together, or None.
    """

    complexity: int | None
    terms: int
    total: int | None


@dataclass(frozen=True)
class Constraints:
    """Which terms are left out.

    Attributes:
        locality: one of `LOCALITIES`.
        symmetry: under exchange of the two neurons, one of `SYMMETRIES`, or "".
        forbidden: signals that no term may read.
    """

    locality: str
    symmetry: str
    forbidden: tuple[str, ...]


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


def read_description(source: Path | str) -> Description:
    """Read a file, or a text.

    Raises:
        ConfigError: it is no description of a space; the message names the field.
    """
    whole = _Table(_toml(source), "")
    template = whole.text("template")
    if template.count(PLACE) != 1:
        raise ConfigError(f"template: `{PLACE}` must stand in it once, where the terms belong")
    limits, constraints = whole.table("limits"), whole.table("constraints")
    coefficients, traces = whole.table("coefficients"), whole.table("traces")
    found, names = _productions(whole.table("productions"))
    description = Description(
        template=template,
        productions=found,
        traces=names,
        limits=Limits(
            complexity=limits.whole("complexity", None, MAX_COMPLEXITY),
            terms=limits.whole("terms", 1, MAX_TERMS) or 1,
            total=limits.whole("total", None, MAX_COMPLEXITY * MAX_TERMS),
        ),
        constraints=Constraints(
            locality=constraints.word("locality", "local", LOCALITIES),
            symmetry=constraints.word("symmetry", "", SYMMETRIES),
            forbidden=tuple(
                constraints.known(name, SIGNALS.keys() | {"w"}, "forbidden")
                for name in constraints.texts("forbidden", ())
            ),
        ),
        coefficients=coefficients.range(Range(0.1, -2.0, 2.0)),
        time_constants=traces.range(Range(30.0, 10.0, 1000.0), positive=True),
    )
    for table in (limits, constraints, coefficients, traces, whole):
        table.end()
    return description


def _toml(source: Path | str) -> dict[str, Any]:
    text = source
    if isinstance(source, Path):
        try:
            with source.open("rb") as file:
                text = file.read(MAX_TEXT + 1).decode()
        except OSError as error:
            raise ConfigError(f"cannot read {source}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ConfigError(f"{source} is no text") from None
    assert isinstance(text, str)
    if len(text) > MAX_TEXT:
        raise ConfigError(f"a space of more than {MAX_TEXT} characters: is this the right file?")
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        where = source if isinstance(source, Path) else "the text of the space"
        hint = "" if isinstance(source, Path) or "\n" in text else "; for a file, give a `Path`"
        raise ConfigError(f"{where} is not valid TOML: {error}{hint}") from None


def _productions(table: _Table) -> tuple[dict[str, Production], Traces]:
    rows = {name: table.table(name) for name in list(table.content)}
    if START not in rows:
        raise ConfigError(
            f"productions.{START} is missing: the formulas of `{START}` are the terms of the rules"
        )
    if len(rows) > MAX_SYMBOLS:
        raise ConfigError(f"productions: more than {MAX_SYMBOLS} symbols")
    sites = {}
    for name, row in rows.items():
        try:
            check_name(name)
        except RuleError as problem:
            raise ConfigError(f"productions: {problem}") from None
        sites[name] = Site(row.word("site", "synapse", tuple(s.value for s in Site)))
    traces = Traces(sites)
    found = {}
    for name, row in rows.items():
        formulas = row.texts("formulas")
        if not 1 <= len(formulas) <= MAX_ALTERNATIVES:
            raise ConfigError(f"{row.place}.formulas: write 1 to {MAX_ALTERNATIVES} formulas")
        weights = row.numbers("weights", (1.0,) * len(formulas))
        if len(weights) != len(formulas) or not all(0 < w < math.inf for w in weights):
            raise ConfigError(f"{row.place}.weights: write one positive number for each formula")
        row.end()
        alternatives = []
        for i, (formula, weight) in enumerate(zip(formulas, weights, strict=True), 1):
            try:
                alternatives.append(read_alternative(formula, sites[name], traces, weight))
            except RuleError as problem:
                raise ConfigError(f"{row.place}.formulas, number {i}: {problem}") from None
        found[name] = Production(name, sites[name], tuple(alternatives))
    return found, traces


_MISSING = object()


class _Table:
    """A table of the file, of which every field is asked for once."""

    def __init__(self, content: Mapping[str, Any], place: str) -> None:
        self.content, self.place = dict(content), place
        self.asked: list[str] = []

    def name(self, field: str) -> str:
        return f"{self.place}.{field}" if self.place else field

    def end(self) -> None:
        """Refuse what nobody asked for."""
        for field in self.content.keys() - set(self.asked):
            remedy = suggest(field, self.asked) or f"known are {', '.join(self.asked)}"
            raise ConfigError(f"{self.name(field)} is not known: {remedy}")

    def get(self, field: str, kind: type | tuple[type, ...], what: str, default: Any) -> Any:
        self.asked.append(field)
        value = self.content.get(field, default)
        if value is _MISSING:
            raise ConfigError(f"{self.name(field)} is missing: write {what}")
        if value is not default and (not isinstance(value, kind) or isinstance(value, bool)):
            raise ConfigError(f"{self.name(field)}: write {what}")
        return value

    def table(self, field: str) -> _Table:
        return _Table(self.get(field, dict, "a table", {}), self.name(field))

    def text(self, field: str) -> str:
        return str(self.get(field, str, "a text", _MISSING))

    def texts(self, field: str, default: Any = _MISSING) -> tuple[str, ...]:
        values = tuple(self.get(field, list, "a list of texts", default))
        if not all(isinstance(v, str) for v in values):
            raise ConfigError(f"{self.name(field)}: write a list of texts")
        return values

    def numbers(self, field: str, default: Any = _MISSING) -> tuple[float, ...]:
        values = tuple(self.get(field, list, "a list of numbers", default))
        if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in values):
            raise ConfigError(f"{self.name(field)}: write a list of numbers")
        return tuple(map(float, values))

    def whole(self, field: str, default: int | None, most: int) -> int | None:
        what = f"a whole number from 1 to {most}"
        value: int | None = self.get(field, int, what, default)
        if value is not None and not 1 <= value <= most:
            raise ConfigError(f"{self.name(field)}: write {what}")
        return value

    def word(self, field: str, default: str, known: tuple[str, ...]) -> str:
        value = str(self.get(field, str, f"one of {', '.join(known)}", default))
        return value if value == default else self.known(value, known, field)

    def known(self, value: str, known: Iterable[str], field: str) -> str:
        names = sorted(known)
        if value not in names:
            remedy = suggest(value, names) or f"known are {', '.join(names)}"
            raise ConfigError(f"{self.name(field)}: there is no `{value}`: {remedy}")
        return value

    def range(self, default: Range, positive: bool = False) -> Range:
        value = self.get("value", (int, float), "a number", default.value)
        bounds = self.numbers("bounds", (default.low, default.high))
        low, high = bounds if len(bounds) == 2 else (math.nan, math.nan)
        sizes = [abs(x) for x in (value, low, high) if x != 0]
        if not low <= value <= high or low == high:
            raise ConfigError(f"{self.place}: `bounds = [LOW, HIGH]` must have `value` in them")
        if not all(SMALLEST <= x <= LARGEST for x in sizes) or (positive and low <= 0):
            wanted = "positive" if positive else "finite"
            raise ConfigError(f"{self.place}: the bounds must be {wanted} numbers")
        return Range(float(value), low, high)
