"""Rules that a configuration names beside the one that is sought."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from rulegen.catalog.records.fields import Label
from rulegen.grammar import RuleError, parse
from rulegen.grammar.rule.system import check_effect
from rulegen.ground.settings import Settings, distinct


def checked(text: str) -> str:
    """Raise `RuleError` unless `text` is a rule that changes weights."""
    rule = parse(text)
    try:
        check_effect(rule)
    except RuleError as error:
        error.rule = text
        raise
    return text


class ReferenceRule(Settings):
    """A rule to compare with on the held-out lives.

    Attributes:
        name: how figures and tables call it.
        rule: its text; every parameter has a value.
    """

    name: Label = Field(max_length=80)
    rule: str

    @field_validator("rule")
    @classmethod
    def _check(cls, text: str) -> str:
        return checked(text)


def checked_references(
    references: tuple[ReferenceRule, ...], info: ValidationInfo
) -> tuple[ReferenceRule, ...]:
    """Raise `ConfigError` where two rules of one list have one name."""
    distinct([reference.name for reference in references], info.field_name or "")
    return references


#: Rules with names of their own.
References = Annotated[tuple[ReferenceRule, ...], AfterValidator(checked_references)]
