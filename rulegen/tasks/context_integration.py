"""Context-dependent integration: which of two noisy signals counts is told by a third."""

from __future__ import annotations

from typing import Literal

import jax
import jax.numpy as jnp
from pydantic import Field

from rulegen.ground.noise import Purpose, Stream, normal, uniform
from rulegen.tasks.base import Task
from rulegen.tasks.trials import Trial

Array = jax.Array


class ContextIntegration(Task):
    """Two noisy signals at once, a context that says which one to follow, then a sign to answer.

    In each step the signal of modality m is `scale * (z + bias_m)` with fresh `z ~ N(0, 1)`. The
    context is one-hot on two more channels for the whole trial. Conditions are, in this order,
    attend the first and it is positive, the second and it is positive, the first and it is
    negative, the second and it is negative; the sign of the signal to ignore is drawn at random.
    The target is the sign of the attended bias, held over the response.

    Attributes:
        scale: of the signals.
        bias: size of the mean of z.
        amplitude: size of the targets.
        before, signal, response: lengths of the periods, ms; `before` may be 0.

    Source: Mante et al. 2013, 10.1038/nature12742; settings of Miconi 2017, 10.7554/eLife.20899.
    """

    name: Literal["context_integration"] = "context_integration"
    scale: float = Field(0.5, gt=0)
    bias: float = Field(0.5, ge=0)
    amplitude: float = Field(1.0, gt=0)
    before: float = Field(0.0, ge=0)
    signal: float = Field(500.0, gt=0)
    response: float = Field(200.0, gt=0)

    @property
    def conditions(self) -> int:
        """Two contexts and two signs."""
        return 4

    @property
    def factors(self) -> dict[str, tuple[int, ...]]:
        """The context, and the sign of the signal that counts in it."""
        return {"context": (0, 1, 0, 1), "sign": (0, 0, 1, 1)}

    @property
    def channels(self) -> int:
        """Two signals and two contexts."""
        return 4

    @property
    def periods(self) -> dict[str, float]:
        """Signal and response, and before them perhaps some time without any."""
        before = {"before": self.before} if self.before else {}
        return before | {"signal": self.signal, "response": self.response}

    def chance(self, dt: float) -> float:
        """The reward of always answering 0."""
        return self.blind([-self.amplitude, self.amplitude])

    def trial(self, stream: Stream, condition: Array, dt: float) -> Trial:
        """The signals are drawn afresh for every trial."""
        attended, sign = condition % 2, jnp.where(condition < 2, 1.0, -1.0)
        coin = uniform(stream.fold(Purpose.ORDER), (1,))[0]
        other = jnp.where(coin < 0.5, 1.0, -1.0)
        signs = jnp.where(jnp.arange(2) == attended, sign, other)
        noise = normal(stream, (self.steps(dt), 2))
        signals = self.window("signal", dt)[:, None] * self.scale * (noise + self.bias * signs)
        context = jnp.broadcast_to(jax.nn.one_hot(attended, 2), signals.shape)
        response = self.window("response", dt)
        return Trial(
            stimulus=jnp.concatenate([signals, context], axis=1),
            target=response[:, None] * (self.amplitude * sign),
            weight=response / response.sum(),
        )
