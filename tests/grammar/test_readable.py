"""Formulas as a line of text for people."""

import re
import unicodedata

import pytest

from rulegen.catalog.records.literature import literature
from rulegen.grammar import parse
from rulegen.grammar.printing.display import displayed
from rulegen.grammar.printing.readable import readable, width


def shown(text):
    return readable(displayed(parse(text)))


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("dw/dt = eta*pre*post", "dwᵢⱼ/dt = η rᵢ rⱼ"),
        ("dw/dt = eta*(pre - w*post)**2*post", "dwᵢⱼ/dt = η (rⱼ - wᵢⱼ rᵢ)² rᵢ"),
        ("on reward: w += R*pre/(post + 1)", "on reward:  Δwᵢⱼ = (R rⱼ)/(rᵢ + 1)"),
        ("param a = 1 in [0, 1]\ndw/dt = a*pre_spike*post", "dwᵢⱼ/dt = a rᵢ Sⱼ"),
        ("param b = 1\ndw/dt = eta*exp(-b*pre)*post", "exp(-b rⱼ)"),
        ("r <- 0.9*r + pre\nw += r*pre*post", "`r`ⱼ ← 0.9 `r`ⱼ + rⱼ"),
        ("b <- b + post\nforward bias = b\nw += b*pre", "bᵢ = `b`ᵢ"),
    ],
)
def test_what_is_read(text, line):
    assert line in shown(text)


def test_marks_over_letters_take_no_room():
    lines = shown("u_bar = lowpass(u, tau_u)\nde/dt = -e/tau_e + pre*(u - u_bar)\ndw/dt = eta*e")
    columns = {width(re.split("[=←]", line)[0]) for line in lines.splitlines()}
    assert len(columns) == 1 and "ūᵢ" in lines


@pytest.mark.parametrize(
    ("name", "left"),
    [("e", "deᵢⱼ/dt"), ("u_bar", "dūᵢ/dt"), ("post_bar_1", "d post̄₁ᵢ/dt"), ("tau_a", "dτ_aᵢ/dt")],
)
def test_a_derivative_is_told_without_a_dot(name, left):
    """Few fonts have a dot that is seen above a bar, or above a letter of a longer name."""
    source = "pre*post" if name == "e" else "post"
    text = shown(f"d{name}/dt = -{name}/20 + {source}\ndw/dt = eta*{name}*pre")
    assert f"{left} = " in text
    assert "\N{COMBINING DOT ABOVE}" not in unicodedata.normalize("NFD", text)


def test_the_whole_literature_reads():
    """Nothing of LaTeX or MathML is left, and no name of a program's signals."""
    for name, record in literature().items():
        text = readable(displayed(record.rule))
        assert not {*"\\<&"} & {*text.replace(" < ", "")}, name
        assert "lowpass" not in text, name
        assert len(text.splitlines()) == len(displayed(record.rule)), name
