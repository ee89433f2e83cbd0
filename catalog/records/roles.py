"""Names by which tables, figures and data call rules for their role."""

from __future__ import annotations

from collections.abc import Iterable

#: The published rule in figures and data, and in its own table.
DISCOVERED, THIS_RULE = "discovered rule", "this rule"
#: What it is compared with in every run: where the fit began, and initial weights that stay.
START, NO_LEARNING = "start", "no learning"
#: The rule whose reward is 1 on the scale of a world, tuned there.
YARDSTICK = "yardstick"
#: The rewards between which one learns: of the best blind answer, and of perfect ones.
CHANCE, PERFECT = "chance", "perfect answers"
#: What all rules are held against wherever several are compared.
BASELINES = (NO_LEARNING, CHANCE)
#: What no rule that is compared may be called: it would be taken for another line of a table.
TAKEN = frozenset({DISCOVERED, THIS_RULE, CHANCE, PERFECT})
#: What nothing else may be called that has lines of its own beside those of rules.
ROLES = TAKEN | {START, NO_LEARNING, YARDSTICK}
#: How the best rule of the literature begins where a search names it.
LITERATURE = "best of the literature"
#: Characters that are taken for others.
ALIKE = str.maketrans("01|!i53478h", "ollllseatbb")
#: Pairs of characters that are taken for one.
PAIRS = (("rn", "m"), ("vv", "w"))


def as_read(name: str) -> str:
    """A name as a reader takes it: equal for names that differ in case or spaces alone.

    Example:
        >>> as_read("No  Learning") == as_read("no learning")
        True
    """
    return " ".join(name.split()).casefold()


def outlines(name: str) -> set[str]:
    """What of a name is seen at a glance: its letters, with what looks like them or without.

    Example:
        >>> outlines("N0-leaming!") & outlines("no learning")
        {'noleamlng'}
    """
    return {outline(part) for part in (name, "".join(c for c in name if c.isalnum()))}


def outline(name: str) -> str:
    """The letters of a name, one for all that look alike."""
    name = "".join(c for c in name.casefold().translate(ALIKE) if c.isalnum())
    for two, one in PAIRS:
        name = name.replace(two, one)
    return name


_ROLES = {seen: role for role in ROLES for seen in outlines(role)}


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
        roles = {_ROLES[line] for line in outlines(name) if line in _ROLES}
        if as_read(name) in seen or roles & forbidden or roles - {name}:
            return name
        seen.add(as_read(name))
    return None
