"""The arena: every structure of a space where a search takes place, in one program a world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from functools import cache
from typing import NamedTuple

import jax
import numpy as np

from rulegen.fitting.yardstick import Mark
from rulegen.grammar import Basis, Parameter, Rule, RuleError, Space, Structure
from rulegen.grammar.printing.sums import NO_TERM, weighted_sum
from rulegen.grammar.rule.timing import with_shortest_times
from rulegen.ground.progress import Tick
from rulegen.lives.batch import Lot
from rulegen.lives.bench import Bench
from rulegen.lives.world import World
from rulegen.objective import Objective
from rulegen.publishing.places import Places
from rulegen.publishing.purpose import objective_of, scaled

#: Sizes of a coefficient, and shares of the default of a time constant, that are drawn.
SIZES, SHARES = (0.05, 3.0), (1 / 3, 3.0)


class Point(NamedTuple):
    """A structure with a value for each of its parameters.

    Attributes:
        structure: the formulas.
        parameters: values of the free parameters of its rule, by name.
    """

    structure: Structure
    parameters: Mapping[str, float]

    @property
    def words(self) -> str:
        """Its terms with their coefficients, for people."""
        values = self.parameters
        terms = self.structure.numbered
        return weighted_sum((values.get(f"theta_{n}", 0.0), b.text) for n, b in terms) or NO_TERM

    @property
    def identity(self) -> list:
        """What rewards of the point depend on, beside its arena."""
        return [self.structure.text, dict(self.parameters)]


class Arena:
    """Runs points of a space: all under one key meet the same networks and noise.

    Args:
        space: of rules.
        where: a world, or the worlds of a run.

    Raises:
        RuleError: a term of the space has no slot, see `rulegen.grammar.space.slots`.

    Example:
        >>> from rulegen.grammar import load_space
        >>> from rulegen.circuits import RateCircuit
        >>> from rulegen.lives.life import LifeSettings
        >>> from rulegen.tasks import DelayedAssociation
        >>> world = World(circuit=RateCircuit(neurons=4), task=DelayedAssociation(),
        ...               life=LifeSettings(trials=3, warmup=0))
        >>> space = load_space()
        >>> arena = Arena(space, world)
        >>> points = [arena.default(space.structure(term)) for term in space.terms[:2]]
        >>> arena.rewards(points, jax.random.key(0), 5).shape
        (2, 5)
    """

    def __init__(self, space: Space, where: World | Places) -> None:
        self.space, self.where, self.marks = space, where, dict[str, Mark]()
        self.slots = space.slots()
        self.objective = self.living(self.slots.rule)
        self.free = cache(_free)

    def living(self, rule: Rule) -> Objective:
        """Another rule where this search takes place."""
        if isinstance(self.where, World):
            return Bench(self.where, rule)
        return scaled(self.where, objective_of(self.where, rule), self.marks)

    def on_scale(self, marks: Mapping[str, Mark]) -> Arena:
        """The same arena with rewards on a scale, see `rulegen.publishing.purpose`."""
        if isinstance(self.where, World):
            return self
        other = copy(self)
        other.marks = dict(marks)
        other.objective = scaled(self.where, self.objective, marks)
        return other

    @property
    def identity(self) -> str:
        """Digest of the slots and the world, see `Bench.identity`."""
        return self.objective.identity

    def default(self, structure: Structure) -> Point:
        """A structure with the values that its space starts from."""
        return Point(structure, {p.name: start(p) for p in self.free(structure)})

    def vector(self, point: Point) -> np.ndarray:
        """All parameters of the slots that make them this point, shape (P,)."""
        return self.objective.vector(self.slots.values(point.structure, point.parameters))

    def meet(
        self, points: Sequence[Point], key: jax.Array, lives: int, tick: Tick | None = None
    ) -> list[Lot]:
        """The lives of each point, all of them run at once; arguments as of `rewards`."""
        return self.objective.meet([self.vector(point) for point in points], key, lives, tick)

    def rewards(
        self, points: Sequence[Point], key: jax.Array, lives: int, tick: Tick | None = None
    ) -> np.ndarray:
        """The number of each life of each point, see `Objective`, shape (points, lives).

        Args:
            points: as many as one likes; all of them are one batch.
            key: of the lives.
            lives: of each point.
            tick: called with the number of lives finished so far.
        """
        return self.objective.rewards([self.vector(point) for point in points], key, lives, tick)

    def draw(self, structure: Structure, rng: np.random.Generator) -> Point:
        """A structure with random values, evenly distributed on logarithmic scales."""
        values = {}
        for p in self.free(structure):
            if p.lower > 0:
                values[p.name] = start(p) * np.exp(rng.uniform(*np.log(SHARES)))
            else:
                values[p.name] = rng.choice((-1.0, 1.0)) * np.exp(rng.uniform(*np.log(SIZES)))
        return self.within(Point(structure, values))

    def near(
        self, point: Point, rng: np.random.Generator, spread: float, flips: float = 0.0
    ) -> Point:
        """A point around another one.

        Args:
            point: the other one.
            rng: the source of randomness.
            spread: standard deviation of the logarithm of every value.
            flips: probability that a coefficient changes its sign.
        """
        values = {}
        for name, value in point.parameters.items():
            turned = name.startswith("theta") and rng.random() < flips
            values[name] = value * np.exp(spread * rng.standard_normal()) * (-1 if turned else 1)
        return self.within(Point(point.structure, values))

    def within(self, point: Point) -> Point:
        """The point, with every value kept within its bounds, which are those of its rule here."""
        names, bounds = self.objective.names, self.objective.bounds
        kept = {n: np.clip(v, *bounds[:, names.index(n)]) for n, v in point.parameters.items()}
        return Point(point.structure, {name: float(value) for name, value in kept.items()})

    def rule(self, point: Point) -> Rule:
        """The rule of a point, with time constants that no step of a world is longer than."""
        step = self.where.circuit.dt if isinstance(self.where, World) else self.where.step
        return with_shortest_times(point.structure.rule(point.parameters), step)

    def compose(self, structure: Structure, parts: Mapping[Basis, Mapping[str, float]]) -> Point:
        """A structure whose terms bring the values that they have elsewhere, where they have any.

        Args:
            structure: the formulas.
            parts: values of terms, as `split` gives them.
        """
        values = dict(self.default(structure).parameters)
        for number, basis in structure.numbered:
            for stem, value in parts.get(basis, {}).items():
                values[f"{stem}_{number}"] = value
        return Point(structure, values)


def split(point: Point) -> dict[Basis, dict[str, float]]:
    """The values of each term, by their names without the number of the term.

    Example:
        >>> from rulegen.grammar import load_space
        >>> term = load_space().terms[1]
        >>> point = Point(load_space().structure(term), {"theta_1": 0.5, "tau_pre_1": 20.0})
        >>> list(split(point).values())
        [{'theta': 0.5, 'tau_pre': 20.0}]
    """
    found: dict[Basis, dict[str, float]] = {}
    for number, basis in point.structure.numbered:
        own = {n: v for n, v in point.parameters.items() if n.rpartition("_")[2] == str(number)}
        found[basis] = {name.rpartition("_")[0]: value for name, value in own.items()}
    return found


def start(parameter: Parameter) -> float:
    """The value that a parameter starts with."""
    if parameter.value is None:
        raise RuleError(f"the parameter `{parameter.name}` has no value")
    return float(parameter.value)


def _free(structure: Structure) -> tuple[Parameter, ...]:
    return structure.rule().free
