"""A recurrent circuit of leaky integrate-and-fire neurons."""

from __future__ import annotations

import math
from typing import ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
from pydantic import Field, model_validator

from rulegen.circuits.base import Circuit
from rulegen.ground.noise import Stream, uniform
from rulegen.ground.settings import instead

Array = jax.Array


class Firing(NamedTuple):
    """Activity of spiking neurons, of shape (N,), or (T, N) over time.

    Attributes:
        u: potentials, mV.
        r: filtered spikes.
        wait: steps that a neuron will still be refractory; all of them where it has just fired.
        raised: by how much the threshold is raised, in units of its distance from rest; shape (0,)
            without adaptation.
    """

    u: Array
    r: Array
    wait: Array
    raised: Array


class SpikingCircuit(Circuit):
    """Leaky integrate-and-fire neurons with exponential synaptic currents:

        tau du/dt = rest - u + (threshold - rest)(W r + W_in s + current) ,
        tau_r dr/dt = -r ,   at each spike  r <- r + 1 ,

    and in each step Gaussian noise of standard deviation `noise (threshold - rest)`. Currents are
    in units of the smallest that makes a neuron fire, so that a constant current I > 1 does so at
    the rate

        1/(refractory + tau log((goal - reset)/(goal - threshold))) ,
        goal = rest + I (threshold - rest) .

    At the threshold u shows `peak` for one step, and then rests at `reset` for the refractory
    period. Between spikes both equations are solved exactly over a step. With `adaptation` b each
    spike raises the threshold by b (threshold - rest), and it returns with `tau_adaptation`.

    Spikes have no slope, but rules may read a surrogate of it: with x the distance of u from the
    threshold in units of (threshold - rest),

        slope = dampening max(0, 1 - |x|) ,

    `dampening` in the step of a spike, and 0 for the time without integration after it.

    A rule reads spikes as impulses, 1/dt in the step of a spike: `post_spike` in the step in which
    the neuron fires, and `pre_spike` one step later, when the spike arrives. `pre` and `post` are
    the filtered spikes r. Spikes have no density, and jump as weights change: parameters of a rule
    are fitted by `pgpe`.

    Attributes:
        tau: membrane time constant, ms.
        tau_r: time constant of synaptic currents and filtered spikes, ms.
        rest, threshold, reset, peak: potentials, mV.
        refractory: time after a spike without integration, ms.
        current: constant input to every neuron.
        adaptation: by how much a spike raises the threshold, in units of (threshold - rest).
        tau_adaptation: time constant with which it returns, ms.
        dampening: the largest surrogate slope.
        start: potentials at the start of a trial are uniform around rest, closer than `start` times
            the distance of the threshold.

    The other settings are those of every `Circuit`.

    Source: Gerstner et al. 2014, Neuronal Dynamics, 10.1017/CBO9781107447615, chapters 1 and 3;
    Bellec et al. 2020, 10.1038/s41467-020-17236-y (adaptation and surrogate slope).

    Example:
        A constant current of twice the smallest that makes a neuron fire:

        >>> circuit = SpikingCircuit(neurons=1, dt=0.1, current=2.0, noise=0.0, reset=-70.0)
        >>> silence, times = jnp.zeros(1), []
        >>> from rulegen.ground.noise import stream
        >>> activity = circuit.init(stream(jax.random.key(0)), jnp.float32)
        >>> step = jax.jit(circuit.step)
        >>> for k in range(500):
        ...     before, activity = activity, step(silence[:, None], activity, silence, silence)
        ...     if circuit.signals(before, activity, silence)["post_spike"] > 0:
        ...         times.append(round(0.1 * k, 1))
        >>> times, round(2 + 20 * math.log(2), 1)
        ([13.8, 29.7, 45.6], 15.9)
    """

    provides: ClassVar[frozenset[str]] = frozenset(
        {"pre", "post", "u", "pre_u", "pre_spike", "post_spike"}
        | {"slope", "xi", "t", "dt", "N_pre", "N_post", "R"}
    )
    smooth: ClassVar[bool] = False

    name: Literal["spiking"] = "spiking"
    dt: float = Field(1.0, gt=0)
    tau: float = Field(20.0, gt=0)
    tau_r: float = Field(10.0, gt=0)
    rest: float = -70.0
    threshold: float = -50.0
    reset: float = -60.0
    peak: float = 20.0
    refractory: float = Field(2.0, gt=0)
    current: float = 0.9
    adaptation: float = Field(0.0, ge=0, exclude_if=lambda told: told == 0.0)
    tau_adaptation: float = Field(200.0, gt=0, exclude_if=lambda told: told == 200.0)
    dampening: float = Field(0.3, ge=0, exclude_if=lambda told: told == 0.3)
    start: float = Field(0.0, ge=0, le=1)

    @model_validator(mode="after")
    def _check(self) -> SpikingCircuit:
        for name in ("tau", "tau_r", "refractory"):
            if getattr(self, name) < self.dt:
                raise ValueError(
                    f"{name} = {getattr(self, name):g} ms is shorter than dt = {self.dt:g} ms"
                )
        self._check_length("refractory", self.refractory)
        for name in ("rest", "reset"):
            if getattr(self, name) >= self.threshold:
                raise ValueError(
                    f"{name} = {getattr(self, name):g} mV is not below threshold = "
                    f"{self.threshold:g} mV"
                )
        return self

    @property
    def pause(self) -> int:
        """The refractory period in steps."""
        return round(self.refractory / self.dt)

    @property
    def limit(self) -> float:
        """The mean of r when a neuron fires whenever it can."""
        return 1.0 / ((self.pause + 1) * -math.expm1(-self.dt / self.tau_r))

    @property
    def scoreless(self) -> str:
        """Spikes have no density."""
        why = "the score needs the density of the activity, and spikes have none"
        return f"{why}: {instead('pgpe')}"

    def init(self, stream: Stream, dtype: jnp.dtype) -> Firing:
        """The activity at the start of a trial, without spikes; `stream` is the trial's own."""
        spread = self.start * (self.threshold - self.rest)
        u = self.rest + spread * (2.0 * uniform(stream, (self.neurons,), dtype) - 1.0)
        raised = jnp.zeros(self.neurons if self.adaptation else 0, dtype)
        return Firing(u, jnp.zeros_like(u), jnp.zeros(self.neurons, int), raised)

    def _threshold(self, activity: Firing) -> Array | float:
        """Where neurons fire, as earlier spikes have left it."""
        if not self.adaptation:
            return self.threshold
        return self.threshold + (self.threshold - self.rest) * activity.raised

    def step(self, weights: Array, before: Firing, drive: Array, xi: Array) -> Firing:
        """The next activity, for an input current `drive` and noise `xi`, shapes (N,)."""
        span = self.threshold - self.rest
        goal = self.rest + span * (weights @ before.r + drive + self.current)
        u = goal + math.exp(-self.dt / self.tau) * (before.u - goal) + span * self.noise * xi
        free = before.wait == 0
        fires = free & (u >= self._threshold(before))
        raised = before.raised
        if self.adaptation:
            raised = math.exp(-self.dt / self.tau_adaptation) * raised + self.adaptation * fires
        return Firing(
            u=jnp.where(fires, self.peak, jnp.where(free, u, self.reset)),
            r=math.exp(-self.dt / self.tau_r) * before.r + fires,
            wait=jnp.where(fires, self.pause, jnp.maximum(before.wait - 1, 0)),
            raised=raised,
        )

    def signals(self, before: Firing, after: Firing, xi: Array) -> dict[str, Array]:
        """What a rule can read of a step (or of many steps) from activity `before` to `after`."""
        return {
            "pre": before.r,
            "post": after.r,
            "u": after.u,
            "pre_u": before.u,
            "pre_spike": self._impulses(before),
            "post_spike": self._impulses(after),
            "slope": self._slope(before, after),
            "xi": xi,
        }

    def _slope(self, before: Firing, after: Firing) -> Array:
        distance = (after.u - self._threshold(before)) / (self.threshold - self.rest)
        near = self.dampening * jnp.maximum(0.0, 1.0 - jnp.abs(distance))
        # What rests at `reset` after a spike or shows its peak has no potential of its own.
        near = jnp.where(before.wait > 0, 0.0, near)
        return jnp.where(after.wait == self.pause, self.dampening, near)

    def _impulses(self, activity: Firing) -> Array:
        return (activity.wait == self.pause).astype(activity.r.dtype) / self.dt
