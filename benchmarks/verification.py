"""`make verification`: how often `rulegen verify` is right, by cards whose truth is known.

Cards of a tiny world, so that there can be hundreds: each has published lives of its own seed and
is verified on new lives of its own. Writes docs/verification.md.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from rulegen.catalog import Evidence, Interval, Record, Setting
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING
from rulegen.compile import compile_rule
from rulegen.grammar import parse
from rulegen.ground.keys import Branch, branch
from rulegen.ground.runtime import use_all_cores
from rulegen.ground.statistics import estimate
from rulegen.lives.batch import Lot
from rulegen.lives.bench import Bench
from rulegen.lives.many import Lives
from rulegen.publishing.evaluate import Trajectory
from rulegen.publishing.evidence import held_out
from rulegen.verifying.claims import MINE, Key
from rulegen.verifying.consistency import strength
from rulegen.verifying.finding import Verdict
from rulegen.verifying.published import Published
from rulegen.verifying.setting import world_of
from rulegen.verifying.verify import ERROR, LUCKY, NEW_LIVES, OTHERWISE, SAME, judge

CARDS, LIVES, SEEDS = 200, 128, 50
RULE = """
param theta = 1.5
e <- e + 0.4*theta*xi*pre : synapse
on trial start: e <- 0
on reward: w += clip((R - R_bar[condition])*e, -0.2, 0.2)
"""
SETTING = Setting(
    task={"name": "delayed_association", "cue": 20.0, "delay": 10.0, "response": 20.0},
    circuit={"neurons": 8},
    life={"trials": 40, "warmup": 4},
)
#: Lives of so many at once: the circuits are so small that the calls cost most.
CHUNK = 1024

PAGE = """# How often `verify` is right

