"""Settings from a TOML file or from data, with what `--set` changes; errors name the place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from rulegen.catalog.records.kinds import mistaken
from rulegen.grammar import ConfigError, RuleError
from rulegen.grammar.reading.files import placed, read_toml, toml
from rulegen.grammar.reading.problems import problems
from rulegen.ground.settings import Settings

AnySettings = TypeVar("AnySettings", bound=Settings)


def load_settings(
    kind: type[AnySettings], path: Path | str, changes: Sequence[str] = (), *, only: bool = False
) -> AnySettings:
    """Read settings of some kind from a TOML file; arguments and errors as of `load_config`.

    With `only`, what belongs to other settings of a run is passed over.
    """
    data = read_toml(path)
    replace_values(data, changes)
    if only:
        data = {name: value for name, value in data.items() if name in kind.model_fields}
    return validated(kind, data, path)


def validated(kind: type[AnySettings], data: Mapping[str, Any], path: Path | str) -> AnySettings:
    """The settings that `data` describes; `path` says where it comes from.

    Raises:
        ConfigError: when a field is missing, unknown or wrong.
        RuleError: when a rule in it is none.
    """
    if other := mistaken(data, kind.model_fields, path):
        raise ConfigError(other)
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        raise ConfigError(f"{path}: {problems(error, kind, data)}") from None
    except RuleError as error:
        raise placed(error, data, path) from None
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


def replace_values(data: dict[str, Any], changes: Sequence[str]) -> None:
    """Carry out each `--set key=value`.

    Raises:
        ConfigError: when one is no such text, has no place, or replaces what another does.

    Example:
        >>> data = {"circuit": {"neurons": 32}}
        >>> replace_values(data, ["circuit.neurons=64"])
        >>> data
        {'circuit': {'neurons': 64}}
    """
    first: dict[str, str] = {}
    for change in changes:
        key, equals, value = change.partition("=")
        key = key.strip()
        if not equals or not key:
            raise ConfigError(f"--set {change}: write key=value, such as circuit.neurons=64")
        if key in first:
            raise ConfigError(
                f"--set {change}: `{key}` is replaced already, by {first[key]}; leave one out"
            )
        first[key] = change
        try:
            place_value(data, key, parse_value(value))
        except KeyError:
            place = f"the configuration has no place `{key}`"
            raise ConfigError(f"--set {change}: {place}") from None


def place_value(data: dict[str, Any], key: str, value: Any) -> None:
    """Put a value in its place, such as `circuit.neurons` or `fit.0.rate`.

    Raises:
        KeyError: when there is no such place.
    """
    *path, last = key.split(".")
    place: Any = data
    for part in path:
        if isinstance(place, list) and (number := position(place, part)) is not None:
            place = place[number]
        elif isinstance(place, dict):
            place = place.setdefault(part, {})
        else:
            place = None
    if isinstance(place, list) and (number := position(place, last)) is not None:
        place[number] = value
    elif isinstance(place, dict):
        place[last] = value
    else:
        raise KeyError(key)


def position(values: Sequence[Any], text: str) -> int | None:
    """The number of an element of a list that a text names; None where there is none.

    Example:
        >>> position("ab", "1"), position("ab", "2"), position("ab", "9" * 5000)
        (1, None, None)
    """
    numbers = {str(number): number for number in range(len(values))}
    return numbers.get(text)


def parse_value(text: str) -> Any:
    """A TOML value, or the text itself."""
    try:
        return toml(f"value = {text}", text)["value"]
    except ConfigError:
        return text
