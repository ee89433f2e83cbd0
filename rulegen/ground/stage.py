"""A stage of a run: what its computations share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import jax

from rulegen.grammar import RunError
from rulegen.ground.journal import Journal
from rulegen.ground.keys import branch
from rulegen.ground.progress import Met, Progress, Report, silent

#: What the error of a run ends with.
KEPT = "The history is kept."


@contextmanager
def place_of(place: str) -> Iterator[None]:
    """Adds to a `RunError` where in a run it happened, and that the history is kept."""
    try:
        yield
    except RunError as error:
        if str(error).endswith(KEPT):  # it has its place already
            raise
        raise RunError(f"in {place}: {error}. {KEPT}") from None


@dataclass(frozen=True)
class Stage:
    """What a computation needs besides its rule, its values and its settings.

    Attributes:
        key: its random numbers.
        journal: where its results are kept; in memory, unless it is given.
        report: told of its progress.
        name: of its results in the journal, and on the display.

    Example:
        >>> from rulegen.ground.keys import Branch, origin
        >>> stage = Stage(origin(0), Journal(), name="fit").on(Branch.FIT, 3).called("choice")
        >>> stage.recall([6, 7], lambda: {"value": 42})["value"]
        42
        >>> list(stage.journal.results.values()), stage.journal.names
        ([{'value': 42}], {'choice'})
    """

    key: jax.Array
    journal: Journal = field(default_factory=Journal)
    report: Report = silent
    name: str = ""

    def on(self, *path: int) -> Stage:
        """The stage with the random numbers at the end of a path of branches and counters."""
        return replace(self, key=branch(self.key, *path))

    def called(self, name: str) -> Stage:
        """The stage by another name."""
        return replace(self, name=name)

    def recall(
        self, inputs: Sequence[Any], compute: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """The result of this name, from the journal or computed now; see `Journal.recall`.

        Args:
            inputs: all that it depends on besides the key of the stage.
            compute: plain data for JSON.
        """
        return self.journal.recall(self.name, [*inputs, self.key], compute)

    def tell(
        self, done: int, total: int, text: str = "", result: str = "", found: Sequence[Met] = ()
    ) -> None:
        """Report so many steps of a total; see `Progress`."""
        self.report(Progress(self.name, done, total, text, result, tuple(found)))
