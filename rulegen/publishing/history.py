"""A run's history as a table."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from rulegen.estimators import MetaGradient
from rulegen.grammar import ConfigError, parse
from rulegen.grammar.reading.files import read_file, read_toml
from rulegen.ground.journal import LARGEST_HISTORY, parse_line

#: Every step of a run, in its folder.
HISTORY = "history.jsonl"


def fit_history(folder: Path | str) -> pd.DataFrame:
    """Every iteration of the fits of a run, also of one that is still going on.

    Args:
        folder: where the run lives.

    Returns:
        columns `stage`, `iteration`, `reward` (mean per trial), `error` (its standard error),
        `signal_to_noise` (of the meta-gradient), `nonfinite` (gradients left out of it),
        `diverged`, `saturated` and `silent` (numbers of lives), and one for each parameter of the
        family.

    Raises:
        ConfigError: when there is no run in `folder`, or one that fits no family.

    Example:
        >>> fit_history(Path("nowhere"))
        Traceback (most recent call last):
        ...
        rulegen.ConfigError: there is no run in nowhere
    """
    folder = Path(folder)
    if not (folder / HISTORY).exists():
        raise ConfigError(f"there is no run in {folder}")
    config = read_toml(folder / "config.toml")
    if "rule" not in config:
        raise ConfigError(f"{folder} fits no family: only a run of `rulegen discover` does")
    lines = read_file(folder / HISTORY, LARGEST_HISTORY).splitlines(keepends=True)
    names = [p.name for p in parse(config["rule"]).parameters]
    rows = []
    for record in filter(None, map(parse_line, lines)):
        stage, _, number = record["name"].rpartition("/")
        data = record["data"]
        if "gradient" in data:
            found = MetaGradient.of(data)
            rows.append(
                {"stage": stage, "iteration": int(number)}
                | {"reward": found.reward, "error": found.reward_error}
                | {"signal_to_noise": found.signal_to_noise, "nonfinite": found.nonfinite}
                | found.outcomes.bad
                | dict(zip(names, data["values"], strict=True))
            )
    return pd.DataFrame(rows)
