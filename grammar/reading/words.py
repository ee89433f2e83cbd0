"""Words that have a meaning already, and so can be the name of nothing that a rule defines."""

from __future__ import annotations

from rulegen.grammar.algebra.operators import TAKEN
from rulegen.grammar.algebra.symbols import MILLISECOND, SIGNALS, WEIGHT, is_outside
from rulegen.grammar.reading.remedies import of_others
from rulegen.grammar.reading.walk import FILTERS

# fmt: off
RESERVED = frozenset({
    "param", "initial", "on", "bounds", "diagonal", "integrate", "forward", "nonlocal", "where",
    "condition", "in", "free", "inf", "and", "or", "not", "if", "else", "synapse", "global",
    *FILTERS,
})
# fmt: on


def meaning_of(name: str) -> tuple[str, str]:
    """What a name is already, and the remedy where a text defines it; "" where it is free.

    Example:
        >>> meaning_of("exp"), meaning_of("x")
        (('is a function', 'use another name'), ('', ''))
    """
    what, remedy = "", "use another name"
    if name in SIGNALS:
        what = "is a signal of the circuit"
    elif name == WEIGHT:
        what = "is the weight, which has a memory"
        remedy = "write `w <- ...`, `w += ...`, `dw/dt = ...` or an event"
    elif name in TAKEN:
        what = "is a function"
    elif name in RESERVED:
        what = "is a word of the language"
    elif name == MILLISECOND:
        what = "is a unit"
    elif is_outside(name):
        what, remedy = of_others(name)
    return what, remedy if what else ""
