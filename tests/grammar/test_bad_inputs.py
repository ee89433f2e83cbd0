"""Every text that is no rule ends in a `RuleError` that points at the problem."""

from __future__ import annotations

import time

import pytest
from bad_inputs import BAD

from rulegen.grammar import RuleError, parse


@pytest.mark.parametrize(("text", "line", "column", "fragment"), BAD)
def test_bad_input(text: str, line: int, column: int, fragment: str) -> None:
    start = time.perf_counter()
    with pytest.raises(RuleError) as caught:
        parse(text)
    seconds = time.perf_counter() - start
    error = caught.value
    assert fragment in str(error)
    assert (error.line, error.column) == (line, column)
    assert error.text == (text.split("\n")[line - 1].rstrip("\r") if line else "")
    assert seconds < 10.0, "a bad input must not hang the parser"


def test_the_caret_stands_under_the_problem() -> None:
    with pytest.raises(RuleError) as caught:
        parse("de/dt = pre\non reward: w += ē·prre*e")
    _, shown, caret, remedy = str(caught.value).split("\n")
    assert shown[caret.index("^") :].startswith("ē")
    assert "e_bar" in str(caught.value)
    assert remedy


def test_something_that_is_no_text() -> None:
    with pytest.raises(RuleError, match="a rule is text, not bytes"):
        parse(b"w += pre")  # type: ignore[arg-type]
