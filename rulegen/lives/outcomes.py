"""How lives ended: rewards are worth little where lives diverge, saturate or fall silent.

A diverged life gets its worst reward to its end, so a mean over such lives is a mean over floors.
So `Outcomes` stand beside every reward: in tables, on pages, in records and on the screen.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from rulegen.catalog.records.ended import TROUBLES, Ended, verbs
from rulegen.grammar import RunError

#: What may help where weights, states or rewards leave the finite range.
REMEDY = (
    "try a smaller learning rate, bounds on the weights such as `bounds w in [-1, 1]`, a decay of "
    'the weights, or rates that have a limit, circuit.rate = "tanh"; where the rule divides, see '
    "that it is not by 0"
)
#: What is said once where no life ended badly.
NONE = f"no life {verbs(TROUBLES)}"


class Outcome(enum.IntEnum):
    """How a life ended."""

    OK = 0
    DIVERGED = 1  # a weight, a state or a reward left the finite range
    SATURATED = 2  # mean |rate| in the last step above 99% of the largest rate there is
    SILENT = 3  # mean |rate| in the last step below a millionth


def worst(outcomes: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """The outcome of lives that were each lived in several worlds: the worst of each, shape (L,).

    Args:
        outcomes: of every world, shape (V, L).

    Example:
        >>> worst([[Outcome.OK, Outcome.SILENT, Outcome.OK],
        ...        [Outcome.OK, Outcome.DIVERGED, Outcome.SATURATED]]).tolist()
        [0, 1, 2]
    """
    found = np.asarray(outcomes, int)
    bad = np.where(found == Outcome.OK, len(Outcome), found).min(axis=0)
    return np.where(bad == len(Outcome), Outcome.OK, bad)


class Outcomes(NamedTuple):
    """How many lives ended how.

    Attributes:
        ok: nothing was wrong. diverged, saturated, silent: see `Outcome`.

    Example:
        >>> found = Outcomes.of([Outcome.OK, Outcome.DIVERGED, Outcome.OK])
        >>> found.lives, found.bad
        (3, {'diverged': 1, 'saturated': 0, 'silent': 0})
    """

    ok: int = 0
    diverged: int = 0
    saturated: int = 0
    silent: int = 0

    @classmethod
    def of(cls, outcomes: np.ndarray | list[Outcome]) -> Outcomes:
        """The counts of outcomes, one of each life, shape (L,)."""
        return cls(*np.bincount(np.asarray(outcomes, int), minlength=len(Outcome)).tolist())

    @classmethod
    def beside(cls, lives: float, row: Mapping[Any, Any], prefix: str = "") -> Outcomes:
        """The counts in a row of a table about so many lives, in columns that begin so.

        Example:
            >>> Outcomes.beside(8.0, {"diverged": 2.0, "saturated": 0.0, "silent": 1.0})
            Outcomes(ok=5, diverged=2, saturated=0, silent=1)
        """
        bad = [int(row[prefix + name]) for name in TROUBLES]
        return cls(int(lives) - sum(bad), *bad)

    @classmethod
    def total(cls, parts: Iterable[Outcomes]) -> Outcomes:
        """All lives of several parts.

        Example:
            >>> Outcomes.total([Outcomes(ok=2), Outcomes(ok=1, silent=3)])
            Outcomes(ok=3, diverged=0, saturated=0, silent=3)
        """
        return cls(*(sum(column) for column in zip(cls(), *parts, strict=True)))

    @property
    def lives(self) -> int:
        """Number of all lives."""
        return sum(self)

    @property
    def bad(self) -> dict[str, int]:
        """The counts of lives that ended badly, as tables and records have them."""
        return {name: getattr(self, name) for name in TROUBLES}

    @property
    def trouble(self) -> str:
        """What was wrong with lives, in words; empty where nothing was.

        Example:
            >>> Outcomes(ok=5, diverged=2, silent=1).trouble
            '2 of 8 lives diverged, 1 silent'
            >>> Outcomes(diverged=8).trouble, Outcomes(ok=8).trouble
            ('every one of 8 lives diverged', '')
        """
        bad = {name: count for name, count in self.bad.items() if count}
        if not bad:
            return ""
        first, *others = bad
        ended = first if first == "diverged" else f"ended {first}"
        if bad[first] == self.lives:
            return f"every one of {self.lives} lives {ended}"
        rest = [f"{bad[name]} {name}" for name in others]
        return ", ".join([f"{bad[first]} of {self.lives} lives {ended}", *rest])

    @property
    def warning(self) -> str:
        """`trouble`, with what may help where lives diverged.

        Example:
            >>> Outcomes(ok=1, silent=1).warning
            '1 of 2 lives ended silent'
        """
        return f"{self.trouble}: {REMEDY}" if self.diverged else self.trouble

    def __str__(self) -> str:
        return self.trouble or NONE


def words(outcomes: np.ndarray) -> list[str]:
    """How each life ended, as tables have it: `ok` or one of `TROUBLES`.

    Example:
        >>> words(np.array([0, 3]))
        ['ok', 'silent']
    """
    return [Outcome(outcome).name.lower() for outcome in outcomes]


def told(outcomes: Mapping[str, Outcomes]) -> list[str]:
    """What must be said beside rewards: a warning for each rule with bad lives, or that none has.

    Args:
        outcomes: by the name of the rule.

    Example:
        >>> told({"a": Outcomes(ok=2), "b": Outcomes(ok=1, silent=1)}), told({"a": Outcomes(ok=2)})
        (['b: 1 of 2 lives ended silent'], ['no life diverged, saturated or fell silent'])
    """
    warnings = [f"{name}: {found.warning}" for name, found in outcomes.items() if found.trouble]
    return warnings or [NONE]


def readable(table: pd.DataFrame, others: Sequence[str] = ()) -> tuple[pd.DataFrame, str]:
    """A table of rewards for readers: counts of lives as words, or said once where all are 0.

    Args:
        table: with a column for each of `TROUBLES`; a row without lives has NaN there.
        others: who else has such columns, with the name and `_` in front.

    Returns:
        the table with a column `ended badly` in place of the counts, another for each of the
        others, and nothing; or without them, and the sentence that no life ended badly.

    Example:
        >>> table = pd.DataFrame({"reward": [0.1], "diverged": 2, "saturated": 0, "silent": 1})
        >>> readable(table)[0].to_dict("records")
        [{'reward': 0.1, 'ended badly': '2 diverged, 1 silent'}]
        >>> shown, said = readable(0 * table)
        >>> list(shown), said
        (['reward'], 'No life diverged, saturated or fell silent.')
    """
    whose = {"diverged": ""} | {f"{name}_diverged": f"{name}_" for name in others}
    counts = [prefix + name for prefix in whose.values() for name in TROUBLES]
    clean, columns = not table[counts].any(axis=None), dict[str, Any]()
    for name in map(str, table):
        if name in whose and not clean:
            prefix = whose[name]
            parts = table[[prefix + trouble for trouble in TROUBLES]].to_numpy(float)
            columns[f"{prefix.replace('_', ' ')}ended badly"] = [
                "" if np.isnan(part).any() else Ended.of(part.astype(int).tolist()).ended
                for part in parts
            ]
        elif name not in counts:
            columns[name] = table[name]
    unknown = table[counts].isna().all(axis=None)
    said = "How lives ended was not counted." if unknown else f"{NONE.capitalize()}."
    return pd.DataFrame(columns), said if clean else ""


def check_alive(outcomes: Mapping[str, Outcomes]) -> None:
    """Raise `RunError` when every life of a rule diverged.

    Args:
        outcomes: by the name of the rule.
    """
    dead = [name for name, found in outcomes.items() if found.diverged == found.lives]
    if dead:
        raise RunError(
            f"{', '.join(dead)}: every one of {outcomes[dead[0]].lives} lives diverged, so that "
            f"all rewards are floors; {REMEDY}"
        )
