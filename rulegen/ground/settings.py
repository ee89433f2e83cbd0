"""The common base of all settings: frozen, validated once, unknown keys refused."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict

from rulegen.grammar import ConfigError


class Settings(BaseModel):
    """A frozen group of settings whose fields are checked at construction."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )


def distinct(names: Sequence[str], what: str) -> None:
    """See that names by which results are kept differ, so that none takes another's place.

    Args:
        names: in order.
        what: they are names of.

    Raises:
        ConfigError: when two are equal; the message has both places.

    Example:
        >>> distinct(["a", "b", "a"], "references")
        Traceback (most recent call last):
        ...
        rulegen.ConfigError: references: numbers 1 and 3 are both called `a`; rename one
    """
    first: dict[str, int] = {}
    for number, name in enumerate(names, start=1):
        if name in first:
            raise ConfigError(
                f"{what}: numbers {first[name]} and {number} are both called `{name}`; rename one"
            )
        first[name] = number
