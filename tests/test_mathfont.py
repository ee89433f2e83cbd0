"""The font that pages carry has every sign that formulas have."""

import re

import pytest
from fontTools.ttLib import TTFont

from rulegen.catalog.pages.mathfont import FAMILY, FONT, math_style
from rulegen.catalog.records.library import library
from rulegen.grammar.printing.display import displayed
from rulegen.grammar.printing.mathml import ALPHABET, mathml

SIGNS = set(map(chr, TTFont(FONT).getBestCmap()))


def test_the_font_has_the_alphabet():
    held = ALPHABET - {"\U0001d455"}  # Unicode has the italic h elsewhere, as Planck's constant
    assert held <= SIGNS


@pytest.mark.parametrize("values", [False, True])
def test_formulas_are_made_of_the_alphabet(values):
    for name, entry in library().items():
        shown = mathml(displayed(entry.record.rule, values))
        typed = re.sub(r'<mi class="typed">.*?</mi>', "", shown)
        assert set(re.sub("<[^>]*>|&[a-z]+;", "", typed)) <= ALPHABET, name


def test_a_bar_grows_with_what_stands_below_it():
    """Of pieces of which one is always there: Chromium counts the others from it."""
    variants = TTFont(FONT)["MATH"].table.MathVariants
    grown = dict(
        zip(variants.HorizGlyphCoverage.glyphs, variants.HorizGlyphConstruction, strict=True)
    )
    pieces = grown[TTFont(FONT).getBestCmap()[ord("‾")]].GlyphAssembly.PartRecords
    assert {piece.PartFlags for piece in pieces} == {0, 1}


def test_the_font_says_that_it_is_changed():
    names = {entry.nameID: entry.toUnicode() for entry in TTFont(FONT)["name"].names}
    assert names[1] == FAMILY and "GUST Font License" in names[0]
    assert "GUST Font License" in (FONT.parent / "LICENCE.txt").read_text()


def test_the_style_needs_no_network():
    style = math_style()
    assert re.findall(r"url\(\"(\w+):", style) == ["data"]
    assert len(style) < 150_000
