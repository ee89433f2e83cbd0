"""What tests of forgeries share: an honest record, ways to change it, and what becomes of it.

Those tests import its fixtures, which their names alone refer to.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tomli_w
from honest import publish, quick_bench

from rulegen.catalog import ParameterNote, Record, load_record, markdown_card, read_card
from rulegen.catalog.records.record import plain_data
from rulegen.catalog.records.roles import START
from rulegen.grammar import ConfigError, RuleError
from rulegen.verifying.finding import Verdict
from rulegen.verifying.published import Published
from rulegen.verifying.verification import Verification
from rulegen.verifying.verify import verify as run_verification

Data = dict[str, Any]
NOTES = {"theta": ParameterNote(meaning="coefficient", low=1.2, high=1.9)}
NEW = 256


@pytest.fixture
def shared_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rules that differ in values alone are compiled once."""
    monkeypatch.setattr(sys.modules["rulegen.verifying.verify"], "Bench", quick_bench)


@pytest.fixture(scope="session", name="honest")
def honest_run() -> tuple[Record, Any]:
    return publish(notes=NOTES)


def verify(record: Record | Published, lives: int = NEW) -> Verification:
    return run_verification(record, lives=lives)


def comparison(data: Data, name: str = START) -> Data:
    return next(c for c in data["evidence"]["comparisons"] if c["name"] == name)


def raise_reward(data: Data, rise: float) -> None:
    """The rule's reward with all that follows from it."""
    evidence = data["evidence"]
    figures = [evidence["reward"], *(c["difference"] for c in evidence["comparisons"])]
    for figure in [*figures, *(t["loss"] for t in evidence["terms"])]:
        shift(figure, rise)


def shift(figure: Data, rise: float) -> None:
    for part in ("mean", "low", "high"):
        figure[part] += rise


def narrow(figure: Data, factor: float) -> None:
    for part in ("low", "high"):
        figure[part] = figure["mean"] + (figure[part] - figure["mean"]) / factor


def half(figure: Data) -> float:
    return float(figure["high"] - figure["low"]) / 2


def put(*path: Any, value: Any) -> Callable[[Data], None]:
    """A forgery that puts a value in its place in the evidence."""

    def forge(data: Data) -> None:
        place = data["evidence"]
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value

    return forge


def refused(read: Callable[[], Record | Published]) -> str:
    """All reasons why something is refused; an assertion fails when it is not."""
    try:
        found = verify(read())
    except (ConfigError, RuleError) as error:
        return str(error)
    assert found.verdict in (Verdict.REFUTED, Verdict.WEAK), found.table().to_string()
    return "; ".join(c.why for c in found.checks if c.verdict is found.verdict)


def refuse(honest: Record, forge: Callable[[Data], Any], folder: Path) -> str:
    """See that a forged record is refused, and its card as well; why.

    The card is the one that such a record prints, or the honest card with the forged record in its
    comment where no such record can be.
    """
    data = plain_data(honest)
    forge(data)
    assert data != plain_data(honest)
    path = folder / "record.toml"
    path.write_text(tomli_w.dumps(data))
    why = refused(lambda: load_record(path))
    assert why
    try:
        card = markdown_card(load_record(path))
    except (ConfigError, RuleError):
        card = with_record(markdown_card(honest), data)
        with pytest.raises((ConfigError, RuleError)):
            read_card(card)
    else:
        assert read_card(card) == load_record(path), "so it is refused as its record is"
    return why


def with_record(card: str, data: Data) -> str:
    opening, rest = card.rsplit("verify` reads\n", 1)
    closing = rest[rest.rindex("\n-->") :]
    forged = json.dumps(data, indent=1).translate(
        {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}
    )
    return f"{opening}verify` reads\n{forged}{closing}"
