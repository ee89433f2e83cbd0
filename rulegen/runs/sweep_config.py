"""What a sweep runs: its configuration, and every combination of the values of its axes."""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BeforeValidator, Field

from rulegen.catalog.records.fields import Name
from rulegen.grammar import ConfigError, RulegenError
from rulegen.grammar.reading.files import read_toml
from rulegen.ground.settings import Settings, distinct
from rulegen.publishing.config import DiscoverConfig
from rulegen.publishing.settings_file import place_value, replace_values, validated

#: More combinations than this are a mistake.
MOST = 10_000
#: Bytes of the longest name of a combination: with what is put before and behind it, of a file.
LONGEST_NAME = 200


def values_of(given: Any) -> Any:
    """Refuse what is no values of an axis."""
    if not isinstance(given, list | tuple | dict):
        raise ValueError("write a list of values, or a table of values with a name each")
    return given


class SweepConfig(Settings):
    """What is swept.

    Attributes:
        name: of the sweep.
        base: the configuration that all combinations start from, relative to the sweep's own file.
        job: what is done with each: `discover`, or `fit` without pruning and card.
        axes: settings such as `seed` or `circuit.neurons`, each with a list of values, or a
            table of values with a name each. A combination takes one of each.
    """

    name: Name
    base: str
    job: Literal["fit", "discover"] = "discover"
    axes: dict[str, Annotated[list[Any] | dict[str, Any], BeforeValidator(values_of)]] = Field(
        min_length=1
    )


class Combination(NamedTuple):
    """One combination of the axes.

    Attributes:
        name: of its folder and result.
        labels: the value's name on each axis.
        config: its configuration, or None when it is none.
        reason: why it is none.
    """

    name: str
    labels: dict[str, str]
    config: DiscoverConfig | None
    reason: str = ""


class Sweep(NamedTuple):
    """A sweep that is ready to run.

    Attributes:
        config: its settings. base: the data of the base configuration. combinations: all of them.
    """

    config: SweepConfig
    base: dict[str, Any]
    combinations: tuple[Combination, ...]


def load_sweep(path: Path | str, changes: Sequence[str] = ()) -> Sweep:
    """Read a sweep and its base configuration.

    Args:
        path: a TOML file.
        changes: replacements in the base configuration, as `--set` has them.

    Raises:
        ConfigError: when a file cannot be read, a field is wrong, two combinations have one name,
            two are the same configuration, or none is one.
    """
    config = validated(SweepConfig, read_toml(path), path)
    source = Path(path).parent / config.base
    base = read_toml(source)
    replace_values(base, changes)
    axes = {key: named_values(key, values) for key, values in config.axes.items()}
    if (count := product_size(axes.values())) > MOST:
        raise ConfigError(f"{path}: {count} combinations are more than {MOST}; sweep fewer values")
    found = tuple(combinations(base, axes, source))
    names = [combination.name for combination in found]
    distinct(names, f"{path}: combinations")
    if longest := [name for name in names if len(name.encode()) > LONGEST_NAME]:
        raise ConfigError(
            f"{path}: the name {longest[0][:60]}... is too long; name the values shorter"
        )
    if all(combination.config is None for combination in found):
        raise ConfigError(found[0].reason)
    check_different(found, path)
    return Sweep(config, base, found)


def check_different(found: Sequence[Combination], path: Path | str) -> None:
    """Raise `ConfigError` where two combinations are the same runs under different names."""
    known: dict[str, str] = {}
    for name, _, config, _ in found:
        if config is None:
            continue
        first = known.setdefault(config.model_dump_json(), name)
        if first != name:
            raise ConfigError(
                f"{path}: {first} and {name} are the same configuration: leave one value out, or "
                "an axis that another one decides"
            )


def named_values(key: str, values: Sequence[Any] | Mapping[str, Any]) -> dict[str, Any]:
    """The values of an axis by name; a plain value is its own name.

    Example:
        >>> named_values("seed", [1, 2])
        {'1': 1, '2': 2}
    """
    if not values:
        raise ConfigError(f"axes.{key}: there are no values")
    if isinstance(values, Mapping):
        return dict(values)
    for value in values:
        if not isinstance(value, bool | int | float | str) or len(str(value)) > 40:
            raise ConfigError(
                f"axes.{key}: rules, tables and lists need names: write [axes.{key}] with a line "
                "`name = value` for each"
            )
    names = [str(value) for value in values]
    distinct(names, f"axes.{key}")
    return dict(zip(names, values, strict=True))


def product_size(axes: Any) -> int:
    """Number of combinations."""
    count = 1
    for values in axes:
        count *= len(values)
    return count


def combinations(
    base: dict[str, Any], axes: Mapping[str, Mapping[str, Any]], source: Path
) -> Iterator[Combination]:
    """Every combination of the axes, in order; one that is no configuration says why."""
    for labels in itertools.product(*axes.values()):
        data, here = copy.deepcopy(base), dict(zip(axes, labels, strict=True))
        name = "_".join(re.sub(r"[^\w.+-]+", "-", f"{k}-{v}") for k, v in here.items())
        try:
            for key in sorted(here, key=lambda key: key.count(".")):  # a table before its parts
                place_value(data, key, copy.deepcopy(axes[key][here[key]]))
            yield Combination(name, here, validated(DiscoverConfig, data, source))
        except KeyError as error:
            yield Combination(name, here, None, f"axes: the configuration has no place {error}")
        except RulegenError as error:
            yield Combination(name, here, None, str(error))
