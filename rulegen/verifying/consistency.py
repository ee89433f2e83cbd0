"""What can be seen of a record without a single life, and what of it nothing can check."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import NamedTuple

from rulegen.catalog import Evidence, Record
from rulegen.catalog.records.record import ROUNDING
from rulegen.catalog.records.roles import NO_LEARNING
from rulegen.ground.digests import code_digest, digest_of, versions
from rulegen.publishing.config import RunConfig
from rulegen.publishing.evaluate import Lot
from rulegen.publishing.evidence import setting_of
from rulegen.publishing.rundir import lives_table
from rulegen.tasks import Task
from rulegen.verifying.claims import MINE, Key
from rulegen.verifying.published import Published, PublishedLives

#: From fewer lives nothing is claimed that can be verified: intervals are measured from these on.
LEAST_LIVES = 32
#: The gain over no learning is at least so many times the half width of its interval. That is four
#: standard errors; the luckiest of fifty seeds of a rule that gains nothing has about two.
CLEAR = 2.0


class Outcome(StrEnum):
    """What becomes of a claim."""

    HOLDS = "holds"
    REFUTED = "refuted"
    WEAK = "too weak to verify"
    UNCHECKED = "not checked"


class Finding(NamedTuple):
    """A claim, what became of it, and the reason unless it holds."""

    claim: str
    outcome: Outcome
    why: str = ""


def consistent(whole: Published, evidence: Evidence, task: Task) -> list[Finding]:
    """Everything that can be said of a record before lives are run.

    Args:
        whole: record and configuration.
        evidence: of the record.
        task: that it names.
    """
    record = whole.record
    same = evidence.digest == record.digest
    why = f"the text is not the rule that was evaluated ({evidence.digest})"
    return [
        decided("text", same, why),
        strength(evidence),
        *baselines(evidence, task),
        *parameters(record),
        *selection(evidence),
        configuration(whole.config, record, evidence),
        code(evidence),
        Finding("words", Outcome.UNCHECKED, "title, description and reasons are no figures"),
    ]


def decided(claim: str, holds: bool, why: str) -> Finding:
    """A claim that holds, or is refuted by `why`."""
    return Finding(claim, Outcome.HOLDS) if holds else Finding(claim, Outcome.REFUTED, why)


def strength(evidence: Evidence) -> Finding:
    """Whether the claim is strong enough for its truth to be told from luck."""
    lives, why = evidence.reward.lives, ""
    gain = next((c.difference for c in evidence.comparisons if c.name == NO_LEARNING), None)
    if lives < LEAST_LIVES:
        why = f"{lives} lives; a claim needs {LEAST_LIVES}"
    elif gain is None:
        why = f"nothing says what it gains over {NO_LEARNING}"
    elif gain.mean <= CLEAR * (gain.high - gain.low) / 2:
        why = f"the gain over {NO_LEARNING}, {gain}, could be that of a lucky seed"
    return Finding("strength", Outcome.WEAK if why else Outcome.HOLDS, why)


def baselines(evidence: Evidence, task: Task) -> Iterator[Finding]:
    """The rewards between which one learns, which the task says."""
    for name, told, true in (
        ("chance", evidence.chance, task.chance),
        ("perfect answers", evidence.best, task.best),
    ):
        same = math.isclose(told, true, rel_tol=ROUNDING, abs_tol=ROUNDING)
        yield decided(name, same, f"it is {true:.6g} and not {told:.6g}")


def parameters(record: Record) -> Iterator[Finding]:
    """Whether each fitted value lies in its interval."""
    for p in record.rule.parameters:
        note = record.parameters.get(p.name)
        if note is None:
            continue
        if note.low is None or note.high is None or p.value is None:
            why = note.why or "it has no interval"
            yield Finding(f"parameter {p.name}", Outcome.UNCHECKED, why)
        else:
            why = f"{p.value:g} lies outside its interval [{note.low:g}, {note.high:g}]"
            yield decided(f"parameter {p.name}", note.low <= p.value <= note.high, why)


def selection(evidence: Evidence) -> Iterator[Finding]:
    """The decisions by which terms were selected, on lives that the record does not name."""
    for look in evidence.looks:
        shrinks = len(look.removed) > len(look.added)
        if look.verdict == "accepted" and look.difference.low <= -evidence.margin * shrinks:
            why = f"accepted with {look.difference}, which leaves a loss beyond the margin possible"
            yield Finding("selection", Outcome.REFUTED, why)
    if evidence.looks or evidence.structures:
        why = "its lives follow from the configuration of the run, which must be run again"
        yield Finding("selection", Outcome.UNCHECKED, why)


def data(lives: PublishedLives | None, evidence: Evidence, again: Mapping[Key, Lot]) -> Finding:
    """The digest of the table of held-out lives.

    Without the table, the lives that were run again are that table, if they are the same to the
    last bit.

    Args:
        lives: of the table.
        evidence: of the record.
        again: the published lives, run again.
    """
    if not evidence.data:
        return Finding("data", Outcome.UNCHECKED, "the record names no data")
    if lives is not None:
        why = f"the table of the lives beside it has the digest {lives.digest}"
        return decided("data", lives.digest == evidence.data, why)
    means = {MINE: evidence.reward.mean}
    means |= {("rule", other.name): other.reward.mean for other in evidence.comparisons}
    if any(float(again[key].rewards.mean()) != mean for key, mean in means.items()):
        why = "the table of the lives is not beside it, and other hardware rounds otherwise"
        return Finding("data", Outcome.UNCHECKED, why)
    table = lives_table({key[1]: again[key] for key in means})
    if evidence.saturated is None:  # nor did older tables say how each life ended
        table = table.drop(columns="outcome")
    digest = digest_of(table.to_csv(index=False))
    return decided("data", digest == evidence.data, f"that of the published lives is {digest}")


def configuration(config: RunConfig | None, record: Record, evidence: Evidence) -> Finding:
    """The digest of the configuration, and whether it says the same as the record."""
    if config is None:
        why = "the configuration of the run is not beside it"
        return Finding("configuration", Outcome.UNCHECKED, why)
    told = {
        "name": (record.name, config.name),
        "seed": (evidence.seed, config.seed),
        "number of lives": (evidence.reward.lives, config.evaluate.lives),
        "setting": (evidence.setting, setting_of(config.world)),
    }
    for name, (here, there) in told.items():
        if here != there:
            return decided("configuration", False, f"its {name} is not that of the record")
    if config.digest == evidence.config:
        return Finding("configuration", Outcome.HOLDS)
    if evidence.versions != versions() or evidence.code != code_digest():
        why = "its digest depends on the software, which was another"
        return Finding("configuration", Outcome.UNCHECKED, why)
    return decided("configuration", False, f"the one beside it has the digest {config.digest}")


def code(evidence: Evidence) -> Finding:
    """The digest of the programs."""
    if evidence.code == code_digest():
        return Finding("code", Outcome.HOLDS)
    why = "it was made by other programs than these" if evidence.code else "the record names none"
    return Finding("code", Outcome.UNCHECKED, why)
