"""Tables of a card about several worlds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rulegen.catalog.pages.tables import SETTING_HEAD, Row, Table, limits, number, setting_text
from rulegen.catalog.pages.tables import without_empty_columns as trimmed
from rulegen.catalog.pages.units import unit_of
from rulegen.catalog.records.ended import happened
from rulegen.catalog.records.evidence import Evidence
from rulegen.catalog.records.worlds import WorldFigures, level

#: What a scaled reward is, for cards and pages.
SCALED_IS = (
    "A scaled reward is 0 for no learning and 1 for the yardstick, which was tuned in each world "
    "by itself; both lived the same held-out lives, so that the error of the scale is in every "
    "interval."
)
#: The parts of a setting, in their order.
PARTS = ("task", "circuit", "life", "projections")


def worlds_table(evidence: Evidence) -> Table:
    """World, its part in the objective, reward, scaled reward, lives that ended badly."""
    ended = happened(evidence.worlds)
    head = ("world", "weight", "reward per trial", "scaled reward", *ended)
    rows = tuple(
        (
            world.name,
            number(world.weight) if world.chosen_in else "held out",
            str(world.reward),
            str(world.scaled) if world.scaled else "",
            *(str(world.counts[name]) for name in ended),
        )
        for world in evidence.worlds
    )
    return trimmed(Table(head, rows, caption="What the rule earns in each world"))


def differences_table(evidence: Evidence) -> Table:
    """World, what the rule is compared with there, its reward, this rule minus it, its ends."""
    ended = happened(other for world in evidence.worlds for other in world.comparisons)
    head = (
        "world", "compared with", "its reward per trial", "this rule minus it", "scaled",
        *(f"its lives {name}" for name in ended),
    )  # fmt: skip
    rows = tuple(
        (
            world.name,
            other.name,
            f"{number(other.reward.mean)} {limits(other.reward)}",
            str(other.difference),
            str(other.scaled_difference) if other.scaled_difference else "",
            *(str(other.counts[name]) for name in ended),
        )
        for world in evidence.worlds
        for other in world.comparisons
    )
    return trimmed(Table(head, rows, caption="What the rule earns beside others in each world"))


def level_text(evidence: Evidence) -> str:
    """That all intervals of the tables hold together."""
    return (
        f"All intervals of these two tables hold together with 95%: each has "
        f"{100 * level(evidence.worlds):.5g}%."
    )


def settings_table(evidence: Evidence) -> Table:
    """Every setting of the first world, and of the others where they differ from it."""
    first, *others = evidence.worlds
    rows = [(first.name, *row) for row in rows_of(first)]
    for world in others:
        rows += [(world.name, *row) for row in rows_of(world, first)]
    return Table(
        ("world", *SETTING_HEAD),
        tuple(rows),
        ("setting",),
        "Settings of the first world, and of others where they differ",
    )


def rows_of(world: WorldFigures, first: WorldFigures | None = None) -> Iterator[Row]:
    """Part, setting, value and unit of what is not as in the first world."""
    for part in PARTS:
        settings: dict[str, Any] = getattr(world.setting, part)
        known: dict[str, Any] = getattr(first.setting, part) if first else {}
        package = world.packages.get(part)
        another = settings.get("name") != known.get("name")
        for key, value in settings.items():
            if another or key not in known or known[key] != value:
                yield part, key, setting_text(value), unit_of(key, value, package)
        for key in sorted(known.keys() - settings.keys()) if not another else ():
            yield part, key, "as by default", ""
        if package:
            yield part, "package", package, ""
