"""The configuration of a search."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path as FilePath
from typing import Annotated

from pydantic import BeforeValidator, Field, SerializeAsAny, field_validator, model_validator

from rulegen.catalog import parts
from rulegen.catalog.records.fields import MOST_LIVES
from rulegen.fitting.refine import RefineSettings
from rulegen.grammar import ConfigError, Space, load_space
from rulegen.grammar.reading.files import LARGEST_FILE, decoded, parse_toml, read_file, read_toml
from rulegen.grammar.space.space import BUNDLED, LOCAL
from rulegen.ground.parts import reader
from rulegen.ground.settings import MOST_TOGETHER, Settings, distinct
from rulegen.publishing.config import RunConfig
from rulegen.publishing.settings_file import replace_values, validated
from rulegen.searching.genetic import Genetic
from rulegen.searching.halving import Halving
from rulegen.searching.path import Path
from rulegen.searching.strategy import Strategy

for _strategy in (Halving, Genetic, Path):
    parts.add(_strategy, parts.BUNDLED)

#: Settings of a strategy, told apart by `name`, or a strategy itself.
AnyStrategy = Annotated[SerializeAsAny[Strategy], BeforeValidator(reader("strategy"))]


class SelectSettings(Settings):
    """How the pick is chosen among what the strategies found.

    Attributes:
        finalists: most candidates that are refined, those of the literature beside.
        lives: of each finalist, met by no strategy.
        margin: reward per trial that a simpler rule may lose against the best.
    """

    finalists: int = Field(10, ge=1, le=MOST_TOGETHER)
    lives: int = Field(2048, ge=2, le=MOST_LIVES)
    margin: float = Field(0.005, gt=0)


class SearchConfig(RunConfig):
    """Everything that a search depends on, but the version of the software.

    Attributes:
        space: a bundled space of rules by its name, or the text of another, see `docs/search.md`.
        forbidden: signals that no term may read, beside those that the space forbids.
        strategy: what searches, in order; each has a budget of lives of its own.
        seeds: rules of the catalog to begin with, where the space has them; None: the whole
            literature.
        refine: how finalists are refined.
        select: how the pick is chosen.
    """

    space: str = Field(default_factory=lambda: LOCAL.read_text(encoding="utf-8"))
    forbidden: tuple[str, ...] = Field((), exclude_if=lambda told: not told)
    strategy: tuple[AnyStrategy, ...] = Field((Halving(), Genetic(), Path()), min_length=1)
    seeds: tuple[str, ...] | None = None
    refine: RefineSettings = RefineSettings(lives=96, most=4)
    select: SelectSettings = SelectSettings()

    @field_validator("seeds")
    @classmethod
    def _different_seeds(cls, names: tuple[str, ...] | None) -> tuple[str, ...] | None:
        distinct(names or (), "seeds")
        return names

    @field_validator("space")
    @classmethod
    def _whole(cls, text: str) -> str:
        return BUNDLED[text].read_text(encoding="utf-8") if text in BUNDLED else text

    @model_validator(mode="after")
    def _check(self) -> SearchConfig:
        load_space(self.space, self.forbidden)
        return self

    @cached_property
    def rules(self) -> Space:
        """The space."""
        return load_space(self.space, self.forbidden)


def load_search(
    path: FilePath | str, changes: Sequence[str] = (), seed: int | None = None
) -> SearchConfig:
    """Read the configuration of a search; arguments and errors as of `load_config`.

    `space_file` may name the file of the space, relative to `path`, in place of `space`.

    Example:
        >>> from importlib.resources import files
        >>> config = load_search(files("rulegen").joinpath("examples/local_search.toml"))
        >>> config.rules.count()
        1225
    """
    if seed is not None:
        changes = [*changes, f"seed={seed}"]
    data = read_toml(path)
    replace_values(data, changes)
    if "space_file" in data:
        if "space" in data:
            raise ConfigError(f"{path}: both `space` and `space_file`; leave one out")
        data["space"] = read_text(FilePath(path).parent / str(data.pop("space_file")))
    return validated(SearchConfig, data, path)


def read_text(path: FilePath) -> str:
    """The file of a space as text, which need not be one yet.

    Raises:
        ConfigError: when it cannot be read.
    """
    content = read_file(path, LARGEST_FILE)
    parse_toml(content, path)
    return decoded(content, path)
