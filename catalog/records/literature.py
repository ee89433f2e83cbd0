"""The rules that come with the project, by name."""

from __future__ import annotations

import difflib
from functools import cache
from pathlib import Path

from rulegen.catalog.records.places import DISCOVERED, FOLDER, names
from rulegen.catalog.records.record import Record, load_record
from rulegen.grammar import ConfigError


def find(name: str) -> Record:
    """The record of one rule, of the literature or discovered.

    Raises:
        ConfigError: there is no rule of this name; the message has the most similar one.

    Example:
        >>> find("oja").title
        "Oja's rule"
        >>> find("ojas")
        Traceback (most recent call last):
        ...
        rulegen.ConfigError: there is no rule `ojas` in the catalog: did you mean `oja`?
    """
    for folder in (FOLDER, DISCOVERED):
        if name in names(folder):
            return _read(folder, name)
    known = [*names(DISCOVERED), *names()]
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    every = f"`rulegen catalog list` shows all {len(known)}"
    remedy = f"did you mean `{close[0]}`?" if close else every
    raise ConfigError(f"there is no rule `{name}` in the catalog: {remedy}")


def literature() -> dict[str, Record]:
    """All records of the literature by name, in alphabetical order.

    Example:
        >>> rules = literature()
        >>> print(rules["oja"].rule.text(), end="")
        param eta = 0.001 1/ms in [0, 1]
        param alpha = 1 in [0, 100]
        dw/dt = eta*(pre - alpha*w*post)*post  : synapse
    """
    return {name: find(name) for name in names()}


@cache
def _read(folder: Path, name: str) -> Record:
    return load_record(folder / f"{name}.toml")
