"""The noun of a finished run."""

from __future__ import annotations

from typing import NamedTuple

from rulegen.catalog import Record
from rulegen.grammar import Rule
from rulegen.publishing.evaluate import Trajectory


class Discovery(NamedTuple):
    """What a run found.

    Attributes:
        record: the published rule with its evidence.
        family: what the run began with.
        fitted: the same with fitted values, before anything was left out.
        trajectories: on the held-out lives, the published rule first, then what it is compared
            with, and no learning last.
        without: what remains without each term, on the same lives, by its coefficient.
    """

    record: Record
    family: Rule
    fitted: Rule
    trajectories: tuple[Trajectory, ...]
    without: dict[str, Trajectory]
