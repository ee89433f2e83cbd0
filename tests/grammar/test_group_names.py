"""Groups of neurons in the text of a rule: what it is without knowing which there are."""

from __future__ import annotations

import pytest

from rulegen.grammar import RuleError, Site, parse
from rulegen.grammar.algebra.parts import Group
from rulegen.grammar.algebra.symbols import UNGROUPED
from rulegen.grammar.printing.alike import alike
from rulegen.grammar.printing.display import displayed
from rulegen.grammar.printing.mathml import mathml
from rulegen.grammar.reading.names import SIDED

RULE = """
param tau = 20 ms
de/dt = -e/tau + post.fast*pre
initial e = pre.slow*tau
on reward: w += eta*R*e*pre.excitatory - 0.1*post if post.inhibitory > 0 else eta*e
"""


def test_what_is_read_is_a_part_of_the_rule():
    """In the order of the names, whatever that of the text is."""
    rule = parse(RULE)
    sides = ("post", "fast"), ("post", "inhibitory"), ("pre", "excitatory"), ("pre", "slow")
    found = tuple(Group(side, name) for side, name in sides)
    assert rule.groups == found == parse(rule.text()).groups == rule.canonical().groups
    assert rule == parse(rule.text()) and not rule.foreign
    assert parse("x <- x + pre.fast\nw += x").site_of("x") is Site.PRE
    assert {p.name for p in rule.parameters} == {"tau", "eta"}


def test_their_names_are_never_changed():
    other = RULE.replace("post.fast", "post.quick")
    ours = RULE.replace("de/dt = -e", "dq/dt = -q").replace("initial e", "initial q")
    ours = ours.replace("R*e*", "R*q*").replace("eta*e", "eta*q")
    assert parse(ours).digest == parse(RULE).digest != parse(other).digest
    assert "post.fast*pre" in parse(RULE).canonical().text()


def test_what_is_not_used_any_more_goes():
    family = parse("param a = 1 free\nparam b = 1 free\nw += a*pre + b*post.fast*pre")
    assert not family.drop(["b"]).groups
    assert parse("w += pre + pre.fast*post - pre.fast*post") == parse("w += pre")


def test_they_are_plain_numbers():
    assert parse("w += (1 + pre.fast)*post").units() == {}
    with pytest.raises(RuleError, match="dimensionless"):
        parse("param tau = 20 ms\ndx/dt = -x/tau + pre\nw += (tau + pre.fast)*x")


def test_a_neuron_knows_its_own_group_and_a_transmitter_is_seen():
    needs = {i.symbol: i.note for i in parse(RULE).locality().items}
    assert needs["post.fast"] == needs["pre.excitatory"] == needs["post.inhibitory"] == ""
    assert "to which its presynaptic neuron belongs" in needs["pre.slow"]
    assert parse("w += pre.excitatory*post").locality().verdict == "local"


def test_they_are_printed_as_indicators():
    rule = parse("param fast = 2\nw += fast*pre.fast*post.fast*pre")
    assert r"1_{\mathrm{fast},j}" in rule.latex() and r"1_{\mathrm{fast},i}" in rule.latex()
    assert not alike(rule)
    assert ">fast<" in mathml(displayed(rule))


def test_what_stands_behind_a_side_is_no_group_for_circuits_either() -> None:
    assert SIDED.keys() <= UNGROUPED
