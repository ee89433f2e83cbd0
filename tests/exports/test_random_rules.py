"""Random rules through NumPy and JAX do what rulegen does with them.

`EXPORTED_RULES` sets how many (60 by default).
"""

from __future__ import annotations

import os
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from activity import CONDITIONS, DT, random_activity, run_program, start
from random_rules import random_rule

from rulegen import compile_rule
from rulegen.catalog.export import export
from rulegen.compile.lowering import Lowering
from rulegen.grammar import Event, Rule

COUNT = int(os.environ.get("EXPORTED_RULES", "60"))
#: Rules of this many numbers are tried together.
BATCH = 10


def followed(rule: Rule, weights: np.ndarray, activity: dict[str, np.ndarray]) -> list[dict]:
    """The states after each trial by the compiled rule, one operation after the other."""
    compiled = compile_rule(rule, lowering=Lowering.DENSE)
    state = compiled.init(jnp.asarray(weights), 2)
    known = {p.name: jnp.asarray(p.value) for p in rule.parameters}
    known |= {"dt": DT, "N_pre": float(weights.shape[1]), "N_post": float(weights.shape[0])}
    states = []
    for k, condition in enumerate(CONDITIONS):
        condition = jnp.asarray(condition)
        silent = {name: jnp.zeros_like(array[0, 0]) for name, array in activity.items()}
        state = compiled.event(Event.TRIAL_START, state, silent, known, condition)
        state |= compiled.start_history(silent, state)
        for n in range(activity["R"].shape[1]):
            now = {name: jnp.asarray(array[k, n]) for name, array in activity.items()}
            moving, still = compiled.split(state)
            state = still | compiled.step(moving, still, now, known, condition)
        now |= {"t": activity["R"].shape[1] * DT}
        for event in (Event.REWARD, Event.TRIAL_END):
            state = compiled.event(event, state, now, known, condition)
        states.append(state)
    return states


def load(rule: Rule, fmt: str) -> dict[str, Any]:
    """An exported module, executed in a namespace of its own."""
    space: dict[str, Any] = {}
    exec(compile(export(rule, fmt), fmt, "exec"), space)
    return space


@pytest.mark.parametrize("batch", range(0, COUNT, BATCH))
def test_random_rules(batch: int, x64: None) -> None:
    for seed in range(batch, batch + BATCH):
        rule = random_rule(seed, sums=True)
        if rule is None:
            continue
        activity, weights = random_activity(rule, seed), start(rule)
        expected = followed(rule, weights, activity)
        for fmt in ("numpy", "jax"):
            found = run_program(load(rule, fmt), weights, activity)
            for one, other in zip(expected, found, strict=True):
                for name, value in one.items():
                    told = f"{fmt} of rule {seed}, {name}:\n{rule.text()}"
                    np.testing.assert_allclose(other[name], value, 1e-9, 1e-12, err_msg=told)
