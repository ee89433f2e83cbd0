"""The formats to which a rule can be exported."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from rulegen.catalog import parts
from rulegen.catalog.export import brian2, jax_, latex, nestml, numpy_, sympy_
from rulegen.catalog.export.places import foreign_problems
from rulegen.catalog.pages.markdown import markdown_card
from rulegen.catalog.records.record import HasRecord, Record
from rulegen.grammar import AnyRule, Rule, RuleError, as_rule


@dataclass(frozen=True)
class Export:
    """A format to which rules can be exported.

    Attributes:
        name: of the format: small letters, digits and underscores.
        meaning: one line about it. suffix: of its files.
        write: makes the text. problems: what of a rule it cannot express, each with its place
            and reason; empty when it can be written.
    """

    part: ClassVar[str] = "export"

    name: str
    meaning: str
    suffix: str
    write: Callable[[Record], str]
    problems: Callable[[Rule], list[str]] = lambda rule: []

    def __post_init__(self) -> None:
        if not re.fullmatch(parts.NAME, self.name):
            raise TypeError(
                f"`{self.name}` is no name for an export: small letters, digits and `_`, a letter "
                "first"
            )
        for name in ("write", "problems"):
            try:
                inspect.signature(getattr(self, name)).bind(None)
            except TypeError:
                raise TypeError(f"export `{self.name}`: `{name}` takes one argument") from None


for _export in (
    Export(
        "numpy", "plain NumPy functions, without rulegen", ".py", numpy_.write, foreign_problems
    ),
    Export("jax", "pure JAX functions, without rulegen", ".py", jax_.write, foreign_problems),
    Export("sympy", "the equations as SymPy objects", ".py", sympy_.write, foreign_problems),
    Export("brian2", "synapses of Brian 2", ".py", brian2.write, brian2.problems),
    Export("nestml", "a synapse model of NESTML", ".nestml", nestml.write, nestml.problems),
    Export("markdown", "the card, for a code host", ".md", markdown_card),
    Export("latex", "the card, a document that compiles", ".tex", latex.write),
):
    parts.add(_export, parts.BUNDLED)


def export(rule: HasRecord | AnyRule, fmt: str) -> str:
    """The rule as text in another language.

    Args:
        rule: a rule or its text; of a record, or of what a run found, the title and the references
            are told as well.
        fmt: name of the format.

    Raises:
        ConfigError: when there is no such format.
        RuleError: when the format cannot express the rule, with the reason.

    Example:
        >>> from rulegen.grammar import parse
        >>> print(export(parse("w += 0.1*pre*post"), "numpy").splitlines()[0])
        \"\"\"A plasticity rule as plain NumPy functions, exported by rulegen.\"\"\"
    """
    found: Any = getattr(rule, "record", rule)
    record = found if isinstance(found, Record) else unnamed(as_rule(found))
    if found := problems(record.rule, fmt):
        raise RuleError(f"{fmt} cannot express this rule: " + "; ".join(found))
    return asked(fmt, "write", record, str, "a text")


def problems(rule: AnyRule, fmt: str) -> list[str]:
    """What of a rule a format cannot express: the place and the reason, one line each.

    Ask before a search starts: of a family, whose members have no more in them than it has.

    Raises:
        ConfigError: when there is no such format.

    Example:
        >>> from rulegen.grammar import parse
        >>> problems(parse("w += 0.1*pre*post"), "numpy")
        []
    """
    return asked(fmt, "problems", as_rule(rule), list, "a list of lines")


def asked(fmt: str, member: str, given: Record | Rule, wanted: type, what: str) -> Any:
    """What a format says of a record or a rule; what is wrong in it is told as its own fault."""
    part = parts.find("export", fmt)
    with parts.blamed(part, member):
        found = getattr(part, member)(given)
    if not isinstance(found, wanted):
        raise parts.fault(part, member, f"it gives {found!r} in place of {what}")
    return found


def unnamed(rule: Rule) -> Record:
    """A record of a rule of which nothing else is known."""
    return Record(name="rule", title="A plasticity rule", description="", equations=rule.text())
