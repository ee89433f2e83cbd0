"""Families hold the rules that they should."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rulegen.grammar import Rule, RuleError, confavreux, maoutsa, mehta, parse, polynomial


def member(family: Rule, values: Mapping[str, float]) -> Rule:
    others = [p.name for p in family.free if p.name not in values]
    return family.with_values(values).drop(others).fixed()


def test_oja_is_a_member_of_confavreux() -> None:
    oja = parse("dw/dt = eta*post*(pre - post*w)")
    assert member(confavreux(), {"theta_110": 1.0, "theta_021": -1.0}).digest == oja.digest


def test_hebb_with_reward_is_a_member_of_mehta() -> None:
    hebb = parse("on reward: w += eta*(R - R_bar)*post*pre")
    assert member(mehta(), {"theta_1101": 1.0}).digest == hebb.digest


def test_the_constant_term_of_maoutsa_is_a_leak() -> None:
    leak = parse(
        "e = lowpass(0.5, tau_e) : synapse\non reward: w += (R - R_bar[condition])*e - w/tau_w"
    )
    small = member(maoutsa(), {"theta_00": 0.5})
    assert small.digest == leak.digest
    assert [s.name for s in small.states] == ["e", "R_bar"]


def test_terms_and_starts() -> None:
    family = polynomial("w += {terms}", {"pre": 1, "xi": 1}, degree=2, start={"11": 0.1})
    assert [t.text for t in family.terms()] == ["1", "xi", "pre", "xi*pre"]
    assert family.parameter("theta_11").value == 0.1


@pytest.mark.parametrize(
    ("template", "orders", "start", "message"),
    [
        ("w += pre", {"pre": 1}, {}, "no `{terms}`"),
        ("w += {terms}", {"pre": 12}, {}, "between 0 and 9"),
        ("w += {terms}", {"pre": 9, "post": 9, "u": 9}, {}, "1000 terms"),
        ("w += {terms}", {"pre": 1}, {"7": 1.0}, "no term `7`"),
        ("w += {terms}", {"prre": 1}, {}, "did you mean `pre`"),
    ],
)
def test_impossible_families(
    template: str, orders: dict[str, int], start: dict[str, float], message: str
) -> None:
    with pytest.raises(RuleError) as caught:
        polynomial(template, orders, start=start)
    assert message in str(caught.value)
