"""What a finished run has published, as its summary says."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field, ValidationError

from rulegen.grammar import ConfigError
from rulegen.grammar.reading.files import LARGEST_FILE, read_own
from rulegen.watching.lines import Count, Number, Text

#: Written last, and so there when a run is finished.
SUMMARY = "summary.json"


class Reward(BaseModel):
    """Per trial on held-out lives, with 95% limits."""

    mean: Number
    low: Number
    high: Number
    lives: Count


class Outcome(BaseModel):
    """What was published.

    Attributes:
        likeness: which known rule it is, in a sentence. equation: the rule. terms: of it.
        reward: that it earned.
    """

    likeness: Text = Field("", alias="is")
    equation: Text
    terms: list[Text] = []
    reward: Reward


def published(folder: Path) -> Outcome | None:
    """What the run in a folder has published; None where it has not, or what says so is damaged."""
    try:
        return Outcome.model_validate_json(read_own(folder / SUMMARY, LARGEST_FILE))
    except (ConfigError, ValidationError):
        return None
