"""The pathwise estimator: forward-mode derivatives through the whole life, dynamics included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from pydantic import Field

from rulegen.circuits import Network
from rulegen.compile import CompiledRule, compile_rule
from rulegen.compile.lots import check_lots
from rulegen.compile.tangents import dependent_states, tangent_name
from rulegen.estimators.astray import places
from rulegen.estimators.base import Estimator, MetaGradient
from rulegen.estimators.coordinates import Coordinates
from rulegen.grammar import Event
from rulegen.grammar.algebra.symbols import WEIGHT
from rulegen.ground.noise import Stream, stream
from rulegen.ground.progress import Tick
from rulegen.ground.settings import instead
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeState
from rulegen.lives.many import Lives
from rulegen.lives.play import Occasion, play
from rulegen.lives.rules import Readings, States
from rulegen.lives.trial import Streams, TrialRun
from rulegen.lives.world import World
from rulegen.tasks import Task


class Pathwise(Estimator):
    """The derivative of each life's own reward, with its network and noise held fixed.

        g = mean over lives of dR/dtheta ,   R the mean reward per trial of a life.

    Unbiased with `clip` = 0, but lives near instability have derivatives that grow exponentially
    with their length, so that a few would decide alone. The trust region is `clip`: at the default
    of 1, no life counts for more than the one in the middle. It costs several lives for every
    free parameter.

    With `credit` = "trial" the derivative goes through the dynamics of one trial at a time,

        g = mean over lives and trials of < dR_k/dW_k , D_k > ,

    where D_k = dW_k/dtheta is the tangent of the rule at fixed activity. This has the expectation
    of `Score` at `gamma` = 0, its bias included, with a much smaller variance, because the effect
    of the weights on the reward is differentiated and not inferred from noise. Nothing in it
    grows with the length of the life.

    Attributes:
        credit: whether derivatives go through the whole life or one trial at a time.
        exact: as of `Score`, for `credit` = "trial".

    Source: Mohamed et al. 2020, arXiv 1906.10652; Metz et al. 2021, arXiv 2111.05803.
    """

    name: Literal["pathwise"] = "pathwise"
    clip: float = Field(1.0, ge=0)
    credit: Literal["life", "trial"] = "life"
    exact: bool = False

    def prepare(self, bench: Bench) -> Lives:
        """Lives with derivatives along the free parameters.

        Raises:
            ValueError: when the reward does not change with small changes of the output, or
                `credit` = "trial" and weights change before the reward of a trial, or, with
                `exact`, the rule of another projection reads `xi`.
        """
        return bench.program(("pathwise", self.credit, self.exact), lambda: self.compiled(bench))

    def compiled(self, bench: Bench) -> Lives:
        """What `prepare` makes once."""
        world, free = bench.world, bench.free_names
        if not world.circuit.smooth:
            raise ValueError(
                f"the activity of a {world.circuit.name} circuit jumps as weights change, so that "
                f"`pathwise` has nothing to differentiate: {instead('pgpe')}"
            )
        if not is_graded(world.task, world.circuit.dt):
            raise ValueError(
                f"the reward of {world.task.name} does not change with small changes of the "
                "output, as when it is right or wrong, so that `pathwise` has nothing to "
                f"differentiate: {instead('score', 'pgpe')}"
            )
        if self.credit == "life":
            rule = compile_rule(bench.rule)
            moved = dependent_states(rule.tangents.system, free, noise=True)
            check_lots(rule.tangents.system, moved, through_activity=True)
            return Derivatives(world, rule, free)
        rule = compile_rule(bench.rule, wrt=free, noise_tangent=self.exact)
        lives = TrialDerivatives(world, rule)
        if self.exact:
            lives.life.rules.check_noise()
        return lives

    def estimate(
        self,
        lives: Lives,
        values: np.ndarray,
        free: np.ndarray,
        key: jax.Array,
        tick: Tick | None = None,
    ) -> MetaGradient:
        """See `Estimator.estimate`."""
        batch = lives.run(values, key, self.lives, tick=tick)
        known = lives.free if isinstance(lives, Derivatives) else lives.rule.tangents.wrt
        columns = [known.index(lives.life.names[i]) for i in free]
        gradients = batch.scores[:, :, columns].mean(axis=1, dtype=float)
        gradients *= Coordinates(lives.rule.rule.parameters).slope(values)[free]
        along = places(lives.rule.rule, [lives.life.names[i] for i in free])
        return self.average(gradients, batch.means, batch.counts, along)


class Varied(NamedTuple):
    """A life between two trials, and how it changes with each parameter.

    Attributes:
        life: the life itself.
        rules: derivatives of its rule states, with a first axis of parameters P.
        worst: derivative of its worst reward, shape (P,).
    """

    life: LifeState
    rules: States
    worst: jax.Array

    @property
    def conditions(self) -> jax.Array:
        """Of each trial."""
        return self.life.conditions

    @property
    def outcome(self) -> jax.Array:
        """How the life has gone so far."""
        return self.life.outcome

    @property
    def violations(self) -> jax.Array:
        """How often a weight was kept from changing its sign."""
        return self.life.violations


class Derivatives(Lives):
    """Lives whose `scores` are the derivatives of each trial's reward, shape (L, K, P).

    Args:
        world: circuit, task and life.
        rule: the compiled rule.
        free: names of the parameters to differentiate by.
    """

    off_chip = "derivatives go through them as a whole"

    def __init__(self, world: World, rule: CompiledRule, free: Sequence[str]) -> None:
        self.free = tuple(free)
        super().__init__(world, rule)

    def bytes_per_life(self) -> int:
        """An upper estimate of the memory that one life needs while it runs."""
        return super().bytes_per_life() * (1 + len(self.free))

    def _first(self, source: Stream) -> Varied:
        life = super()._first(source)
        still = jax.tree.map(
            lambda x: jnp.zeros((len(self.free), *x.shape), x.dtype), (life.rules, life.worst)
        )
        return Varied(life, *still)

    def _later(
        self, values: jax.Array, source: Stream, life: Varied, first: jax.Array, trials: int
    ) -> tuple[Varied, tuple[jax.Array, jax.Array]]:
        def go_on(values: jax.Array, rules: States, worst: jax.Array) -> tuple[Any, Any]:
            before = life.life._replace(rules=rules, worst=worst)
            after, (rewards, _) = self.life.go_on(values, source, before, first, trials)
            return (after.rules, after.worst, rewards), (after, rewards)

        def along(direction: jax.Array, rules: States, worst: jax.Array) -> tuple[Any, Any]:
            here = values, life.life.rules, life.life.worst
            _, slopes, results = jax.jvp(go_on, here, (direction, rules, worst), has_aux=True)
            return slopes, results

        chosen = np.array([self.life.names.index(name) for name in self.free], int)
        directions = jnp.eye(len(values), dtype=values.dtype)[chosen]
        together = jax.vmap(along, out_axes=((0, 0, 1), None))
        (rules, worst, slopes), (after, rewards) = together(directions, life.rules, life.worst)
        return Varied(after, rules, worst), (rewards, slopes)


class DifferentiatedTrial(TrialRun):
    """A trial whose score is `<dR/dW, dW/dtheta>`, by one backward pass through its dynamics."""

    def run(
        self,
        states: States,
        memory: Any,
        values: Readings,
        network: Network,
        streams: Streams,
        number: jax.Array,
        condition: jax.Array,
    ) -> tuple[States, Any, jax.Array, jax.Array, jax.Array]:
        """See `TrialRun.run`."""
        after, later, reward, _, level = super().run(
            states, memory, values, network, streams, number, condition
        )
        steps = self.steps
        rules, studied = steps.rules, steps.rules.studied
        given = rules.given(values, condition, network)
        state = states[studied]

        def reward_of(weights: jax.Array) -> jax.Array:
            changed = {**states, studied: state | {WEIGHT: weights}}
            used, bias = rules.used(changed, given, network)
            here = Occasion(streams, condition, memory)
            return play(steps.circuit, self.task, used, bias, here).reward

        slope = jax.grad(reward_of)(state[WEIGHT])
        scores = {p: jnp.sum(slope * state[tangent_name(WEIGHT, p)]) for p in steps.moving}
        return after, later, reward, steps.by_parameter(scores, slope.dtype), level


class TrialDerivatives(Lives):
    """Lives whose `scores` are `<dR_k/dW_k, dW_k/dtheta>`, shape (L, K, P).

    Args:
        world: circuit, task and life.
        rule: the rule, compiled with tangents.
    """

    runs = DifferentiatedTrial

    def __init__(self, world: World, rule: CompiledRule) -> None:
        super().__init__(world, rule)
        if len(self.life.trial.steps.arrivals) > 1:
            raise ValueError(
                "rewards arrive at several times of a trial, and weights change between them, so "
                'that `pathwise` cannot take one trial at a time: use credit = "life"'
            )
        for name, one in self.life.rules.rules.items():
            if not rests(one):
                raise ValueError(
                    f"the {name} weights change before the reward of a trial, so that `pathwise` "
                    'cannot take one trial at a time: use `on reward:`, or credit = "life"'
                )


def rests(rule: CompiledRule) -> bool:
    """Whether a circuit uses the weights that are there before a trial until its reward."""
    starts = rule.tangents.system.events[Event.TRIAL_START]
    return not (rule.continuous or rule.rule.forward or any(e.name == WEIGHT for e in starts))


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
