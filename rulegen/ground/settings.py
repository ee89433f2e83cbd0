"""The common base of all settings: frozen, validated once, unknown keys refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, ValidatorFunctionWrapHandler, field_validator

from rulegen.grammar import ConfigError
from rulegen.grammar.algebra.exact import LARGEST, SMALLEST

#: No setting counts further.
MOST = 1 << 32
#: More of what is held at once is a mistake.
MOST_TOGETHER = 1 << 16


class Settings(BaseModel):
    """A frozen group of settings whose fields are checked at construction.

    Numbers are as those of rules, 0 or from 1e-30 to 1e+30 in size, and whole ones at most 2**32:
    what is computed of them stays within what a computer holds.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, validate_default=True
    )
    #: The smallest and the largest of its numbers, apart from 0.
    _sizes: ClassVar[tuple[float, float]] = (SMALLEST, LARGEST)
    #: Distributions on which results of such a part depend, beside those of all results.
    libraries: ClassVar[tuple[str, ...]] = ()

    @field_validator("*", mode="wrap")
    @classmethod
    def _of_some_size(cls, given: Any, read: ValidatorFunctionWrapHandler) -> Any:
        # Tables may become settings, which name the field themselves.
        check_sizes(given, cls._sizes, tables=False)
        check_sizes(found := read(given), cls._sizes)
        if isinstance(found, bool) and not isinstance(given, bool):
            raise ValueError(f"must be true or false, not {given!r}")
        if isinstance(found, int | float) and isinstance(given, str | bool) and found is not given:
            raise ValueError(f"must be a number, not {given!r}")
        return found


def check_sizes(
    value: Any, sizes: tuple[float, float] = (SMALLEST, LARGEST), *, tables: bool = True
) -> None:
    """See that numbers in a value, however deep, have a size that settings may have.

    Args:
        value: of a setting. sizes: the smallest and the largest, apart from 0.
        tables: whether to look into tables as well.

    Raises:
        ValueError: when one has not.

    Example:
        >>> check_sizes({"lives": [64, 0.5]})
        >>> check_sizes({"lives": [64, 1e300]})
        Traceback (most recent call last):
        ...
        ValueError: a number must be 0 or from 1e-30 to 1e+30 in size, and a whole one at most 2**32
    """
    if isinstance(value, float):
        whole = value == 0.0 or sizes[0] <= abs(value) <= sizes[1]  # not of NaN and infinity
    elif isinstance(value, int):
        whole = abs(value) <= MOST
    else:
        if isinstance(value, Mapping):
            value = list(value.values()) if tables else []
        for part in value if isinstance(value, list | tuple) else ():
            check_sizes(part, sizes, tables=tables)
        return
    if not whole:
        raise ValueError(
            "a number must be 0 or from {:g} to {:g} in size, and a whole one at most 2**32".format(
                *sizes
            )
        )


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


def instead(*estimators: str) -> str:
    """What to write where an estimator of a file cannot do its work.

    Example:
        >>> instead("pgpe")
        'use `pgpe`: `estimator = { name = "pgpe" }` in its table, [[fit]] or [[strategy]]'
    """
    names = " or ".join(f"`{name}`" for name in estimators)
    line = f'estimator = {{ name = "{estimators[-1]}" }}'
    return f"use {names}: `{line}` in its table, [[fit]] or [[strategy]]"


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
