"""Names by which tables, figures and data call rules for their role."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

#: The published rule in figures and data, and in its own table.
DISCOVERED, THIS_RULE = "discovered rule", "this rule"
#: What it is compared with in every run: where the fit began, and initial weights that stay.
START, NO_LEARNING = "start", "no learning"
#: The rewards between which one learns: of the best blind answer, and of perfect ones.
CHANCE, PERFECT = "chance", "perfect answers"
#: What no rule that is compared may be called: it would be taken for another line of a table.
TAKEN = frozenset({DISCOVERED, THIS_RULE, CHANCE, PERFECT})


def as_read(name: str) -> str:
    """A name as a reader takes it: equal for names that differ in case, spaces or width alone.

    Example:
        >>> as_read("No  Learning") == as_read("no learning")
        True
    """
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()


def ambiguous(names: Iterable[str], taken: Iterable[str] = TAKEN) -> str | None:
    """The first name that is taken or stands twice, read as `as_read` says; None if there is none.

    Example:
        >>> ambiguous(["start", "Oja", "oja "]), ambiguous(["Chance"]), ambiguous(["start", "oja"])
        ('oja ', 'Chance', None)
    """
    seen = {as_read(name) for name in taken}
    for name in names:
        if as_read(name) in seen:
            return name
        seen.add(as_read(name))
    return None
