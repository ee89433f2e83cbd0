"""Values beside the texts of terms, as people write them."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: What stands where a rule has none of the terms that it could have.
NO_TERM = "no term"
#: What a product begins with, and nothing else than a product.
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)([*/])(?!\*)")


def weighted(size: float, term: str) -> tuple[bool, str]:
    """Whether a value times a term is negative, and the product without its sign, to three digits.

    Args:
        size: the value.
        term: text of it, as rules are printed: spaces stand beside no `*`.

    Example:
        >>> weighted(-1.0, "u*pre"), weighted(0.5, "u - u_bar"), weighted(2.0, "1/tau")
        ((True, 'u*pre'), (False, '0.5*(u - u_bar)'), (False, '2/tau'))
        >>> weighted(0.355, "5*(u - v)*pre"), weighted(3.0, "-w"), weighted(-2.0, "1")
        ((False, '1.77*(u - v)*pre'), (True, '3*w'), (True, '2'))
    """
    if _added(term):
        term = f"({term})"
    elif term.startswith("-"):
        size, term = -size, term[1:]
    sign = "*"
    if found := _NUMBER.match(term):
        size, sign, term = size * float(found[1]), found[2], term[found.end() :]
    shown = f"{abs(size):.3g}"
    if term == "1":
        return size < 0, shown
    return size < 0, term if shown == "1" and sign == "*" else f"{shown}{sign}{term}"


def weighted_sum(parts: Iterable[tuple[float, str]]) -> str:
    """A sum of terms with their values; nothing is the sum of none.

    Example:
        >>> weighted_sum([(-1.0, "w"), (3.0, "xi*pre"), (-0.5, "u - u_bar")])
        '-w + 3*xi*pre - 0.5*(u - u_bar)'
    """
    text = ""
    for negative, shown in (weighted(*part) for part in parts):
        if text:
            text += f" {'-' if negative else '+'} {shown}"
        else:
            text = f"{'-' if negative else ''}{shown}"
    return text


def _added(term: str) -> bool:
    """Whether a text is a sum, a condition or a comparison: it has spaces outside of brackets."""
    depth = 0
    for sign in term:
        depth += (sign in "([") - (sign in ")]")
        if sign == " " and not depth:
            return True
    return False
