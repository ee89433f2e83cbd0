"""Names of one rule never print alike, and printed limits and first values are those that run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from xml.etree.ElementTree import Element

from hypothesis import example, given, settings
from hypothesis import strategies as st

from rulegen.grammar import SIGNALS, Rule, parse
from rulegen.grammar.printing.boxes import Box, Line, Name
from rulegen.grammar.printing.display import displayed
from rulegen.grammar.printing.latex_spelling import Latex
from rulegen.grammar.printing.mathml import Mathml
from rulegen.grammar.printing.readable import Readable

STEMS = [
    "x",
    "A",
    "Alpha",
    "tau",
    "r",
    "S",
    "epsilon",
    "b",
    "o",
    "omicron",
    "I",
    "phi",
    "k",
    "N",
    "pi",
    "ms",
]
ENDS = ["", "1", "_1", "_", "_i", "_ij", "_bar", "1_bar", "_1_bar", "_bar_1", "_in", "_tr", "_c"]
NAMES = st.builds(str.__add__, st.sampled_from(STEMS), st.sampled_from(ENDS)).filter(
    lambda name: name not in ("pi", "ms")
)
TEXT = """
param {0} = 2
param each = 3
{1} <- {0}*post_spike*dt + u*{1} : post
{2} <- {2} + pre*pre_spike*dt : pre
{3}[condition] = average(R, 0.2)
{4} = drive_input*error*(t/dt)*{0}*xi : post
de/dt = -e/20 + ({1}*{2}*{3}[condition]*{4}*slope + sum_pre({1}*w) - cumsum_post({4}))/dt
initial e = each*sum_pre({0}*w)
on reward: w += e*pi*dt/(10*ms)
nonlocal sum_pre, cumsum_post
forward bias = {1}
"""


def names_shown(rule: Rule) -> Iterator[Name]:
    """Every name in the displayed rule."""
    waiting: list[object] = list(displayed(rule))
    while waiting:
        item = waiting.pop()
        if isinstance(item, Name):
            yield item
        elif isinstance(item, Line | tuple | list):
            waiting += item
        elif isinstance(item, Box):
            waiting += [getattr(item, field.name) for field in fields(item)]


def in_latex(name: Name) -> str:
    """What the eye sees: without the brackets, and without the type of words."""
    return re.sub(r"[{}\s]|\\mathrm|\\dot", "", Latex().spell(name))


def in_mathml(name: Name) -> str:
    def seen(element: Element) -> str:
        inner = "".join(map(seen, element))
        text = (element.text or "") + inner
        marks = {"msub": "_", "mover": "^"}.get(element.tag, "") + element.get("class", "")
        return f"{marks}{text}"

    return "".join(map(seen, Mathml().spell(name))).replace("˙", "")


def in_text(name: Name) -> str:
    return Readable().spell(replace(name, dot=False))


@settings(max_examples=300, deadline=None)
@example(["x1", "x_1", "x1_bar", "x_bar_1", "x_1_bar"])
@example(["A", "Alpha", "tau", "tau_", "tau_i"])
@example(["r", "S", "epsilon", "b", "I_in"])
@example(["k", "phi", "x", "x_i", "x_c"])
@example(["x", "b", "r", "R_bar", "phi"])
@given(st.lists(NAMES, min_size=5, max_size=5, unique=True))
def test_two_names_of_a_rule_never_print_alike(names: list[str]) -> None:
    rule = parse(TEXT.format(*names))
    for spelt in (in_latex, in_mathml, in_text):
        owners: dict[str, str] = {}
        for box in names_shown(rule):
            name = box.name if box.index or box.name in [*names, *SIGNALS] else f"index {box.name}"
            assert owners.setdefault(spelt(box), name) == name, (names, spelt(box))


def test_names_that_look_like_no_other_are_letters() -> None:
    rule = parse("x1 <- u : post\ntau_1_bar = 3\nA = 2\nw += x1*pre*A*tau_1_bar*Gamma")
    assert not any(box.whole for box in names_shown(rule))
    assert r"\bar{\tau}_{1}" in rule.latex()


NUMBERS = st.floats(1e-25, 1e25) | st.sampled_from([0.1 + 0.2, 1 / 3, 0.1, 1234567.25, 2.0**60])


def number(tex: str) -> float:
    return float(re.sub(r" \\times 10\^\{(-?\d+)\}", r"e\1", tex).replace("10^{", "1e").strip("}"))


@settings(max_examples=200, deadline=None)
@given(NUMBERS, NUMBERS, NUMBERS)
def test_limits_and_first_values_are_printed_as_they_run(
    lower: float, upper: float, first: float
) -> None:
    text = f"b <- b + R : global\ninitial b = {first!r}\nw += b*pre*post*{first!r}\n"
    rule = parse(text + f"bounds w in [{-lower!r}, {upper!r}]")
    tex = rule.latex()
    (limits,) = re.findall(r"\\in \[(.*), (.*)\]", tex)
    assert (number(limits[0]), number(limits[1])) == (rule.lower, rule.upper)
    (started,) = re.findall(r"\\text\{initial:\}\\quad & b & = (.*) \\\\", tex)
    assert number(started) == float(rule.state("b").initial)
    (size,) = re.findall(r"w_\{ij\} & = (.*?)(?:\\,|)b\\,r_i", tex)
    assert number(size or "1") == first
