"""The weights of a circuit, by projection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax

from rulegen.compile import Bounds
from rulegen.grammar.algebra.symbols import Projection

Array = jax.Array

#: The weights of a `Network` that belong to each projection.
WEIGHTS_OF: dict[Projection, str] = {
    "recurrent": "weights",
    "input": "inputs",
    "feedback": "feedback",
    "errors": "errors",
}


class Network(NamedTuple):
    """The weights of one circuit, `w[post, pre]`.

    Attributes:
        weights: recurrent weights, shape (N, N).
        inputs: input weights, shape (N, channels).
        readout: readout weights, shape (outputs, N).
        bounds: between what weights stay, by projection; without an entry every weight is free.
        feedback: weights from the outputs back to the neurons, shape (N, outputs), or None.
        errors: weights that send errors of the outputs back, of the same shape; None for the
            transposed readout.
    """

    weights: Array
    inputs: Array
    readout: Array
    bounds: Mapping[Projection, Bounds] = {}  # never changed: `_replace` makes another
    feedback: Array | None = None
    errors: Array | None = None

    @property
    def backward(self) -> Array:
        """The weights through which errors of the outputs reach the neurons, shape (N, outputs)."""
        return self.readout.T if self.errors is None else self.errors

    @property
    def effective(self) -> Array:
        """Recurrent weights with the feedback of the linear outputs, `W + W_fb W_out`, (N, N).

        In this order the sum over neurons is one product, whose rounding does not depend on how
        many lives run together; a single output would be a sum of its own, whose rounding does.
        """
        if self.feedback is None:
            return self.weights
        return self.weights + self.feedback @ self.readout

    def of(self, projection: Projection) -> Array:
        """The weights of a projection."""
        weights: Array = getattr(self, WEIGHTS_OF[projection])
        return weights

    def bounds_of(self, projection: Projection) -> Bounds | None:
        """Between what the weights of a projection stay."""
        return self.bounds.get(projection)

    def changed(self, weights: Mapping[Projection, Array]) -> Network:
        """The network with other weights of some projections."""
        fields: dict[str, Any] = {WEIGHTS_OF[name]: value for name, value in weights.items()}
        return self._replace(**fields)

    def transmitted(self, projection: Projection, rates: Array, stimulus: Array) -> Array:
        """What a projection multiplies with its weights, its `pre`.

        Args:
            projection: its name.
            rates: of the step before, shape (N,) or (T, N).
            stimulus: of the step, shape (channels,) or (T, channels).

        Returns:
            rates, stimulus or, for the others, the outputs of the step before, shape (N_pre,) or
            (T, N_pre).

        Example:
            >>> import jax.numpy as jnp
            >>> network = Network(jnp.eye(2), jnp.ones((2, 1)), jnp.array([[1.0, 2.0]]))
            >>> print(network.transmitted("feedback", jnp.array([1.0, 0.5]), jnp.zeros(1)))
            [2.]
        """
        if projection == "recurrent":
            return rates
        return stimulus if projection == "input" else rates @ self.readout.T
