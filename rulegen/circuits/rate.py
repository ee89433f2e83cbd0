"""A recurrent circuit of rate neurons with exploration noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import Field, field_validator, model_validator

from rulegen.circuits.base import Circuit
from rulegen.circuits.exploration import Exploration, Pulses, correlate
from rulegen.ground.noise import Purpose, Stream, normal, uniform

Array = jax.Array


class Activity(NamedTuple):
    """Potentials and rates, of shape (N,), or (T, N) over time."""

    u: Array
    r: Array


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


class RateCircuit(Circuit):
    """Rate neurons: `u <- u + a(-u + W r + W_in s + m) + sigma n`, `r = phi(u)`, `a = dt/tau`.

    The exploration noise is Gaussian, `n ~ N(0, I)`, white or with an autocorrelation
    `exp(-dt/correlation)` from step to step, and there may be pulses m of input current. A rule
    reads as `xi` the whole perturbation of the potential in units of sigma, `n + (a/sigma) m`; in a
    circuit without Gaussian noise in units of a, so that `xi` is m.

    Attributes:
        tau: membrane time constant, ms.
        correlation: correlation time of the Gaussian noise, ms; 0 for white noise.
        pulses: sparse pulses of input current.
        rate: name of the rate function phi.
        clamped: pairs (neuron, potential) of neurons that are held.
        start: potentials at the start of a trial are uniform in (-start, start).

    The other settings are those of every `Circuit`.
    """

    provides: ClassVar[frozenset[str]] = frozenset(
        {"pre", "post", "u", "pre_u", "slope", "xi", "t", "dt", "N_pre", "N_post", "R"}
    )

    smooth: ClassVar[bool] = True

    name: Literal["rate"] = "rate"
    tau: float = Field(40.0, gt=0)
    correlation: float = Field(0.0, ge=0)
    pulses: Pulses | None = None
    rate: Literal["tanh", "relu", "sigmoid", "linear"] = "tanh"
    clamped: tuple[tuple[int, float], ...] = ()

    @field_validator("clamped")
    @classmethod
    def _in_order(cls, pairs: tuple[tuple[int, float], ...]) -> tuple[tuple[int, float], ...]:
        return tuple(sorted(pairs))

    @model_validator(mode="after")
    def _check(self) -> RateCircuit:
        if self.dt > self.tau:
            raise ValueError(f"dt = {self.dt:g} ms is larger than tau = {self.tau:g} ms")
        if np.float32(self.retention) == 1:
            raise ValueError(
                f"correlation = {self.correlation:g} ms is too long beside dt = {self.dt:g} ms: "
                "such noise never changes"
            )
        if self.pulses:
            self._check_length("pulses.quiet", self.pulses.quiet)
        self._check_neurons("clamped", [neuron for neuron, _ in self.clamped])
        return self

    @property
    def limit(self) -> float:
        """The largest rate there is, infinite for rates without bound."""
        return RATES[self.rate].limit

    @property
    def scoreless(self) -> str:
        """Without Gaussian noise the potentials have no density."""
        return "" if self.noise else "the score needs exploration noise: set circuit.noise above 0"

    @property
    def step_size(self) -> float:
        """`a = dt/tau`."""
        return self.dt / self.tau

    @property
    def scale(self) -> float:
        """What a unit of `xi` adds to a potential: sigma, or a where there are only pulses."""
        return self.noise or (self.step_size if self.pulses else 0.0)

    @property
    def retention(self) -> float:
        """Autocorrelation of the Gaussian noise from one step to the next."""
        return math.exp(-self.dt / self.correlation) if self.correlation else 0.0

    @property
    def held(self) -> np.ndarray:
        """Which neurons are clamped, shape (N,)."""
        return np.isin(np.arange(self.neurons), [neuron for neuron, _ in self.clamped])

    @property
    def sensitivity(self) -> np.ndarray | float:
        """`-d n / d (W r)` at fixed potentials: a/sigma, and 0 for clamped neurons, shape (N,)."""
        if self.noise == 0:
            return 0.0
        size = self.step_size / self.noise
        return np.where(self.held, 0.0, size) if self.clamped else size

    def init(self, stream: Stream, dtype: jnp.dtype) -> Activity:
        """The activity at the start of a trial, of shape (N,); `stream` is the trial's own."""
        u = jnp.zeros(self.neurons, dtype)
        if self.start:
            u = self.start * (2.0 * uniform(stream, (self.neurons,), dtype) - 1.0)
        return self._activity(u)

    def explore(
        self, stream: Stream, first: Array | int, steps: int, before: Exploration
    ) -> Exploration:
        """The noise of steps `first`, `first + 1`, ... of a trial; see `Circuit.explore`."""
        shape, dtype = (steps, self.neurons), before.xi.dtype
        fresh = normal(stream, shape, dtype, first) if self.noise else jnp.zeros(shape, dtype)
        gaussian = fresh
        if self.retention and self.noise:
            # Stationary from the first step on: the noise was there before the trial began.
            earlier = normal(stream.fold(Purpose.NOISE_START), shape[1:], dtype)
            previous = jnp.where(jnp.asarray(first) == 0, earlier, before.gaussian)
            gaussian = correlate(fresh, self.retention, previous)
        xi = gaussian
        if self.pulses is not None:
            pulses = self.pulses.draw(stream, first, shape, self.dt, dtype)
            xi = gaussian + self.step_size / self.scale * pulses
        return Exploration(xi, gaussian, fresh)

    def memory(self, activity: Activity) -> Array:
        """Potentials alone: rates are sooner computed twice than kept."""
        return activity.u

    def recall(self, memory: Array) -> Activity:
        """`r = phi(u)`."""
        return Activity(memory, RATES[self.rate].phi(memory))

    def step(self, weights: Array, before: Activity, drive: Array, xi: Array) -> Activity:
        """The next activity, for an input current `drive` and noise `xi`, shapes (N,)."""
        current = weights @ before.r + drive
        return self._activity(before.u + self.step_size * (current - before.u) + self.scale * xi)

    def flow(self, weights: Array, u: Array, drive: Array) -> Array:
        """`-u + W phi(u) + drive`, see `Circuit.flow`."""
        return -u + weights @ RATES[self.rate].phi(u) + drive

    def jacobian(self, weights: Array, u: Array, drive: Array) -> Array:
        """`-1 + W diag(phi'(u))`."""
        form = RATES[self.rate]
        return -jnp.eye(len(u)) + weights * form.slope(u, form.phi(u))

    def _activity(self, u: Array) -> Activity:
        if self.clamped:
            potentials = np.zeros(self.neurons)
            for neuron, potential in self.clamped:
                potentials[neuron] = potential
            u = jnp.where(self.held, potentials.astype(u.dtype), u)
        return self.recall(u)

    def signals(self, before: Activity, after: Activity, xi: Array) -> dict[str, Array]:
        """What a rule can read of a step (or of many steps) from activity `before` to `after`."""
        return {
            "pre": before.r,
            "post": after.r,
            "u": after.u,
            "pre_u": before.u,
            "slope": RATES[self.rate].slope(after.u, after.r),
            "xi": xi,
        }
