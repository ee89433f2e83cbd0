"""Honest records of all kinds are accepted, unless they claim too little."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from forging import NOTES, honest_run, shared_programs, verify  # noqa: F401
from honest import SETTING, TASK, family, leave, publish, quick_bench, text

from rulegen.catalog import ParameterNote, Record, markdown_card, read_card
from rulegen.catalog.records.roles import NO_LEARNING, START
from rulegen.grammar import parse
from rulegen.ground.digests import versions
from rulegen.ground.keys import Branch, branch
from rulegen.ground.statistics import estimate
from rulegen.verifying.finding import Verdict
from rulegen.verifying.published import published
from rulegen.verifying.setting import world_of

pytestmark = pytest.mark.usefixtures("shared_programs")


BINARY = SETTING.model_copy(update={"task": TASK | {"feedback": "binary"}})
LONGER = SETTING.model_copy(update={"task": TASK | {"delay": 20.0}, "life": {"trials": 50}})
INPUT = SETTING.model_copy(
    update={"projections": {"input": "param eta = 1e-9 1/ms\ndw/dt = eta*post*pre"}}
)
RUNAWAY = "w += 10*pre*post"
SATURATING = "forward bias = 50\non reward: w += 0"
BOTH = {START: family(0.3), NO_LEARNING: ""}
HONEST: dict[str, dict[str, Any]] = {
    "as discovered": {"notes": NOTES},
    "another seed": {"seed": 11},
    "a large seed": {"seed": 2**32 - 1},
    "few lives": {"lives": 96},
    "an odd number of lives": {"lives": 101},
    "many lives": {"lives": 600},
    "two references": {"others": BOTH | {"half": text(0.75), "backwards": text(-0.3)}},
    "a reference as good as it": {"others": BOTH | {"the same": text(1.5)}},
    "a reference better than it": {"others": BOTH | {"better": text(2.5, 0.15)}},
    "a reference that diverges": {"others": BOTH | {"runaway": RUNAWAY}},
    "a reference that saturates": {"others": BOTH | {"high": SATURATING}},
    "no learning without a term": {
        "rule": text(1.5, 0.0),
        "terms": {"theta": "", "phi": text(1.5, 0.0)},
    },
    "a worthless term": {
        "rule": text(1.5, 0.0),
        "terms": {"theta": text(0.0, 0.0), "phi": text(1.5, 0.0)},
    },
    "of a search": {
        "others": {"best of the literature (hebb)": text(0.3), NO_LEARNING: ""},
        "structures": 1225,
        "choice": "it earns most",
    },
    "another software": {"versions": versions() | {"jax": "0.4.1", "optax": "1.0.0rc1"}},
    "other programs": {"code": "0123456789abcdef"},
    # A fit ends elsewhere there: at 1.5 a tenth of the gain is left.
    "binary feedback": {
        "setting": BINARY,
        "lives": 512,
        "rule": text(0.7),
        "terms": {"theta": text(0.0), "phi": text(0.7, 0.0)},
    },
    "another task and longer lives": {"setting": LONGER},
    "plastic inputs": {"setting": INPUT},
    "unknown intervals": {"notes": {"theta": ParameterNote(why="no end within reach")}},
}


def made(arguments: dict[str, Any]) -> tuple[Record, Any]:
    replaced = {k: v for k, v in arguments.items() if k in ("versions", "code")}
    record, trajectories = publish(**{k: v for k, v in arguments.items() if k not in replaced})
    assert record.evidence
    evidence = record.evidence.model_copy(update=replaced)
    return record.model_copy(update={"evidence": evidence}), trajectories


@pytest.mark.parametrize("name", HONEST)
def test_honest_records_and_cards(name: str, tmp_path: Path) -> None:
    record, trajectories = made(HONEST[name])
    folder = leave(record, trajectories, tmp_path)
    whole = published(str(folder))
    found = verify(whole)
    assert found.holds, found.table().to_string()
    assert all(c.why for c in found.checks if not c.holds), "what is not checked has a reason"
    for path in (folder / "card.md", folder / "record.toml"):
        assert published(str(path)).record == record
    assert read_card(markdown_card(record)) == record


def test_figures_are_those_of_the_lives(honest: tuple[Record, Any]) -> None:
    """Independent of `claims`: what the record says follows from the lives."""
    record, (best, start, nothing) = honest
    assert record.evidence
    first, second = record.evidence.comparisons
    for figure, values in (
        (record.evidence.reward, best.means),
        (first.reward, start.means),
        (second.difference, best.means - nothing.means),
    ):
        assert figure.mean == pytest.approx(float(np.mean(values)))
        assert figure.low == pytest.approx(estimate(values).low)


def luckiest(lives: int) -> int:
    """The seed of fifty on whose lives the rule earns most."""
    bench = quick_bench(world_of(SETTING), parse(text(1.5)))

    def reward(seed: int) -> float:
        key = branch(jax.random.key(seed), Branch.EVALUATE)
        return float(bench.rewards(bench.values, key, lives).mean())

    return max(range(50), key=reward)


def test_the_best_of_fifty_seeds_on_four_lives_is_too_weak() -> None:
    found = verify(publish(seed=luckiest(4), lives=4)[0])
    assert not found.holds
    (weak,) = [c for c in found.checks if c.verdict is Verdict.WEAK]
    assert weak.why == "4 lives; a claim needs 32"


def test_the_best_of_fifty_seeds_surprises() -> None:
    """With lives enough to be no weak claim by number, luck shows among new lives."""
    found = verify(publish(seed=luckiest(48), lives=48)[0], lives=2048)
    reward = next(c for c in found.checks if c.claim == "reward")
    assert reward.surprise is not None and reward.surprise < 0.05


def test_two_lives_are_no_false_alarm() -> None:
    """An honest record with `--lives 2` claims too little, and nothing false."""
    found = verify(publish(lives=2)[0], lives=64)
    assert found.verdict is Verdict.WEAK
    assert {c.verdict for c in found.checks} == {Verdict.WEAK, Verdict.HOLDS, Verdict.UNCHECKED}
    again = verify(publish(lives=64)[0], lives=2)
    assert again.verdict is Verdict.WEAK, "two new lives refute nothing"


def test_a_rule_that_gains_nothing_is_too_weak() -> None:
    found = verify(
        publish(
            rule=text(0.0, 0.0),
            terms={},
            margin=0.0,
            looks=(),
            candidates=0,
            structures=7,
            others={NO_LEARNING: ""},
        )[0]
    )
    assert found.verdict is Verdict.WEAK
    assert "lucky seed" in next(c.why for c in found.checks if c.verdict is Verdict.WEAK)


def test_a_rule_of_which_nothing_is_said_to_be_fitted_is_too_weak() -> None:
    """Every run names its start, or is a search; so no term can lose its loss with the start."""
    record, _ = publish(others={NO_LEARNING: ""}, terms={}, candidates=0, looks=())
    found = verify(record.model_copy(update={"parameters": {}}), lives=64)
    assert found.verdict is Verdict.WEAK
    (weak,) = [c.why for c in found.checks if c.verdict is Verdict.WEAK]
    assert weak.startswith("it names neither the start of a fit nor a search")
