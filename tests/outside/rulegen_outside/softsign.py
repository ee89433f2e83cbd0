"""A circuit: rates that saturate slowly."""

from typing import ClassVar

import jax.numpy as jnp

import rulegen as rg


class Softsign(rg.Circuit):
    """`u <- u + dt/tau (-u + W r + input) + noise xi`, `r = u/(1 + |u|)`."""

    provides: ClassVar = frozenset({"pre", "post", "u", "xi", "t", "dt", "R"})
    smooth: ClassVar = True

    name: str = "softsign"
    tau: float = 40.0

    limit = property(lambda self: 1.0)

    @property
    def scoreless(self):
        """Why there is no score."""
        return "" if self.noise else "the score needs noise: set circuit.noise above 0"

    def init(self, stream, dtype):
        """The activity at the start of a trial."""
        return rg.circuits.Activity(*[jnp.zeros(self.neurons, dtype)] * 2)

    def step(self, weights, before, drive, xi):
        """The next activity."""
        change = self.dt / self.tau * (weights @ before.r + drive - before.u)
        u = before.u + change + self.noise * xi
        return rg.circuits.Activity(u, u / (1.0 + jnp.abs(u)))

    def signals(self, before, after, xi):
        """What a rule can read."""
        return {"pre": before.r, "post": after.r, "u": after.u, "xi": xi}
