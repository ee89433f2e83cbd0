"""What is divided by in the first step, when states are where they begin."""

import numpy as np
import pytest

from rulegen.catalog import literature
from rulegen.compile import compile_rule
from rulegen.grammar import parse
from rulegen.lives.drive import drive
from rulegen.runs.beginnings import by_nothing
from rulegen.runs.check import check_report

DIVIDED = [
    "x = lowpass(post, 20)\nw += 0.1*pre/x",
    "x = lowpass(post, 20)\ny = lowpass(pre, 20)\nw += 0.1*post*pre/(x + y)**2",
    "x = lowpass(post/x, 20)\nw += 0.1*x*pre",
    "gain = 1/x\nx = lowpass(post, 20)\nw += 0.1*pre*gain",
]
FINE = [
    "x = lowpass(post, 20)\ninitial x = 1\nw += 0.1*pre/x",
    "x = lowpass(post, 20)\nw += 0.1*pre/(1 + x)",
    "x = lowpass(post, 20)\nw += (0.1*pre/x if x > 0 else 0)",
    "x <- 0.9*x + 1 : synapse\nw += 0.1/x",
    "x = lowpass(post, 20)\nw += 0.1*pre/(1 + abs(prev(x)**3))",
    "x <- 0.5*x + 0.3*clip(0.3/max(1, prev(x)), -1, 1) : post\nw += 0.1*pre*x",
]


def early_weights(text: str) -> np.ndarray:
    """The weights after two steps, since a weight reads what neurons kept in the one before."""
    rule = compile_rule(parse(text))
    activity = {name: np.full((1, 2, 2), 0.5) for name in ("pre", "post")}
    return np.asarray(drive(rule, np.zeros((2, 2)), activity, dt=1.0).state["w"])


@pytest.mark.parametrize("text", DIVIDED)
def test_a_note_is_due_where_the_first_step_has_no_value(text: str) -> None:
    assert "which is 0 in the first step" in " ".join(check_report(parse(text))["notes"])
    assert not np.isfinite(early_weights(text)).all()


@pytest.mark.parametrize("text", FINE)
def test_none_is_due_where_it_has_one(text: str) -> None:
    assert not by_nothing(parse(text))
    assert np.isfinite(early_weights(text)).all()


def test_rules_of_the_literature_need_none() -> None:
    assert not [name for name, record in literature().items() if by_nothing(record.rule)]
