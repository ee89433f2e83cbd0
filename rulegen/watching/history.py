"""A history that somebody else is writing, read as far as it can be trusted, again and again."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rulegen.grammar import ConfigError, RulegenError
from rulegen.grammar.reading.files import read_own
from rulegen.ground.journal import LARGEST_HISTORY, parse_line
from rulegen.ground.outlook import Outlook
from rulegen.ground.progress import Met
from rulegen.lives.outcomes import Outcomes
from rulegen.publishing.config import DiscoverConfig, RunConfig
from rulegen.publishing.history import HISTORY
from rulegen.publishing.outlook import planned as planned_discovery
from rulegen.searching.config import SearchConfig
from rulegen.searching.outlook import planned as planned_search
from rulegen.verifying.published import read_config
from rulegen.watching.lines import STEP, Iteration, Look, Result, result
from rulegen.watching.outcome import SUMMARY, Outcome, published
from rulegen.watching.words import judgement, terms

#: Where Linux says which files are held by whom.
LOCKS = Path("/proc/locks")
#: Where nothing says so: a history that grew within these seconds is being written.
RECENT = 60.0
#: How many results are listed.
LATEST = 12


class History:
    """What a run has done so far; `refresh` reads what has come since.

    A new one is `unread`, and knows of its run no more than what lies in the folder. Whatever is in
    the file, nothing is raised: a line that is cut short is left for the next time,
    and one that no run writes is passed over and counted.

    Args:
        folder: of the run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config: RunConfig | None = None
        self.trouble, self.unread = "", True
        #: Names of the parameters of the family, and texts of its terms by their coefficients.
        self.names: tuple[str, ...] = ()
        self.terms: dict[str, str] = {}
        self.legs: list[Any] = []
        self.forget()

    def configure(self) -> None:
        """Read what the run was made with, which takes longer than most histories."""
        self.unread = False
        try:
            self.config = read_config(self.folder / "config.toml")
        except RulegenError as error:
            self.trouble = str(error).splitlines()[0]
            return
        self.legs = planned(self.config)
        if isinstance(self.config, DiscoverConfig):
            family = self.config.family
            self.names = tuple(p.name for p in family.parameters)
            self.terms = {t.coefficient: t.text for t in family.terms()}

    def forget(self) -> None:
        """Begin anew."""
        self.place, self.damaged, self.seconds, self.lines = (0, 0), 0, 0.0, 0
        self.iterations: list[Iteration] = []
        self.looks: list[Look] = []
        self.best: dict[float, Met] = {}
        self.standing: Met | None = None
        self.latest: list[tuple[str, float]] = []
        self.outcomes = Outcomes()
        self.outlook = Outlook(self.legs) if self.legs else None

    @property
    def changed(self) -> float:
        """When it was written last."""
        try:
            return (self.folder / HISTORY).stat().st_mtime
        except OSError:
            return 0.0

    @property
    def finished(self) -> bool:
        """Whether the run has published."""
        return (self.folder / SUMMARY).exists()

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
        """Seconds that the rest will take, at the speed so far; none where nobody computes it."""
        share = self.share
        if share is None or share < 0.02 or self.state != "running":
            return None
        return self.seconds * (1.0 - share) / share

    @property
    def margin(self) -> float | None:
        """Of the selection; None where the run has none, or its configuration is damaged."""
        return self.config.prune.margin if isinstance(self.config, DiscoverConfig) else None

    @property
    def published(self) -> Outcome | None:
        """What the run has published."""
        return published(self.folder)

    @property
    def top(self) -> Met | None:
        """The rule that was published, as the run met it; before, what looks leave or earns most.

        A look may refuse a rule that earned more on some lives: so the most that was earned counts
        only where there are none.
        """
        met = sorted(self.best.values(), key=lambda found: -found.reward)
        standing = [self.standing] if self.standing is not None else []
        outcome = self.published
        if outcome is None:
            return next(iter(standing + met), None)
        wanted = {term for text in outcome.terms for term in terms(text)}
        return next((found for found in standing + met if set(terms(found.text)) == wanted), None)

    @property
    def front(self) -> list[Met]:
        """The best rule of each complexity; where the top one has that, itself."""
        top = self.top
        best = self.best | ({} if top is None else {top.complexity: top})
        return [best[size] for size in sorted(best)]

    def refresh(self) -> History:
        """Read what has been written since."""
        if self.unread:
            self.configure()
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
        if record["name"] == "header":
            return
        said = result(record)
        if said is None:
            self.damaged += 1
            return
        self.seconds += said.seconds
        self.lines += 1
        self.latest = [*self.latest[-LATEST + 1 :], (said.name, said.seconds)]
        for found in said.found:
            here = self.best.get(found.complexity)
            if here is None or found.reward > here.reward:
                self.best[found.complexity] = found
        if said.iteration is not None:
            self.iterations.append(said.iteration)
            self.outcomes = Outcomes.total((self.outcomes, said.iteration.outcomes))
        if said.look is not None:
            self.looks.append(said.look)
            self.stand(said.look)
        if self.outlook is not None:
            assert self.config is not None
            self.outlook.see(*stepped(said, self.config.refine.moves))

    def stand(self, look: Look) -> None:
        """Take note of which rule a look leaves."""
        verdict = judgement(look, self.margin)
        if verdict is None:
            return
        new, other = look.rules[:2]
        if verdict == "accepted":
            self.standing = new
        elif self.standing is None or set(terms(other.text)) == set(terms(self.standing.text)):
            self.standing = other  # refitted since, or as the selection began


def stepped(said: Result, moves: int) -> tuple[str, float, float]:
    """The stage of a result, and how many steps of how many are done with it.

    Args:
        said: the result. moves: most surveys of a refinement.
    """
    if place := STEP.fullmatch(said.name):
        stage, number = place["stage"], int(place["number"])
        if stage.startswith("intervals"):
            return stage, number + 1.0, float(moves)
        return (stage, 0.5, 1.0) if stage.startswith("refine") else (stage, number + 1.0, 0.0)
    if said.name.endswith(": choose"):
        return said.name.removesuffix(": choose"), 1.0, 1.0
    return said.name, said.lives, said.lives


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
