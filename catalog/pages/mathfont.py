"""The font of formulas, so that bars and brackets are the same on every machine.

It is a part of TeX Gyre Pagella Math under the GUST Font License (`fonts/LICENCE.txt`), made by
`docs/mathfont.py`.
"""

from __future__ import annotations

import base64
from functools import cache
from pathlib import Path

FAMILY = "Rulegen Math"
FONT = Path(__file__).parent / "fonts" / "math.woff"
#: How formulas are set with it; the tables that `mathml` makes have these classes. Chromium draws
#: only parts of a bar that is longer than its piece in the font, unless something else of it is as
#: long: a shadow that is not seen.
STYLE = """
math { font-family: "%s", "STIX Two Math", "Cambria Math", math; }
math[display="block"] { width: max-content; margin: 0; }
mtable.aligned > mtr > mtd { padding: .22em 0; text-align: left; }
mtable.aligned > mtr > mtd:nth-last-child(2) { text-align: right; text-align: -webkit-right; padding-right: .3em; }
mtable.timed > mtr > mtd:first-child { padding-right: 1em; }
mtable.cases > mtr > mtd { text-align: left; }
mover > mo { box-shadow: 0 0 0 9em transparent; }
math .typed { font-family: monospace; font-style: normal; }
math .bold { font-weight: bold; font-style: normal; }
"""  # noqa: E501


@cache
def math_style() -> str:
    """Style for a page with formulas, the font inside: it needs no network and no other file.

    A page that names what a browser may load must allow `font-src data:`.

    Example:
        >>> math_style().startswith('@font-face { font-family: "Rulegen Math"; src: url("data:')
        True
    """
    data = base64.b64encode(FONT.read_bytes()).decode()
    face = f'@font-face {{ font-family: "{FAMILY}"; src: url("data:font/woff;base64,{data}"); }}'
    return face + STYLE % FAMILY
