"""Identifiers for a language that has words of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from rulegen.grammar import SIGNALS, Rule
from rulegen.grammar.algebra.symbols import WEIGHT


def variables(rule: Rule) -> list[str]:
    """All names of a rule whose definitions are written out: what it reads, keeps and is given."""
    states = (s.name for s in rule.states if s.name != WEIGHT)
    groups = (g.name for g in rule.groups)
    return [*SIGNALS, WEIGHT, *states, *(p.name for p in rule.parameters), *groups]


def identifiers(
    keys: Iterable[str], taken: Callable[[str], bool], mark: str = "_"
) -> dict[str, str]:
    """An identifier for each key: itself, with `_` for blanks and signs, and a mark while taken.

    Example:
        >>> import keyword
        >>> identifiers(["e", "lambda", "new e", "new_e"], keyword.iskeyword)
        {'e': 'e', 'lambda': 'lambda_', 'new e': 'new_e', 'new_e': 'new_e_'}
    """
    result: dict[str, str] = {}
    for key in dict.fromkeys(keys):
        name = re.sub(r"\W", "_", key)
        while taken(name) or name in result.values():
            # Of some words all that begin with them are taken.
            name = f"own_{name}" if taken(name + mark) else name + mark
        result[key] = name
    return result


def changed(rule: Rule, names: Mapping[str, str]) -> list[str]:
    """One line about the names of the rule that had to be changed, if there are any."""
    read = {s.name for s in rule.states} | {p.name for p in rule.parameters}
    pairs = [f"{k} is {v}" for k, v in names.items() if k in read and k != v]
    return [f"Renamed, because the words mean something here: {', '.join(pairs)}."] if pairs else []
