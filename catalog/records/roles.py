"""Names by which tables, figures and data call rules for their role."""

from __future__ import annotations

from collections.abc import Iterable

#: The published rule in figures and data, and in its own table.
DISCOVERED, THIS_RULE = "discovered rule", "this rule"
#: What it is compared with in every run: where the fit began, and initial weights that stay.
START, NO_LEARNING = "start", "no learning"
#: The rewards between which one learns: of the best blind answer, and of perfect ones.
CHANCE, PERFECT = "chance", "perfect answers"
#: What no rule that is compared may be called: it would be taken for another line of a table.
TAKEN = frozenset({DISCOVERED, THIS_RULE, CHANCE, PERFECT})
#: Characters that are taken for others.
ALIKE = str.maketrans("01|!5", "olils")


def as_read(name: str) -> str:
    """A name as a reader takes it: equal for names that differ in case or spaces alone.

    Example:
        >>> as_read("No  Learning") == as_read("no learning")
        True
    """
    return " ".join(name.split()).casefold()


def outline(name: str) -> str:
    """What of a name is seen at a glance: its letters, and what looks like them.

    Example:
        >>> outline("N0-learning.") == outline("no learning")
        True
    """
    read = name.casefold().translate(ALIKE).replace("i", "l")
    return "".join(character for character in read if character.isalnum())


_ROLES = {outline(role): role for role in (*TAKEN, START, NO_LEARNING)}


def ambiguous(names: Iterable[str], taken: Iterable[str] = TAKEN) -> str | None:
    """The first name that is taken, stands twice or is mistaken for a role; None if there is none.

    Args:
        names: of compared rules, as `catalog.records.fields.plain_name` admits them.
        taken: roles that none of them may have; the others must be written as they are.

    Example:
        >>> ambiguous(["start", "Oja", "oja "]), ambiguous(["Chance"]), ambiguous(["start", "oja"])
        ('oja ', 'Chance', None)
        >>> ambiguous(["start", "No-learning"])
        'No-learning'
    """
    seen, forbidden = set[str](), set(taken)
    for name in names:
        role = _ROLES.get(outline(name))
        if as_read(name) in seen or (role is not None and (role in forbidden or name != role)):
            return name
        seen.add(as_read(name))
    return None
