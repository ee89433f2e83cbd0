"""The formats to which a rule can be exported."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rulegen.catalog.export import brian2, jax_, latex, nestml, numpy_, sympy_
from rulegen.catalog.pages.markdown import markdown_card
from rulegen.catalog.records.record import Record
from rulegen.grammar import ConfigError, Rule, RuleError


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes:
        meaning: one line about it. suffix: of its files.
        write: makes the text. problems: what of a rule it cannot express, each with its place
            and reason; empty when it can be written.
    """

    meaning: str
    suffix: str
    write: Callable[[Record], str]
    problems: Callable[[Rule], list[str]] = lambda rule: []


FORMATS = {
    "numpy": Format("plain NumPy functions, without rulegen", ".py", numpy_.write),
    "jax": Format("pure JAX functions, without rulegen", ".py", jax_.write),
    "sympy": Format("the equations as SymPy objects", ".py", sympy_.write),
    "brian2": Format("synapses of Brian 2", ".py", brian2.write, brian2.problems),
    "nestml": Format("a synapse model of NESTML", ".nestml", nestml.write, nestml.problems),
    "markdown": Format("the card, for a code host", ".md", markdown_card),
    "latex": Format("the card, a document that compiles", ".tex", latex.write),
}


def export(rule: Record | Rule, fmt: str) -> str:
    """The rule as text in another language.

    Args:
        rule: a rule, or a record, of which the title and the references are told as well.
        fmt: one of `FORMATS`.

    Raises:
        ConfigError: when there is no such format.
        RuleError: when the format cannot express the rule, with the reason.

    Example:
        >>> from rulegen.grammar import parse
        >>> print(export(parse("w += 0.1*pre*post"), "numpy").splitlines()[0])
        \"\"\"A plasticity rule as plain NumPy functions, exported by rulegen.\"\"\"
    """
    record = rule if isinstance(rule, Record) else unnamed(rule)
    if found := problems(record.rule, fmt):
        raise RuleError(f"{fmt} cannot express this rule: " + "; ".join(found))
    return format_of(fmt).write(record)


def problems(rule: Record | Rule, fmt: str) -> list[str]:
    """What of a rule a format cannot express: the place and the reason, one line each.

    Ask before a search starts: of a family, whose members have no more in them than it has.

    Raises:
        ConfigError: when there is no such format.

    Example:
        >>> from rulegen.grammar import parse
        >>> problems(parse("w += 0.1*pre*post"), "numpy")
        []
    """
    return format_of(fmt).problems(rule.rule if isinstance(rule, Record) else rule)


def format_of(name: str) -> Format:
    """The format of this name."""
    if name not in FORMATS:
        raise ConfigError(f"there is no format `{name}`: there are {', '.join(FORMATS)}")
    return FORMATS[name]


def unnamed(rule: Rule) -> Record:
    """A record of a rule of which nothing else is known."""
    return Record(name="rule", title="A plasticity rule", description="", equations=rule.text())
