"""The noun of a finished run."""

from __future__ import annotations

from typing import NamedTuple

from catalog import Record
from grammar import Rule
from rulegen.evaluate import Trajectory

#: Names of the trajectories that every run has.
DISCOVERED = "discovered rule"
START = "start"
NO_LEARNING = "no learning"


class Discovery(NamedTuple):
    """What a run found.

    Attributes:
        record: the published rule with its evidence.
        fitted: the family with its fitted values, before pruning.
        trajectories: on the held-out lives, the published rule first, then the start, the
            references and no learning.
    """

    record: Record
    fitted: Rule
    trajectories: tuple[Trajectory, ...]
