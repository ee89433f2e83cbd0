"""The folder of a run: what is in it, and how it comes there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import tomli_w

from rulegen.catalog import latex_card, markdown_card, parts, save_record
from rulegen.catalog.export import export
from rulegen.catalog.likeness.naming import named
from rulegen.catalog.records.files import write_whole
from rulegen.catalog.records.roles import NO_LEARNING, START
from rulegen.grammar import ConfigError, RunError
from rulegen.ground import hosts
from rulegen.ground.digests import versions
from rulegen.ground.journal import Journal
from rulegen.ground.progress import Progress, Report, silent
from rulegen.lives.outcomes import words
from rulegen.publishing.config import RunConfig
from rulegen.publishing.discovery import Discovery
from rulegen.publishing.evaluate import Lot, Trajectory
from rulegen.publishing.figures import plot_learning, save_figure

HISTORY = "history.jsonl"


class RunDirectory:
    """A folder with everything that a run leaves behind.

    `config.toml` the configuration as used; `history.jsonl` every step, also the checkpoint;
    `family.txt`, `fitted.txt`, `rule.txt` the rule before the fit, after it and as published;
    `record.toml`, `card.md`, `card.tex` the published page; `learning.png`, `learning.pdf` its
    figure; `learning.csv`, `lives.csv` the data of figure and intervals; `rule_FORMAT` the exports
    asked for; `summary.json` the result for programs, written last.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(
        self,
        config: RunConfig,
        *,
        resume: bool,
        also: Mapping[str, str] | None = None,
        report: Report = silent,
    ) -> Journal:
        """Make the folder, or find the run in it again.

        Args:
            config: what the run is made with.
            resume: whether it may continue what is there.
            also: what else the results depend on, by name.
            report: told when a part of the history cannot be trusted.

        Raises:
            ConfigError: when it cannot be written, or holds something and `resume` is not set.
            RunError: when it holds a run of another configuration, or of other code.
        """
        hosts.on_first(lambda: self._claim(resume))
        try:
            journal = Journal(self.folder / HISTORY, config.identity | dict(also or {}))
            hosts.on_first(lambda: self._write_config(config))
        except OSError as error:
            raise self._cannot_write(error) from None
        if journal.damaged:
            text = f"the last {journal.damaged} lines of the history are damaged and made again"
            report(Progress("resume", 1, 1, text))
        return journal

    def _claim(self, resume: bool) -> None:
        """Make the folder, unless it holds what must not be touched."""
        history = self.folder / HISTORY
        try:
            if self.folder.is_dir() and any(self.folder.iterdir()):
                if not history.exists():
                    raise ConfigError(f"{self.folder} is not empty; choose another --out")
                if not resume:
                    raise ConfigError(
                        f"{self.folder} already holds a run; continue it with --resume, or choose "
                        "another --out"
                    )
            self.folder.mkdir(parents=True, exist_ok=True)
            if not os.access(self.folder, os.W_OK):
                raise PermissionError(13, "Permission denied")
        except OSError as error:
            raise self._cannot_write(error) from None

    def _write_config(self, config: RunConfig) -> None:
        data = config.model_dump(mode="json", exclude_none=True)
        write_whole(self.folder / "config.toml", tomli_w.dumps(data, multiline_strings=True))

    def _cannot_write(self, error: OSError) -> ConfigError:
        return ConfigError(
            f"cannot write into {self.folder}: {error.strerror}; choose another --out"
        )

    def publish(
        self,
        config: RunConfig,
        discovery: Discovery,
        seconds: float,
        peak_mb: float,
        beside: Callable[[Path], None] | None = None,
    ) -> None:
        """Write everything but the history.

        Args:
            config: what the run was made with.
            discovery: what it found.
            seconds: how long it took.
            peak_mb: the most memory that it held.
            beside: writes into the folder what else this kind of run leaves behind.

        Raises:
            RunError: when something does not fit on the disk; the history is kept.
        """
        try:
            if beside is not None:
                beside(self.folder)
            self._publish(config, discovery, seconds, peak_mb)
        except OSError as error:
            raise RunError(
                f"cannot write into {self.folder}: {error.strerror}; the history is kept: free "
                "some space and run again with --resume"
            ) from error

    def _publish(
        self, config: RunConfig, discovery: Discovery, seconds: float, peak_mb: float
    ) -> None:
        record, trajectories = discovery.record, discovery.trajectories
        write_whole(self.folder / "family.txt", discovery.family.text())
        write_whole(self.folder / "fitted.txt", discovery.fitted.text())
        write_whole(self.folder / "rule.txt", record.equations)
        save_record(record, self.folder / "record.toml")
        write_whole(self.folder / "card.md", markdown_card(record, figure="learning.png"))
        write_whole(self.folder / "card.tex", latex_card(record, figure="learning.pdf"))
        for name in config.exports:
            suffix = parts.find("export", name).suffix
            write_whole(self.folder / f"rule_{name}{suffix}", export(record, name))
        learning_table(trajectories).to_csv(self.folder / "learning.csv", index=False)
        lives_table(lots_of(trajectories)).to_csv(self.folder / "lives.csv", index=False)
        ax = plot_learning(trajectories, config.task, warmup=config.life.warmup)
        save_figure(ax, self.folder, "learning")
        result = summary(config, discovery, seconds, peak_mb)
        write_whole(self.folder / "summary.json", json.dumps(result, indent=2) + "\n")


