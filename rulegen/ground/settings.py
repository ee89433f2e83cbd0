"""The common base of all settings: frozen, validated once, unknown keys refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict

from rulegen.grammar import ConfigError


class Settings(BaseModel):
    """A frozen group of settings whose fields are checked at construction."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )
    #: Distributions on which results of such a part depend, beside those of all results.
    libraries: ClassVar[tuple[str, ...]] = ()


def nested(value: Any) -> Iterator[Settings]:
    """All settings in a value, itself among them.

    Example:
        >>> class Inner(Settings):
        ...     size: int = 1
        >>> class Outer(Settings):
        ...     parts: tuple[Inner, ...] = (Inner(), Inner(size=2))
        >>> [type(part).__name__ for part in nested(Outer())]
        ['Outer', 'Inner', 'Inner']
    """
    if isinstance(value, Settings):
        yield value
        value = {name: getattr(value, name) for name in type(value).model_fields}
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, Sequence) and not isinstance(value, str):
        for part in value:
            yield from nested(part)


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
