"""The noun of a finished search."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from rulegen.publishing.discovery import Discovery
from rulegen.searching.front import Front
from rulegen.searching.strategy import Candidate


class Found(NamedTuple):
    """What a search leaves behind.

    Attributes:
        front: all finalists, the front and the pick.
        discovery: the pick with its evidence.
        elsewhere: every rule of the front minus the best rule of the literature and no learning,
            in every world: columns `world`, `rule`, `pick`, `against`, `reward`, `difference`,
            `low`, `high`, `lives`, and of these lives the numbers that ended `diverged`,
            `saturated` or `silent` with the rule, and `against_diverged` and so on with the
            other; all intervals hold together with 95%.
        candidates: everything that the strategies kept.
        lives: the number of lives that were run until the finalists were known.
    """

    front: Front
    discovery: Discovery
    elsewhere: pd.DataFrame
    candidates: tuple[Candidate, ...]
    lives: int
