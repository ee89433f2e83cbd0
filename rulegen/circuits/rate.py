"""A recurrent circuit of rate neurons with exploration noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
from pydantic import Field, model_validator

from rulegen.noise import Purpose, Stream, normal, uniform
from rulegen.settings import Settings

Array = jax.Array


class Network(NamedTuple):
    """The fixed and initial weights of one circuit.

    Attributes:
        weights: recurrent weights before learning, `w[post, pre]`, shape (N, N).
        inputs: input weights, shape (N, channels).
        readout: readout weights, shape (outputs, N).
    """

    weights: Array
    inputs: Array
    readout: Array


class Rate(NamedTuple):
    """A rate function.

    Attributes:
        phi: the rate, from the potential.
        slope: its derivative, from the potential and the rate.
        limit: the largest rate there is.
    """

    phi: Callable[[Array], Array]
    slope: Callable[[Array, Array], Array]
    limit: float


RATES = {
    "tanh": Rate(jnp.tanh, lambda u, r: 1.0 - r**2, 1.0),
    "relu": Rate(jax.nn.relu, lambda u, r: (u > 0).astype(u.dtype), math.inf),
    "sigmoid": Rate(jax.nn.sigmoid, lambda u, r: r * (1.0 - r), 1.0),
    "linear": Rate(lambda u: u, lambda u, r: jnp.ones_like(u), math.inf),
}


class RateCircuit(Settings):
    """Rate neurons: `u <- u + a(-u + W r + W_in s) + sigma xi`, `r = phi(u)`, `a = dt/tau`.

    Weights are drawn afresh for every life: `W ~ N(0, gain^2/N)`, `W_in ~ N(0, 1)`, a fixed
    linear readout `~ N(0, 1/N)`. The exploration noise `xi ~ N(0, I)` is white.

    Attributes:
        neurons: number of neurons N.
        dt: step, ms.
        tau: membrane time constant, ms.
        gain: spectral radius of the initial recurrent weights, for large N.
        noise: standard deviation sigma of the exploration noise per step.
        rate: name of the rate function phi.
        start: potentials at the start of a trial are uniform in (-start, start).
    """

    #: Signals that a rule can read in this circuit (`R` comes with the reward event).
    provides: ClassVar[frozenset[str]] = frozenset(
        {"pre", "post", "u", "pre_u", "slope", "xi", "dt", "N_pre", "N_post", "R"}
    )

    neurons: int = Field(32, ge=1, le=100_000)
    dt: float = Field(10.0, gt=0)
    tau: float = Field(40.0, gt=0)
    gain: float = Field(1.1, ge=0)
    noise: float = Field(0.1, ge=0)
    rate: Literal["tanh", "relu", "sigmoid", "linear"] = "tanh"
    start: float = Field(0.0, ge=0)

    @model_validator(mode="after")
    def _check_step(self) -> RateCircuit:
        if self.dt > self.tau:
            raise ValueError(f"dt = {self.dt:g} ms is larger than tau = {self.tau:g} ms")
        return self

    @property
    def limit(self) -> float:
        """The largest rate there is, infinite for rates without bound."""
        return RATES[self.rate].limit

    @property
    def step_size(self) -> float:
        """`a = dt/tau`."""
        return self.dt / self.tau

    def draw(self, stream: Stream, channels: int, outputs: int, dtype: jnp.dtype) -> Network:
        """The random weights of one life."""
        n = self.neurons
        return Network(
            weights=self.gain / n**0.5 * normal(stream.fold(Purpose.WEIGHTS), (n, n), dtype),
            inputs=normal(stream.fold(Purpose.INPUT_WEIGHTS), (n, channels), dtype),
            readout=normal(stream.fold(Purpose.READOUT), (outputs, n), dtype) / n**0.5,
        )

    def init(self, stream: Stream, dtype: jnp.dtype) -> Array:
        """Potentials at the start of a trial, shape (N,); `stream` is the trial's own."""
        if self.start == 0:
            return jnp.zeros(self.neurons, dtype)
        return self.start * (2.0 * uniform(stream, (self.neurons,), dtype) - 1.0)

    def rates(self, u: Array) -> Array:
        """`r = phi(u)`."""
        return RATES[self.rate].phi(u)

    def step(self, weights: Array, u: Array, drive: Array, xi: Array) -> Array:
        """The next potentials, for an input current `drive` and noise `xi`, shapes (N,)."""
        current = weights @ self.rates(u) + drive
        return u + self.step_size * (current - u) + self.noise * xi

    def signals(self, before: Array, after: Array, xi: Array) -> dict[str, Array]:
        """What a rule can read of a step that went from potentials `before` to `after`."""
        post = self.rates(after)
        return {
            "pre": self.rates(before),
            "post": post,
            "u": after,
            "pre_u": before,
            "slope": RATES[self.rate].slope(after, post),
            "xi": xi,
        }
