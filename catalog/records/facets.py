"""What one looks rules up by: kind, tags, sites, complexity, locality, reward."""

from __future__ import annotations

import sympy as sp
from pydantic import BaseModel, ConfigDict

from rulegen.catalog.records.ended import happened
from rulegen.catalog.records.evidence import Evidence
from rulegen.catalog.records.record import Record
from rulegen.catalog.records.roles import LITERATURE
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
        worlds: in how many it was tried; 0 for a rule of the literature.
        beats: what it earns more than, and in how many of them, with intervals above 0; or "".
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
    worlds: int
    beats: str


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
        worlds=max(1, len(record.evidence.worlds)) if record.evidence else 0,
        beats=beats_text(record.evidence) if record.evidence else "",
    )


def reward_text(evidence: Evidence) -> str:
    """The reward with its interval, and how many of its lives ended badly where some did."""
    bad = happened([evidence])
    several = "" if evidence.objective == "reward" else f", {evidence.reward_is}"
    return f"{evidence.reward}{several}" + (f"; {evidence.ended}" if bad else "")


def beats_text(evidence: Evidence) -> str:
    """In how many worlds a rule earns more than no learning, the yardstick, and other rules."""
    met: dict[str, list[bool]] = {}
    alone = [(c.name, c.difference) for c in evidence.comparisons]
    several = [(c.name, c.decides) for world in evidence.worlds for c in world.comparisons]
    for other, difference in several or alone:
        name = LITERATURE if other.startswith(LITERATURE) else other
        met.setdefault(name, []).append(difference.low > 0.0)
    return ", ".join(f"{name} in {sum(won)} of {len(won)}" for name, won in met.items())


def complexity(rule: Rule) -> int:
    """The number of nodes of all formulas of a rule, as its text writes them."""
    return sum(1 for expr in expressions(rule) for _ in sp.preorder_traversal(expr))
