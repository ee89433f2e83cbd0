"""What a run would publish, written before it begins, with lives that nobody has lived.

Whatever a record, a card or an export refuses of a configuration is refused so at once, and not
after the hours that the run takes.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pydantic import ValidationError

from rulegen.catalog import Record, read_card
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING, YARDSTICK
from rulegen.fitting.yardstick import Mark
from rulegen.grammar import ConfigError, Rule
from rulegen.grammar.reading.problems import problems
from rulegen.ground.journal import Journal
from rulegen.ground.keys import origin
from rulegen.ground.stage import Stage
from rulegen.ground.statistics import Limits, estimate
from rulegen.lives.bench import Bench
from rulegen.lives.outcomes import Outcome
from rulegen.publishing.config import RunConfig
from rulegen.publishing.evaluate import Trajectory
from rulegen.publishing.evidence import evidence_of, record_of
from rulegen.publishing.held_out import HeldOut
from rulegen.publishing.printed import exported, summary, texts
from rulegen.publishing.report import Left, report_page

#: Lives of each rule, the fewest with an interval.
LIVES = 2
#: What they earn: on the scale from no learning to the yardstick, the others are between.
EARNED = {NO_LEARNING: 0.0, YARDSTICK: 1.0}


class Rehearsal(HeldOut):
    """Held-out lives of a run that nobody lives.

    Args:
        config: of the run.
    """

    def __init__(self, config: RunConfig) -> None:
        unit = estimate(np.ones(LIVES))
        worlds = config.training | config.held_out if config.learning else {}
        marks = dict.fromkeys(worlds, Mark(config.measure, unit, unit, unit))
        super().__init__(config, LIVES, marks, Stage(origin(config.seed), Journal()))

    def trajectory(self, world: str, name: str, rule: Rule, label: str) -> Trajectory:
        """A rule that earns in each life what `EARNED` says."""
        means, none = np.full(LIVES, EARNED.get(name, 0.5)), np.zeros((3, 0))
        return Trajectory(name, rule.text(), means, none, none, np.full(LIVES, Outcome.OK))

    def _lived(self, number: int, name: str, bench: Bench, label: str) -> Trajectory:
        return self.trajectory("", name, bench.rule, label)


def rehearse(
    config: RunConfig, rule: Rule, compared: Mapping[str, Rule], terms: Mapping[str, str]
) -> None:
    """See that a run can publish a rule like this one.

    Args:
        config: of the run.
        rule: like that which will be found.
        compared: what it will be compared with, by name.
        terms: texts of its terms, by coefficient.

    Raises:
        ConfigError: when its record or its card would be refused; the message names the place.
        RuleError: when an export cannot say it.
        RunError: when an export of others fails.
    """
    here = Rehearsal(config)
    for name, other in {DISCOVERED: rule, **compared}.items():
        here.run(name, other)
    here.finish(rule)
    rests = {name: here.rest(name, rule) for name in terms}
    limits = {p.name: Limits(0.0, 1.0) for p in rule.parameters if p.name in terms}
    try:
        evidence = evidence_of(config, here, rests, terms)
        record = record_of(config, rule, limits, terms, (rule.digest,), evidence)
    except ValidationError as error:
        raise ConfigError(f"what it would publish: {problems(error, Record)}") from None
    printed = texts(record) | exported(record, config.exports)
    summary(record)
    report_page(record, Left())
    try:
        read_card(printed["card.md"])
    except ConfigError as error:
        raise ConfigError(f"the card that it would publish: {error}") from None
