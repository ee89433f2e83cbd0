"""Does the claim of a card hold? Its text, as printed, on its own lives again and on new ones.

The published lives follow from the seed on the card, so the same text must earn the published
reward on them again: that finds figures that were altered, however little. New lives tell whether
the claim is more than the luck of those. Another version of rulegen may draw other lives under the
same seed; then only the new ones count.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, NamedTuple

import jax
import numpy as np
import pandas as pd
from pydantic import TypeAdapter, ValidationError

from catalog import Evidence, Interval, Record, Setting
from catalog.record import first_problem
from grammar import ConfigError, Rule, RuleError, parse
from rulegen.circuits import AnyCircuit
from rulegen.discovery import DISCOVERED, NO_LEARNING, START
from rulegen.keys import Branch, branch, origin
from rulegen.life import LifeSettings
from rulegen.lives import World
from rulegen.progress import Progress, Report, silent, ticks
from rulegen.projections import Projections
from rulegen.statistics import Estimate, estimate, paired_difference
from rulegen.tasks import AnyTask
from rulegen.workbench import Workbench

#: On the published lives, a mean may differ from the published one by this share of the half width
#: of its interval: other hardware rounds otherwise, and a life can magnify that.
SAME = 0.75


class Check(NamedTuple):
    """One claim.

    Attributes:
        claim: what is claimed.
        published: the figure on the card.
        again: on the published lives. fresh: on new lives.
        holds: whether it is so. why: the reason if not.
    """

    claim: str
    published: Interval | None
    again: Estimate | None
    fresh: Estimate | None
    holds: bool
    why: str = ""


class Verification(NamedTuple):
    """What became of the claims of a card."""

    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Whether all do."""
        return all(check.holds for check in self.checks)

    def table(self) -> pd.DataFrame:
        """Columns claim, published, published lives, new lives, verdict."""
        rows = [
            [c.claim, *map(shown, (c.published, c.again, c.fresh)), c.why or "holds"]
            for c in self.checks
        ]
        heads = ["claim", "published", "published lives", "new lives", "verdict"]
        return pd.DataFrame(rows, columns=heads)


def shown(figure: Interval | Estimate | None) -> str:
    """A figure with its interval, or nothing."""
    return "" if figure is None else str(figure)


def verify(
    record: Record, lives: int | None = None, seed: int = 0, report: Report = silent
) -> Verification:
    """Check what a record claims.

    A claim holds when the text is the one that was evaluated, the published lives give the
    published mean again, the interval on new lives overlaps the published one, and a difference
    from start or no learning that excluded 0 does so again, with the same sign.

    Args:
        record: of a discovered rule, or of a card (`catalog.read_card`).
        lives: number of new lives; as many as were published by default.
        seed: of the new lives, which never are the published ones.
        report: told of finished lives.

    Raises:
        ConfigError: when the record claims nothing, or its setting is none.
        RuleError: when one of its texts is no rule that can run.
    """
    evidence = record.evidence
    if evidence is None:
        raise ConfigError(
            f"the record of `{record.name}` has no evidence, so it claims nothing to verify"
        )
    checks = consistent(record, evidence)
    if not all(check.holds for check in checks):
        return Verification(tuple(checks))
    benches = entrants(record, evidence)
    count = evidence.reward.lives
    new = branch(origin(seed), Branch.VERIFY)
    fresh = rewards(benches, new, lives or count, "new lives", report)
    again: dict[str, np.ndarray] = {}
    if evidence.versions.get("rulegen", version("rulegen")) == version("rulegen"):
        published = branch(origin(evidence.seed), Branch.EVALUATE)
        again = rewards(benches, published, count, "published lives", report)

    def check(claim: str, figure: Interval, name: str = "") -> Check:
        both = [figure_of(found, name) if found else None for found in (again, fresh)]
        return compared(claim, figure, both[0], both[1], name in (START, NO_LEARNING))

    checks.append(check("reward", evidence.reward))
    for other in evidence.comparisons:
        if other.name in benches:
            checks.append(check(f"minus {other.name}", other.difference, other.name))
    return Verification(tuple(checks))


def figure_of(found: Mapping[str, np.ndarray], other: str) -> Estimate:
    """The reward of the rule, or how much it exceeds that of another."""
    mine = found[DISCOVERED]
    return paired_difference(mine, found[other]) if other else estimate(mine)


def consistent(record: Record, evidence: Evidence) -> list[Check]:
    """What can be seen without a single life."""
    same = evidence.digest in ("", record.digest)
    why = "" if same else f"the text is not the rule that was evaluated ({evidence.digest})"
    checks = [Check("text", None, None, None, same, why)]
    for p in record.rule.parameters:
        note = record.parameters.get(p.name)
        low, high = (note.low, note.high) if note else (None, None)
        if p.value is not None and low is not None and high is not None:
            inside = low <= p.value <= high
            why = "" if inside else f"{p.value:g} lies outside its interval [{low:g}, {high:g}]"
            checks.append(Check(f"parameter {p.name}", None, None, None, inside, why))
    figures = {"reward": evidence.reward} | {c.name: c.difference for c in evidence.comparisons}
    for name, interval in figures.items():
        if not interval.low <= interval.mean <= interval.high:
            why = "the mean lies outside its interval"
            checks.append(Check(name, interval, None, None, False, why))
    return checks


def compared(
    claim: str, published: Interval, again: Estimate | None, fresh: Estimate | None, strict: bool
) -> Check:
    """One figure against its new values; a `strict` one must exclude 0 again if it did."""
    half = max((published.high - published.low) / 2, 1e-12)
    why = ""
    # A card prints four significant digits.
    rounding = 1e-3 * abs(published.mean)
    if again and not abs(again.mean - published.mean) <= SAME * half + rounding:
        why = "the published lives give another figure"
    elif fresh and (fresh.high < published.low or fresh.low > published.high):
        why = "new lives give another figure"
    elif fresh and strict and (fresh.low <= 0 < published.low or published.high < 0 <= fresh.high):
        why = "on new lives the difference does not exclude 0"
    return Check(claim, published, again, fresh, not why, why)


def entrants(record: Record, evidence: Evidence) -> dict[str, Workbench]:
    """The rule, what it was compared with, and no learning, each in the world of the card."""
    world = world_of(evidence.setting)
    still = world.life.model_copy(update={"warmup": world.life.trials})
    rules: dict[str, Rule] = {DISCOVERED: record.rule}
    rules |= {c.name: parse(c.rule) for c in evidence.comparisons if c.rule}
    try:
        benches = {name: Workbench(world, rule) for name, rule in rules.items()}
        if any(c.name == NO_LEARNING for c in evidence.comparisons):
            unmoved = world.model_copy(update={"life": still})
            benches[NO_LEARNING] = Workbench(unmoved, record.rule)
        for bench in benches.values():
            bench.plain  # noqa: B018  (made here, so that what cannot run is refused early)
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


def rewards(
    benches: Mapping[str, Workbench], key: jax.Array, lives: int, stage: str, report: Report
) -> dict[str, np.ndarray]:
    """Mean reward per trial of each life of each rule, all on the same lives, shape (lives,)."""
    total, found = lives * len(benches), {}
    for number, (name, bench) in enumerate(benches.items()):
        done = number * lives
        report(Progress(stage, done, total, name))
        tick = ticks(report, stage, done, total, 1)
        found[name] = bench.rewards(bench.values, key, lives, tick)
    return found
