"""Between what the weights of a rule stay, whatever it wants."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp

from rulegen.compile.tangents import tangent_name
from rulegen.grammar import Rule
from rulegen.grammar.algebra.symbols import WEIGHT

Array = jax.Array

#: How often a weight was kept from leaving its `Bounds`.
VIOLATIONS = "violations "


class Bounds(NamedTuple):
    """Between what each weight stays, whatever the rule wants; both 0 where there is no synapse.

    Attributes:
        lower, upper: of shape (N_post, N_pre), or (N_pre,) for all synapses of a neuron.
    """

    lower: Array
    upper: Array

    def hold(self, weights: Array) -> Array:
        """Weights within the bounds; the derivative of one that is at a bound is 0.

        Example:
            >>> print(Bounds(jnp.zeros(4), jnp.array([0, 9, 9, 9])).hold(jnp.array([1, -1, 0, 1])))
            [0. 0. 0. 1.]
        """
        # Selected and not clipped: where both bounds are 0, a clip passes part of a derivative.
        weights = jnp.where(weights <= self.lower, self.lower, weights)
        return jnp.where(weights >= self.upper, self.upper, weights)


def present(rule: Rule, weights: Array) -> Array:
    """The weights, with 0 where the rule says that no neuron connects to itself."""
    return jnp.where(_diagonal(weights), 0.0, weights) if rule.zero_diagonal else weights


def constrained(rule: Rule, state: Mapping[str, Array], bounds: Bounds | None) -> dict[str, Array]:
    """What of a state the bounds and the diagonal of the weights change.

    The tangent of a weight that is held at a bound is 0.
    """
    bounded = rule.lower > float("-inf") or rule.upper < float("inf")
    if not bounded and not rule.zero_diagonal and bounds is None:
        return {}
    weights, found = state[WEIGHT], dict[str, Array]()
    free = jnp.ones_like(weights, dtype=bool)
    if bounded:
        free &= (weights > rule.lower) & (weights < rule.upper)
        weights = jnp.clip(weights, rule.lower, rule.upper)
    if rule.zero_diagonal:
        free &= ~_diagonal(weights)
        weights = present(rule, weights)
    if bounds is not None:
        free &= (weights > bounds.lower) & (weights < bounds.upper)
        outside = (weights < bounds.lower) | (weights > bounds.upper)
        # What a rule does to a synapse that does not exist violates nothing.
        outside &= bounds.lower < bounds.upper
        found[VIOLATIONS] = state[VIOLATIONS] + jnp.sum(outside)
        weights = bounds.hold(weights)
    tangents = (name for name in state if name.startswith(tangent_name(WEIGHT, "")))
    return found | {WEIGHT: weights} | {n: jnp.where(free, state[n], 0.0) for n in tangents}


def _diagonal(weights: Array) -> Array:
    """Which of the weights are those of neurons on themselves."""
    return jnp.eye(weights.shape[0], weights.shape[1], dtype=bool)
