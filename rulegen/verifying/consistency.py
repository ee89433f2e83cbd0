"""What can be seen of a record without a single life, and what of it nothing can check."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from rulegen.catalog import Evidence, Record, WorldFigures
from rulegen.catalog.records.interval import ROUNDING
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING
from rulegen.grammar import parse
from rulegen.verifying.finding import Finding, Verdict, decided, unchecked
from rulegen.verifying.origin import made_by, setting
from rulegen.verifying.published import Published
from rulegen.verifying.selecting import selection
from rulegen.verifying.structure import family, made_of
from rulegen.verifying.worlds import Place

#: From fewer lives nothing is claimed that can be verified: intervals are measured from these on.
LEAST_LIVES = 32
#: The gain over no learning is at least so many times the half width of its interval. That is four
#: standard errors; the luckiest of fifty seeds of a rule that gains nothing has about two.
CLEAR = 2.0


def consistent(whole: Published, evidence: Evidence, found: Sequence[Place]) -> list[Finding]:
    """Everything that can be said of a record before lives are run.

    Args:
        whole: record and configuration.
        evidence: of the record.
        found: the worlds that it names.
    """
    record = whole.record
    return [
        text(record, evidence),
        strength(evidence),
        *(finding for place in found for finding in baselines(place)),
        *attainable(evidence, ""),
        *(f for place in found if place.name for f in attainable(place.figures, place.where)),
        *parameters(record, evidence),
        *made_of(record, evidence),
        *selection(record, evidence),
        *(setting(place) for place in found),
        *made_by(whole.config, record, evidence),
        *compared(evidence),
        *told_alone(evidence),
    ]


def text(record: Record, evidence: Evidence) -> Finding:
    """Whether the text is the rule that was evaluated, and nothing of it is left open."""
    if free := [p.name for p in record.rule.free]:
        return decided("text", False, f"`{free[0]}` is free: a family is no published rule")
    if idle := record.rule.idle():
        return decided("text", False, f"`{idle[0]}` has no effect on what the rule does")
    why = f"the text is not the rule that was evaluated ({evidence.digest})"
    return decided("text", evidence.digest == record.digest, why)


def compared(evidence: Evidence) -> Iterator[Finding]:
    """Rules of worlds that are others than those that the record prints by their names.

    In each world bounds are such that no time constant is shorter than its step.
    """
    told = {other.name: other.rule for other in evidence.comparisons}
    for world in evidence.worlds:
        for other in world.comparisons:
            printed = told.get(other.name, other.rule)
            if other.rule != printed and unbounded(other.rule) != unbounded(printed):
                why = "it is another rule than the record prints by this name"
                yield decided(f"{other.name} in {world.name}", False, why)


def unbounded(text: str) -> str:
    """The text of a rule without the bounds of its parameters."""
    rule = parse(text)
    found = tuple(replace(p, lower=-math.inf, upper=math.inf) for p in rule.parameters)
    return replace(rule, parameters=found).text()


def told_alone(evidence: Evidence) -> Iterator[Finding]:
    """What the record alone says."""
    if evidence.gradients:
        yield unchecked("effort", "the number of gradients shows when the run is made again alone")
    why = (
        "title, description, fact, limits, tags, comments, references, meanings of parameters, "
        "names of compared rules and reasons are words; pictures, `fitted.txt`, the tables of a "
        "search and what a run took are not looked at either"
    )
    yield unchecked("words", why)


def strength(evidence: Evidence) -> Finding:
    """Whether the claim is strong enough for its truth to be told from luck."""
    lives, why = evidence.reward.lives, ""
    gain = next((c.difference for c in evidence.comparisons if c.name == NO_LEARNING), None)
    if lives < LEAST_LIVES:
        why = f"{lives} lives; a claim needs {LEAST_LIVES}"
    elif gain is None:
        why = f"nothing says what it gains over {NO_LEARNING}"
    elif family(evidence) is None and not evidence.structures:
        why = "it names neither the start of a fit nor a search, as every run does"
    elif gain.mean <= CLEAR * (gain.high - gain.low) / 2:
        why = f"the gain over {NO_LEARNING}, {gain}, could be that of a lucky seed"
    return Finding("strength", Verdict.WEAK if why else Verdict.HOLDS, why)


def baselines(place: Place) -> Iterator[Finding]:
    """The rewards between which one learns, which the task says."""
    task, told_of = place.world.task, place.figures
    for name, told, true in (
        (f"chance{place.where}", told_of.chance, task.chance(place.world.circuit.dt)),
        (f"perfect answers{place.where}", told_of.best, task.best),
    ):
        same = math.isclose(told, true, rel_tol=ROUNDING, abs_tol=ROUNDING)
        yield decided(name, same, f"it is {true:.6g} and not {told:.6g}")


def attainable(evidence: Evidence | WorldFigures, where: str) -> Iterator[Finding]:
    """Whether no reward is beyond that of perfect answers, by more than its interval."""
    told = {DISCOVERED: evidence.reward} | {c.name: c.reward for c in evidence.comparisons}
    slack = ROUNDING * max(1.0, abs(evidence.best))
    beyond = [n for n, reward in told.items() if reward.low > evidence.best + slack]
    why = f"`{', '.join(beyond)}` earns more than perfect answers, {evidence.best:g}"
    yield decided(f"attainable{where}", not beyond, why)


def parameters(record: Record, evidence: Evidence) -> Iterator[Finding]:
    """Whether what was fitted has an interval, which holds it, and what was not has none."""
    start = family(evidence)
    known = {} if start is None else {p.name: p for p in start.parameters}
    terms = {t.coefficient: f"coefficient of {t.term}" for t in evidence.terms}
    for p in record.rule.parameters:
        note, claim = record.parameters.get(p.name), f"parameter {p.name}"
        fitted = p.name in terms or (p.name in known and known[p.name].free)
        bounded = note is not None and note.low is not None
        if p.name in known and (p.lower, p.upper) != (known[p.name].lower, known[p.name].upper):
            yield decided(claim, False, "the start has other bounds for it")
        elif start is not None and bounded and not fitted:
            yield decided(claim, False, "it has an interval, and the start does not leave it free")
        elif fitted and (note is None or (not bounded and not note.why)):
            yield decided(claim, False, "it was fitted, and nothing says in which interval")
        elif (
            note is not None
            and note.meaning.startswith("coefficient of ")
            and (note.meaning != terms.get(p.name))
        ):
            yield decided(claim, False, f"it is no {note.meaning}")
        elif note is None or (not bounded and not note.why):
            continue
        elif note.low is None or note.high is None or p.value is None:
            yield unchecked(claim, note.why)
        else:
            why = f"{p.value:g} lies outside its interval [{note.low:g}, {note.high:g}]"
            yield decided(claim, note.low <= p.value <= note.high, why)
