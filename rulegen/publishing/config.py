"""The configuration of a run: TOML in, validated settings out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import tomli_w
from pydantic import Field, field_validator, model_validator

from rulegen.catalog.records.fields import MOST_LIVES, Licence, Name, Prose
from rulegen.catalog.records.part import check_printable
from rulegen.estimators import Pathwise, Pgpe
from rulegen.fitting.ascent import Phase
from rulegen.fitting.refine import RefineSettings
from rulegen.grammar import Rule, parse
from rulegen.ground.digests import digest_of, programs
from rulegen.ground.parts import foreign
from rulegen.ground.settings import Settings, distinct
from rulegen.lives.size import check_rewards
from rulegen.lives.world import HOW
from rulegen.publishing.places import TOGETHER, Places
from rulegen.publishing.references import References, checked
from rulegen.publishing.settings_file import load_settings
from rulegen.selection.looks import PruneSettings

#: Settings on which no figure depends: a run goes on where they change.
BESIDE = {"name", "title", "description", "licence", "exports", *HOW}


class EvaluateSettings(Settings):
    """The final figures.

    Attributes:
        lives: number of held-out lives, the same for every rule that is compared.
    """

    lives: int = Field(1024, ge=2, le=MOST_LIVES)


class RunConfig(Places):
    """What all runs that publish a rule depend on.

    Figures follow from all settings but those in `BESIDE`.

    Attributes:
        name: of the run and of the published rule's files.
        title: of the published rule.
        description: what the run is about; plain text with `code`.
        licence: of the published record, by its SPDX name, such as `CC-BY-4.0`.
        seed: of all random numbers.
        refine: how fitted values are refined.
        evaluate: the final figures.
        exports: formats in which the published rule is also written, see `rulegen.catalog.export`.
    """

    name: Name
    title: str = Field("", max_length=200)
    description: Prose = ""
    licence: Licence = ""
    seed: int = Field(0, ge=0, lt=2**32)
    refine: RefineSettings = RefineSettings()
    evaluate: EvaluateSettings = EvaluateSettings()
    exports: tuple[str, ...] = ()

    @field_validator("title", "description")
    @classmethod
    def _printable(cls, text: str) -> str:
        check_printable(text)
        return text

    @field_validator("exports")
    @classmethod
    def _different_exports(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        distinct(names, "exports")
        return names

    @model_validator(mode="after")
    def _kept(self) -> RunConfig:
        for world in (self.training | self.held_out).values():
            try:
                check_rewards(self.evaluate.lives, world.life.trials)
            except ValueError as error:
                raise ValueError(f"evaluate: {error}") from None
        return self

    @property
    def _unused(self) -> set[str]:
        """What says nothing in a run of one world."""
        if self.together:
            return {"task"} if self.task is None else set()
        return {name for name in TOGETHER if not (name == "elsewhere" and self.elsewhere)}

    @property
    def digest(self) -> str:
        """16 hexadecimal digits of the settings on which figures depend."""
        settings = self.model_dump(mode="json", exclude=BESIDE | self._unused)
        return digest_of(json.dumps(settings, sort_keys=True))

    @property
    def toml(self) -> str:
        """The settings as a file that is read as them again."""
        data = self.model_dump(mode="json", exclude_none=True, exclude=self._unused)
        return tomli_w.dumps(data, multiline_strings=True)

    @property
    def identity(self) -> dict[str, str]:
        """All that figures depend on, by the names that a history gives to it."""
        known = {"configuration": self.digest, **programs(self), **foreign(self)}
        return known | ({"yardstick": digest_of(self.measure.text())} if self.learning else {})


class DiscoverConfig(RunConfig):
    """Everything that a discovery depends on, but the version of the software.

    Attributes:
        rule: the family, in the rule language; the free parameters are fitted.
        fit: the phases of the fit, in order.
        prune: how terms are left out.
        references: rules to compare with.
    """

    rule: str
    fit: tuple[Phase, ...] = Field(
        (
            Phase(estimator=Pathwise(credit="trial"), iterations=20, rate=0.06),
            Phase(estimator=Pgpe(), iterations=15, rate=0.05),
        ),
        min_length=1,
    )
    prune: PruneSettings = PruneSettings()
    references: References = ()

    @field_validator("rule")
    @classmethod
    def _check(cls, text: str) -> str:
        return checked(text)

    @property
    def family(self) -> Rule:
        """The rule family."""
        return parse(self.rule)

    @model_validator(mode="after")
    def _left_for_others(self) -> DiscoverConfig:
        """No companion reads a state that may go with a term that is left out."""
        family = self.family
        left = family.drop(term.coefficient for term in family.terms())
        going = {s.name for s in family.states} - {s.name for s in left.states}
        for world in (self.training | self.held_out).values():
            for name, rule in world.projections.companions.items():
                read = {
                    f.state: f for f in rule.foreign if f.projection == world.projections.studied
                }
                if lost := sorted(going & read.keys()):
                    raise ValueError(
                        f"projections.{name}: it reads `{read[lost[0]].name}`, which goes when the "
                        f"terms that use `{lost[0]}` are left out: let it read a state that the "
                        "rule keeps for it alone"
                    )
        return self


def load_config(
    path: Path | str, changes: Sequence[str] = (), seed: int | None = None
) -> DiscoverConfig:
    """Read a configuration.

    Args:
        path: a TOML file.
        changes: replacements such as `circuit.neurons=64` or `fit.0.rate=0.1`; the value is read
            as TOML, and as plain text where it is none.
        seed: replaces the seed.

    Raises:
        ConfigError: when the file cannot be read, or a field is missing, unknown or wrong.
        RuleError: when a rule in it is none.

    Example:
        >>> from importlib.resources import files
        >>> path = files("rulegen").joinpath("examples/delayed_association.toml")
        >>> load_config(path, ["circuit.neurons=16"]).world.circuit.neurons
        16
    """
    if seed is not None:
        changes = [*changes, f"seed={seed}"]
    return load_settings(DiscoverConfig, path, changes)
