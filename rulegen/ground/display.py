"""The live display of a run on a terminal, and plain lines elsewhere."""

from __future__ import annotations

import time
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.progress import Progress as Bars

from rulegen.ground.progress import Progress

#: Without a terminal, a line about an unfinished stage at most this often, seconds.
QUIET = 10.0


class Display:
    """Shows progress while a `with` block lasts; an instance is a `rulegen.ground.progress.Report`.

    On a terminal each stage is a bar with its latest figures and the time left, redrawn while
    the computation goes on. In a file or a pipe it is a line when a stage ends, and one now and
    then in between.

    Args:
        console: where to show it; by default standard output, as text also in a notebook.

    Example:
        >>> with Display() as report:
        ...     report(Progress("fit", 1, 1, "reward -0.1"))
        fit 1/1  reward -0.1
    """

    def __init__(self, console: Console | None = None) -> None:
        if console is None:
            # A notebook claims to be a terminal, but does not move the cursor.
            terminal = False if Console().is_jupyter else None
            console = Console(force_jupyter=False, force_terminal=terminal)
        self.console = console
        self.bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[text]}", markup=False),
            console=console,
            transient=True,
        )
        self.stage, self.text = "", ""
        self.task: TaskID | None = None
        self.last = 0.0

    def __enter__(self) -> Display:
        if self.console.is_terminal:
            self.bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.console.is_terminal:
            self._leave()
            self.bars.stop()

    def __call__(self, progress: Progress) -> None:
        """Show `progress`."""
        if self.console.is_terminal:
            if self.task is None or progress.stage != self.stage:
                self._leave()
                self.task = self.bars.add_task(progress.stage, total=progress.total, text="")
            self.text = progress.text or self.text
            self.bars.update(
                self.task, completed=progress.done, total=progress.total, text=self.text
            )
        else:
            now, finished = time.monotonic(), progress.done >= progress.total
            if finished or progress.stage != self.stage or now - self.last > QUIET:
                line = f"{progress.stage} {progress.done:g}/{progress.total:g}  {progress.text}"
                self.console.print(line.rstrip(), markup=False, highlight=False, soft_wrap=True)
                self.last = now
        self.stage = progress.stage

    def _leave(self) -> None:
        """Turn the bar of a finished stage into a line above."""
        if self.task is not None:
            self.bars.remove_task(self.task)
            line = f"{self.stage}  {self.text}"
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)
        self.text = ""
