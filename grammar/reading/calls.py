"""How functions are called, for the remedies of calls that are none."""

from __future__ import annotations

from rulegen.grammar.algebra.draws import DISTRIBUTIONS, Draw
from rulegen.grammar.algebra.operators import OPERATORS

#: How functions are called that take names.
CALLS = {"prev": "prev(x)", "delay": "delay(x, 20 ms)", "opposite": "opposite(w)"}
#: Other calls whose arguments are not all of one kind.
_SPECIAL = {"where": "where(x > 0, y, z)", "clip": "clip(x, LOW, HIGH)", "spow": "spow(x, p)"}


def call_of(name: str) -> str:
    """How a function of the language is called; "" for any other.

    Example:
        >>> call_of("normal"), call_of("mod"), call_of("f")
        ('normal(MEAN, DEVIATION)', 'mod(x, y)', '')
    """
    if name in DISTRIBUTIONS:
        make = DISTRIBUTIONS[name].make
        assert isinstance(make, type) and issubclass(make, Draw)
        return f"{name}({', '.join(make.arguments)})"
    if special := CALLS.get(name) or _SPECIAL.get(name):
        return special
    return f"{name}({', '.join('xyz'[: OPERATORS[name].nargs[0]])})" if name in OPERATORS else ""


def distributions() -> str:
    """All of them, for who names another one."""
    *some, last = (f"`{call_of(name)}`" for name in DISTRIBUTIONS)
    return f"draw from {', '.join(some)} or {last}"
