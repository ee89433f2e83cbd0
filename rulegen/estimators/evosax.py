"""Any distribution-based strategy of evosax behind the interface of the estimators."""

from __future__ import annotations

import inspect
from functools import cache
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
import optax
from pydantic import Field

from rulegen.catalog.records.fields import MOST_LIVES
from rulegen.estimators.base import Estimator, MetaGradient
from rulegen.estimators.coordinates import Coordinates
from rulegen.ground.extras import extra
from rulegen.ground.progress import Tick
from rulegen.ground.settings import MOST_TOGETHER
from rulegen.lives.bench import Bench
from rulegen.lives.many import Lives
from rulegen.lives.outcomes import Outcomes


class Evosax(Estimator):
    """One generation of an evolution strategy, for comparison; needs the extra `evosax`.

    The population is divided into groups, each with a strategy of its own that starts at theta.
    Each asks for its members, every member lives a life, and each is told what they earned. The
    shift of a group's mean is its estimate of an ascent direction, of a length of its own; the
    spread over groups gives the error.

        g = mean over groups of (mean after one generation - theta)

    Attributes:
        lives: members of all groups together, one life each; what the groups do not divide is
            left out.
        strategy: name of a distribution-based algorithm of evosax.
        sigma: standard deviation of the members around theta.
        groups: number of groups.
        shared: whether both halves of a group meet the same lives, which pairs the members of
            antithetic strategies such as `Open_ES`.

    Source: Lange 2022, arXiv 2212.04180.
    """

    libraries: ClassVar[tuple[str, ...]] = ("evosax",)

    name: Literal["evosax"] = "evosax"
    lives: int = Field(256, ge=16, le=MOST_LIVES)
    clip: float = Field(0.0, ge=0)
    strategy: str = "Open_ES"
    sigma: float = Field(0.05, gt=0)
    groups: int = Field(8, ge=2, le=MOST_TOGETHER)
    shared: bool = False

    def prepare(self, bench: Bench) -> Lives:
        """Lives without tangents.

        Raises:
            ConfigError: when evosax is not installed.
            ValueError: when it has no such strategy, or not two lives are left for each group.
        """
        if self.lives < 2 * self.groups:
            raise ValueError(
                f"evosax: {self.lives} lives are not two for each of {self.groups} groups; "
                "raise `lives`, or take fewer `groups`"
            )
        algorithm(self.strategy, self.members, len(bench.free), self.sigma)
        return bench.plain

    @property
    def members(self) -> int:
        """Of one group; an even number."""
        return self.lives // self.groups // 2 * 2

    def estimate(
        self,
        lives: Lives,
        values: np.ndarray,
        free: np.ndarray,
        key: jax.Array,
        tick: Tick | None = None,
    ) -> MetaGradient:
        """See `Estimator.estimate`."""
        coordinates = Coordinates(lives.rule.rule.parameters)
        here = coordinates.inward(values)
        strategy, params = algorithm(self.strategy, self.members, len(free), self.sigma)
        start, life_key, *keys = jax.random.split(key, 2 + self.groups)
        state = strategy.init(start, jnp.asarray(here[free]), params)
        asked = [strategy.ask(k, state, params) for k in keys]
        members = np.concatenate([np.asarray(population, float) for population, _ in asked])
        places = np.tile(here, (len(members), 1))
        places[:, free] = members
        means, outcomes = self.live(lives, coordinates.outward(places), life_key, tick)
        shifts = []
        for k, (population, then), rewards in zip(keys, asked, means, strict=True):
            # evosax minimises.
            after, _ = strategy.tell(k, population, jnp.asarray(-rewards), then, params)
            shifts.append(np.asarray(after.mean, float) - here[free])
        return self.average(np.array(shifts), means.ravel(), outcomes)

    def live(
        self, lives: Lives, values: np.ndarray, key: jax.Array, tick: Tick | None
    ) -> tuple[np.ndarray, Outcomes]:
        """Mean reward per trial of each member, shape (groups, members), and the outcomes."""
        shape = self.groups, 2, self.members // 2, values.shape[-1]
        halves = np.swapaxes(values.reshape(shape), 0, 1).reshape(-1, values.shape[-1])
        half = np.arange(len(halves) // 2)
        numbers = np.concatenate([half, half if self.shared else half + len(half)])
        batch = lives.run(halves, key, len(halves), numbers=numbers, tick=tick)
        means = np.swapaxes(batch.means.reshape(2, self.groups, -1), 0, 1)
        return means.reshape(self.groups, -1), batch.counts


@cache
def algorithm(name: str, members: int, dimensions: int, sigma: float) -> tuple[Any, Any]:
    """A strategy of evosax with its parameters; one each, because it compiles its own programs."""
    known = extra("evosax.algorithms", "evosax").distribution_based_algorithms
    if name not in known:
        raise ValueError(
            f"evosax has no distribution-based strategy `{name}`: choose from {', '.join(known)}"
        )
    scheduled = "std_schedule" in inspect.signature(known[name]).parameters
    options = {"std_schedule": optax.constant_schedule(sigma)} if scheduled else {}
    made = known[name](population_size=members, solution=jnp.zeros(dimensions), **options)
    params = made.default_params
    if hasattr(params, "std_init"):
        params = params.replace(std_init=jnp.asarray(sigma))
    return made, params
