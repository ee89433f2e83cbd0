"""Numbers as displayed formulas have them."""

from __future__ import annotations

from decimal import Decimal

from rulegen.grammar.printing.boxes import GLYPHS, Box, Digits, Name, Row, Script, Sign
from rulegen.grammar.printing.walk import ATOM, MUL, POW, Written


def numeral(x: float, digits: int | None = None) -> Written[Box]:
    """A number to so many significant digits, and how tightly it binds.

    Without a number of digits it has as many as tell it from every other double.
    """
    if x != x:
        return Name("nan"), ATOM
    if x < 0:
        return Row((GLYPHS[Sign.NEGATIVE], numeral(-x, digits)[0])), MUL
    if x == float("inf"):
        return GLYPHS[Sign.INFINITY], ATOM
    x += 0.0  # no zero with a sign
    value = Decimal(repr(x)) if digits is None else x
    longest = 15 if digits is None else max(digits, 4)
    digits = digits or len(Decimal(repr(x)).as_tuple().digits)
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -4 <= power < longest or x == 0:
        return Digits(_short(f"{value:.{max(digits - 1 - power, 0)}f}")), ATOM
    minus = [GLYPHS[Sign.NEGATIVE]] if power < 0 else []
    size = Script(Digits("10"), above=Row((*minus, Digits(str(abs(power))))))
    if _short(mantissa) == "1":
        return size, POW
    return Row((Digits(_short(mantissa)), GLYPHS[Sign.TIMES], size)), MUL


def _short(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
