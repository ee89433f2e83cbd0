"""What the parts of a record have in common: checked once, and nothing that a terminal obeys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

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
