"""What a line of a history says, where it says it as runs do: here alone that is judged."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, Field, TypeAdapter, ValidationError

from rulegen.grammar import RulegenError
from rulegen.ground.progress import Met
from rulegen.lives.outcomes import Outcomes

#: Numbers beyond are of no run, and would not survive being squared.
LARGEST = 1e100
#: A line took no longer (seconds), and counts no more of anything.
LONGEST, MOST = 1e9, 10**12
#: More parameters than any rule has.
WIDEST = 4096
#: An iteration or a survey of a stage.
STEP = re.compile(r"(?P<stage>.+)/(?P<number>[0-9]{1,6})", re.DOTALL)
#: A look of the selection.
LOOK = re.compile(r"look ([0-9]{1,6})")


def writable(text: str) -> str:
    """A text that a page can have; half of a character is refused with a `ValueError`."""
    text.encode()
    return text


Text = Annotated[str, Field(strict=True), AfterValidator(writable)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=-LARGEST, le=LARGEST)]
Count = Annotated[int, Field(strict=True, ge=0, le=MOST)]
Numbers = Annotated[list[Number], Field(min_length=1, max_length=WIDEST)]
Rewards = Annotated[list[Number], Field(min_length=1)]


class Row(BaseModel):
    """A rule that was met."""

    complexity: Annotated[float, Field(strict=True, ge=0, le=MOST)]
    reward: Number
    low: Number
    high: Number
    text: Text


class Kept(BaseModel):
    """What any line may have beside its own."""

    found: list[Annotated[list[Any], Field(min_length=5, max_length=5)]] = []
    lives: Annotated[float, Field(strict=True, ge=0, le=MOST)] = 1.0


class Ends(BaseModel):
    """How lives ended, as `Outcomes` has it."""

    ok: Count
    diverged: Count
    saturated: Count
    silent: Count


class Gradient(BaseModel):
    """An iteration of a fit, as `MetaGradient.stored` has it, with the values it is at."""

    values: Numbers
    gradient: Numbers
    error: Numbers
    rewards: Rewards
    outcomes: Ends


class Difference(BaseModel):
    """What a look at two rules gave."""

    mean: Number
    low: Number
    high: Number


class Iteration(NamedTuple):
    """One step of a fit.

    Attributes:
        stage, number: where. reward, error: per trial, with its standard error.
        signal: to noise of the meta-gradient. values: of all parameters, in order.
        outcomes: how its lives ended.
    """

    stage: str
    number: int
    reward: float
    error: float
    signal: float
    values: tuple[float, ...]
    outcomes: Outcomes


class Look(NamedTuple):
    """A comparison of the selection: its difference, and both rules, the new one first."""

    name: str
    difference: float
    low: float
    high: float
    rules: tuple[Met, ...]


class Result(NamedTuple):
    """A line of a history.

    Attributes:
        name: of the step. seconds: it took. lives: of it, or 1 where it says nothing of them.
        found: rules that were met. iteration, look: what it was, if one of these.
    """

    name: str
    seconds: float
    lives: float
    found: tuple[Met, ...] = ()
    iteration: Iteration | None = None
    look: Look | None = None


NAME: TypeAdapter[str] = TypeAdapter(Text)
SECONDS: TypeAdapter[float] = TypeAdapter(Annotated[float, Field(ge=0, le=LONGEST)])


def result(record: Mapping[str, Any]) -> Result | None:
    """What a record of a journal says, or None where anything that is read here is not so.

    Args:
        record: from `parse_line`, which knows nothing of what results are.

    Example:
        >>> met = {"name": "a 1", "seconds": 2.0, "data": {"found": [[1, 0.5, 0.4, 0.6, "w"]]}}
        >>> result(met).found[0].text, result(met | {"data": {"found": [[1, 2]]}})
        ('w', None)
    """
    data = record["data"]
    try:
        name, seconds = NAME.validate_python(record["name"]), record["seconds"]
        kept = Kept.model_validate(data)
        found = tuple(map(rule, kept.found))
        return Result(
            name, SECONDS.validate_python(seconds), kept.lives, found,
            iteration(name, data) if "gradient" in data else None,
            look(name, data, found) if LOOK.fullmatch(name) else None,
        )  # fmt: skip
    except (ValidationError, RulegenError):
        return None


def rule(row: Sequence[Any]) -> Met:
    """A rule that was met, from the list that journals make of it."""
    return Met(**dict(Row.model_validate(dict(zip(Met._fields, row, strict=True)))))


def iteration(name: str, data: Mapping[str, Any]) -> Iteration:
    """An iteration of a fit."""
    place, told = STEP.fullmatch(name), Gradient.model_validate(data)
    if place is None:
        raise RulegenError(f"`{name}` is no iteration")
    count = len(told.rewards)
    mean = sum(told.rewards) / count
    spread = sum((value - mean) ** 2 for value in told.rewards) / max(count - 1, 1)
    return Iteration(
        place["stage"], int(place["number"]), mean, (spread / count) ** 0.5,
        ratio(told.gradient, told.error), tuple(told.values), Outcomes(**dict(told.outcomes)),
    )  # fmt: skip


def look(name: str, data: Mapping[str, Any], found: tuple[Met, ...]) -> Look:
    """A look of the selection."""
    told = Difference.model_validate(data)
    return Look(name, told.mean, told.low, told.high, found)


def ratio(gradient: Sequence[float], error: Sequence[float]) -> float:
    """Signal to noise of a gradient, as `MetaGradient` has it: its length by that of its error."""
    noise = math.hypot(*error)
    return min(math.hypot(*gradient) / noise, LARGEST) if noise > 0 else 0.0
