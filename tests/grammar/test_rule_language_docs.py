"""The documentation of the language lists everything, and its examples are rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rulegen.grammar import SIGNALS, parse
from rulegen.grammar.algebra.operators import OPERATORS
from rulegen.grammar.reading.words import RESERVED

PAGE = (Path(__file__).parents[2] / "docs" / "rule-language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```rule\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_tables_list_every_signal_and_function() -> None:
    for signal in SIGNALS.values():
        assert f"| `{signal.name}` | {signal.site.value} |" in PAGE
        assert signal.meaning in PAGE
    for operator in OPERATORS.values():
        assert f"| `{operator.name}` |" in PAGE
        assert operator.meaning in PAGE


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_every_word_of_the_language_is_explained(word: str) -> None:
    assert re.search(rf"\b{word}\b", PAGE)


def test_there_are_ten_worked_examples() -> None:
    assert len(EXAMPLES) >= 10


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_example_is_a_rule(text: str) -> None:
    rule = parse(text)
    assert parse(rule.text()) == rule
    assert rule.canonical().canonical() == rule.canonical()
    assert rule.latex()
    assert rule.locality().local or "nonlocal" in text
