"""Sampled trials: a task whose trials were made elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import Field, InstanceOf, model_validator

from rulegen.grammar import ConfigError
from rulegen.ground.noise import Purpose, Stream, bits
from rulegen.tasks.base import Task
from rulegen.tasks.chance import best_constant, distinct, most_frequent
from rulegen.tasks.samples import Samples
from rulegen.tasks.trials import Trial

Array = jax.Array


class Sampled(Task):
    """Trials from arrays: sampled from an environment, recorded, or made by another program.

    In a trial of some condition one of the samples of that condition is met, each as often as the
    others. They come from a file (`Samples.load` says what is in it) or, in Python, from memory,
    for example `Sampled(samples=sample_trials(env, 1000))`. Configurations and cards then say the
    digest of the samples, so that results are never those of other trials than it seems.

    Attributes:
        file: path of an `.npz` file, from the folder in which rulegen runs; "" for samples in
            memory, with which no configuration can be loaded again.
        digest: of the samples; where it is stated, other samples are refused.
        samples: the trials, or the arguments of `Samples`.

    Raises:
        ConfigError: when there are no samples, or not those of the digest.

    Example:
        >>> stimuli = np.array([[[1.0], [0.0]], [[-1.0], [0.0]]])
        >>> task = Sampled(samples={"inputs": stimuli, "targets": stimuli[:, ::-1], "dt": 20.0})
        >>> task.conditions, task.periods, task.chance(20.0)
        (2, {'trial': 40.0}, -1.0)
    """

    name: Literal["sampled"] = "sampled"
    file: str = ""
    digest: str = ""
    samples: InstanceOf[Samples] = Field(exclude=True, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _read(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        file, samples, digest = (data.get(name) for name in ("file", "samples", "digest"))
        try:
            if isinstance(samples, Mapping):
                samples = Samples(**samples)
            elif samples is None and file and isinstance(file, str):
                samples = Samples.load(file)
        except ValueError as error:
            raise ConfigError(f"task.{'file' if file else 'samples'}: {error}") from None
        if samples is None:
            raise ConfigError(
                "task.file: there are no trials; name an .npz file of them, as `Samples.save` "
                "writes it"
            )
        if digest and isinstance(samples, Samples) and digest != samples.digest:
            raise ConfigError(
                f"task.digest: the trials have the digest {samples.digest}, not {digest}: these "
                "are others than those that the configuration was written with"
            )
        return {**data, "samples": samples, "digest": getattr(samples, "digest", "")}

    @property
    def conditions(self) -> int:
        """As the samples number them."""
        return int(self.samples.conditions.max()) + 1

    @property
    def channels(self) -> int:
        """As many as the inputs have."""
        return self.samples.inputs.shape[2]

    @property
    def outputs(self) -> int:
        """As many as the targets have."""
        return self.samples.targets.shape[2]

    @property
    def periods(self) -> dict[str, float]:
        """As the samples name them."""
        return {name: steps * self.samples.dt for name, steps in self.samples.periods.items()}

    def spans(self, dt: float) -> dict[str, int]:
        """Number of steps of each period.

        Raises:
            ValueError: when `dt` is not the step at which the trials were sampled.
        """
        if not math.isclose(dt, self.samples.dt):
            raise ValueError(
                f"the trials were sampled at a step of {self.samples.dt:g} ms, and the circuit has "
                f"{dt:g} ms: set circuit.dt = {self.samples.dt:g}, or sample them anew"
            )
        return dict(self.samples.periods)

    def chance(self, dt: float) -> float:
        """The reward of the best outputs that are the same in all trials.

        With binary feedback, where trials differ in which steps count, it is that of who knows
        these steps and nothing else: no outputs that are the same in all trials earn more.
        """
        samples, counts = self.samples, np.bincount(self.samples.conditions)
        often = 1.0 / counts[samples.conditions]
        targets = samples.targets.astype(float)
        if self.feedback == "binary":
            return most_frequent(targets, samples.weights, often)
        return best_constant(targets, samples.weights, often, self.distance)

    def trial(self, stream: Stream, condition: Array, dt: float) -> Trial:
        """One of the samples of the condition, drawn afresh for every trial."""
        samples, counts = self.samples, np.bincount(self.samples.conditions)
        by_condition = np.argsort(samples.conditions, kind="stable")
        drawn = bits(stream.fold(Purpose.ORDER), (1,))[0] % jnp.asarray(counts, "uint32")[condition]
        place = jnp.asarray(np.cumsum(counts) - counts)[condition] + drawn.astype(int)
        number = jnp.asarray(by_condition)[place]
        return Trial(
            stimulus=jnp.asarray(samples.inputs, float)[number],
            target=jnp.asarray(samples.targets, float)[number],
            weight=jnp.asarray(samples.weights, float)[number],
            answers=distinct(samples.targets)[0],
        )
