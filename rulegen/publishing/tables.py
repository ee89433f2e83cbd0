"""Tables of held-out lives: what they earn in each trial, and how each fared and ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from rulegen.catalog.records.roles import DISCOVERED
from rulegen.lives.batch import Lot
from rulegen.lives.outcomes import words
from rulegen.publishing.evaluate import Shown, Trajectory

#: Columns of names, which stay text where they look like numbers; see `pandas.read_csv`.
NAMES = dict.fromkeys(("rule", "against", "world"), str)


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


def lives_table(lots: Mapping[str, Lot], remains: Mapping[str, Lot]) -> pd.DataFrame:
    """Mean reward per trial of every held-out life, and how it ended.

    Args:
        lots: the lives by the name of the rule (`lots_of`).
        remains: those of the published rule without a term, by its coefficient (`remains_of`).

    Returns:
        columns `rule` (`remainder` where a term is left out), `without` (the coefficient of that
        term, or nothing), `life`, `reward` and `outcome`: `ok`, `diverged`, `saturated` or
        `silent`.

    Example:
        >>> import numpy as np
        >>> lot = Lot(np.array([0.5, -1.0]), np.array([0, 1]))
        >>> print(lives_table({"discovered rule": lot}, {"theta_1": lot}).to_csv(index=False))
        rule,without,life,reward,outcome
        discovered rule,,0,0.5,ok
        discovered rule,,1,-1.0,diverged
        discovered rule without theta_1,theta_1,0,0.5,ok
        discovered rule without theta_1,theta_1,1,-1.0,diverged
        <BLANKLINE>
    """
    whose = [(name, "", lot) for name, lot in lots.items()]
    whose += [(remainder(term), term, lot) for term, lot in remains.items()]
    frames = [
        pd.DataFrame(
            {
                "rule": name, "without": without, "life": range(len(lot.rewards)),
                "reward": lot.rewards, "outcome": words(lot.outcomes),
            }
        )
        for name, without, lot in whose
    ]  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def lives_tables(
    worlds: Mapping[str, tuple[Mapping[str, Lot], Mapping[str, Lot]]],
) -> pd.DataFrame:
    """All held-out lives of a run, on which every figure of its record depends.

    Args:
        worlds: the arguments of `lives_table` for each, by its name; one that is alone has none.

    Returns:
        the columns of `lives_table`, with names after one more, `world`.
    """
    return named_worlds({name: lives_table(*parts) for name, parts in worlds.items()})


def parts_of(shown: Shown) -> tuple[dict[str, Lot], dict[str, Lot]]:
    """The arguments of `lives_table` for a world."""
    return lots_of(shown.trajectories), remains_of(shown.without)


def learning_tables(worlds: Mapping[str, Sequence[Trajectory]]) -> pd.DataFrame:
    """What lives earn in each trial of each world; as of `learning_table` and `lives_tables`."""
    return named_worlds({name: learning_table(shown) for name, shown in worlds.items()})


def named_worlds(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables one after the other, with the name of the world before each row, if it has one."""
    for name, table in tables.items():
        if name:
            table.insert(0, "world", name)
    return pd.concat(list(tables.values()), ignore_index=True)


def remainder(coefficient: str) -> str:
    """How tables call what remains of the published rule without a term.

    Example:
        >>> remainder("theta_1")
        'discovered rule without theta_1'
    """
    return f"{DISCOVERED} without {coefficient}"


def lots_of(trajectories: Iterable[Trajectory]) -> dict[str, Lot]:
    """The lives of each rule, by its name."""
    return {t.name: Lot(t.means, t.outcomes) for t in trajectories}


def remains_of(without: Mapping[str, Trajectory]) -> dict[str, Lot]:
    """The lives of what remains without each term, by its coefficient."""
    return {name: Lot(t.means, t.outcomes) for name, t in without.items()}
