"""A rule of the catalog on activity that a test makes up: the public way, with less to write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np

from rulegen import compile_rule, drive
from rulegen.catalog import find
from rulegen.lives.drive import Course


def follow(
    name: str,
    weights: Any,
    activity: Mapping[str, Any],
    values: Mapping[str, Any] | None = None,
    rewards: Any = None,
    **options: Any,
) -> Course:
    """`drive` with the rule of this name, at dt = 1 ms unless stated."""
    given = {**activity, **({} if rewards is None else {"reward": rewards})}
    arrays = {k: jnp.asarray(v, int if k == "condition" else float) for k, v in given.items()}
    rule = compile_rule(find(name).rule)
    start = jnp.asarray(weights, float)
    return drive(rule, start, arrays, values, **{"dt": 1.0, **options})


def linear(weights: Any, bias: Any, inputs: Any, memory: Any) -> tuple[dict, Any]:
    """Linear neurons without dynamics, y = W x."""
    return {"post": weights @ inputs["pre"]}, memory


def repeat(patterns: Any, steps: int) -> np.ndarray:
    """One trial in which the patterns follow each other, again and again: shape (1, steps, N)."""
    patterns = np.asarray(patterns, float)
    return np.resize(patterns, (1, steps, *patterns.shape[1:]))


def eigen_patterns(values: Any, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Patterns whose mean outer product has these eigenvalues, and its eigenvectors as rows."""
    n = len(values)
    basis = np.linalg.qr(np.random.default_rng(seed).normal(size=(n, n)))[0].T
    half = basis * np.sqrt(n * np.asarray(values, float))[:, None]
    return np.concatenate([half, -half]), basis
