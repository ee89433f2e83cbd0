"""The pathwise estimator: forward-mode derivatives through the whole life, dynamics included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import Field

from grammar import Rule
from rulegen.compile import CompiledRule, compile_rule
from rulegen.coordinates import Coordinates
from rulegen.estimators.base import Estimator, MetaGradient
from rulegen.life import LifeResult
from rulegen.lives import Lives, World
from rulegen.noise import Stream, stream
from rulegen.tasks import Task


class Pathwise(Estimator):
    """The derivative of each life's own reward, with its network and noise held fixed.

        g = mean over lives of dR/dtheta ,   R the mean reward per trial of a life.

    Unbiased with `clip` = 0, but lives near instability have derivatives that grow exponentially
    with their length, so that a few would decide alone. The trust region is `clip`: at the default
    of 1, no life counts for more than the one in the middle. It costs about one life for every
    free parameter.

    Source: Mohamed et al. 2020, arXiv 1906.10652; Metz et al. 2021, arXiv 2111.05803.
    """

    name: Literal["pathwise"] = "pathwise"
    clip: float = Field(1.0, ge=0)

    @property
    def kind(self) -> object:
        """All take the same derivatives."""
        return "pathwise"

    def prepare(self, world: World, rule: Rule, free: Sequence[str]) -> Lives:
        """Compile with derivatives along `free`.

        Raises:
            ValueError: when the reward does not change with small changes of the output.
        """
        if not is_graded(world.task, world.circuit.dt):
            raise ValueError(
                f"the reward of {world.task.name} does not change with small changes of the "
                "output, as when it is right or wrong, so that `pathwise` has nothing to "
                "differentiate: use `score` or `pgpe`"
            )
        return Derivatives(world, compile_rule(rule), free)

    def estimate(
        self,
        lives: Lives,
        values: np.ndarray,
        free: np.ndarray,
        key: jax.Array,
        tick: Callable[[int], None] | None = None,
    ) -> MetaGradient:
        """See `Estimator.estimate`."""
        assert isinstance(lives, Derivatives)
        batch = lives.run(values, key, self.lives, tick=tick)
        columns = [lives.free.index(lives.life.names[i]) for i in free]
        gradients = batch.scores[:, :, columns].mean(axis=1, dtype=float)
        gradients *= Coordinates(lives.rule.rule.parameters).slope(values)[free]
        gradients = np.where(np.isfinite(gradients).all(axis=1, keepdims=True), gradients, 0.0)
        gradient, error = self.average(gradients)
        return MetaGradient(gradient, error, batch.means, batch.counts())


class Derivatives(Lives):
    """Lives whose `scores` are the derivatives of each trial's reward, shape (L, K, P).

    Args:
        world: circuit, task and life.
        rule: the compiled rule.
        free: names of the parameters to differentiate by.
    """

    def __init__(self, world: World, rule: CompiledRule, free: Sequence[str]) -> None:
        self.free = tuple(free)
        super().__init__(world, rule)

    def bytes_per_life(self) -> int:
        """An upper estimate of the memory that one life needs while it runs."""
        return super().bytes_per_life() * (1 + len(self.free))

    def _one(self, parameters: jax.Array, source: Stream, index: jax.Array) -> LifeResult:
        own = source.fold(index)

        def rewards(parameters: jax.Array) -> tuple[jax.Array, LifeResult]:
            result = self.life(parameters, own)
            return result.rewards, result

        def along(direction: jax.Array) -> tuple[jax.Array, LifeResult]:
            _, slopes, result = jax.jvp(rewards, (parameters,), (direction,), has_aux=True)
            return slopes, result

        chosen = [self.life.names.index(name) for name in self.free]
        directions = jnp.eye(len(parameters), dtype=parameters.dtype)[np.array(chosen, int)]
        slopes, result = jax.vmap(along, out_axes=(1, None))(directions)
        return result._replace(scores=slopes)


def is_graded(task: Task, dt: float) -> bool:
    """Whether the reward changes with small changes of the output, in some condition."""
    rng = np.random.default_rng(0)
    for condition in range(task.conditions):
        trial = task.trial(stream(jax.random.key(0)), jnp.asarray(condition), dt)
        output = jnp.asarray(rng.standard_normal((task.steps(dt), task.outputs)))
        slope = jax.grad(lambda output, trial=trial: task.reward(trial, output))(output)
        if bool(jnp.any(slope != 0)):
            return True
    return False
