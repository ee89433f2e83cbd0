"""What the parts of a record have in common: checked once, and nothing that a terminal obeys."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

#: Letters and signs that show nothing, though they are called printable.
BLANK = "\u115f\u1160\u2800\u3164\uffa0"
#: More marks on one letter run over the lines around it; no script has so many.
MOST_MARKS = 4
#: No text of a record is longer, characters; formulas have limits of their own below it.
LONGEST = 1 << 16


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


def check_printable(value: Any) -> None:
    """See that the texts in a value, however deep, are what they show.

    Raises:
        ValueError: for a text with what a terminal would obey, or what would make it read other
            than it is, and for one without end.

    Example:
        >>> check_printable({"title": "a rule\\x1b[2J"})
        Traceback (most recent call last):
        ...
        ValueError: the character U+001B has no place in a text
    """
    for text in texts(value):
        if len(text) > LONGEST:
            raise ValueError(f"a text of {len(text)} characters; at most {LONGEST} are read")
        marks = 0
        for character in text:
            marks = marks + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
            seen = character.isprintable() and character not in BLANK
            if not (seen or character in "\n\t") or marks > MOST_MARKS:
                raise ValueError(f"the character U+{ord(character):04X} has no place in a text")


class RecordPart(BaseModel):
    """Base of the parts of a record: frozen, validated once, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _printable(cls, value: Any) -> Any:
        check_printable(value)
        return value
