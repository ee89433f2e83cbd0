"""The font of formulas on pages: the part of TeX Gyre Pagella Math that rules need.

    python docs/mathfont.py texgyrepagella-math.otf [catalog/pages/fonts/math.woff]

The font is in Debian's package fonts-texgyre-math. Two runs make the same bytes with one release of
fontTools and zlib.
"""

from __future__ import annotations

import sys
from pathlib import Path

from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables import otTables

from rulegen.catalog.pages.mathfont import FAMILY, FONT
from rulegen.grammar.printing.mathml import ALPHABET

#: What a font is called: family, whole name, and the name without blanks.
NAMES = {1: FAMILY, 3: f"part of TeX Gyre Pagella Math: {FAMILY}", 4: FAMILY, 16: FAMILY}
#: The bar over a letter, which the font has only as a thin and short macron: its name, its sign and
#: its corners, in thousandths of the size.
BAR, OVERLINE = "overline", 0x203E
LEFT, RIGHT, BOTTOM, TOP = 0, 480, 600, 666
#: The flag of a piece that is there as often as it takes.
EXTENDER = 1


def main(source: str, target: str = str(FONT)) -> None:
    """Cut the font down to the signs of formulas, with their larger forms."""
    font = TTFont(source)
    options = Options(
        layout_features=["ssty", "dtls", "flac"], hinting=False, notdef_outline=True,
        name_IDs=[0, 1, 2, 3, 4, 5, 6, 13, 14], drop_tables=["FFTM", "DSIG", "GPOS", "GDEF"],
    )  # fmt: skip
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=map(ord, ALPHABET))
    subsetter.subset(font)
    add_bar(font)
    for entry in font["name"].names:
        entry.string = NAMES.get(entry.nameID, entry.toUnicode())
        if entry.nameID == 6:
            entry.string = FAMILY.replace(" ", "")
    font["CFF "].cff.fontNames = [FAMILY.replace(" ", "")]
    font["head"].modified = font["head"].created
    font.recalcTimestamp = False
    font.flavor = "woff"
    font.save(target)
    missing = sorted(set(ALPHABET) - {chr(c) for c in font.getBestCmap()} - {" "})
    print(f"{target}: {Path(target).stat().st_size} bytes; without {missing}")


def add_bar(font: TTFont) -> None:
    """Draw the bar."""
    pen = T2CharStringPen(RIGHT - LEFT, None)
    for move, point in (
        (pen.moveTo, (LEFT, BOTTOM)), (pen.lineTo, (RIGHT, BOTTOM)),
        (pen.lineTo, (RIGHT, TOP)), (pen.lineTo, (LEFT, TOP)),
    ):  # fmt: skip
        move(point)
    pen.closePath()
    top = font["CFF "].cff.topDictIndex[0]
    shapes = top.CharStrings
    shapes.charStringsIndex.append(pen.getCharString(top.Private, top.GlobalSubrs))
    shapes.charStrings[BAR] = len(shapes.charStringsIndex) - 1
    top.charset.append(BAR)
    font.setGlyphOrder(top.charset)
    font["hmtx"][BAR] = (RIGHT - LEFT, LEFT)
    for table in font["cmap"].tables:
        table.cmap[OVERLINE] = BAR
    stretch_bar(font["MATH"].table.MathVariants)


def stretch_bar(variants: otTables.MathVariants) -> None:
    """Let the bar be as long as what stands below it, of pieces that cover each other.

    One of them is always there: browsers fail where all can be left out.
    """
    pieces = [otTables.GlyphPartRecord() for _ in range(2)]
    for piece, flag in zip(pieces, (0, EXTENDER), strict=True):
        piece.glyph, piece.FullAdvance, piece.PartFlags = BAR, RIGHT - LEFT, flag
        piece.StartConnectorLength = piece.EndConnectorLength = RIGHT - LEFT - 1
    whole = otTables.GlyphAssembly()
    whole.ItalicsCorrection = otTables.MathValueRecord()
    whole.ItalicsCorrection.Value = 0
    whole.PartRecords, whole.PartCount = pieces, len(pieces)
    longer = otTables.MathGlyphConstruction()
    longer.GlyphAssembly, longer.MathGlyphVariantRecord, longer.VariantCount = whole, [], 0
    # Glyphs stand in the order of the font, and the bar is its last.
    variants.HorizGlyphCoverage.glyphs.append(BAR)
    variants.HorizGlyphConstruction.append(longer)
    variants.HorizGlyphCount += 1


if __name__ == "__main__":
    main(*sys.argv[1:])
