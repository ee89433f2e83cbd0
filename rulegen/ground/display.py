"""The live display of a run on a terminal, and short lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from types import TracebackType

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rulegen.ground.outlook import Leg, Outlook, spoken
from rulegen.ground.progress import Met, Progress

#: Without a terminal, a line about an unfinished stage at most this often, seconds.
QUIET = 10.0
#: Most rows of the table of what was found, and columns of the bar.
ROWS, BAR = 8, 24


class Display:
    """Shows progress while a `with` block lasts; an instance is a `rulegen.ground.progress.Report`.

    On a terminal: the best rule of each complexity so far, the stage with its latest figures, and
    one bar for the whole run with the time left. What is over leaves a line behind where it has a
    result. In a file or a pipe there is a line when a stage ends, and one now and then in between,
    with the time left of the run.

    Args:
        console: where to show it; by default standard output, as text also in a notebook.
        legs: of the run; without them the bar is that of the stage.

    Example:
        >>> with Display() as report:
        ...     report(Progress("fit", 1, 1, "reward -0.1"))
        fit 1/1  reward -0.1
    """

    def __init__(self, console: Console | None = None, legs: Sequence[Leg] = ()) -> None:
        if console is None:
            # A notebook claims to be a terminal, but does not move the cursor.
            terminal = False if Console().is_jupyter else None
            console = Console(force_jupyter=False, force_terminal=terminal)
        self.console = console
        self.outlook = Outlook(legs) if legs else None
        self.best: dict[float, Met] = {}
        self.now, self.began, self.last = Progress("", 0, 1), time.monotonic(), 0.0
        #: A stage that has ended without a result so far, and its line.
        self.waiting: tuple[str, str] | None = None
        self.live = Live(
            console=console, get_renderable=self.shown, transient=True, refresh_per_second=4
        )

    def __enter__(self) -> Display:
        if self.console.is_terminal:
            self.live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.console.is_terminal:
            self.live.stop()
        elif self.waiting:
            self.say(self.waiting[1])

    def __call__(self, progress: Progress) -> None:
        """Show `progress`."""
        for found in progress.found:
            if found.reward > getattr(self.best.get(found.complexity), "reward", float("-inf")):
                self.best[found.complexity] = found
        if self.outlook is not None:
            self.outlook.see(progress.stage, progress.done, progress.total)
        same, before = progress.stage == self.now.stage, self.now
        # Ticks have no words: those of the stage stay.
        text = progress.text or (before.text if same else "")
        self.now = progress._replace(text=text)
        if self.console.is_terminal:
            if progress.result:
                self.say(f"{progress.stage}: {progress.result}")
        else:
            self.written(progress, text)

    def written(self, progress: Progress, text: str) -> None:
        """Lines of a file: the end of a stage waits, as its result may come yet."""
        if self.waiting and self.waiting[0] != progress.stage:
            self.say(self.waiting[1])
            self.waiting = None
        now = time.monotonic()
        where = f"{progress.stage} {progress.done:g}/{progress.total:g}"
        left = f"({self.time().strip()})" if self.outlook else ""
        line = "  ".join(filter(None, [where, progress.result or text, left]))
        if progress.done >= progress.total and not progress.result:
            self.waiting = progress.stage, line
        elif progress.result or now - self.last > QUIET:
            self.say(line)
            self.waiting, self.last = None, now

    def say(self, line: str) -> None:
        """Print a line that stays."""
        wrap = not self.console.is_terminal
        self.console.print(line, markup=False, highlight=False, soft_wrap=wrap)

    def shown(self) -> RenderableType:
        """What a terminal shows now."""
        parts: list[RenderableType] = [self.fame()] if self.best else []
        if self.now.stage:
            where = f"{self.now.stage}  {self.now.done:g}/{self.now.total:g}  {self.now.text}"
            parts.append(Text(where.rstrip(), no_wrap=True, overflow="ellipsis"))
            parts.append(self.bar())
        return Group(*parts)

    def bar(self) -> RenderableType:
        """One bar for all, and the time."""
        row = Table.grid(padding=(0, 1))
        bar = ProgressBar(1.0, min(self.share(), 1.0), width=BAR)
        row.add_row(bar, Text(self.time(), no_wrap=True))
        return row

    def share(self) -> float:
        """How much is done: of the run, or of the stage where nothing is known of the run."""
        if self.outlook is not None:
            return self.outlook.share
        return self.now.done / self.now.total if self.now.total else 0.0

    def time(self) -> str:
        """How much is done, since when, and how long it will take."""
        left = None if self.outlook is None else self.outlook.left
        rest = [] if left is None else [f"about {spoken(left)} left"]
        return f"{self.share():4.0%}  " + ", ".join([spoken(time.monotonic() - self.began), *rest])

    def fame(self) -> RenderableType:
        """The best rule of each complexity, the best of all marked."""
        table = Table(box=None, pad_edge=False, expand=True, header_style="bold")
        table.add_column("", width=1)
        table.add_column("size", justify="right", no_wrap=True)
        table.add_column("reward [95%]", no_wrap=True)
        table.add_column("rule", ratio=1, no_wrap=True, overflow="ellipsis")
        top = max(self.best.values(), key=lambda found: found.reward)
        chosen = sorted(self.best.values(), key=lambda found: -found.reward)[:ROWS]
        for found in sorted(chosen, key=lambda found: found.complexity):
            limits = f"{found.reward:.4f} [{found.low:.4f}, {found.high:.4f}]"
            cells = ("*" if found is top else "", f"{found.complexity:g}", limits, found.text)
            table.add_row(*map(Text, cells), style="bold" if found is top else "")
        return table
