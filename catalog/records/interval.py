"""The smallest parts of evidence: a figure with its interval, and where it comes from."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator, model_validator

from rulegen.catalog.records.fields import Lives, Real
from rulegen.catalog.records.part import RecordPart

#: Floating-point numbers that are one number, relative to the largest that it was made of.
ROUNDING = 1e-9
#: Parts of a world that may come from another package.
PartKind = Annotated[str, Field(pattern=r"^(task|circuit)$")]


class Interval(RecordPart):
    """A mean over lives with its interval, which holds it: of 95%, unless it says otherwise."""

    mean: Real
    low: Real
    high: Real
    lives: Lives

    @model_validator(mode="after")
    def _ordered(self) -> Interval:
        slack = ROUNDING * max(abs(self.low), abs(self.high))
        if not self.low - slack <= self.mean <= self.high + slack:
            raise ValueError(f"the mean lies outside its interval: {self}")
        return self

    def __str__(self) -> str:
        return f"{self.mean:.4g} [{self.low:.4g}, {self.high:.4g}]"


class Setting(RecordPart):
    """A task and a circuit on which a rule was evaluated, as written in a configuration."""

    task: dict[str, Any]
    circuit: dict[str, Any]
    life: dict[str, Any]
    projections: dict[str, Any] = Field(default_factory=dict)

    @field_validator("task", "circuit", "life", "projections")
    @classmethod
    def _in_order(cls, table: dict[str, Any]) -> dict[str, Any]:
        return in_order(table)


def in_order(table: dict[str, Any]) -> dict[str, Any]:
    """A table as TOML holds it, where tables within it come last.

    So what is written from a record is the same before it went into a file and after.

    Example:
        >>> in_order({"groups": {"fast": [0, 0.5]}, "tau": 40})
        {'tau': 40, 'groups': {'fast': [0, 0.5]}}
    """
    last = {k: v for k, v in table.items() if _is_table(v)}
    first = {k: v for k, v in table.items() if k not in last}
    return first | {k: in_order(v) if isinstance(v, dict) else v for k, v in last.items()}


def _is_table(value: Any) -> bool:
    """Whether TOML writes it under a heading of its own: a table, or an array of tables."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(part, dict) for part in value)
    return isinstance(value, dict)
