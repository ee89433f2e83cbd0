"""A task: hold an output while a tone is on."""

import jax.numpy as jnp

import rulegen as rg


class Hold(rg.Task):
    """A silence, then one of two tones, during which the output must be `level` or `-level`."""

    name: str = "hold"
    level: float = 0.5

    @property
    def conditions(self):
        """Number of trial types."""
        return 2

    @property
    def channels(self):
        """Number of input channels."""
        return 2

    @property
    def periods(self):
        """Parts of a trial, ms."""
        return {"silence": 20.0, "tone": 40.0}

    @property
    def chance(self):
        """The reward of the best answer that hears nothing."""
        return self.blind([-self.level, self.level])

    def trial(self, stream, condition, dt):
        """One trial of type `condition`."""
        tone = self.window("tone", dt)
        stimulus = (condition == jnp.arange(2)) * tone[:, None]
        target = self.level * (2.0 * condition - 1.0) * tone[:, None]
        return rg.Trial(stimulus, target, tone / tone.sum())
