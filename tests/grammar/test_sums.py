"""Values beside terms: what a person would write, and what reads back as the same sum."""

import re

import pytest

from rulegen.catalog import literature
from rulegen.grammar import parse
from rulegen.grammar.printing.sums import weighted, weighted_sum

#: Texts of terms as the printer writes them.
TERMS = ("pre", "w*post**2", "u - u_bar", "(u - u_bar)*pre", "5*(u - u_bar)*pre", "-w", "1/u",
         "tanh(u - 1)*pre", "pre/2", "u_bar if u > 0 else pre", "-u - pre", "2**u*pre")  # fmt: skip
HEAD = "u_bar = lowpass(u, 10)\nw += "


@pytest.mark.parametrize("size", [1.0, -1.0, 0.5, -3.0, 0.99999, 1e-9])
@pytest.mark.parametrize("term", TERMS)
def test_a_product_is_written_as_a_person_would(size, term):
    negative, shown = weighted(size, term)
    assert not re.search(r"(?<![\w.])1\*(?!\*)|^-|\+ -|--|\*-|\d\*\d(?!\*\*)", shown)
    size = round(size, 3) if abs(size) > 1e-3 else size
    said = parse(HEAD + ("-" if negative else "") + f"({shown})")
    assert said.digest == parse(HEAD + f"{size!r}*({term})").digest


def test_a_sum_is_written_as_a_person_would():
    text = weighted_sum([(-0.5, "w"), (-1.0, "u - u_bar"), (1.0, "pre"), (2.0, "-post")])
    assert text == "-0.5*w - (u - u_bar) + pre - 2*post"
    assert weighted_sum([]) == ""


@pytest.mark.parametrize("name", literature())
def test_terms_of_the_literature_keep_their_text_beside_one(name):
    for term in literature()[name].rule.terms():
        assert weighted_sum([(1.0, term.text)]) in (term.text, f"({term.text})")
