"""Do the looks of a selection follow from each other, as far as that shows without their lives?"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

from scipy.special import ndtr, stdtrit

from rulegen.catalog import Evidence, Look, Record
from rulegen.catalog.records.roles import NO_LEARNING
from rulegen.selection.looks import MOST_LOOKS, Needed, judged, needed_for
from rulegen.verifying.finding import Finding, decided, unchecked
from rulegen.verifying.structure import family

#: A share of resamples is nearly that of a normal mean, to this; and to that, where one part of the
#: interval is so many times the other: tails of a few lives, which are missing in many resamples.
NEARLY, WITH_TAILS, TAILS = 0.25, 0.45, 1.3
#: Of fewer lives a share of resamples is anything.
FEW = 64
#: All looks hold together with this error.
TOGETHER = 0.05

#: Texts of terms, each as often as the rule has it.
Terms = Counter[str]


def selection(record: Record, evidence: Evidence) -> Iterator[Finding]:
    """The decisions by which terms were selected, on lives that the record does not name."""
    reasons = [*sizes(evidence), *looks(evidence), *course(record, evidence)]
    yield from (decided("selection", False, why) for why in dict.fromkeys(reasons))
    if evidence.looks or evidence.structures:
        why = "its lives follow from the configuration of the run, which must be run again"
        yield unchecked("selection", why)


def sizes(evidence: Evidence) -> Iterator[str]:
    """What is wrong with the numbers of the selection, if anything."""
    taken, start = len(evidence.looks), family(evidence)
    most = round(TOGETHER / (1.0 - evidence.level))
    level = 1.0 - TOGETHER / max(most, 1)
    if not (taken <= most <= MOST_LOOKS and math.isclose(level, evidence.level)):
        why = f"with the level {evidence.level:.15g} its {taken} looks do not hold together"
        yield f"{why} with 95%"
    gain = next((c.difference for c in evidence.comparisons if c.name == NO_LEARNING), None)
    if gain is not None and evidence.margin > gain.mean:
        why = f"a margin of {evidence.margin:g} is more than the rule gains over {NO_LEARNING}"
        yield f"{why}, {gain.mean:.4g}"
    if evidence.structures and (evidence.looks or evidence.candidates):
        yield "a rule is the pick of a search or the rest of a family, not both"
    if evidence.choice and not evidence.structures:
        yield "no structures were searched, among which it was chosen"
    if not evidence.looks and any(told.inclusion is not None for told in evidence.terms):
        yield "an inclusion is that of a look, and there are none"
    if start is not None and evidence.candidates != len(start.terms()):
        yield f"the family has {len(start.terms())} candidate terms and not {evidence.candidates}"


def looks(evidence: Evidence) -> Iterator[str]:
    """Looks whose difference cannot be, or whose verdict or inclusion is not what it gives."""
    least = min(r.mean for r in (evidence.reward, *(c.reward for c in evidence.comparisons)))
    for number, look in enumerate(evidence.looks, 1):
        if look.difference.low > evidence.best - least:
            why = f"gains {look.difference}, more than lies between all that was met"
            yield f"look {number} {why}, {least:.4g}, and perfect answers, {evidence.best:g}"
        others = look.terms + len(look.removed) - len(look.added)
        true = judged(look.difference, look.terms, others, evidence.margin)
        if look.verdict != true:
            yield f"look {number} is {look.verdict}, but {look.difference} makes it {true}"
        needed = needed_for(look.terms, others, evidence.margin)
        if look.inclusion is not None and look.difference.lives >= FEW:
            share = inclusion_of(look, needed, evidence.level)
            if abs(share - look.inclusion) > (WITH_TAILS if tailed(look) else NEARLY):
                why = f"has the inclusion {look.inclusion:g}, but {look.difference}"
                yield f"look {number} {why} gives about {share:.2g}"


def inclusion_of(look: Look, needed: Needed, level: float) -> float:
    """About the share of resamples that `rulegen.ground.statistics.inclusion` gives."""
    mean, low, _, lives = (getattr(look.difference, n) for n in ("mean", "low", "high", "lives"))
    half = mean - low
    if half <= 0.0 or lives < 2:
        return float(low <= needed.low or mean <= needed.mean)
    error = half / stdtrit(lives - 1, (1.0 + level) / 2.0)
    return float(ndtr((max(needed.low + half, needed.mean) - mean) / error))


def tailed(look: Look) -> bool:
    """Whether the interval is much longer on one side of the mean."""
    mean, low, high = (getattr(look.difference, n) for n in ("mean", "low", "high"))
    return bool(max(mean - low, high - mean) > TAILS * min(mean - low, high - mean))


def course(record: Record, evidence: Evidence) -> Iterator[str]:
    """Looks that start from no rule that was met, and a rule or losses that come from no look.

    Each is about a rule that was met before: the whole family, or one that was accepted. Of two
    with as many terms it is the later one, which was better.
    """
    start = family(evidence)
    if start is None:
        if evidence.looks:
            yield f"nothing says from which terms its {len(evidence.looks)} looks began"
        return
    texts = {term.coefficient: term.text for term in start.terms()}
    own = {p.name for p in record.rule.parameters}
    final = Counter(text for name, text in texts.items() if name in own)
    met = [Counter(texts.values())]
    shares: list[tuple[Terms, float | None]] = []
    for number, look in enumerate(evidence.looks, 1):
        left = next((after for rule in met if (after := moved(rule, look)) is not None), None)
        if left is None:
            yield f"look {number} is about no rule that was met before it"
            return
        shares.append((left, look.inclusion))
        if look.verdict == "accepted":
            met, shares = [left, *met], []
    if met[0] != final:
        yield "the rule does not have the terms that the looks leave"
    for told in evidence.terms:
        rest = final - Counter([texts.get(told.coefficient, "")])
        asked = [share for left, share in shares if left == rest]
        if told.inclusion is not None and told.inclusion not in asked[-1:]:
            yield f"the inclusion of `{told.coefficient}` is that of no look at the rule without it"


def moved(rule: Terms, look: Look) -> Terms | None:
    """The terms of the candidate of a look at a rule; None where it is about another."""
    removed, added = Counter(look.removed), Counter(look.added)
    if not removed <= rule or added & rule:
        return None
    left = rule - removed + added
    return left if left.total() == look.terms else None
