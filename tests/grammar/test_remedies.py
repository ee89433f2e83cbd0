"""A remedy that is followed leads to a rule."""

from __future__ import annotations

import pytest
from remedies import REMEDIES

from rulegen.grammar import RuleError, parse


@pytest.mark.parametrize(("text", "line", "column", "fragment", "after"), REMEDIES)
def test_a_remedy_leads_to_a_rule(
    text: str, line: int, column: int, fragment: str, after: str
) -> None:
    with pytest.raises(RuleError) as caught:
        parse(text)
    error = caught.value
    assert (error.line, error.column) == (line, column)
    assert fragment in error.remedy
    assert "\n" not in error.message + error.remedy
    assert parse(parse(after).text()) == parse(after)
