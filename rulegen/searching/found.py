"""The noun of a finished search."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import networkx as nx
import pandas as pd
from matplotlib.axes import Axes

from rulegen.catalog import Record
from rulegen.catalog.records.files import write_whole
from rulegen.grammar import Rule
from rulegen.publishing.discovery import Discovery
from rulegen.publishing.figures import save_figure
from rulegen.searching.findings import page, tables
from rulegen.searching.front import Front, lineage, plot_lineage
from rulegen.searching.front_figure import plot_front
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

    @property
    def record(self) -> Record:
        """The record of the pick."""
        return self.discovery.record

    @property
    def rule(self) -> Rule:
        """The pick as it is published."""
        return self.record.rule

    def table(self) -> pd.DataFrame:
        """All finalists, see `Front.table`."""
        return self.front.table()

    def plot(self, ax: Axes | None = None) -> Axes:
        """Reward against complexity, see `plot_front`."""
        return plot_front(self.front, ax=ax)

    def write(self, folder: Path) -> None:
        """Write the page `search.md` with `front`, `elsewhere` and `lineage`, tables and figures.

        Args:
            folder: of a run.
        """
        write_whole(folder / "front.csv", self.table().to_csv(index=False))
        write_whole(folder / "elsewhere.csv", self.elsewhere.to_csv(index=False))
        save_figure(self.plot(), folder, "front")
        graph = lineage(self.candidates)
        write_whole(folder / "lineage.graphml", "\n".join(nx.generate_graphml(graph)) + "\n")
        pick = self.front.finalists[self.front.pick].structure.text
        save_figure(plot_lineage(graph, pick), folder, "lineage")
        write_whole(folder / "search.md", page(self.discovery.record, *tables(folder)))

    def publish(self, folder: Path | str) -> None:
        """Write what `rulegen search` leaves behind, as `rulegen.Discovery.publish` does."""
        self.discovery.publish(folder, beside=self.write)

    def __repr__(self) -> str:
        count = len(self.front.finalists)
        return f"<Found the pick of {count} finalists: {self.discovery!r}>"

    def __str__(self) -> str:
        return str(self.discovery)

    def _repr_html_(self) -> str:
        return self.discovery._repr_html_()
