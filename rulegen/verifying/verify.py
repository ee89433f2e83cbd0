"""Does the claim of a card hold? Its text, as printed, on its own lives again and on new ones.

The published lives follow from the seed on the card, so the same texts must earn the published
figures on them again: that finds figures that were altered, however little. New lives tell whether
the claim is more than the luck of those. What a record says of itself never widens a tolerance.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import numpy as np
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from rulegen.catalog import Evidence, Interval, Record, Setting
from rulegen.catalog.records.record import first_problem
from rulegen.catalog.records.roles import NO_LEARNING
from rulegen.circuits import AnyCircuit
from rulegen.fitting.refine import RefineSettings
from rulegen.grammar import ConfigError, Rule, RuleError, parse
from rulegen.ground.keys import Branch, branch, origin
from rulegen.ground.progress import Progress, Report, silent, ticks
from rulegen.ground.statistics import Estimate, estimate
from rulegen.lives.batch import World
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.projections import Projections
from rulegen.publishing.config import versions
from rulegen.tasks import AnyTask
from rulegen.verifying.claims import MINE, Claim, Key, agrees, claims, contradicted
from rulegen.verifying.consistency import Finding, Outcome, consistent, data
from rulegen.verifying.luck import luck
from rulegen.verifying.published import Published
from rulegen.verifying.resurvey import Resurvey

#: On the published lives, a figure may differ from the published one by this share of the half
#: width of the interval found there: other hardware rounds otherwise, and a life magnifies that.
SAME = 0.05
#: Of honest cards, at most this share has any figure that new lives refute: less than the 5% that
#: is promised, so that a sample of cards keeps the promise as well.
ERROR = 0.03
#: New lives, unless another number is asked for.
NEW_LIVES = 4096
#: Reasons why a figure is refuted.
OTHERWISE = "the published lives give another figure"
LUCKY = "the published lives are luckier than new ones let expect"


class Check(NamedTuple):
    """One claim.

    Attributes:
        claim: what is claimed.
        published: the figure on the card.
        again: on the published lives. fresh: on new lives.
        outcome: what became of it. why: the reason, unless it holds.
        surprise: how often lives of an honest card favour it as much as the published ones.
    """

    claim: str
    published: Interval | None
    again: Estimate | None
    fresh: Estimate | None
    outcome: Outcome
    why: str = ""
    surprise: float | None = None

    @property
    def holds(self) -> bool:
        """Whether it does."""
        return self.outcome is Outcome.HOLDS


class Verification(NamedTuple):
    """What became of the claims of a card."""

    checks: tuple[Check, ...]

    @property
    def outcome(self) -> Outcome:
        """The worst of all; what could not be checked leaves the others as they are."""
        found = {check.outcome for check in self.checks}
        ranked = (Outcome.REFUTED, Outcome.WEAK, Outcome.HOLDS)
        return next((outcome for outcome in ranked if outcome in found), Outcome.UNCHECKED)

    @property
    def holds(self) -> bool:
        """Whether the claim does."""
        return self.outcome is Outcome.HOLDS

    def table(self) -> pd.DataFrame:
        """Columns claim, published, published lives, new lives, surprise, verdict."""
        rows = [
            [
                c.claim,
                *map(shown, (c.published, c.again, c.fresh)),
                "" if c.surprise is None else f"{c.surprise:.2g}",
                f"{c.outcome}: {c.why}" if c.why else str(c.outcome),
            ]
            for c in self.checks
        ]
        heads = ["claim", "published", "published lives", "new lives", "surprise", "verdict"]
        return pd.DataFrame(rows, columns=heads)


class Lot(NamedTuple):
    """The lives of one rule: mean reward per trial of each, shape (L,), and how many diverged."""

    rewards: np.ndarray
    diverged: int


#: Lives of every rule of a card, by whose they are.
Lots = Mapping[Key, Lot]


def shown(figure: Interval | Estimate | None) -> str:
    """A figure with its interval, or nothing."""
    return "" if figure is None else str(figure)


def verify(
    record: Record | Published,
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
        record: of a discovered rule, or of a card (`catalog.read_card`); with what lies beside it
            as `rulegen.verifying.published.published` finds it.
        lives: number of new lives.
        seed: of the new lives, which never are the published ones.
        report: told of finished lives.

    Raises:
        ConfigError: when the record claims nothing, or its setting is none.
        RuleError: when one of its texts is no rule that can run.
    """
    whole = record if isinstance(record, Published) else Published(record)
    evidence = whole.record.evidence
    if evidence is None:
        raise ConfigError(
            f"the record of `{whole.record.name}` has no evidence, so it claims nothing to verify"
        )
    world = world_of(evidence.setting)
    found = [plain(finding) for finding in consistent(whole, evidence, world)]
    if evidence.digest != whole.record.digest:
        why = "lives are not run for a text that was not evaluated"
        return Verification((*found, Check("rewards", None, None, None, Outcome.UNCHECKED, why)))
    benches = entrants(whole.record, evidence, world)
    root = branch(origin(seed), Branch.VERIFY)
    held_out = branch(origin(evidence.seed), Branch.EVALUATE)
    again = run(benches, held_out, evidence.reward.lives, "published lives", report)
    fresh = run(benches, branch(root, 0), lives, "new lives", report)
    found += judge(whole, evidence, again, fresh)
    notes, settings = whole.record.parameters, RefineSettings()
    survey = Resurvey(benches[MINE], notes, branch(root, 1), settings, report)
    for name, (holds, why) in survey.verdicts().items():
        outcome = {True: Outcome.HOLDS, False: Outcome.REFUTED, None: Outcome.UNCHECKED}[holds]
        found.append(Check(f"interval of {name}", None, None, None, outcome, why))
    return Verification(tuple(found))


