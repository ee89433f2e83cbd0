"""Units that rules do not have, and what to write in their place."""

from __future__ import annotations

from fractions import Fraction

# fmt: off
#: Times and rates, in units that there are.
_TIMES = {
    **dict.fromkeys(("day", "days"), (24.0, "h")),
    **dict.fromkeys(("hour", "hours", "hr", "hrs"), (1.0, "h")),
    **dict.fromkeys(("minute", "minutes", "min", "mins"), (60.0, "s")),
    **dict.fromkeys(("second", "seconds", "sec", "secs"), (1.0, "s")),
    **dict.fromkeys(("millisecond", "milliseconds", "msec", "msecs"), (1.0, "ms")),
    **dict.fromkeys(("microsecond", "microseconds", "usec", "mus"), (1.0, "us")),
    "ns": (0.001, "us"),
    **dict.fromkeys(("hertz", "hz"), (1.0, "Hz")),
    "kHz": (1000.0, "Hz"),
}
#: Of what is no time; single letters are left out, which are names more often.
_OTHERS = frozenset({
    "mV", "uV", "muV", "nV", "volt", "volts", "mA", "uA", "muA", "nA", "pA",
    "mS", "uS", "muS", "nS", "pS", "siemens", "mM", "uM", "muM", "nM", "pF", "nF", "uF", "muF",
    "ohm", "ohms", "Ohm", "Mohm", "MOhm", "Gohm", "GOhm", "kg", "cm", "mm", "um", "mum",
})
# fmt: on
_NO_UNIT = "voltages, currents and the like are plain numbers"


def in_ours(number: str, unit: str, inverse: bool = False, exponent: Fraction = Fraction(1)) -> str:
    """What to write in place of a number with a unit that there is not; "" for any other word.

    Args:
        number: as it is written. unit: the word behind it. inverse: whether it is `number/unit`.
        exponent: of the unit.

    Example:
        >>> in_ours("20", "min"), in_ours("0.3", "min", inverse=True), in_ours("20", "foo")
        ('write `1200 s`', 'write `0.005/s`', '')
        >>> in_ours("2", "min", exponent=Fraction(2))
        'write `7200 s**2`'
    """
    if unit in _OTHERS:
        return f"{_NO_UNIT}: write `{number}`"
    if unit not in _TIMES:
        return ""
    factor, ours = _TIMES[unit]
    value, factor = float(number), factor ** float(exponent)
    whole = exponent.denominator == 1
    if exponent != 1:
        ours += f"**{exponent}" if whole else f"**({exponent})"
    return (
        f"write `{value / factor:.12g}/{ours}`"
        if inverse
        else f"write `{value * factor:.12g} {ours}`"
    )


def alone(unit: str) -> str:
    """What a unit that there is not is where no number stands before it; "" for any other word.

    Example:
        >>> alone("sec"), alone("foo")
        ('as a unit it is `1 s`', '')
    """
    if unit in _OTHERS:
        return f"{_NO_UNIT}, without `{unit}`"
    if unit not in _TIMES:
        return ""
    factor, ours = _TIMES[unit]
    return f"as a unit it is `{factor:g} {ours}`"
