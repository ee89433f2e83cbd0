"""One walk and its writers: nothing without a way to show it, and all ways show the same."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from rule_texts import ROUND_TRIP
from shown import check_shown
from test_rule_properties import FORMULAS

from rulegen.grammar import Rule, RuleError, parse
from rulegen.grammar.algebra.algebra import FUNCTIONS
from rulegen.grammar.printing import boxes, display, latex_spelling, unparse, walk, width
from rulegen.grammar.printing import mathml as mathml_module
from rulegen.grammar.printing.breaking import broken
from rulegen.grammar.printing.display import NOTATIONS, displayed
from rulegen.grammar.printing.latex_spelling import latex_lines
from rulegen.grammar.printing.statements import Statements

SPELLINGS = [latex_spelling.Latex, mathml_module.Mathml, width.Width]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_box_or_sign_that_a_language_lacks_fails_at_definition(spelling: type) -> None:
    with pytest.raises(TypeError, match="fraction"):
        type("Part", (spelling,), {"fraction": None})
    signs = dict(list(spelling.signs.items())[1:])
    with pytest.raises(TypeError, match="PLUS"):
        type("Part", (spelling,), {"signs": signs})


def test_a_new_kind_of_box_is_asked_for() -> None:
    @dataclass(frozen=True, eq=False)
    class Matrix(boxes.Box):
        pass

    try:
        for spelling in SPELLINGS:
            with pytest.raises(TypeError, match="matrix"):
                type("Part", (spelling,), {})
    finally:
        del Matrix
        import gc

        gc.collect()


@pytest.mark.parametrize("writer", [unparse._Text, display._Display])
def test_what_the_walk_finds_has_to_be_written(writer: type) -> None:
    """Text on one side; LaTeX and MathML, which spell the same boxes, on the other."""
    for method in walk.Writer.__abstractmethods__:
        lacking = type("Part", (writer,), {method: getattr(walk.Writer, method)})
        with pytest.raises(TypeError, match=method):
            lacking()


@pytest.mark.parametrize("lines", [unparse._Lines, display._Lines])
def test_statements_have_to_be_written(lines: type) -> None:
    for method in Statements.__abstractmethods__:
        lacking = type("Part", (lines,), {method: getattr(Statements, method)})
        with pytest.raises(TypeError, match=method):
            lacking(parse("w <- u"))


def test_every_function_has_a_notation() -> None:
    assert NOTATIONS.keys() == FUNCTIONS.keys()


def check(rule: Rule) -> None:
    assert parse(rule.text()).digest == rule.digest
    for values in (False, True):
        check_shown(rule, values)


@pytest.mark.parametrize("text", ROUND_TRIP)
def test_rules_in_every_language(text: str) -> None:
    check(parse(text))


@settings(max_examples=60, deadline=None)
@given(FORMULAS, FORMULAS)
def test_random_rules_in_every_language(first: str, second: str) -> None:
    text = f"de/dt = (-e + {first})/tau_e : synapse\non reward: w += {second}"
    try:
        rule = parse(text)
        digest = rule.digest
    except RuleError:
        return
    assert digest
    check(rule)


def test_a_small_number_as_the_base_of_a_power_has_brackets() -> None:
    assert r"\left(10^{-9}\right)^{u_i}" in parse("w += 1e-9**u*pre").latex()


def test_cases_are_not_broken() -> None:
    """A line that begins within cases would be a case."""
    terms = " + ".join(f"theta_{i}*pre*post*u" for i in range(12))
    heads = "".join(f"param theta_{i}\n" for i in range(12))
    rule = parse(f"{heads}w += u + ({terms} if pre > 0 else u)")
    tex = latex_lines(broken(displayed(rule)))
    (inside,) = re.findall(r"\\begin\{cases\}(.*?)\\end\{cases\}", tex, re.DOTALL)
    assert inside.count(r"\\") == 1
    assert "quad" not in inside