Made by `make verification` in {minutes:.0f} minutes. [`rulegen verify`](catalog.md#verify) judges
{cards} cards of each kind on {new} new lives. All are of node perturbation in circuits of eight
neurons and lives of forty trials, with {lives} published lives for the rule and for no learning,
over which it gains {gain}. Every card has a seed of its own, and so have its new lives.

- *Honest*: as published.
- *Raised*: the mean reward, its interval and its difference from no learning are raised by one
  standard error.
- *Luckiest*: the honest figures of that seed of {seeds} on which the rule earns most.

{table}

The columns say for how many cards some figure is refuted, whatever refutes it; by the published
lives, run again; and by new lives alone, as if nobody knew the seed. Published lives give their own
figures again, so that a raised one is found however small its surprise would be: they allow
{same:g} of the half width of an interval, a tenth of a standard error. New lives refute a figure
when the smallest surprise among all figures of the card has at most the probability {error:g}.
They say little of one standard error, which luck makes often, and they are all that can tell a
lucky seed: of the luckiest of fifty, honest as its figures are, the surprise is the smallest of
fifty, about 0.02 by itself.
"""


class Row(NamedTuple):
    """What became of some cards: numbers of them that were refuted, and by what."""

    kind: str
    cards: int
    refuted: int
    published: int
    fresh: int
    weak: int


def evidence_of(seed: int, lots: dict[Key, Lot]) -> Evidence:
    """The evidence of a card with these published lives."""
    blank = np.zeros((3, 1))
    text = parse(RULE).text()
    best, nothing = (
        Trajectory(
            name, text, lots["rule", name].rewards, blank, blank, lots["rule", name].outcomes
        )
        for name in (DISCOVERED, NO_LEARNING)
    )
    return held_out(world_of(SETTING), "", seed, best, [nothing], {}, structures=1)


def raised(evidence: Evidence) -> Evidence:
    """The same with a mean raised by one standard error, and what follows from it."""
    (other,) = evidence.comparisons
    rise = (evidence.reward.high - evidence.reward.low) / (2 * 1.96)

    def more(i: Interval) -> Interval:
        return Interval(mean=i.mean + rise, low=i.low + rise, high=i.high + rise, lives=i.lives)

    other = other.model_copy(update={"difference": more(other.difference)})
    update = {"reward": more(evidence.reward), "comparisons": (other,)}
    return evidence.model_copy(update=update)


def row(kind: str, judged: Sequence[tuple[Evidence, dict[Key, Lot], dict[Key, Lot]]]) -> Row:
    """Judge cards: evidence, published lives and new lives of each."""
    whole = Published(Record(name="tiny", title="Tiny", description="", equations=RULE))
    found = [
        [check for check in judge(whole, *card) if check.verdict is Verdict.REFUTED]
        for card in judged
    ]
    return Row(
        kind,
        len(judged),
        sum(bool(checks) for checks in found),
        sum(any(OTHERWISE in check.why for check in checks) for checks in found),
        sum(any(LUCKY in check.why for check in checks) for checks in found),
        sum(strength(evidence).verdict is Verdict.WEAK for evidence, _, _ in judged),
    )


def benches() -> dict[Key, Bench]:
    """The rule and no learning, many lives at once."""
    world, rule = world_of(SETTING), parse(RULE)
    found = {}
    for name in (DISCOVERED, NO_LEARNING):
        here = world if name == DISCOVERED else world.unlearned
        found["rule", name] = Bench(here, rule)
        found["rule", name].plain = Lives(here, compile_rule(rule), chunk=CHUNK)
    return found


def lots_of(made: dict[Key, Bench], key: jax.Array, lives: int) -> dict[Key, Lot]:
    """The same lives of all rules."""
    found = {}
    for name, bench in made.items():
        batch = bench.run(bench.values, key, lives)
        found[name] = Lot(batch.means, batch.outcomes)
    return found


def measure() -> tuple[list[Row], str]:
    """The rows of the page, and what the rule gains."""
    made = benches()

    def old(seed: int) -> dict[Key, Lot]:
        return lots_of(made, branch(jax.random.key(seed), Branch.EVALUATE), LIVES)

    def fresh(seed: int) -> dict[Key, Lot]:
        return lots_of(made, branch(jax.random.key(seed), Branch.VERIFY, 0), NEW_LIVES)

    def luckiest(number: int) -> int:
        seeds = range(10**6 + SEEDS * number, 10**6 + SEEDS * (number + 1))
        keys = [branch(jax.random.key(seed), Branch.EVALUATE) for seed in seeds]
        mine = made[MINE]
        rewards = [mine.rewards(mine.values, key, LIVES).mean() for key in keys]
        return seeds[int(np.argmax(rewards))]

    new = [fresh(number) for number in range(CARDS)]
    honest = [(evidence_of(n, lots := old(n)), lots, new[n]) for n in range(CARDS)]
    forged = [(raised(evidence), lots, here) for evidence, lots, here in honest]
    chosen = [luckiest(n) for n in range(CARDS)]
    lucky = [(evidence_of(s, lots := old(s)), lots, new[n]) for n, s in enumerate(chosen)]
    gains = np.concatenate([lots[MINE].rewards - lots["rule", NO_LEARNING].rewards for lots in new])
    kinds = {"honest": honest, "raised": forged, "luckiest": lucky}
    return [row(kind, cards) for kind, cards in kinds.items()], str(estimate(gains))


def main() -> None:
    """Measure, print, write."""
    use_all_cores()
    began = time.perf_counter()
    rows, gain = measure()
    head = ("cards", "refuted", "by the published lives", "by new lives alone", "too weak")
    lines = ["| " + " | ".join(head) + " |", "| --- | ---: | ---: | ---: | ---: |"]
    for found in rows:
        counts = (found.refuted, found.published, found.fresh, found.weak)
        shares = [f"{count} of {found.cards} ({count / found.cards:.1%})" for count in counts]
        lines.append("| " + " | ".join([found.kind, *shares]) + " |")
    minutes = (time.perf_counter() - began) / 60
    text = PAGE.format(
        minutes=minutes, cards=CARDS, new=NEW_LIVES, lives=LIVES, seeds=SEEDS, gain=gain,
        table="\n".join(lines), same=SAME, error=ERROR,
    )  # fmt: skip
    (Path(__file__).parent.parent / "docs" / "verification.md").write_text(text)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
