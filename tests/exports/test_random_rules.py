"""Random rules through NumPy and JAX do what rulegen does with them.

`EXPORTED_RULES` sets how many (60 by default).
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest
from activity import (
    DT,
    followed,
    memberships,
    random_activity,
    run_program,
    start,
    uncertain,
)
from random_rules import random_rule, random_text

from rulegen.catalog.export import export
from rulegen.grammar import Rule, RuleError, parse

COUNT = int(os.environ.get("EXPORTED_RULES", "60"))
#: Rules of this many numbers are tried together.
BATCH = 10


def load(rule: Rule, fmt: str) -> dict[str, Any]:
    """An exported module, executed in a namespace of its own."""
    space: dict[str, Any] = {}
    exec(compile(export(rule, fmt), fmt, "exec"), space)
    return space


def agree(
    found: dict[str, np.ndarray],
    expected: dict[str, np.ndarray],
    gaps: Mapping[str, float] = MappingProxyType({}),
) -> bool:
    """Whether states are the same, but for gaps."""
    return all(
        np.isclose(found[name], value, 1e-9, 1e-12 + gaps.get(name, 0.0), equal_nan=True).all()
        for name, value in expected.items()
    )


def check_programs(seed: int) -> bool:
    """Whether this number makes a rule with a digest; both programs agree with rulegen.

    Of every second rule, what it reads of the step before it reads of two and a half steps before.
    """
    rule = random_rule(seed, sums=True)
    if rule is not None and seed % 2:
        rule = parse(re.sub(r"\bprev\((\w+)\)", rf"delay(\1, {2.5 * DT} ms)", rule.text()))
    try:
        if rule is None or not rule.digest:
            return False
    except RuleError:
        return False
    activity, weights = random_activity(rule, seed), start(rule)
    expected = followed(rule, weights, activity)
    for fmt in ("numpy", "jax"):
        found = run_program(load(rule, fmt), weights, activity, memberships(rule))
        if not all(map(agree, found, expected)):
            gaps = uncertain(rule, weights, activity, expected)
            told = f"{fmt} of rule {seed}:\n{rule.text()}"
            assert all(map(agree, found, expected, gaps)), told
    return True


@pytest.mark.parametrize("batch", range(0, COUNT, BATCH))
def test_random_rules(batch: int, x64: None) -> None:
    assert any(map(check_programs, range(batch, batch + BATCH)))


@pytest.mark.parametrize("batch", range(0, COUNT, BATCH))
def test_random_texts_are_read_back(batch: int) -> None:
    """With draws, groups, delays and sums: text, canonical form and digest agree."""
    found = 0
    for seed in range(batch, batch + BATCH):
        text = random_text(seed, sums=True, draws=True, depth=2)
        text = re.sub(r"\bprev\((\w+)\)", r"delay(\1, 5 ms)", text) if seed % 2 else text
        try:
            rule = parse(text)
            canonical = rule.canonical()
        except RuleError:
            continue
        assert parse(rule.text()) == rule
        assert canonical.canonical() == canonical == parse(canonical.text())
        assert parse(rule.text()).digest == rule.digest == canonical.digest
        found += 1
    assert found
