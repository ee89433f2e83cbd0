"""Does the claim of a card hold? Its text, as printed, on its own lives again and on new ones.

The published lives follow from the seed on the card, so the same texts must earn the published
figures on them again: that finds figures that were altered, however little. New lives tell whether
the claim is more than the luck of those. What a record says of itself never widens a tolerance.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import jax
import numpy as np

from rulegen.catalog import Evidence, Record, parts
from rulegen.catalog.records.ended import Ended
from rulegen.catalog.records.record import HasRecord, as_record
from rulegen.catalog.records.roles import NO_LEARNING, YARDSTICK
from rulegen.grammar import ConfigError, Rule, RuleError, parse
from rulegen.ground.digests import versions
from rulegen.ground.keys import Branch, branch, origin
from rulegen.ground.progress import Progress, Report, silent, ticks
from rulegen.lives.batch import Batch, Lot
from rulegen.lives.bench import Bench, no_learning
from rulegen.lives.outcomes import Outcomes
from rulegen.objective import Joint, Objective
from rulegen.objective.joint import key_of
from rulegen.verifying.claims import MINE, SAME, Claim, Key, agrees, claims, contradicted
from rulegen.verifying.consistency import consistent
from rulegen.verifying.data import data
from rulegen.verifying.endings import endings, miscounted, spared, wrong_in_table
from rulegen.verifying.finding import Finding, Verdict, decided, unchecked
from rulegen.verifying.learning import false_curve
from rulegen.verifying.luck import Luck, luck
from rulegen.verifying.published import Published, published
from rulegen.verifying.refits import refits
from rulegen.verifying.resurvey import resurveyed
from rulegen.verifying.scales import scales
from rulegen.verifying.verification import Check, Verification
from rulegen.verifying.worlds import Place, aim_of, all_lots, places

#: Of honest cards, at most this share has any figure that new lives refute: less than the 5% that
#: is promised, so that a sample of cards keeps the promise as well.
ERROR = 0.03
#: New lives, unless another number is asked for.
NEW_LIVES = 4096
#: Reasons why a figure is refuted.
OTHERWISE = "the published lives, run again, give"
LUCKY = "the published lives are luckier than new ones let expect"


#: Lives of every rule of a card, by whose they are.
Lots = Mapping[Key, Lot]


def verify(
    record: Published | HasRecord | Record | Path | str,
    lives: int = NEW_LIVES,
    seed: int = 0,
    report: Report = silent,
) -> Verification:
    """Check what a record claims, every figure of it.

    A figure of the held-out lives holds when the published lives give mean and limits again, to
    `SAME` of the half width found, the table beside the record gives them exactly, and new lives
    do not show that the published ones were luckier than honest ones are (see `luck`). A claim
    from few lives, or hardly above no learning, is too weak to verify (see `consistency`).

    Args:
        record: of a discovered rule, or what a run found; or the folder of a run, a card, a record
            or a name of the catalog, with what lies beside it (`published`).
        lives: number of new lives.
        seed: of the new lives, which never are the published ones.
        report: told of finished lives.

    Raises:
        ConfigError: when the record claims nothing, or its setting is none.
        RuleError: when one of its texts is no rule that can run.
    """
    if isinstance(record, Path | str):
        record = published(record)
    whole = record if isinstance(record, Published) else Published(as_record(record))
    return Verification(tuple(checks(whole, lives, seed, report)))


def checks(whole: Published, lives: int, seed: int, report: Report) -> Iterator[Check]:
    """All of `verify`, one by one: what needs no lives first, and the longest last.

    Args:
        whole: record and what lies beside it.
        lives, seed, report: as of `verify`.
    """
    record, evidence = whole.record, whole.record.evidence
    if evidence is None:
        raise ConfigError(
            f"the record of `{record.name}` has no evidence, so it claims nothing to verify"
        )
    found = places(evidence)
    yield from map(plain, consistent(whole, evidence, found))
    if evidence.digest != record.digest:
        why = "lives are not run for a text that was not evaluated"
        yield Check("rewards", None, None, None, Verdict.UNCHECKED, why)
        return
    benches = {place.name: entrants(record, evidence, place) for place in found}
    root = branch(origin(seed), Branch.VERIFY)
    held_out = branch(origin(evidence.seed), Branch.EVALUATE)
    again, fresh = dict[str, dict[Key, Lot]](), dict[str, dict[Key, Lot]]()
    curves = list[Check]()
    for place in found:
        key, new = (key_of(k, place.number) for k in (held_out, branch(root, 0)))
        there = benches[place.name]
        batches = run(there, key, evidence.reward.lives, f"published lives{place.where}", report)
        curves += curved(whole, place, batches)
        again[place.name] = lots(batches)
        fresh[place.name] = lots(run(there, new, lives, f"new lives{place.where}", report))
    old = all_lots(evidence, again)
    yield from judge(whole, evidence, old, all_lots(evidence, fresh))
    yield plain(data(whole.lives, evidence, again))
    objective = together(found, {name: there[MINE] for name, there in benches.items()}, evidence)
    sizes = whole.config.refine if whole.config else None
    yield from map(plain, refits(evidence, objective, held_out, old, sizes))
    yield from curves
    if evidence.scaled:
        yield from map(plain, scales(found, benches, branch(root, 2), report))
    yield from map(plain, resurveyed(objective, record, branch(root, 1), sizes, report))


def together(found: Sequence[Place], benches: Mapping[str, Bench], evidence: Evidence) -> Objective:
    """What a record is for, with the published rule in every world that chose it.

    Args:
        found: the worlds. benches: the rule in each, by name.
        evidence: whose means are the scale.
    """
    inside = [place for place in found if place.chosen_in]
    if evidence.objective == "reward":
        return benches[inside[0].name]
    aim = aim_of(evidence)
    if evidence.scaled:
        ends = [{c.name: c.reward.mean for c in place.figures.comparisons} for place in inside]
        nothing = tuple(end[NO_LEARNING] for end in ends)
        unit = tuple(end[YARDSTICK] - end[NO_LEARNING] for end in ends)
        aim = aim._replace(nothing=nothing, unit=unit)
    rule = benches[inside[0].name].rule
    return Joint({place.name: place.world for place in inside}, rule, aim)


def curved(whole: Published, place: Place, batches: Mapping[Key, Batch]) -> Iterator[Check]:
    """Whether the learning curves of a world are those of its lives, run again."""
    where = place.where
    if whole.curves is None:
        yield plain(unchecked(f"learning curves{where}", "their table is not beside the record"))
        return
    for name, curve in whole.curves[place.name].items():
        why = false_curve(curve, batches["rule", name].rewards)
        yield plain(decided(f"learning curve of {name}{where}", not why, why))


def plain(finding: Finding) -> Check:
    """A check that needs no lives."""
    return Check(finding.claim, None, None, None, finding.verdict, finding.why)


def judge(whole: Published, evidence: Evidence, again: Lots, fresh: Lots) -> list[Check]:
    """All figures of the held-out lives against those lives, their table, and new lives.

    Args:
        whole: record and table.
        evidence: of the record.
        again: the published lives, run again. fresh: new lives.
    """
    told = claims(evidence)
    old, new = ({key: lot.rewards for key, lot in lots.items()} for lots in (again, fresh))
    tabled = contradicted(evidence, whole.lives.rewards) if whole.lives else {}
    boasts = [claim for claim in told if claim.boasts]
    spare = spared(evidence, again[MINE].outcomes, fresh[MINE].outcomes)
    odds = luck(
        np.concatenate([[claim.interval.mean for claim in boasts], spare.claimed]),
        np.column_stack([*(claim.values(old) for claim in boasts), spare.published]),
        np.column_stack([*(claim.values(new) for claim in boasts), spare.fresh]),
        np.array([claim.chief for claim in boasts] + [False] * len(spare.claimed)),
    )
    # Last of all those of the lives that ended badly.
    alone = dict(zip(boasts, odds.alone.tolist(), strict=False))
    together = dict(zip(boasts, odds.together.tolist(), strict=False))

    def check(claim: Claim) -> Check:
        there, here = (claim.figure(rewards) for rewards in (old, new))
        reasons = []
        if claim.name in tabled:
            reasons.append(f"the table of the lives gives {tabled[claim.name]}")
        if not agrees(claim.interval, there, SAME):
            reasons.append(f"{OTHERWISE} {there}{elsewhere(evidence)}")
        reasons += lucky(together.get(claim, 1.0))
        why = "; ".join(reasons)
        verdict = Verdict.REFUTED if why else Verdict.HOLDS
        surprise = alone.get(claim)
        return Check(claim.name, claim.interval, there, here, verdict, why, surprise)

    ended = Luck(odds.alone[len(boasts) :], odds.together[len(boasts) :])
    counts = wrong_in_table(evidence, whole.lives.outcomes) if whole.lives else {}
    return [*(check(claim) for claim in told), *ends(evidence, again, fresh, counts, ended)]


def lucky(probability: float) -> list[str]:
    """The reason to refute a figure whose surprise honest cards have so rarely, if it is one."""
    if probability > ERROR:
        return []
    return [
        f"{LUCKY}: such a surprise in any figure of an honest card has the probability "
        f"{probability:.2g}"
    ]


def elsewhere(evidence: Evidence) -> str:
    """That other software made the record, which may have drawn other lives."""
    here = versions()
    other = [f"{name} {text}" for name, text in evidence.versions.items() if here.get(name) != text]
    for kind, package in evidence.packages.items():
        name = getattr(evidence.setting, kind)["name"]
        other += [package] if str(parts.source(kind, name)) != package else []
    if other:
        return f" here; it was made with {other[0]}: verify with that"
    return ""


def ends(
    evidence: Evidence, again: Lots, fresh: Lots, tabled: Mapping[Key, str], odds: Luck
) -> list[Check]:
    """How many lives of each rule ended badly; one check for all of which none did.

    Args:
        evidence: with the counts.
        again: the published lives, run again. fresh: new lives.
        tabled: where the counts are not those of the table.
        odds: of the counts of the published rule (`spared`).
    """
    found, quiet = list[Check](), 0
    for key, told in endings(evidence).items():
        there, here = (Outcomes.of(lots[key].outcomes) for lots in (again, fresh))
        reasons = [f"the table of the lives says: {tabled[key]}"] if key in tabled else []
        if why := miscounted(told, there, SAME):
            reasons.append(f"of the published lives {why}{elsewhere(evidence)}")
        reasons += lucky(float(odds.together.min())) if key == MINE else []
        verdict = Verdict.REFUTED if reasons else Verdict.HOLDS
        if not reasons and not there.trouble and not here.trouble:
            quiet += 1
            continue
        where = key[0].partition(" ")[1:]
        name = f"ended badly{'' if key == MINE else f', {key[1]}'}{''.join(where)}"
        surprise = float(odds.alone.min()) if key == MINE else None
        found.append(Check(name, told, there, here, verdict, "; ".join(reasons), surprise))
    if quiet:
        clean, name = Outcomes(), "ended badly" + (", all others" if found else "")
        found.append(Check(name, Ended.of([0, 0, 0]), clean, clean, Verdict.HOLDS))
    return found


def entrants(record: Record, evidence: Evidence, place: Place) -> dict[Key, Bench]:
    """The rule, what it was compared with, and what remains without each term, each in a world.

    Where nothing is learned, as without the last term, its own circuits keep their weights.
    """
    world = place.world
    texts = {("rule", other.name): other.rule for other in place.figures.comparisons}
    if place.chosen_in:
        texts |= {("term", term.coefficient): term.rule for term in evidence.terms}
    rules: dict[Key, Rule | None] = {MINE: record.rule}
    rules |= {key: parse(text) if text.strip() else None for key, text in texts.items()}
    made: dict[str, Bench] = {}
    benches: dict[Key, Bench] = {}
    try:
        for key, rule in rules.items():
            name = texts.get(key, record.equations) if rule else NO_LEARNING
            if name not in made:
                bench = Bench(world, rule) if rule else no_learning(world, record.rule)
                made[name] = bench.checked()
            benches[key] = made[name]
    except RuleError:
        raise
    except ValueError as error:
        raise ConfigError(str(error)) from None
    return benches


def run(
    benches: Mapping[Key, Bench], key: jax.Array, lives: int, stage: str, report: Report
) -> dict[Key, Batch]:
    """The same lives of every rule; one that stands twice is run once."""
    batches: dict[int, Batch] = {}
    total = lives * len({id(bench) for bench in benches.values()})
    for (_, name), bench in benches.items():
        if id(bench) not in batches:
            done = len(batches) * lives
            report(Progress(stage, done, total, name))
            tick = ticks(report, stage, done, total, 1)
            batches[id(bench)] = bench.run(bench.values, key, lives, tick)
    return {key: batches[id(bench)] for key, bench in benches.items()}


def lots(batches: Mapping[Key, Batch]) -> dict[Key, Lot]:
    """What is left of lives without their trials."""
    return {key: Lot(batch.means, batch.outcomes) for key, batch in batches.items()}
