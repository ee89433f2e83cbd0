"""A history that somebody else is writing, read as far as it can be trusted, again and again."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rulegen.catalog.records.ended import TROUBLES
from rulegen.grammar import ConfigError, RulegenError
from rulegen.grammar.reading.files import read_own
from rulegen.ground.journal import LARGEST_HISTORY, parse_line
from rulegen.ground.outlook import Outlook
from rulegen.ground.progress import Found
from rulegen.publishing.config import DiscoverConfig, RunConfig
from rulegen.publishing.history import HISTORY
from rulegen.publishing.outlook import SURVEY
from rulegen.publishing.outlook import planned as planned_discovery
from rulegen.searching.config import SearchConfig
from rulegen.searching.outlook import planned as planned_search
from rulegen.verifying.published import read_config

#: Where Linux says which files are held by whom.
LOCKS = Path("/proc/locks")
#: Where nothing says so: a history that grew within these seconds is being written.
RECENT = 60.0
#: How many results are listed.
LATEST = 12


class Iteration(NamedTuple):
    """One step of a fit.

    Attributes:
        stage, number: where. reward, error: per trial, with its standard error.
        signal: to noise of the meta-gradient. values: of all parameters, in order.
    """

    stage: str
    number: int
    reward: float
    error: float
    signal: float
    values: tuple[float, ...]


class Look(NamedTuple):
    """A comparison of the selection: its name, the difference, and the rule that was tried."""

    name: str
    difference: float
    low: float
    high: float
    rule: str


class History:
    """What a run has done so far; `refresh` reads what has come since.

    Whatever is in the file, nothing is raised: a line that is cut short is left for the next time,
    and one that no run writes is passed over and counted.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config: RunConfig | None = None
        self.trouble = ""
        try:
            self.config = read_config(folder / "config.toml")
        except RulegenError as error:
            self.trouble = str(error).splitlines()[0]
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.place, self.damaged, self.seconds, self.lines = (0, 0), 0, 0.0, 0
        self.iterations: list[Iteration] = []
        self.looks: list[Look] = []
        self.best: dict[float, Found] = {}
        self.latest: list[tuple[str, float]] = []
        self.outcomes = dict.fromkeys(("lives", *TROUBLES), 0)
        self.outlook = Outlook(planned(self.config)) if self.config is not None else None

    @property
    def names(self) -> tuple[str, ...]:
        """Of the parameters of the family."""
        if not isinstance(self.config, DiscoverConfig):
            return ()
        return tuple(p.name for p in self.config.family.parameters)

    @property
    def terms(self) -> Mapping[str, str]:
        """Texts of the terms of the family by their coefficients."""
        if not isinstance(self.config, DiscoverConfig):
            return {}
        return {t.coefficient: t.text for t in self.config.family.terms()}

    @property
    def finished(self) -> bool:
        """Whether the run has published."""
        return (self.folder / "summary.json").exists()

    @property
    def state(self) -> str:
        """`finished`, `running`, or `stopped` where nobody writes and nothing is published."""
        if self.finished:
            return "finished"
        return "running" if held(self.folder / HISTORY) else "stopped"

    @property
    def share(self) -> float | None:
        """What part of the run is over, from 0 to 1."""
        if self.finished:
            return 1.0
        return None if self.outlook is None else self.outlook.share

    @property
    def left(self) -> float | None:
        """Seconds that the rest will take, at the speed so far."""
        share = self.share
        if share is None or share < 0.02 or self.finished:
            return None
        return self.seconds * (1.0 - share) / share

    @property
    def top(self) -> Found | None:
        """The rule that earned most."""
        return max(self.best.values(), key=lambda found: found.reward, default=None)

    def refresh(self) -> History:
        """Read what has been written since."""
        path = self.folder / HISTORY
        try:
            found = path.stat(follow_symlinks=False)
            if (found.st_ino, found.st_size) == self.place:
                return self
            content = read_own(path, LARGEST_HISTORY)
        except (OSError, ConfigError) as error:
            self.trouble = self.trouble or str(error)
            return self
        inode, size = self.place
        if inode != found.st_ino or len(content) < size:
            self.forget()
            size = 0
        end = content.rfind(b"\n") + 1
        for line in content[size:end].splitlines(keepends=True):
            record = parse_line(line)
            if record is None:
                self.damaged += 1
            else:
                self.take(record)
        self.place = found.st_ino, end
        return self

    def take(self, record: Mapping[str, Any]) -> None:
        """One result."""
        name, data = record["name"], record["data"]
        self.seconds += record["seconds"]
        if name == "header":
            return
        self.lines += 1
        self.latest = [*self.latest[-LATEST + 1 :], (name, record["seconds"])]
        try:
            self.note(name, data)
        except (KeyError, TypeError, ValueError, IndexError):
            self.damaged += 1

    def note(self, name: str, data: Mapping[str, Any]) -> None:
        """What a result says; one of another version may lack what is asked for here."""
        for row in data.get("found", ()):
            found = Found(*row)
            here = self.best.get(found.complexity)
            if here is None or found.reward > here.reward:
                self.best[found.complexity] = found
        if "gradient" in data:
            stage, _, number = name.rpartition("/")
            rewards = [float(value) for value in data["rewards"]]
            mean = sum(rewards) / len(rewards)
            spread = sum((value - mean) ** 2 for value in rewards) / max(len(rewards) - 1, 1)
            error = (spread / len(rewards)) ** 0.5
            signal = ratio(data["gradient"], data["error"])
            values = tuple(float(value) for value in data["values"])
            self.iterations.append(Iteration(stage, int(number), mean, error, signal, values))
            for kind in self.outcomes:
                self.outcomes[kind] += int(data["outcomes"].get(kind, 0))
        if re.fullmatch(r"look \d+", name) and "mean" in data:
            tried = Found(*data["found"][0]).text if data.get("found") else ""
            self.looks.append(Look(name, data["mean"], data["low"], data["high"], tried))
        if self.outlook is not None:
            self.outlook.see(*stepped(name, data))


def stepped(name: str, data: Mapping[str, Any]) -> tuple[str, float, float]:
    """The stage of a result, and how many steps of how many are done with it."""
    stage, _, number = name.rpartition("/")
    if stage and number.isdecimal():
        if stage.startswith("intervals"):
            return stage, (int(number) + 1) * SURVEY, 0.0
        return (stage, 0.5, 1.0) if stage.startswith("refine") else (stage, int(number) + 1.0, 0.0)
    if name.endswith(": choose"):
        return name.removesuffix(": choose"), 1.0, 1.0
    lives = float(data.get("lives", 1.0))
    return name, lives, lives


def ratio(gradient: Sequence[float], error: Sequence[float]) -> float:
    """Signal to noise of a gradient, as `MetaGradient` has it: its length by that of its error."""
    noise = math.hypot(*error)
    return math.hypot(*gradient) / noise if noise > 0 else 0.0


def planned(config: RunConfig) -> list[Any]:
    """The legs of a run of either kind."""
    if isinstance(config, SearchConfig):
        return planned_search(config)
    assert isinstance(config, DiscoverConfig)
    return planned_discovery(config)


def held(path: Path) -> bool:
    """Whether a process is writing to a history; it is asked without touching the file."""
    try:
        found = path.stat()
        if not LOCKS.exists():
            return time.time() - found.st_mtime < RECENT
        wanted = f":{found.st_ino}"
        return any(
            "FLOCK" in line and line.split()[5].endswith(wanted)
            for line in LOCKS.read_text().splitlines()
        )
    except (OSError, IndexError):
        return False
