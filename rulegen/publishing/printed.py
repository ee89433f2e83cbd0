"""The files of a run that say what its record says, in other words and formats."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rulegen.catalog import Record, latex_card, markdown_card, parts
from rulegen.catalog.export import export
from rulegen.catalog.likeness.naming import named
from rulegen.catalog.pages.markdown import RUN_PICTURE
from rulegen.catalog.records.roles import NO_LEARNING, START
from rulegen.grammar import ConfigError
from rulegen.publishing.config import RunConfig


def texts(record: Record) -> dict[str, str]:
    """The rule and its card, by the name of the file."""
    return {
        "rule.txt": record.equations,
        "card.md": markdown_card(record, figure=RUN_PICTURE),
        "card.tex": latex_card(record, figure="learning.pdf"),
    }


def check_exports(config: RunConfig) -> None:
    """See that the formats of a configuration are here.

    Raises:
        ConfigError: when one is not.
    """
    try:
        for name in config.exports:
            parts.find("export", name)
    except ConfigError as error:
        raise ConfigError(f"exports: {error}") from None


def exported(record: Record, formats: Iterable[str]) -> dict[str, str]:
    """The rule in other languages, by the name of the file.

    Raises:
        RuleError: when one of them cannot say it.
    """
    return {export_file(name): export(record, name) for name in formats}


def export_file(name: str) -> str:
    """The file of an export format in the folder of a run."""
    return f"rule_{name}{parts.find('export', name).suffix}"


def summary(record: Record) -> dict[str, Any]:
    """The result for programs."""
    evidence = record.evidence
    assert evidence is not None
    others = {
        c.name: {
            "reward": c.reward.model_dump(),
            "paired_difference": c.difference.model_dump(),
            **c.counts,
        }
        for c in evidence.comparisons
    }
    start = others.pop(START, None)
    unlearned = others.pop(NO_LEARNING)
    return {
        "name": record.name,
        "digest": record.digest,
        "is": named(record.rule).text,
        "equation": record.equations,
        "latex": record.rule.latex(),
        "terms": [t.term for t in evidence.terms],
        "parameters": {p.name: p.value for p in record.rule.parameters},
        "reward": evidence.reward.model_dump(),
        **({"start": start, "paired_difference": start["paired_difference"]} if start else {}),
        "references": others,
        "no_learning": unlearned,
        "chance": evidence.chance,
        "best": evidence.best,
        **evidence.counts,
        "gradients": evidence.gradients,
        "nonfinite": evidence.nonfinite,
        "seed": evidence.seed,
        "config": evidence.config,
        "versions": evidence.versions,
    }
