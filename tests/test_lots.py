"""Choices by lot: tangents are refused along what decides them, and given along the rest."""

from __future__ import annotations

import pytest

from rulegen.compile import plan_rule
from rulegen.grammar import RuleError, parse

FREE = "param a = 0.5 free\nparam b = 0.1 free\n"
DRAWN = "n = normal(0, 1) : synapse\n"
DECIDED = {
    "the number itself": DRAWN + "w += b*(n > a)*pre",
    "a state that follows it": DRAWN + "x = lowpass(n, 20)\nw += b*(x > a)*pre",
    "a state of a state": DRAWN + "x = lowpass(n, 20)\ny = lowpass(x*pre, 20)\nw += b*(y > a)",
    "the weight": DRAWN + "w += b*n*(w > a)*pre",
    "a neuron's own": "param k = normal(0, 1) : post\nx = lowpass(k*post, 20)\nw += b*floor(x + a)",
    "an event": DRAWN + "x <- x : synapse\non reward: x += n; w += b*sign(x - a)",
    "where it begins": "x <- x : post\ninitial x = normal(0, 1)\nw += b*(x > a)*pre",
}
SMOOTH = {
    "a fixed threshold": DRAWN + "w += a*b*(n > 0.2)*pre",
    "no random side": DRAWN + "x = lowpass(pre*post, 20)\nw += b*n*(x > a)*pre",
    "no jump": DRAWN + "x = lowpass(n, 20)\nw += b*relu(x - a)*pre",
}


@pytest.mark.parametrize("name", DECIDED)
def test_what_a_lot_decides_has_no_tangent(name: str) -> None:
    rule = parse(FREE + DECIDED[name])
    with pytest.raises(RuleError, match="the free parameter `a`, and a choice by lot") as caught:
        plan_rule(rule, wrt=["a", "b"])
    assert "pgpe" in caught.value.remedy
    plan_rule(rule)


@pytest.mark.parametrize("name", SMOOTH)
def test_what_no_lot_decides_has_one(name: str) -> None:
    plan_rule(parse(FREE + SMOOTH[name]), wrt=["a", "b"])
