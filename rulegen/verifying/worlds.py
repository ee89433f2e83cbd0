"""The lives of a record in each of its worlds, and what they make together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from rulegen.catalog import Evidence, WorldFigures
from rulegen.catalog.records.roles import DISCOVERED, NO_LEARNING, YARDSTICK
from rulegen.lives.batch import Lot
from rulegen.lives.outcomes import worst
from rulegen.lives.world import World
from rulegen.objective import Aim
from rulegen.objective.aim import scaled_lives
from rulegen.verifying.claims import Key, in_world, on_scale
from rulegen.verifying.setting import world_of

#: Lives by whose they are, in each world by its name; one that is alone has none.
Lived = Mapping[str, Mapping[Key, Lot]]


class Place(NamedTuple):
    """A world of a record.

    Attributes:
        name: "" for one that is alone.
        world: that it names. number: of its random numbers.
        figures: what is claimed of it.
        chosen_in: whether the rule was chosen by it.
    """

    name: str
    world: World
    number: int
    figures: Evidence | WorldFigures
    chosen_in: bool

    @property
    def where(self) -> str:
        """What the names of its claims end with."""
        return f" in {self.name}" if self.name else ""

    def keys(self, evidence: Evidence) -> list[Key]:
        """Whose lives its table has, in order."""
        found: list[Key] = [("rule", DISCOVERED)]
        found += [("rule", other.name) for other in self.figures.comparisons]
        if self.chosen_in:
            found += [("term", term.coefficient) for term in evidence.terms]
        return found


def places(evidence: Evidence) -> list[Place]:
    """The worlds of a record.

    Raises:
        ConfigError: when a setting names none.
    """
    if not evidence.worlds:
        world = world_of(evidence.setting, evidence.packages)
        return [Place("", world, 0, evidence, True)]
    return [
        Place(told.name, world_of(told.setting, told.packages), number, told, told.chosen_in)
        for number, told in enumerate(evidence.worlds)
    ]


def aim_of(evidence: Evidence) -> Aim:
    """What the worlds of a record make together."""
    weights = [told.weight for told in evidence.worlds if told.chosen_in]
    sharpness = evidence.sharpness if evidence.objective == "worst" else 0.0
    return Aim.of_rewards(weights, sharpness)


def all_lots(evidence: Evidence, lived: Lived) -> dict[Key, Lot]:
    """Lives of all that a record claims anything of: of the objective, and of every world.

    Args:
        evidence: of the record.
        lived: the lives in each world.
    """
    if not evidence.worlds:
        return dict(lived[""])
    found = dict(made(evidence, lived))
    for name, lots in lived.items():
        found |= {in_world(key, name): lot for key, lot in lots.items()}
        if evidence.scaled:
            scale = [lots["rule", role].rewards for role in (NO_LEARNING, YARDSTICK)]
            found |= {
                on_scale(key, name): Lot(scaled_lives(lot.rewards, *scale), lot.outcomes)
                for key, lot in lots.items()
            }
    return found


def made(evidence: Evidence, lived: Lived) -> Iterator[tuple[Key, Lot]]:
    """What worlds make of each rule that lived in all that choose."""
    inside = [lived[told.name] for told in evidence.worlds if told.chosen_in]
    if evidence.objective == "reward":
        yield from inside[0].items()
        return
    aim, scales = aim_of(evidence), []
    if evidence.scaled:
        scales = [
            (lots["rule", NO_LEARNING].rewards, lots["rule", YARDSTICK].rewards) for lots in inside
        ]
    for key in inside[0]:
        if key == ("rule", YARDSTICK):
            continue
        lots = [there[key] for there in inside]
        rewards = aim.together([lot.rewards for lot in lots], scales)
        yield key, Lot(rewards, worst([lot.outcomes for lot in lots]))
