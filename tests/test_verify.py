"""`rulegen verify` accepts what was published and rejects what was altered."""

from __future__ import annotations

import re
from pathlib import Path

import jax
import pytest
from test_cli import call

from catalog import (
    Comparison,
    Evidence,
    Interval,
    ParameterNote,
    Record,
    Setting,
    find,
    markdown_card,
    read_card,
    save_record,
)
from catalog.literature import literature, names
from grammar import ConfigError, parse
from rulegen.config import versions
from rulegen.discovery import NO_LEARNING, START
from rulegen.evaluate import Trajectory, evaluate
from rulegen.journal import Journal
from rulegen.keys import Branch, branch
from rulegen.statistics import Estimate
from rulegen.verify import verify, world_of
from rulegen.workbench import Workbench

TEXT = """
param theta = {theta} in [-3, 3]
e <- e + 0.01*theta*xi*pre : synapse
on trial start: e <- 0
on reward: w += clip((R - R_bar[condition])*e, -0.1, 0.1)
"""
LIVES = 256


def interval(e: Estimate) -> Interval:
    return Interval(mean=e.mean, low=e.low, high=e.high, lives=e.lives)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Record:
    """A small rule with evidence, as `discover` makes it."""
    periods = {"cue": 30.0, "delay": 30.0, "response": 30.0}
    setting = Setting(
        task={"name": "delayed_association", **periods},
        circuit={"neurons": 12},
        life={"trials": 60, "warmup": 12},
    )
    world = world_of(setting)
    still = world.life.model_copy(update={"warmup": 60})
    journal = Journal(tmp_path_factory.mktemp("run") / "history.jsonl", {"configuration": "x"})
    key = branch(jax.random.key(3), Branch.EVALUATE)

    def trajectory(name: str, theta: float, learns: bool = True) -> Trajectory:
        here = world if learns else world.model_copy(update={"life": still})
        bench = Workbench(here, parse(TEXT.format(theta=theta)))
        return evaluate(bench, bench.values, LIVES, key, journal, name)

    with journal:
        best = trajectory("rule", 1.5)
        others = [trajectory(START, 0.3), trajectory(NO_LEARNING, 1.5, learns=False)]
    rule = parse(TEXT.format(theta=1.5))
    return Record(
        name="small",
        title="Small | rule <b>",
        kind="discovered",
        description="A `small` rule.",
        equations=rule.text(),
        parameters={"theta": ParameterNote(low=1.2, high=1.9)},
        evidence=Evidence(
            setting=setting,
            reward=interval(best.reward),
            chance=world.task.chance,
            diverged=best.diverged,
            comparisons=tuple(
                Comparison(
                    name=t.name,
                    rule="" if t.name == NO_LEARNING else t.text,
                    reward=interval(t.reward),
                    difference=interval(best.minus(t)),
                    diverged=t.diverged,
                )
                for t in others
            ),
            seed=3,
            versions=versions(),
            digest=rule.digest,
        ),
    )


def test_what_was_published_holds(record: Record) -> None:
    found = verify(record)
    assert found.holds
    assert [c.claim for c in found.checks][-3:] == ["reward", "minus start", "minus no learning"]
    reward = found.checks[-3]
    assert record.evidence and reward.again and reward.fresh
    assert reward.again.mean == pytest.approx(record.evidence.reward.mean), "the same lives"
    assert reward.fresh.mean != pytest.approx(record.evidence.reward.mean), "new lives"


def test_a_card_says_what_its_record_says(record: Record) -> None:
    read = read_card(markdown_card(record))
    assert read.digest == record.digest
    assert (read.title, read.name) == (record.title, record.name)
    assert read.evidence and record.evidence
    assert read.evidence.setting == record.evidence.setting
    assert read.evidence.versions == record.evidence.versions
    assert read.evidence.seed == record.evidence.seed
    assert read.evidence.reward.mean == pytest.approx(record.evidence.reward.mean, rel=1e-3)
    pairs = zip(read.evidence.comparisons, record.evidence.comparisons, strict=True)
    for mine, theirs in pairs:
        assert (mine.name, mine.rule) == (theirs.name, theirs.rule)
        assert mine.difference.low == pytest.approx(theirs.difference.low, rel=1e-3)


@pytest.mark.parametrize("name", names())
def test_record_card_parse_gives_the_same_digest(name: str) -> None:
    record = literature()[name]
    assert read_card(markdown_card(record)).digest == record.digest


