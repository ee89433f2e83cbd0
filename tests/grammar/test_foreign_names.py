"""States of other rules in the text of one: what it is without knowing them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from rulegen.grammar import Site, parse
from rulegen.grammar.algebra.parts import Foreign
from rulegen.grammar.printing.alike import alike
from rulegen.grammar.printing.display import displayed
from rulegen.grammar.printing.mathml import mathml

ACTOR = """
param tau = 20 ms
feedback.g : post
de/dt = -e/tau + feedback.g*pre
m <- 0.5*m + input.delta
on reward: w += eta*m*e
"""


def test_what_is_read_is_a_part_of_the_rule():
    """In the order of the names, whatever that of the text is."""
    rule = parse(ACTOR)
    found = Foreign("feedback", "g", Site.POST), Foreign("input", "delta", Site.GLOBAL)
    assert rule.foreign == found == parse(rule.text()).foreign == rule.canonical().foreign
    assert rule.site_of("m") is Site.GLOBAL and rule.site_of("e") is Site.SYNAPSE
    assert "input.delta" not in {p.name for p in rule.parameters}


def test_a_global_one_needs_no_line():
    assert parse("input.v : global\nw += input.v*pre") == parse("w += input.v*pre")


def test_names_of_others_are_never_changed():
    """As one's own states are: the digest of a rule holds the names that it calls them by."""
    text = parse(ACTOR).canonical().text()
    assert "feedback.g*pre" in text and "input.delta" in text
    ours = ACTOR.replace("m <- 0.5*m", "level <- 0.5*level").replace("eta*m*e", "eta*level*e")
    theirs = ACTOR.replace("input.delta", "input.gamma")
    assert parse(ours).digest == parse(ACTOR).digest != parse(theirs).digest


def test_what_is_not_used_any_more_goes():
    """With the term that read it, or the algebra that cancels it."""
    family = parse(
        "param a = 1 free\nparam b = 1 free\nfeedback.g : post\nw += a*pre + b*feedback.g*pre"
    )
    assert not family.drop(["b"]).foreign
    assert parse("w += pre + input.v*post - input.v*post") == parse("w += pre")


def test_units_are_inferred_from_what_the_rule_does():
    units = parse("param tau = 20 ms\ndx/dt = -x/tau + input.v\nx2 <- 0.9*x2 + x/tau*dt\nw += x2")
    assert units.units()["input.v"] == Fraction(-1) + (units.units()["x"] or 0)
    assert parse("w += input.v*pre").units()["input.v"] == 0


def test_locality_says_what_must_be_told():
    certificate = parse(ACTOR).locality()
    needs = {i.symbol: i.note for i in certificate.items}
    assert certificate.local and certificate.verdict == "local, given side information"
    assert "global side information" in needs["input.delta"]
    assert "the neuron keeps" in needs["feedback.g"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("w += input.delta*pre", r"\delta_{\mathrm{in}}"),
        ("recurrent.R_bar : post\nw += recurrent.R_bar**2*pre", r"\bar{R}_{\mathrm{rec},i}^{2}"),
        ("w += delta_fb*feedback.delta*pre", r"\mathtt{feedback.delta}"),
    ],
)
def test_they_are_shown_with_their_projection(text, shown):
    assert shown in parse(text).latex()


def test_what_would_look_like_another_name_is_shown_as_written():
    rule = parse("w += delta_fb*feedback.delta*pre")
    assert alike(rule) == {"delta_fb", "feedback.delta"}
    assert ">feedback.delta<" in mathml(displayed(rule))
    assert not alike(parse("w += delta_in*feedback.delta*input.gamma*pre"))
