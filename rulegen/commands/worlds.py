"""What a rule earns in several worlds, on a screen."""

from __future__ import annotations

from rich.console import Console

from rulegen.catalog import Evidence
from rulegen.commands.table import print_table
from rulegen.publishing.places import HELD_OUT


def print_worlds(console: Console, evidence: Evidence) -> None:
    """A line for each world: the reward, scaled where rewards are, and what others earn less.

    Args:
        console: where to print.
        evidence: of a run; of one world nothing is printed.
    """
    if not evidence.worlds:
        return
    kind = "scaled reward" if evidence.scaled else "reward per trial"
    others = list(dict.fromkeys(c.name for w in evidence.worlds for c in w.comparisons))
    rows = []
    for world in evidence.worlds:
        told = {c.name: c.decides for c in world.comparisons}
        name = world.name if world.chosen_in else f"{world.name} {HELD_OUT}"
        cells = [world.scaled or world.reward, *(told.get(other, "") for other in others)]
        rows.append([name, *map(str, cells)])
    print_table(console, ["world", kind, *(f"minus {name}" for name in others)], rows)
    console.print("all intervals of this table hold together with 95%", highlight=False)
