"""Values for rules that are to be compared: a random search with one stated budget for all.

A rule with the numbers of its paper earns what these numbers are worth on another task, which says
nothing of the rule. So whoever competes is tuned first, each for itself, on lives that nobody is
judged on: in every round some points meet on common lives, the first of them where the rule stands,
and the next round draws around the best.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

import jax
import numpy as np

from rulegen.grammar import Rule
from rulegen.grammar.matching.outline import strengths
from rulegen.ground.progress import Progress, Report, silent, ticks
from rulegen.objective import Objective

Contestant = TypeVar("Contestant")
Point = TypeVar("Point")


class Budget(NamedTuple):
    """What each contestant may spend.

    Attributes:
        rounds: points and lives of each, round by round.
    """

    rounds: tuple[tuple[int, int], ...]

    @property
    def lives(self) -> int:
        """The lives of each contestant in all rounds.

        Example:
            >>> Budget(((12, 64), (8, 128))).lives
            1792
        """
        return sum(points * lives for points, lives in self.rounds)

    def __str__(self) -> str:
        rounds = ", ".join(f"{points} points on {lives}" for points, lives in self.rounds)
        return f"{self.lives} lives each ({rounds})"


#: What structures of a search get, whose coefficients have a scale of their own,
SEARCH = Budget(((12, 64), (8, 128), (6, 256)))
#: and what rules get whose learning rates may be wrong by orders of magnitude.
COMPARE = Budget(((32, 16), (12, 32), (8, 64)))
#: Shares of the default between which learning rates are drawn by a common factor, and the factor
#: within which every value is.
RATES, FACTOR = (1e-3, 10.0), 3.0


class Draws(NamedTuple):
    """How points of contestants are found.

    Attributes:
        start: where a contestant stands. draw: a point anywhere. near: one around another, given
            the standard deviation of the logarithm of its values.
    """

    start: Callable
    draw: Callable
    near: Callable


def tune(
    contestants: Sequence[Contestant],
    draws: Draws,
    score: Callable[[list[tuple[Contestant, Point]], int], np.ndarray],
    rng: np.random.Generator,
    budget: Budget,
) -> dict[Contestant, tuple[Point, float]]:
    """The best point of each contestant and what it earned in the last round.

    Args:
        contestants: who is tuned, each for itself.
        draws: `start(contestant)`, `draw(contestant, rng)` and `near(contestant, point, rng,
            spread)`.
        score: mean rewards of points with their contestants, on so many fresh common lives.
        rng: the source of randomness.
        budget: of each.

    Example:
        >>> draws = Draws(lambda c: 5.0, lambda c, rng: rng.normal(), lambda c, x, rng, s:
        ...               x + s*rng.normal())
        >>> found = tune(["a"], draws, lambda points, lives: [-(x - 1)**2 for _, x in points],
        ...              np.random.default_rng(0), Budget(((8, 1), (8, 1))))
        >>> abs(found["a"][0] - 1) < 0.3
        True
    """
    best: dict[Contestant, tuple[Point, float]] = {}
    for number, (count, lives) in enumerate(budget.rounds):
        spread = 0.5 / max(1, number)
        points = [(c, best[c][0] if number else draws.start(c)) for c in contestants]
        points += [
            (c, draws.near(c, best[c][0], rng, spread) if number else draws.draw(c, rng))
            for c in contestants
            for _ in range(count - 1)
        ]
        best = {}
        for (c, point), reward in zip(points, score(points, lives), strict=True):
            if c not in best or reward > best[c][1]:
                best[c] = point, float(reward)
    return best


def opened(rule: Rule) -> Rule:
    """The rule with every parameter that has a value other than 0 free to move."""
    return replace(rule, parameters=tuple(replace(p, free=bool(p.value)) for p in rule.parameters))


def tuned_values(
    objective: Objective,
    key: jax.Array,
    budget: Budget = COMPARE,
    report: Report = silent,
    stage: str = "tune",
) -> np.ndarray:
    """Values of the parameters of a rule at which it earns much where it lives, shape (P,).

    The first point is the rule as it is; parameters keep their bounds and signs, and one that is 0
    stays 0. Everything is drawn between a third and three times its value, but for learning rates
    (`outline.strengths`): one factor between 1/1000 and 10 is common to all of them, and stands
    alone where there is one.

    Args:
        objective: the rule, `opened`, where it lives.
        key: of the lives of this tuning.
        budget: points and lives.
        report: told of finished lives.
        stage: how the report calls it.

    Example:
        >>> from rulegen.grammar import parse
        >>> from rulegen.circuits import RateCircuit
        >>> from rulegen.lives.bench import Bench
        >>> from rulegen.lives.life import LifeSettings
        >>> from rulegen.lives.world import World
        >>> from rulegen.tasks import DelayedAssociation
        >>> world = World(circuit=RateCircuit(neurons=4), task=DelayedAssociation(),
        ...               life=LifeSettings(trials=3, warmup=0))
        >>> hebb = parse("param eta = 0.1 in [0, 1]\\ndw/dt = eta*post*pre")
        >>> hebb = Bench(world, opened(hebb))
        >>> tuned_values(hebb, jax.random.key(0), Budget(((3, 2), (2, 2)))).shape
        (1,)
    """
    own = strengths(objective.rule)
    fast = [i for i, name in enumerate(objective.names) if name in own]
    done = 0

    def draw(_: None, rng: np.random.Generator) -> np.ndarray:
        factors = FACTOR ** rng.uniform(-1.0, 1.0, len(objective.names))
        common = np.exp(rng.uniform(*np.log(RATES)))
        factors[fast] = common * (factors[fast] if len(fast) > 1 else 1.0)
        return within(objective.values * factors)

    def near(_: None, point: np.ndarray, rng: np.random.Generator, spread: float) -> np.ndarray:
        return within(point * np.exp(spread * rng.standard_normal(len(point))))

    def within(point: np.ndarray) -> np.ndarray:
        moving = np.clip(point, *objective.bounds)
        return np.where(objective.values == 0, objective.values, moving)

    def score(points: list[tuple[None, np.ndarray]], lives: int) -> np.ndarray:
        nonlocal done
        tick = ticks(report, stage, done, budget.lives, 1)
        fresh = jax.random.fold_in(key, done)
        met = objective.meet([p for _, p in points], fresh, lives, tick, strict=True)
        done += len(points) * lives
        return np.array([lot.rewards.mean() for lot in met])

    report(Progress(stage, 0, budget.lives))
    if not objective.names:
        return objective.values
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    found = tune([None], Draws(lambda _: objective.values, draw, near), score, rng, budget)
    return found[None][0]
