"""How the lives behind a reward ended: what is counted beside every reward of a record."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel

from rulegen.catalog.records.fields import Count

#: Ends of lives without which no reward should be read, and how sentences say each.
TROUBLES = ("diverged", "saturated", "silent")
VERBS = {"diverged": "diverged", "saturated": "saturated", "silent": "fell silent"}
#: What these words mean, for cards and pages.
ENDS_ARE = (
    "A life has diverged when a weight, a state or a reward left the finite range, and earns its "
    "worst reward from then on; it has saturated, or fallen silent, when in its last step nearly "
    "all rates are the largest that there is, or none differs from 0."
)


class Ended(BaseModel):
    """The part of a record that counts the lives behind its reward that ended badly.

    Attributes:
        diverged: a weight, a state or a reward left the finite range, and the rewards from then on
            are floors.
        saturated: nearly all rates of the last step are the largest that there is.
        silent: no rate of the last step differs from 0.

    Example:
        >>> Ended(diverged=2, saturated=0, silent=1).ended
        '2 diverged, 1 silent'
        >>> Ended(diverged=0, saturated=0, silent=0).ended
        'none'
    """

    diverged: Count
    saturated: Count
    silent: Count

    @classmethod
    def of(cls, counts: Iterable[int]) -> Ended:
        """The numbers of lives in the order of `TROUBLES`.

        Example:
            >>> Ended.of([0, 3, 0]).ended
            '3 saturated'
        """
        return Ended(**dict(zip(TROUBLES, counts, strict=True)))

    @property
    def counts(self) -> dict[str, int]:
        """The number of lives of each kind."""
        return {name: getattr(self, name) for name in TROUBLES}

    @property
    def ended(self) -> str:
        """The counts in few words."""
        told = [f"{count} {name}" for name, count in self.counts.items() if count]
        return ", ".join(told) or "none"


def happened(parts: Iterable[Ended]) -> tuple[str, ...]:
    """The kinds of `TROUBLES` that any part has: a table has a column for each, and for no other.

    Example:
        >>> happened([Ended.of([0, 0, 0]), Ended.of([3, 0, 0])])
        ('diverged',)
    """
    found = [part.counts for part in parts]
    return tuple(name for name in TROUBLES if any(counts[name] for counts in found))


def unhappened(parts: Iterable[Ended], whose: str = "") -> str:
    """In one sentence what a table has no columns for; empty where it has all.

    Args:
        parts: what the table is about.
        whose: which lives, such as `without a term, `.

    Example:
        >>> unhappened([Ended(diverged=0, saturated=0, silent=0)])
        'No life diverged, saturated or fell silent.'
        >>> unhappened([Ended(diverged=1, saturated=0, silent=0)])
        'No life saturated or fell silent.'
    """
    seen = happened(parts)
    none = [name for name in TROUBLES if name not in seen]
    told = f"{whose}no life {verbs(none)}." if none else ""
    return told[:1].upper() + told[1:]


def verbs(names: Iterable[str]) -> str:
    """Kinds of ends as the predicate of a sentence.

    Example:
        >>> verbs(TROUBLES), verbs(["silent"])
        ('diverged, saturated or fell silent', 'fell silent')
    """
    *first, last = (VERBS[name] for name in names)
    return f"{', '.join(first)} or {last}" if first else last