def learning_table(trajectories: Iterable[Trajectory]) -> pd.DataFrame:
    """What lives earn in each trial.

    Returns:
        columns `rule`, `trial`, `mean` over lives with the limits `low` and `high` of its 95%
        interval, of each trial alone (`rulegen.curves`), the quartiles over lives, `lower`,
        `median`, `upper`, and how many of these lives ended `diverged`, `saturated` or `silent`.
    """
    frames = []
    for t in trajectories:
        (low, mean, high), (lower, median, upper) = t.curve, t.quartiles
        frames.append(
            pd.DataFrame(
                {
                    "rule": t.name, "trial": range(1, len(mean) + 1),
                    "mean": mean, "low": low, "high": high,
                    "lower": lower, "median": median, "upper": upper, **t.counts.bad,
                }
            )
        )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def lives_table(lots: Mapping[str, Lot]) -> pd.DataFrame:
    """Mean reward per trial of every held-out life, and how it ended.

    Args:
        lots: the lives by the name of the rule (`lots_of`).

    Returns:
        columns `rule`, `life`, `reward` and `outcome`: `ok`, `diverged`, `saturated` or `silent`.

    Example:
        >>> import numpy as np
        >>> lot = Lot(np.array([0.5, -1.0]), np.array([0, 1]))
        >>> print(lives_table({"a": lot}).to_csv(index=False))
        rule,life,reward,outcome
        a,0,0.5,ok
        a,1,-1.0,diverged
        <BLANKLINE>
    """
    frames = [
        pd.DataFrame(
            {
                "rule": name, "life": range(len(lot.rewards)), "reward": lot.rewards,
                "outcome": words(lot.outcomes),
            }
        )
        for name, lot in lots.items()
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def lots_of(trajectories: Iterable[Trajectory]) -> dict[str, Lot]:
    """The lives of each rule, by its name."""
    return {t.name: Lot(t.means, t.outcomes) for t in trajectories}


def summary(
    config: RunConfig, discovery: Discovery, seconds: float, peak_mb: float
) -> dict[str, Any]:
    """The result for programs."""
    record, evidence = discovery.record, discovery.record.evidence
    assert evidence is not None
    others = {
        c.name: {
            "reward": c.reward.model_dump(),
            "paired_difference": c.difference.model_dump(),
            **c.counts,
        }
        for c in evidence.comparisons
    }
    start = others.pop(START, None)
    unlearned = others.pop(NO_LEARNING)
    return {
        "name": record.name,
        "digest": record.digest,
        "is": named(record.rule).text,
        "equation": record.equations,
        "latex": record.rule.latex(),
        "terms": [t.term for t in evidence.terms],
        "parameters": {p.name: p.value for p in record.rule.parameters},
        "reward": evidence.reward.model_dump(),
        **({"start": start, "paired_difference": start["paired_difference"]} if start else {}),
        "references": others,
        "no_learning": unlearned,
        "chance": evidence.chance,
        "best": evidence.best,
        **evidence.counts,
        "gradients": evidence.gradients,
        "nonfinite": evidence.nonfinite,
        "seconds": round(seconds, 1),
        "peak_mb": round(peak_mb, 1),
        "seed": config.seed,
        "config": config.digest,
        "versions": versions(),
    }
