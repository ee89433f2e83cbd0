"""The noun of a finished run, and how it is written down."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes

from rulegen.catalog import Record, save_record
from rulegen.catalog.pages.html import html_card
from rulegen.catalog.records.files import write_whole
from rulegen.grammar import ConfigError, Rule
from rulegen.ground.machine import peak_mb
from rulegen.lives.outcomes import Outcomes
from rulegen.publishing.config import RunConfig
from rulegen.publishing.differences import plot_held_out
from rulegen.publishing.evaluate import Shown, Trajectory
from rulegen.publishing.figures import plot_learning, save_figure
from rulegen.publishing.printed import exported, summary, texts
from rulegen.publishing.report import REPORT, report
from rulegen.publishing.slide import plot_slide
from rulegen.publishing.tables import learning_tables, lives_tables, parts_of
from rulegen.publishing.world_figures import plot_worlds


class Discovery(NamedTuple):
    """What a run found.

    Attributes:
        config: what the run was made with.
        record: the published rule with its evidence.
        family: what the run began with.
        fitted: the same with fitted values, before anything was left out.
        trajectories: on the held-out lives, the published rule first, then what it is compared
            with, and no learning last.
        without: what remains without each term, on the same lives, by its coefficient.
        worlds: the same of each world, where there are several; what stands above is what they
            make together then, and has no learning curves.
    """

    config: RunConfig
    record: Record
    family: Rule
    fitted: Rule
    trajectories: tuple[Trajectory, ...]
    without: dict[str, Trajectory]
    worlds: Mapping[str, Shown] = MappingProxyType({})

    @property
    def rule(self) -> Rule:
        """The rule as it is published."""
        return self.record.rule

    def table(self) -> pd.DataFrame:
        """What was compared on the held-out lives.

        Returns:
            columns `rule`, `reward` per trial with its 95% interval `low` and `high`, the
            `difference` of the published rule from it with `difference_low` and `difference_high`,
            paired over lives, and how many of them ended `diverged`, `saturated` or `silent`.
        """
        best, rows = self.trajectories[0], []
        for other in self.trajectories:
            reward, difference = other.reward, best.minus(other)
            rows.append(
                {
                    "rule": other.name,
                    "reward": reward.mean, "low": reward.low, "high": reward.high,
                    "difference": difference.mean,
                    "difference_low": difference.low, "difference_high": difference.high,
                    **other.counts.bad,
                }
            )  # fmt: skip
        return pd.DataFrame(rows)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Reward against trials and paired differences; with several worlds `plot_worlds`.

        Args:
            ax: where to draw the rewards alone, see `rulegen.plot_learning`; the picture of several
                worlds has axes of its own.
        """
        if self.worlds:
            assert self.record.evidence is not None
            shown = {name: shown.trajectories for name, shown in self.worlds.items()}
            places = self.config.training | self.config.held_out
            return plot_worlds(self.record.evidence, shown, places)
        world = self.config.world
        draw = plot_held_out if ax is None else partial(plot_learning, ax=ax)
        return draw(self.trajectories, world.task, world.circuit.dt, warmup=world.life.warmup)

    def files(self) -> dict[str, str]:
        """The rule, its card and its exports, by the name of the file.

        Raises:
            RuleError: when a format cannot say the rule.
            RunError: when an export of others fails.
        """
        texts_of = {"family.txt": self.family.text(), "fitted.txt": self.fitted.text()}
        return texts_of | texts(self.record) | exported(self.record, self.config.exports)

    @property
    def ended(self) -> dict[str, Outcomes]:
        """How the held-out lives of each rule ended, in each world where there are several."""
        if not self.worlds:
            return {t.name: t.counts for t in self.trajectories}
        return {
            f"{t.name} in {world}": t.counts
            for world, shown in self.worlds.items()
            for t in shown.trajectories
        }

    def publish(self, folder: Path | str, *, beside: Callable[[Path], None] | None = None) -> None:
        """Write what `rulegen discover` leaves behind, but for the history, into a new folder.

        Args:
            folder: where.
            beside: writes into the folder what else this kind of run leaves behind, which the
                report then shows.

        Raises:
            ConfigError: when the folder is there already, or cannot be written.
        """
        files = self.files()
        try:
            Path(folder).mkdir(parents=True)
            write_whole(Path(folder) / "config.toml", self.config.toml)
            if beside is not None:
                beside(Path(folder))
            write(self, files, Path(folder))
        except OSError as error:
            raise ConfigError(f"cannot write into {folder}: {error.strerror}") from None

    def __str__(self) -> str:
        return str(self.record)

    def __repr__(self) -> str:
        return f"<Discovery {self.record.name}: reward per trial {self.trajectories[0].reward}>"

    def _repr_html_(self) -> str:
        return html_card(self.record)


def write(
    discovery: Discovery, files: Mapping[str, str], folder: Path, seconds: float | None = None
) -> None:
    """Write everything into the folder of a run but its configuration and history.

    Args:
        discovery: what the run found.
        files: of it, which whoever asks has made before anything is written.
        folder: of the run.
        seconds: how long it took, if it kept a history that says so.

    Raises:
        OSError: when a file cannot be written.
    """
    record = discovery.record
    save_record(record, folder / "record.toml")
    for name, text in files.items():
        write_whole(folder / name, text)
    worlds = discovery.worlds or {"": Shown(discovery.trajectories, discovery.without)}
    tables = {
        "learning": learning_tables({n: shown.trajectories for n, shown in worlds.items()}),
        "lives": lives_tables({name: parts_of(shown) for name, shown in worlds.items()}),
    }
    for name, table in tables.items():
        write_whole(folder / f"{name}.csv", table.to_csv(index=False))
    save_figure(discovery.plot(), folder, "learning")
    save_figure(plot_slide(record, tables["learning"]), folder, "slide")
    write_whole(folder / REPORT, report(folder))
    effort = {"peak_mb": round(peak_mb(), 1)}
    effort |= {} if seconds is None else {"seconds": round(seconds, 1)}
    write_whole(folder / "summary.json", json.dumps(summary(record) | effort, indent=2) + "\n")
