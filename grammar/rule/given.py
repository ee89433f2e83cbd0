"""What can stand where a rule is asked for."""

from __future__ import annotations

from typing import Protocol

from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.rule.parse import parse
from rulegen.grammar.rule.rule import Rule


class HasRule(Protocol):
    """What has a rule: a record, what a run found, a bench."""

    @property
    def rule(self) -> Rule:
        """The rule."""


#: A rule, its text, or what has one.
AnyRule = Rule | str | HasRule


def as_rule(given: AnyRule) -> Rule:
    """The rule that is given.

    Raises:
        RuleError: when nothing in it is a rule, or its text is none.

    Example:
        >>> from types import SimpleNamespace
        >>> found = SimpleNamespace(rule=parse("dw/dt = eta*pre*post"))
        >>> as_rule(found) == as_rule("dw/dt = eta*post*pre") == as_rule(found.rule)
        True
        >>> as_rule(3)
        Traceback (most recent call last):
        ...
        rulegen.RuleError: a value of type int is no rule
        give a rule, its text, or a record of it
    """
    found = getattr(given, "rule", given)
    if isinstance(found, Rule):
        return found
    if isinstance(found, str):
        return parse(found)
    raise RuleError(
        f"a value of type {type(given).__name__} is no rule",
        remedy="give a rule, its text, or a record of it",
    )