def plain(finding: Finding) -> Check:
    """A check that needs no lives."""
    return Check(finding.claim, None, None, None, finding.outcome, finding.why)


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
    odds = luck(
        np.array([claim.interval.mean for claim in boasts]),
        np.array([claim.values(old) for claim in boasts]).T,
        np.array([claim.values(new) for claim in boasts]).T,
    )
    alone = dict(zip(boasts, odds.alone.tolist(), strict=True))
    together = dict(zip(boasts, odds.together.tolist(), strict=True))

    def check(claim: Claim) -> Check:
        there, here = (estimate(claim.values(rewards)) for rewards in (old, new))
        reasons = []
        if claim.name in tabled:
            reasons.append(f"the table of the lives gives {tabled[claim.name]}")
        if not agrees(claim.interval, there, SAME):
            reasons.append(f"{OTHERWISE}{elsewhere(evidence)}")
        if together.get(claim, 1.0) <= ERROR:
            reasons.append(
                f"{LUCKY}: such a surprise in any figure of an honest card has the probability "
                f"{together[claim]:.2g}"
            )
        why = "; ".join(reasons)
        outcome = Outcome.REFUTED if why else Outcome.HOLDS
        surprise = alone.get(claim)
        return Check(claim.name, claim.interval, there, here, outcome, why, surprise)

    named = plain(data(whole.lives, evidence, old))
    return [*(check(claim) for claim in told), diverged(evidence, again), named]


def elsewhere(evidence: Evidence) -> str:
    """That other software made the record, which may have drawn other lives."""
    here = versions()
    for name, version in evidence.versions.items():
        if here.get(name) != version:
            return f" here; it was made with {name} {version}: verify with that"
    return ""


def diverged(evidence: Evidence, again: Lots) -> Check:
    """The numbers of diverged lives, to the same tolerance as means."""
    told = {MINE: evidence.diverged}
    told |= {("rule", other.name): other.diverged for other in evidence.comparisons}
    for key, count in told.items():
        lives = len(again[key].rewards)
        figure = estimate(np.arange(lives) < again[key].diverged)
        slack = SAME * lives * (figure.high - figure.low) / 2
        if abs(count - again[key].diverged) > slack:
            why = f"of `{key[1]}` {again[key].diverged} diverge and not {count}"
            return Check("diverged lives", None, None, None, Outcome.REFUTED, why)
    return Check("diverged lives", None, None, None, Outcome.HOLDS)


def entrants(record: Record, evidence: Evidence, world: World) -> dict[Key, Bench]:
    """The rule, what it was compared with, and what remains without each term, each in the world.

    Where nothing is learned, as without the last term, its own circuits keep their weights.
    """
    still = world.life.model_copy(update={"warmup": world.life.trials})
    unmoved = world.model_copy(update={"life": still})
    texts = {("rule", other.name): other.rule for other in evidence.comparisons}
    texts |= {("term", term.coefficient): term.rule for term in evidence.terms}
    rules: dict[Key, Rule | None] = {MINE: record.rule}
    rules |= {key: parse(text) if text.strip() else None for key, text in texts.items()}
    made: dict[str, Bench] = {}
    benches: dict[Key, Bench] = {}
    try:
        for key, rule in rules.items():
            name = texts.get(key, record.equations) if rule else NO_LEARNING
            if name not in made:
                made[name] = Bench(world if rule else unmoved, rule or record.rule).checked()
            benches[key] = made[name]
    except RuleError:
        raise
    except ValueError as error:
        raise ConfigError(str(error)) from None
    return benches


def world_of(setting: Setting) -> World:
    """The world that a record names.

    Raises:
        ConfigError: when it names none.

    Example:
        >>> task = {"name": "delayed_association", "delay": 100}
        >>> world_of(Setting(task=task, circuit={"neurons": 8}, life={})).circuit.neurons
        8
    """
    try:
        return World(
            circuit=TypeAdapter[Any](AnyCircuit).validate_python(setting.circuit),
            task=TypeAdapter[Any](AnyTask).validate_python(setting.task),
            life=LifeSettings.model_validate(setting.life),
            projections=Projections.model_validate(setting.projections),
        )
    except ValidationError as error:
        raise ConfigError(f"the setting of the card: {first_problem(error)}") from None


def run(
    benches: Mapping[Key, Bench], key: jax.Array, lives: int, stage: str, report: Report
) -> dict[Key, Lot]:
    """The same lives of every rule; one that stands twice is run once."""
    lots: dict[int, Lot] = {}
    total = lives * len({id(bench) for bench in benches.values()})
    for (_, name), bench in benches.items():
        if id(bench) not in lots:
            done = len(lots) * lives
            report(Progress(stage, done, total, name))
            batch = bench.run(bench.values, key, lives, ticks(report, stage, done, total, 1))
            lots[id(bench)] = Lot(batch.means, batch.diverged)
    return {key: lots[id(bench)] for key, bench in benches.items()}