def raised(interval: Interval, errors: float) -> Interval:
    """The claim of more reward, by so many standard errors."""
    rise = errors * (interval.high - interval.low) / 3.92
    return Interval(
        mean=interval.mean + rise,
        low=interval.low + rise,
        high=interval.high + rise,
        lives=interval.lives,
    )


def altered(record: Record, **changes: object) -> Record:
    assert record.evidence
    return record.model_copy(update={"evidence": record.evidence.model_copy(update=changes)})


def with_text(record: Record, old: str, new: str) -> Record:
    assert old in record.equations
    data = record.model_dump() | {"equations": record.equations.replace(old, new)}
    return Record.model_validate(data)


@pytest.mark.parametrize("new", ["theta = 3 ", "theta = -1.5 ", "theta = 0.75 "])
def test_an_altered_coefficient(record: Record, new: str) -> None:
    other = with_text(record, "theta = 1.5 ", new)
    found = verify(other)
    assert not found.holds
    assert found.checks[0].why.startswith("the text is not the rule")
    adjusted = altered(other, digest=other.digest)
    assert not verify(adjusted).holds, "also with the digest made to fit"


def test_an_altered_coefficient_without_digest_and_interval(record: Record) -> None:
    """Lives alone tell."""
    other = altered(with_text(record, "theta = 1.5 ", "theta = -1.5 "), digest="")
    found = verify(other.model_copy(update={"parameters": {}}))
    assert not found.holds
    assert all(check.fresh for check in found.checks[1:])


@pytest.mark.parametrize("errors", [3.0, -3.0])
def test_an_altered_reward(record: Record, errors: float) -> None:
    assert record.evidence
    found = verify(altered(record, reward=raised(record.evidence.reward, errors)))
    failed = [check.claim for check in found.checks if not check.holds]
    assert failed == ["reward"]


def test_a_mean_outside_its_interval(record: Record) -> None:
    assert record.evidence
    reward = record.evidence.reward.model_copy(update={"mean": 0.0})
    assert not verify(altered(record, reward=reward)).holds


def test_another_version_is_judged_by_new_lives(record: Record) -> None:
    found = verify(altered(record, versions={"rulegen": "0.0.1"}))
    assert found.holds
    assert all(check.again is None for check in found.checks)


def test_nothing_to_verify() -> None:
    with pytest.raises(ConfigError, match="claims nothing"):
        verify(find("oja"))


CARDS = {
    "reward in the table": (r"(\| this rule +\| )-0\.", r"\g<1>-0.0"),
    "coefficient": (r"theta = 1\.5", "theta = 3"),
    "digest": (r"digest `\w+`", "digest `0123456789abcdef`"),
}


@pytest.mark.parametrize(("old", "new"), CARDS.values(), ids=CARDS)
def test_altered_cards_on_the_command_line(monkeypatch, capsys, tmp_path, record, old, new) -> None:
    path = tmp_path / "card.md"
    path.write_text(re.sub(old, new, markdown_card(record)))
    code, out, err = call(monkeypatch, capsys, "verify", path)
    assert code == 1
    assert "does not hold" in out
    assert err == ""


def test_cards_and_records_on_the_command_line(monkeypatch, capsys, tmp_path, record) -> None:
    (tmp_path / "card.md").write_text(markdown_card(record))
    save_record(record, tmp_path / "record.toml")
    for path in ("card.md", "record.toml", "."):
        code, out, _ = call(monkeypatch, capsys, "verify", tmp_path / path, "--seed", "1")
        assert code == 0
        assert "the claim holds" in out


BAD = {
    "nothing": "",
    "not a card": "# Hello\n\nworld",
    "no listing": "# x\n\nRecord `x`, digest `0123456789abcdef`.",
    "a listing that is nowhere": "## As text\n\n```7\n\nRecord `x`, digest `0123456789abcdef`.",
    "no rule": "## As text\n\n```\ndw/dt =\n```\n\nRecord `x`, digest `0123456789abcdef`.",
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
def test_what_is_no_card(monkeypatch, capsys, tmp_path: Path, text: str) -> None:
    (tmp_path / "card.md").write_text(text)
    code, _, err = call(monkeypatch, capsys, "verify", tmp_path / "card.md")
    assert code == 2
    assert err.startswith("rulegen: ")
    assert "Traceback" not in err


def test_a_setting_that_is_none(record: Record) -> None:
    assert record.evidence
    setting = record.evidence.setting.model_copy(update={"circuit": {"neurons": "many"}})
    with pytest.raises(ConfigError, match="neurons"):
        verify(altered(record, setting=setting))
