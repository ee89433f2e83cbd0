"""The smallest parts of evidence: a figure with its interval, and where it comes from."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

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
