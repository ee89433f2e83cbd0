"""Exact numbers: fractions of whole numbers within bounds, and never rounded."""

from __future__ import annotations

import math

import sympy as sp

SMALLEST, LARGEST = 1e-30, 1e30
_LARGEST = 10**30
#: Numbers are never rounded; one that needs more digits than this, above or below, is refused.
MAX_DIGITS = 4000
_MAX_BITS = int(MAX_DIGITS * math.log2(10))


class AlgebraError(Exception):
    """An operation without a finite real result; the parser adds the place."""

    def __init__(self, message: str, remedy: str = "") -> None:
        self.message, self.remedy = message, remedy
        super().__init__(message)


def number(value: str | float | sp.Rational) -> sp.Rational:
    """The number that a decimal text stands for; a float stands for its shortest text.

    Example:
        >>> number("0.05"), number(2.0), number("1.0000000000000000001") == 1
        (1/20, 2, False)
    """
    if isinstance(value, str):
        # The size is judged first: the exact value of `1e999999999` would fill the memory.
        mantissa = value.lower().partition("e")[0]
        if not set(mantissa) & set("123456789"):
            return sp.Integer(0)
        size = abs(float(value))
        if not SMALLEST / 2 < size < 2 * LARGEST:
            raise out_of_range()
        if len(value) > MAX_DIGITS:
            raise _too_long()
    elif value == 0:
        return sp.Integer(0)
    return bounded(sp.Rational(str(value)))


def digits(text: str) -> sp.Integer:
    """The number that a row of digits stands for, of any size: part of a fraction, it may be large.

    Example:
        >>> digits("007")
        7
    """
    if len(text) > MAX_DIGITS:
        raise _too_long()
    return sp.Integer(text)


def out_of_range() -> AlgebraError:
    """What is said of a number that is too large or too small."""
    return AlgebraError(
        f"a number outside {SMALLEST:g} to {LARGEST:g}", "rescale the formula's units"
    )


def _too_long() -> AlgebraError:
    return AlgebraError(f"a number of more than {MAX_DIGITS} digits", "write fewer digits")


def bounded(value: sp.Rational) -> sp.Rational:
    """The number, if it is within the bounds."""
    # In integers: a float would overflow just where the check matters.
    size = abs(value.p)
    if size > _LARGEST * value.q or 0 < size * _LARGEST < value.q:
        raise out_of_range()
    if max(size, value.q).bit_length() > _MAX_BITS:
        raise _too_long()
    return value


#: SymPy takes the root of a number by raising it to the numerator of the exponent; beyond this
#: and beyond this denominator that has so many digits that it takes minutes.
_LONG = 64


def is_long(exponent: sp.Expr) -> bool:
    """Whether SymPy cannot take numbers to this power in reasonable time.

    Example:
        >>> is_long(sp.Rational(2, 3)), is_long(sp.Rational(6666667, 10**7))
        (False, True)
    """
    return bool(exponent.is_Rational) and max(abs(exponent.p), exponent.q) > _LONG


def root(base: sp.Rational, exponent: sp.Rational) -> sp.Rational | None:
    """A power of a number that is a fraction within the bounds of numbers, or None.

    Example:
        >>> root(sp.Rational(4, 9), sp.Rational(3, 2)), root(sp.Integer(2), sp.Rational(1, 2))
        (8/27, None)
    """
    if base < 0 or abs(exponent.p) > _LONG * exponent.q or (base == 0 and exponent <= 0):
        return None
    over, whole = sp.integer_nthroot(base.p, exponent.q)
    under, also = sp.integer_nthroot(base.q, exponent.q)
    length = max(int(over), int(under)).bit_length() * abs(exponent.p)
    if not (whole and also and length <= _MAX_BITS):
        return None
    try:
        return bounded(sp.Rational(over, under) ** exponent.p)
    except AlgebraError:
        return None
