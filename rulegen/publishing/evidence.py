"""Evidence: what the held-out lives say of a rule, in the form of a record."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from rulegen.catalog import Comparison, Evidence, Interval, ParameterNote, Record, TermLoss
from rulegen.catalog.records.roles import NO_LEARNING
from rulegen.fitting.ascent import gradients
from rulegen.grammar import Rule, parse
from rulegen.ground.digests import code_digest, digest_of, versions
from rulegen.ground.journal import Journal
from rulegen.ground.parts import packages
from rulegen.ground.statistics import Estimate, Limits
from rulegen.lives.world import World
from rulegen.publishing.config import RunConfig
from rulegen.publishing.evaluate import Trajectory
from rulegen.publishing.held_out import Everywhere, HeldOut
from rulegen.publishing.setting import setting_of
from rulegen.publishing.tables import lives_table, lives_tables, lots_of, parts_of, remains_of


def held_out(
    world: World,
    config: str,
    seed: int,
    best: Trajectory,
    others: Sequence[Trajectory],
    without: Mapping[str, Trajectory],
    /,
    **more: Any,
) -> Evidence:
    """The evidence of a published rule.

    Args:
        world: where it was found and evaluated.
        config: digest of the configuration of the run.
        seed: of the run.
        best: the rule as printed, on the held-out lives.
        others: other rules on the same lives.
        without: what remains without each term, on the same lives, by its coefficient.
        more: what else is known, or is otherwise with several worlds: see `catalog.Evidence`.
    """
    known = {
        "chance": world.task.chance(world.circuit.dt),
        "best": world.task.best,
        "data": digest_of(
            lives_table(lots_of((best, *others)), remains_of(without)).to_csv(index=False)
        ),
    }
    return Evidence(
        setting=setting_of(world),
        reward=interval(best.reward),
        **best.counts.bad,
        comparisons=tuple(
            Comparison(
                name=t.name,
                rule="" if t.name == NO_LEARNING else t.text,
                reward=interval(t.reward),
                difference=interval(best.minus(t)),
                **t.counts.bad,
            )
            for t in others
        ),
        seed=seed,
        versions=versions(),
        packages=packages(world.task, world.circuit),
        config=config,
        code=code_digest(),
        digest=parse(best.text).digest,
        **(known | more),
    )


def evidence_of(
    config: RunConfig,
    here: HeldOut,
    rests: Mapping[str, Everywhere],
    terms: Mapping[str, str],
    inclusion: Mapping[str, float] = MappingProxyType({}),
    **more: Any,
) -> Evidence:
    """The evidence of a run.

    Args:
        config: of the run.
        here: with all rules on its held-out lives.
        rests: what remains without each term there, by its coefficient.
        terms: their texts. inclusion: see `catalog.TermLoss`.
        more: what else is known: see `catalog.Evidence`.
    """
    best, *others = here.compared()
    without = {name: here.joint(rest) for name, rest in rests.items()}
    if worlds := here.shown(rests):
        places = config.training
        table = lives_tables({name: parts_of(shown) for name, shown in worlds.items()})
        more |= {
            "worlds": here.figures(),
            "chance": here.constant({n: w.task.chance(w.circuit.dt) for n, w in places.items()}),
            "best": here.constant({n: w.task.best for n, w in places.items()}),
            "data": digest_of(table.to_csv(index=False)),
        }
    if config.together:
        more |= {"objective": config.objective, "sharpness": config.aim.sharpness}
    losses = tuple(
        TermLoss(
            coefficient=name,
            term=terms[name],
            loss=interval(best.minus(rest)),
            inclusion=known(inclusion.get(name, math.nan)),
            rule=rest.text,
            **rest.counts.bad,
        )
        for name, rest in without.items()
    )
    return held_out(
        config.world, config.digest, config.seed, best, others, without, terms=losses, **more
    )


def record_of(
    config: RunConfig,
    rule: Rule,
    limits: Mapping[str, Limits],
    terms: Mapping[str, str],
    lineage: Sequence[str],
    evidence: Evidence,
) -> Record:
    """The record of a published rule.

    Args:
        config: of the run that found it.
        rule: as printed.
        limits: of the parameters that were fitted, or why they have none.
        terms: texts of the terms, by coefficient.
        lineage: digests or formulas of the rules that it comes from.
        evidence: from `held_out`.
    """
    return Record(
        name=config.name,
        title=config.title or config.name.replace("_", " "),
        kind="discovered",
        description=config.description,
        equations=rule.text(),
        parameters={
            name: ParameterNote(
                meaning=f"coefficient of {terms[name]}" if name in terms else "",
                low=known(low),
                high=known(high),
                why=why,
            )
            for name, (low, high, why) in limits.items()
        },
        tags=tuple(dict.fromkeys(world.task.name for world in config.training.values())),
        lineage=tuple(lineage),
        licence=config.licence,
        evidence=evidence,
    )


def with_gradients(record: Record, journal: Journal) -> Record:
    """The record with the number of gradients that its run took, and of those it left out.

    Args:
        record: of a run.
        journal: of the same run.
    """
    assert record.evidence is not None
    evidence = record.evidence.model_copy(update=gradients(journal))
    return record.model_copy(update={"evidence": evidence})


def left_out(record: Record) -> list[str]:
    """What the last lines of a run say of gradients that were left out; nothing where none was."""
    evidence = record.evidence
    if evidence is None or not evidence.nonfinite:
        return []
    return [
        f"{evidence.nonfinite} of {evidence.gradients} gradients of single lives were infinite or "
        "not a number, and were left out"
    ]


def interval(e: Estimate) -> Interval:
    """An estimate as a part of a record."""
    return Interval(mean=e.mean, low=e.low, high=e.high, lives=e.lives)


def known(value: float) -> float | None:
    """A number for a record, which has no NaN."""
    return float(value) if math.isfinite(value) else None


def rounded(rule: Rule, limits: Mapping[str, Limits | None]) -> Rule:
    """The rule with values rounded to what the evidence supports, and within their bounds.

    Args:
        rule: with the values that were found.
        limits: of the parameters that are rounded; None where there are none.

    Example:
        >>> rule = parse("param eta = 0.000912 in [0, 0.00091367]\\nw += eta*pre*post")
        >>> rounded(rule, {"eta": Limits(0.0008, 0.00095)}).parameter("eta").value
        0.00091
        >>> rounded(rule.with_values({"eta": 0.00091367}), {"eta": None}).parameter("eta").value
        0.00091367
    """
    values = {}
    for p in (rule.parameter(name) for name in limits):
        assert p.value is not None
        # A value at a bound says so, and no other value may move over one.
        there = p.value if p.value in (p.lower, p.upper) else supported(p.value, limits[p.name])
        values[p.name] = min(max(there, p.lower), p.upper)
    return rule.with_values(values)


def supported(value: float, limits: Limits | None = None) -> float:
    """Round `value` so that the change is at most a quarter of its interval's half width.

    Without an interval, three significant digits remain; a value never becomes 0.

    Example:
        >>> supported(1.4805, Limits(1.2, 1.8)), supported(0.0321)
        (1.5, 0.0321)
    """
    if value == 0.0:
        return 0.0
    digits = 2 - math.floor(math.log10(abs(value)))
    if limits and math.isfinite(limits.low + limits.high) and limits.high > limits.low:
        leading = -math.floor(math.log10(abs(value)))
        digits = max(math.ceil(-math.log10((limits.high - limits.low) / 4.0)), leading)
    return round(float(value), digits)
