"""A rule in its world, with the programs that run it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import jax
import numpy as np

from rulegen.compile import compile_rule
from rulegen.grammar import AnyRule, RuleError, as_rule
from rulegen.grammar.rule.held import held
from rulegen.grammar.rule.timing import check_steps, with_shortest_times
from rulegen.ground.digests import inputs_digest
from rulegen.ground.progress import Tick
from rulegen.lives.answers import AnsweredLives
from rulegen.lives.batch import Batch, Lot
from rulegen.lives.foreign import valued
from rulegen.lives.many import Lives
from rulegen.lives.outcomes import Outcome
from rulegen.lives.world import World


class Bench:
    """Holds the compiled programs of one rule, so that nothing is compiled twice.

    Args:
        world: circuit, task and life.
        rule: the rule, its text, or what has one; every parameter needs a value.

    Raises:
        RuleError: when a parameter has no value, or a time constant does not fit the step.
    """

    def __init__(self, world: World, rule: AnyRule) -> None:
        rule = as_rule(rule)
        self.world = world
        for parameter in rule.parameters:
            if parameter.value is None:
                raise RuleError(
                    f"the parameter `{parameter.name}` has no value",
                    remedy=valued(parameter.name, world.projections.companions),
                )
        values = {p.name: float(p.value) for p in rule.parameters if p.value is not None}
        check_steps(rule, values, world.circuit.dt)
        self.rule = with_shortest_times(rule, world.circuit.dt)
        self.values = np.array(list(values.values()), float)
        self.names = list(values)
        self.free = np.array([i for i, p in enumerate(self.rule.parameters) if p.free], int)
        self.free_names = [self.names[i] for i in self.free]
        limits = [(p.lower, p.upper) for p in self.rule.parameters]
        self.bounds = np.array(limits, float).reshape(-1, 2).T
        self._programs: dict[object, Lives] = {}

    def __repr__(self) -> str:
        circuit, task = self.world.circuit, self.world.task
        return f"<Bench of {circuit.neurons} neurons, {task.name}: {self.rule!r}>"

    @cached_property
    def identity(self) -> str:
        """16 hexadecimal digits of the rule and the world, on which all results here depend."""
        return inputs_digest([self.world, self.rule.text()])

    @cached_property
    def plain(self) -> Lives:
        """Lives without tangents."""
        return Lives(self.world, compile_rule(self.rule))

    @cached_property
    def answered(self) -> Lives:
        """Lives without tangents of which one knows what the circuit answered."""
        return AnsweredLives(self.world, compile_rule(self.rule))

    def checked(self) -> Bench:
        """The bench itself, once its program is made: what cannot run is refused early.

        Raises:
            ValueError: when the rule does not fit the circuit and the task.
        """
        assert self.plain
        return self

    def program(self, kind: object, make: Callable[[], Lives]) -> Lives:
        """Lives of a kind of their own, made by the first who asks and shared with all others."""
        if kind not in self._programs:
            self._programs[kind] = make()
        return self._programs[kind]

    def vector(self, values: Mapping[str, float]) -> np.ndarray:
        """The parameter vector with some values replaced.

        Raises:
            ValueError: when the rule has no such parameter.
        """
        result = self.values.copy()
        for name, value in values.items():
            if name not in self.names:
                raise ValueError(f"the rule has no parameter `{name}`: it has {self.names}")
            result[self.names.index(name)] = value
        return result

    def rewards(
        self,
        places: np.ndarray | Sequence[np.ndarray],
        key: jax.Array,
        lives: int,
        tick: Tick | None = None,
    ) -> np.ndarray:
        """Mean reward per trial of each life, shape (lives,), or (n, lives) of n places.

        All of them run at once, and of each life no more than this is kept.

        Args:
            places: a parameter vector, shape (P,), or several.
            key: of the lives, which all places meet.
            lives: of each place.
            tick: called with the number of lives finished so far.

        Raises:
            ValueError: when a vector has another number of values than the rule has parameters.
        """
        places = np.asarray(places, float)
        if places.shape[-1:] != (len(self.names),):
            raise ValueError(
                f"{places.shape[-1] if places.ndim else 1} values of the {len(self.names)} "
                f"parameters {self.names}: give one for each"
            )
        vectors, numbers = met(np.atleast_2d(places), lives)
        means = self.plain.means(vectors, key, len(numbers), numbers=numbers, tick=tick)
        return means.reshape(*places.shape[:-1], lives)

    def meet(
        self,
        places: Sequence[np.ndarray],
        key: jax.Array,
        lives: int,
        tick: Tick | None = None,
        *,
        strict: bool = False,
    ) -> list[Lot]:
        """The lives at each place and how they ended, all of them run at once.

        Args:
            places: parameter vectors, each of shape (P,).
            key: of the lives, which all places meet.
            lives: of each place.
            tick: called with the number of lives finished so far.
            strict: whether a life that diverged has its floor from its beginning, since it has not
                learned, whatever it earned on the way.
        """
        vectors, numbers = met(places, lives)
        batch = self.plain.run(vectors, key, len(numbers), numbers=numbers, tick=tick)
        lost = batch.outcomes == Outcome.DIVERGED if strict else False
        rewards = np.where(lost, self.world.life.floor, batch.means)
        shape = len(places), lives
        pairs = zip(rewards.reshape(shape), batch.outcomes.reshape(shape), strict=True)
        return [Lot(*pair) for pair in pairs]

    @property
    def benches(self) -> Mapping[str, Bench]:
        """Itself: see `rulegen.objective.Objective`."""
        return {"": self}

    def slopes(self, means: Sequence[float] | np.ndarray) -> np.ndarray:
        """See `rulegen.objective.Objective`: one world's reward is the objective."""
        return np.ones(len(means))

    def joined(self, rewards: np.ndarray) -> np.ndarray:
        """See `rulegen.objective.Objective`: one world's reward is the objective."""
        return np.asarray(rewards, float)[0]

    def run(
        self,
        values: np.ndarray,
        key: jax.Array,
        lives: int,
        tick: Tick | None = None,
    ) -> Batch:
        """Lives without tangents, of one parameter vector or one for each life."""
        return self.plain.run(values, key, lives, tick=tick)


def no_learning(world: World, rule: AnyRule) -> Bench:
    """A rule where it teaches nothing: circuits stay as they begin.

    Weights are held through the whole life; and so are the states of rules that act by `forward`
    lines, on the circuit at once and not by its weights.

    Args:
        world: where the rule lives. rule: see `Bench`.

    Example:
        >>> from rulegen.circuits import RateCircuit
        >>> from rulegen.tasks import DelayedAssociation
        >>> world = World(circuit=RateCircuit(neurons=4), task=DelayedAssociation())
        >>> rule = "h <- h : synapse\\non reward: h += R*pre*post\\nforward w = w + 0.1*h"
        >>> print(no_learning(world, rule).rule.text(), end="")
        h <- h  : synapse
        forward w = 0.1*h + w
    """
    return Bench(world.unlearned, held(as_rule(rule)))


def met(places: np.ndarray | Sequence[np.ndarray], lives: int) -> tuple[np.ndarray, np.ndarray]:
    """The parameters and the number of each life where all places meet the same lives.

    Example:
        >>> met([np.array([0.5]), np.array([0.7])], 2)[1]
        array([0, 1, 0, 1])
    """
    vectors = np.repeat(np.asarray(places, float), lives, axis=0)
    return vectors, np.tile(np.arange(lives), len(places))
