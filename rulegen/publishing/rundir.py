"""The folder of a run: what is in it, and how it comes there."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rulegen.catalog.records.files import write_whole
from rulegen.fitting.yardstick import NoScale
from rulegen.grammar import ConfigError, RunError
from rulegen.ground import hosts
from rulegen.ground.journal import Journal
from rulegen.ground.progress import Progress, Report, silent
from rulegen.ground.stage import place_of
from rulegen.publishing.config import RunConfig
from rulegen.publishing.discovery import Discovery, write
from rulegen.publishing.history import HISTORY


class RunDirectory:
    """A folder with everything that a run leaves behind.

    `config.toml` the configuration as used; `history.jsonl` every step, also the checkpoint;
    `family.txt`, `fitted.txt`, `rule.txt` the rule before the fit, after it and as published;
    `record.toml`, `card.md`, `card.tex` the published page; `learning.png`, `learning.pdf` its
    figure; `slide.png`, `slide.pdf` the rule on one page, for talks; `learning.csv`, `lives.csv`
    the data of figure and intervals; `report.html` all of it on a page to look at; `rule_FORMAT`
    the exports asked for; `summary.json` the result for programs, written last.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

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

    @contextmanager
    def running(
        self,
        config: RunConfig,
        *,
        resume: bool,
        also: Mapping[str, str] | None = None,
        report: Report = silent,
    ) -> Iterator[Journal]:
        """The history of a run while it lasts; arguments and errors as of `open`.

        A run whose worlds have no scale is not begun: a folder that was made for it is taken away.
        """
        fresh = not (self.folder / HISTORY).exists()
        with self.open(config, resume=resume, also=also, report=report) as journal:
            try:
                yield journal
            except NoScale:
                if fresh:
                    hosts.on_first(self._abandon)
                raise

    def _abandon(self) -> None:
        """Take away what was written, and the folder if there is nothing else."""
        for name in (HISTORY, "config.toml"):
            (self.folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()

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
        write_whole(self.folder / "config.toml", config.toml)

    def _cannot_write(self, error: OSError) -> ConfigError:
        return ConfigError(
            f"cannot write into {self.folder}: {error.strerror}; choose another --out"
        )

    def publish(
        self, discovery: Discovery, seconds: float, beside: Callable[[Path], None] | None = None
    ) -> None:
        """Write everything but the history.

        Args:
            discovery: what the run found.
            seconds: how long it took.
            beside: writes into the folder what else this kind of run leaves behind.

        Raises:
            RunError: when something does not fit on the disk, or an export of others fails; the
                history is kept.
        """
        with place_of("publishing"):
            files = discovery.files()
        try:
            if beside is not None:
                beside(self.folder)
            write(discovery, files, self.folder, seconds)
        except OSError as error:
            raise RunError(
                f"cannot write into {self.folder}: {error.strerror}; the history is kept: free "
                "some space and run again with --resume"
            ) from error
