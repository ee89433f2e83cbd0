"""What one looks rules up by: kind, tags, sites, complexity, locality, reward."""

from __future__ import annotations

import sympy as sp
from pydantic import BaseModel, ConfigDict

from rulegen.catalog.records.ended import happened
from rulegen.catalog.records.evidence import Evidence
from rulegen.catalog.records.record import Record
from rulegen.grammar import Rule, Site
from rulegen.grammar.algebra.symbols import WEIGHT
from rulegen.grammar.rule.locality import expressions


class Facets(BaseModel):
    """One row of an index.

    Attributes:
        name, title, kind, tags: those of the record.
        sites: where the rule keeps states besides the weights.
        complexity: number of nodes of its formulas.
        verdict: of its locality certificate.
        reward: on held-out lives, and how many of these ended badly; or "".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    kind: str
    tags: tuple[str, ...]
    sites: tuple[str, ...]
    complexity: int
    verdict: str
    reward: str


def facets(record: Record) -> Facets:
    """What one looks this rule up by.

    Example:
        >>> record = Record(name="hebb", title="Hebb", description="",
        ...                 equations="param eta = 0.1\\ndw/dt = eta*pre*post")
        >>> facets(record).complexity
        4
    """
    rule = record.rule
    kept = {state.site for state in rule.states if state.name != WEIGHT}
    return Facets(
        name=record.name,
        title=" ".join(record.title.split()),
        kind=record.kind,
        tags=record.tags,
        sites=tuple(site.value for site in Site if site in kept),
        complexity=complexity(rule),
        verdict=rule.locality().verdict,
        reward=reward_text(record.evidence) if record.evidence else "",
    )


def reward_text(evidence: Evidence) -> str:
    """The reward with its interval, and how many of its lives ended badly where some did."""
    bad = happened([evidence])
    return f"{evidence.reward}" + (f"; {evidence.ended}" if bad else "")


def complexity(rule: Rule) -> int:
    """The number of nodes of all formulas of a rule, as its text writes them."""
    return sum(1 for expr in expressions(rule) for _ in sp.preorder_traversal(expr))
