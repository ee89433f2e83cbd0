"""One rule in several worlds, judged by one number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from functools import cached_property

import jax
import numpy as np

from rulegen.grammar import AnyRule, ConfigError, RulegenError, as_rule
from rulegen.grammar.rule.timing import with_shortest_times
from rulegen.ground.digests import inputs_digest
from rulegen.ground.keys import branch
from rulegen.ground.progress import Tick
from rulegen.lives.batch import Lot
from rulegen.lives.bench import Bench
from rulegen.lives.outcomes import worst
from rulegen.lives.world import World
from rulegen.objective.aim import Aim


def key_of(key: jax.Array, number: int) -> jax.Array:
    """The random numbers of world `number`; those of the first are the key itself.

    Example:
        >>> from rulegen.ground.keys import origin
        >>> key_of(origin(3), 0) == origin(3)
        Array(True, dtype=bool)
    """
    return branch(key, number) if number else key


class Joint:
    """A rule on a bench in each of several worlds, and what they make of it together.

    Life i is lived in every world, by random numbers of its own in each; so a life is the
    independent unit of every comparison, and what is said of `rulegen.Bench` holds here: `fit`,
    `refine`, selection and search do not know the number of worlds.

    Args:
        worlds: by name.
        rule: the rule, its text, or what has one; every parameter needs a value.
        aim: how their rewards become one number.

    Attributes:
        rule: with bounds that keep times no shorter than the longest step of all worlds.
        values, names, free, free_names, bounds: as of a `Bench`.

    Raises:
        ConfigError: when the rule does not run in a world; the message names it.

    Example:
        >>> from rulegen.grammar import parse
        >>> from rulegen.circuits import RateCircuit
        >>> from rulegen.lives.life import LifeSettings
        >>> from rulegen.tasks import DelayedAssociation
        >>> world = World(circuit=RateCircuit(neurons=4), task=DelayedAssociation(),
        ...               life=LifeSettings(trials=3, warmup=0))
        >>> larger = world.model_copy(update={"circuit": RateCircuit(neurons=6)})
        >>> rule = "param eta = 0.01 free\\non reward: w += eta*R*pre*post"
        >>> both = Joint({"small": world, "large": larger}, rule, Aim.of_rewards([1.0, 1.0]))
        >>> both.rewards(both.values, jax.random.key(0), 5).shape
        (5,)
    """

    def __init__(self, worlds: Mapping[str, World], rule: AnyRule, aim: Aim) -> None:
        rule = as_rule(rule)
        rule = with_shortest_times(rule, max(world.circuit.dt for world in worlds.values()))
        self._judge({name: bench_in(name, world, rule) for name, world in worlds.items()}, aim)

    @classmethod
    def of(cls, benches: Mapping[str, Bench], aim: Aim) -> Joint:
        """One rule on benches that are there already.

        Args:
            benches: of one rule with the same bounds, by the name of the world.
            aim: how their rewards become one number.
        """
        joint = cls.__new__(cls)
        joint._judge(benches, aim)
        return joint

    def _judge(self, benches: Mapping[str, Bench], aim: Aim) -> None:
        """Take what all benches have in common from the first of them."""
        if len(benches) != len(aim.weights):
            raise ValueError(f"{len(benches)} worlds, and an aim of {len(aim.weights)}")
        self.aim, self.benches = aim, dict(benches)
        self._benches = first, *_ = tuple(benches.values())
        self.rule, self.values, self.names = first.rule, first.values, first.names
        self.free, self.free_names, self.bounds = first.free, first.free_names, first.bounds

    def __repr__(self) -> str:
        return f"<Joint of {len(self.benches)} worlds: {self.rule!r}>"

    def aimed(self, aim: Aim) -> Joint:
        """The same rule in the same worlds, of which something else is made."""
        other = copy(self)
        other.aim = aim
        other.__dict__.pop("identity", None)
        return other

    @cached_property
    def identity(self) -> str:
        """16 hexadecimal digits of rule, worlds and aim, on which all results here depend."""
        return inputs_digest([[bench.identity for bench in self._benches], list(self.aim)])

    def vector(self, values: Mapping[str, float]) -> np.ndarray:
        """The parameter vector with some values replaced."""
        return self._benches[0].vector(values)

    def rewards(
        self,
        places: np.ndarray | Sequence[np.ndarray],
        key: jax.Array,
        lives: int,
        tick: Tick | None = None,
    ) -> np.ndarray:
        """See `Objective.rewards`; each life is lived in every world."""
        places = np.asarray(places, float)
        total = lives * len(np.atleast_2d(places))
        return self.joined(
            np.array(
                [
                    bench.rewards(places, key_of(key, n), lives, self._tick(tick, n, total))
                    for n, bench in enumerate(self._benches)
                ]
            )
        )

    def meet(
        self,
        places: Sequence[np.ndarray],
        key: jax.Array,
        lives: int,
        tick: Tick | None = None,
        *,
        strict: bool = False,
    ) -> list[Lot]:
        """See `Objective.meet`; a life that ended badly in any world did so."""
        total = lives * len(places)
        found = [
            bench.meet(places, key_of(key, n), lives, self._tick(tick, n, total), strict=strict)
            for n, bench in enumerate(self._benches)
        ]
        return [
            Lot(
                self.joined(np.array([lot.rewards for lot in lots])),
                worst([lot.outcomes for lot in lots]),
            )
            for lots in zip(*found, strict=True)
        ]

    def slopes(self, means: Sequence[float] | np.ndarray) -> np.ndarray:
        """See `Objective.slopes`."""
        return self.aim.slopes(means)

    def joined(self, rewards: np.ndarray) -> np.ndarray:
        """See `Objective.joined`."""
        return self.aim.joined(rewards)

    def _tick(self, tick: Tick | None, number: int, total: int) -> Tick | None:
        """Of lives in every world: those of this one are a part of them."""
        worlds = len(self._benches)
        return None if tick is None else lambda done: tick((number * total + done) // worlds)


@contextmanager
def blamed(who: str) -> Iterator[None]:
    """Says of which rule or world an error is; "" where that needs no words.

    Raises:
        ConfigError: in place of the error.
    """
    try:
        yield
    except (RulegenError, ValueError) as error:
        if not who:
            raise
        raise ConfigError(f"{who}: " + "; ".join(str(error).splitlines())) from None


def bench_in(name: str, world: World, rule: AnyRule) -> Bench:
    """A rule in a world, checked.

    Raises:
        ConfigError: when it does not run there; the message names the world.
    """
    with blamed(f"world `{name}`"):
        return Bench(world, rule).checked()
