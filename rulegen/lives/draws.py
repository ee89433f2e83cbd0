"""The random numbers that rules draw, once a life and in every step.

Each is a row of an endless table of its stream, so that a step can be gone through alone or with
all others of its trial, and finds the same numbers.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from rulegen.compile import CompiledRule
from rulegen.grammar import Site
from rulegen.grammar.rule.draws import Standard
from rulegen.ground.noise import Stream, normal, uniform

Array = jax.Array


def drawn(
    rule: CompiledRule,
    weights: Array,
    source: Stream,
    row: Array | int = 0,
    *,
    once: bool = False,
    rows: int = 0,
) -> dict[str, Array]:
    """The standard random numbers that a rule reads, by name, in the shape of their sites.

    Args:
        rule: that draws.
        weights: of its synapses, shape (N_post, N_pre).
        source: random numbers of the life where they are drawn `once` a life, else of the trial.
        row: the step.
        once: whether those of a life are wanted, or those of a step.
        rows: of so many steps, as a first axis, and of neurons alone; 0 for one step without one.

    Example:
        >>> from rulegen.compile import compile_rule
        >>> from rulegen.ground.noise import stream
        >>> rule = compile_rule("n = normal(0, 1) : post\\nw += n*pre")
        >>> source, weights = stream(jax.random.key(0)), jnp.zeros((3, 2))
        >>> whole = drawn(rule, weights, source, rows=5)["draw of n"]
        >>> whole.shape, bool((whole[4] == drawn(rule, weights, source, 4)["draw of n"]).all())
        ((5, 3), True)
    """
    n_post, n_pre = weights.shape
    shapes: dict[Site, tuple[int, ...]] = {Site.GLOBAL: (), Site.PRE: (n_pre,)}
    shapes |= {Site.POST: (n_post,), Site.SYNAPSE: (n_post, n_pre)}
    found = {}
    for index, number in enumerate(rule.tangents.system.standards):
        shape = shapes[number.site]
        if number.once is once and not (rows and len(shape) == 2):
            found[number.name] = _table(number, source.fold(index), shape, row, rows, weights.dtype)
    return found


def _table(
    number: Standard,
    source: Stream,
    shape: tuple[int, ...],
    row: Array | int,
    rows: int,
    dtype: jnp.dtype,
) -> Array:
    make = normal if number.normal else uniform
    if rows:
        return make(source, (rows, *shape), dtype, row)
    # A table of numbers, (N, 1) or (N_post, N_pre), of which a step has as many rows as neurons.
    flat = (*shape, 1)[:2] if shape else (1, 1)
    first = jnp.asarray(row).astype(jnp.uint32) * jnp.uint32(math.prod(shape[:1]))
    return make(source, flat, dtype, first).reshape(shape)
