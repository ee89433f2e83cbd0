"""Numbers as displayed formulas have them."""

from __future__ import annotations

from rulegen.grammar.printing.boxes import GLYPHS, Box, Digits, Name, Row, Script, Sign
from rulegen.grammar.printing.walk import ATOM, MUL, POW, Written


def numeral(x: float, digits: int = 4) -> Written[Box]:
    """A number to so many significant digits, and how tightly it binds."""
    if x != x:
        return Name("nan"), ATOM
    if x < 0:
        return Row((GLYPHS[Sign.NEGATIVE], numeral(-x, digits)[0])), MUL
    if x == float("inf"):
        return GLYPHS[Sign.INFINITY], ATOM
    x += 0.0  # no zero with a sign
    mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -4 <= power < max(digits, 4) or x == 0:
        return Digits(_short(f"{x:.{max(digits - 1 - power, 0)}f}")), ATOM
    minus = [GLYPHS[Sign.NEGATIVE]] if power < 0 else []
    size = Script(Digits("10"), above=Row((*minus, Digits(str(abs(power))))))
    if _short(mantissa) == "1":
        return size, POW
    return Row((Digits(_short(mantissa)), GLYPHS[Sign.TIMES], size)), MUL


def _short(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
