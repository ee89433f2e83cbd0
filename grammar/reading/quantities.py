"""Numbers with units: of parameters, bounds and initial values, and in formulas."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import sympy as sp

from rulegen.grammar.algebra import algebra, constants
from rulegen.grammar.algebra.exact import LARGEST, SMALLEST, number
from rulegen.grammar.algebra.parts import Parameter
from rulegen.grammar.algebra.symbols import MILLISECOND, symbol
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.reading.foreign_units import in_ours
from rulegen.grammar.reading.lexer import Token
from rulegen.grammar.reading.remedies import FUNCTIONS, is_endless
from rulegen.grammar.reading.source import Line

#: Unit words: the factor to the power of ms, and that power.
UNITS = {
    "us": (sp.Rational(1, 1000), 1),
    "ms": (sp.Integer(1), 1),
    "s": (sp.Integer(1000), 1),
    "h": (sp.Integer(3_600_000), 1),
    "Hz": (sp.Rational(1, 1000), -1),
}
_UNIT_REMEDY = "units are us, ms, s, h, Hz, 1/ms and ms**k"


def unit_value(name: str) -> sp.Expr | None:
    """What a unit stands for in a formula, or None where the name is no unit.

    Example:
        >>> unit_value("s"), unit_value("Hz"), unit_value("kg")
        (1000*ms, 1/(1000*ms), None)
    """
    if name not in UNITS:
        return None
    factor, power = UNITS[name]
    unit = algebra.power(symbol(MILLISECOND), sp.Integer(power))
    return algebra.multiply([factor, unit])


def with_units(tokens: Sequence[Token]) -> list[Token]:
    """The tokens of a formula, with a number and the unit behind it as one: `20 ms`.

    A power belongs to the unit alone, and so `20 ms**2` stays in parts, which nobody reads.
    """
    joined: list[Token] = []
    for i, token in enumerate(tokens):
        before = joined[-1] if joined else None
        unit = token.kind == "name" and token.text in UNITS and _word(tokens, i + 1) != "**"
        if unit and before is not None and before.kind == "number" and before.unit is None:
            joined[-1] = replace(before, unit=token)
        else:
            joined.append(token)
    return joined


def _missing(line: Line, tokens: Sequence[Token], what: str, remedy: str = "") -> RuleError:
    last = tokens[-1]
    return line.error(f"{what} is missing here", last.column + len(last.text), remedy)


def _word(tokens: Sequence[Token], index: int) -> str:
    return tokens[index].text if index < len(tokens) else ""


def read_number(
    line: Line, tokens: Sequence[Token], index: int, infinite: bool = False
) -> tuple[float, int]:
    """A signed number, and the index after it."""
    sign = 1.0
    while _word(tokens, index) in ("-", "+"):
        sign = -sign if tokens[index].text == "-" else sign
        index += 1
    if index >= len(tokens):
        raise _missing(line, tokens, "a number")
    token = tokens[index]
    if infinite and token.text == "inf":
        return sign * math.inf, index + 1
    if token.kind != "number":
        endless = infinite and is_endless(token.text)
        remedy = "write `inf`" if endless else FUNCTIONS.get(token.text, "write a number here")
        raise line.error(f"`{token}` is not a number", token.column, remedy)
    value = float(token.text)
    if value and not SMALLEST <= value <= LARGEST:
        raise line.error(
            f"a number outside {SMALLEST:g} to {LARGEST:g}", token.column, "rescale the units"
        )
    return sign * value, index + 1


def _check_quotient(line: Line, tokens: Sequence[Token], index: int) -> None:
    """Refuse `1/3` where a number has ended before `index`: the number stands there as it is."""
    divisor = tokens[index + 1] if _word(tokens, index) == "/" and index + 1 < len(tokens) else None
    if divisor is None or divisor.kind != "number":
        return
    above, below = tokens[index - 1].text, float(divisor.text)
    raise line.error(
        "a quotient stands in formulas alone",
        tokens[index].column,
        f"write `{float(above) / below:.12g}` in place of `{above}/{divisor}`"
        if below
        else "write a number",
    )


def read_bounds(
    line: Line, tokens: Sequence[Token], index: int, last: bool = False
) -> tuple[tuple[float, float], int]:
    """`[LOW, HIGH]`, and the index after it."""
    start = tokens[index].column if index < len(tokens) else 0
    values = []
    for opening in ("[", ","):
        if _word(tokens, index) != opening:
            if index >= len(tokens):
                raise _missing(line, tokens, f"`{opening}`", "write `[LOW, HIGH]`")
            raise line.error(f"`{opening}` is wanted here", tokens[index].column, "`[LOW, HIGH]`")
        value, index = read_number(line, tokens, index + 1, infinite=True)
        _check_quotient(line, tokens, index)
        values.append(value)
    if _word(tokens, index) != "]":
        raise _missing(line, tokens[: index + 1], "`]`", "write `[LOW, HIGH]`")
    low, high = values
    if not low < high:
        raise line.error("the lower bound must be below the upper one", start, "swap them")
    index += 1
    if last and index < len(tokens):
        raise line.error(f"`{tokens[index]}` cannot stand here", tokens[index].column, "remove it")
    return (low, high), index


def _read_unit(
    line: Line, tokens: Sequence[Token], index: int
) -> tuple[tuple[sp.Expr, Fraction] | None, int]:
    """The factor and the power of ms of a unit, or None where none is written.

    Written as `20 ms` and `0.1 1/ms`, or as in formulas, `20*ms` and `0.1/ms`.
    """
    over = index + (_word(tokens, index) == "1")
    inverse = _word(tokens, over) == "/"
    start = over + 1 if inverse else index + (_word(tokens, index) == "*")
    word, end, exponent = _word(tokens, start), start + 1, Fraction(1)
    if _word(tokens, end) == "**":
        exponent, end = _read_exponent(line, tokens, end + 1)
    if word not in UNITS:
        if inverse or (word not in ("", "in", "free") and tokens[start].kind == "name"):
            column = tokens[start].column if word else tokens[-1].column
            amount = tokens[index - 1]
            stated = amount.kind == "number"
            remedy = in_ours(amount.text, word, inverse, exponent) if stated else ""
            raise line.error(f"there is no unit `{word}`", column, remedy or _UNIT_REMEDY)
        return None, index
    factor, unit = UNITS[word]
    exponent *= -1 if inverse else 1
    return (factor ** sp.Rational(exponent), unit * exponent), end


def _read_exponent(line: Line, tokens: Sequence[Token], index: int) -> tuple[Fraction, int]:
    bracketed = _word(tokens, index) == "("
    value, index = read_number(line, tokens, index + bracketed)
    exponent = Fraction(value).limit_denominator(100)
    if bracketed:
        if _word(tokens, index) == "/":
            divisor, index = read_number(line, tokens, index + 1)
            if not divisor:
                raise line.error("a division by zero", tokens[index - 1].column, _UNIT_REMEDY)
            exponent = (Fraction(value) / Fraction(divisor)).limit_denominator(100)
        if _word(tokens, index) != ")":
            raise _missing(line, tokens[: index + 1], "`)`", _UNIT_REMEDY)
        index += 1
    if abs(exponent) > 8:
        raise line.error("a unit with so high a power", tokens[index - 1].column, _UNIT_REMEDY)
    return exponent, index


def read_parameter(line: Line, tokens: Sequence[Token]) -> Parameter:
    """`param NAME [= NUMBER] [UNIT] [in [LOW, HIGH]] [free]`."""
    if len(tokens) < 2 or tokens[1].kind != "name":
        raise _missing(line, tokens[:1], "the parameter's name", "write `param eta = 0.1`")
    if tokens[1].text in ("free", "in"):
        remedy = "the name comes first: `param NAME = NUMBER UNIT in [LOW, HIGH] free`"
        raise line.error(f"`{tokens[1]}` is a word of the language", tokens[1].column, remedy)
    if tokens[1].per_condition:
        raise line.error("a parameter has no subscript", tokens[1].column, "remove `[condition]`")
    index, value, low, high = 2, None, -math.inf, math.inf
    if _word(tokens, index) == "=":
        value, index = read_number(line, tokens, index + 1)
        _check_quotient(line, tokens, index)
    scaled, index = _read_unit(line, tokens, index)
    factor, unit = scaled if scaled else (sp.Integer(1), None)
    if _word(tokens, index) == "in":
        (low, high), index = read_bounds(line, tokens, index + 1)
    free = _word(tokens, index) == "free"
    index += free
    if index < len(tokens):
        remedy = "write `param NAME = NUMBER UNIT in [LOW, HIGH] free`"
        raise line.error(f"`{tokens[index]}` cannot stand here", tokens[index].column, remedy)
    if value is not None and not low <= value <= high:
        remedy = "widen the bounds, which have the unit of the value"
        raise line.error("the value lies outside the bounds", tokens[1].column, remedy)
    if value is not None:
        value = _in_ms(line, tokens[1], value, factor)
    low, high = (_in_ms(line, tokens[1], bound, factor) for bound in (low, high))
    return Parameter(tokens[1].text, value, unit, low, high, free)


def _in_ms(line: Line, name: Token, value: float, factor: sp.Expr) -> float:
    """A number in units of powers of ms, multiplied as fractions and rounded once."""
    if not value or math.isinf(value):
        return value
    exact = constants.as_float(number(value) * factor)
    if not SMALLEST <= abs(exact) <= LARGEST:
        raise line.error("a number out of range in ms", name.column, "use another unit")
    return exact
