"""What became of the claims of a card."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

import pandas as pd

from rulegen.catalog import Interval
from rulegen.catalog.records.ended import Ended
from rulegen.ground.statistics import Estimate
from rulegen.lives.outcomes import Outcomes
from rulegen.verifying.finding import CLOSING, Verdict


class Check(NamedTuple):
    """One claim.

    Attributes:
        claim: what is claimed.
        published: the figure on the card, or how many lives ended badly.
        again: on the published lives. fresh: on new lives.
        verdict: what became of it. why: the reason, unless it holds.
        surprise: how often lives of an honest card favour it as much as the published ones.
    """

    claim: str
    published: Interval | Ended | None
    again: Estimate | Outcomes | None
    fresh: Estimate | Outcomes | None
    verdict: Verdict
    why: str = ""
    surprise: float | None = None

    @property
    def holds(self) -> bool:
        """Whether it does."""
        return self.verdict is Verdict.HOLDS


class Verification(NamedTuple):
    """What became of the claims of a card."""

    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of all; what could not be checked leaves the others as they are."""
        found = {check.verdict for check in self.checks}
        ranked = (Verdict.REFUTED, Verdict.WEAK, Verdict.HOLDS)
        return next((verdict for verdict in ranked if verdict in found), Verdict.UNCHECKED)

    @property
    def holds(self) -> bool:
        """Whether the claim does."""
        return self.verdict is Verdict.HOLDS

    @property
    def unchecked(self) -> tuple[str, ...]:
        """The claims of which nothing here can tell."""
        names = [c.claim for c in self.checks if c.verdict is Verdict.UNCHECKED]
        return tuple(dict.fromkeys(names))

    def table(self) -> pd.DataFrame:
        """Columns claim, verdict, surprise, published, published lives, new lives."""
        rows = [
            [
                c.claim,
                f"{c.verdict}: {c.why}" if c.why else str(c.verdict),
                "" if c.surprise is None else f"{c.surprise:.2g}",
                *map(shown, (c.published, c.again, c.fresh)),
            ]
            for c in self.checks
        ]
        heads = ["claim", "verdict", "surprise", "published", "published lives", "new lives"]
        return pd.DataFrame(rows, columns=heads)

    @property
    def closing(self) -> str:
        """What is said at the end, in a line."""
        left = f"; not checked: {', '.join(self.unchecked)}" if self.unchecked else ""
        return CLOSING[self.verdict] + left

    def __str__(self) -> str:
        rows = self.table()[["claim", "verdict", "published"]].itertuples(index=False)
        lines = [
            f"{claim}: {verdict}" + (figure and f", {figure}") for claim, verdict, figure in rows
        ]
        return "\n".join([*lines, self.closing])

    def __repr__(self) -> str:
        return f"<Verification of {len(self.checks)} claims: {CLOSING[self.verdict]}>"

    def _repr_html_(self) -> str:
        return f"{self.table().to_html(index=False)}<p>{escape(self.closing)}</p>"


def shown(figure: Interval | Estimate | Ended | Outcomes | None) -> str:
    """A figure with its interval, how lives ended, or nothing."""
    if isinstance(figure, Ended):
        return figure.ended
    if isinstance(figure, Outcomes):
        return figure.trouble or "none"
    return "" if figure is None else str(figure)
