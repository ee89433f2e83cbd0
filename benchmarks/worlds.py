"""Problems with a known answer, for the selection of terms: planted rules, and nothing at all."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

import jax
import numpy as np

from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.grammar import Rule, parse
from rulegen.ground.digests import inputs_digest
from rulegen.lives.batch import Batch
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.outcomes import Outcome
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation, DelayedMatch, Task


class Imitation(Lives):
    """Lives whose reward is how well they imitate what a planted rule does to the weights.

    With the weights W after the last trial, and those of the planted rule in the same life,

        R = - |W - (W* + noise)|^2 / |W* - W0|^2 ,

    so the parameters of the planted rule are the best there are, by construction.

    Args:
        world: circuit, task and life.
        rule: the family.
        planted: its parameters, shape (P,).
        noise: standard deviation of what is added to each planted weight, relative to the root
            mean square of its change.
    """

    #: No life fares worse.
    FLOOR = -4.0

    def __init__(self, world: World, rule: Rule, planted: np.ndarray, noise: float) -> None:
        super().__init__(world, compile_rule(rule))
        self.planted, self.noise = planted, noise
        self._models: dict[tuple[bytes, int], tuple[np.ndarray, np.ndarray]] = {}

    def weights(
        self, values: np.ndarray, key: jax.Array, count: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """The weights before and after each life, (L, N, N)."""
        parts = [
            (part.kept(part.life.network.weights), part.kept(part.life.learned.weights))
            for part in self.live(values, key, count)
        ]
        first, last = zip(*parts, strict=True)
        return np.concatenate(first).astype(float), np.concatenate(last).astype(float)

    def model(self, key: jax.Array, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The planted weights as they are seen, and the mean square of their change, (L,)."""
        seed = np.asarray(jax.random.key_data(key))
        name = (seed.tobytes(), count)
        if name not in self._models:
            first, last = self.weights(self.planted, key, count)
            size = np.mean((last - first) ** 2, axis=(1, 2))
            noise = np.random.default_rng(seed).standard_normal(last.shape)
            seen = last + self.noise * np.sqrt(size)[:, None, None] * noise
            self._models = {name: (seen, size)}
        return self._models[name]

    def run(
        self,
        values: np.ndarray,
        key: jax.Array,
        count: int,
        *,
        numbers: np.ndarray | None = None,
        tick: Callable[[int], None] | None = None,
    ) -> Batch:
        """See `Lives.run`; one reward for each life. Places that meet have lives from 0 on each."""
        if numbers is not None:
            ends = np.flatnonzero(numbers == 0)[1:]
            met = [self.run(part, key, len(part)) for part in np.split(values, ends)]
            return jax.tree.map(lambda *parts: np.concatenate(parts), *met)
        seen, size = self.model(key, count)
        _, last = self.weights(values, key, count)
        with np.errstate(over="ignore", invalid="ignore"):
            rewards = -np.mean((last - seen) ** 2, axis=(1, 2)) / size
        outcomes = np.where(np.isfinite(rewards), Outcome.OK, Outcome.DIVERGED)
        rewards = np.maximum(np.nan_to_num(rewards, nan=self.FLOOR), self.FLOOR)
        nothing = np.zeros(count, int)
        return Batch(rewards[:, None], nothing[:, None], np.zeros((count, 1, 0)), outcomes, nothing)

    def means(self, *lives: Any, **more: Any) -> np.ndarray:
        """See `Lives.means`."""
        return self.run(*lives, **more).means


class ImitationBench(Bench):
    """A family whose lives are rewarded for imitating one of its members."""

    def __init__(
        self, world: World, family: Rule, planted: dict[str, float], noise: float = 0.5
    ) -> None:
        super().__init__(world, family)
        self.lives = Imitation(world, self.rule, self.vector(planted), noise)

    @cached_property
    def identity(self) -> str:
        """See `Bench.identity`; results depend on what is imitated, too."""
        return inputs_digest([super().identity, self.lives.planted, self.lives.noise])

    @property
    def plain(self) -> Lives:  # type: ignore[override]
        """Lives without tangents, with which estimators must do."""
        return self.lives


class Problem(NamedTuple):
    """A family, and which of its terms are needed.

    Attributes:
        kind: what was planted.
        bench: the family in its world.
        truth: the terms, as text.
        seed: of the search.
    """

    kind: str
    bench: Bench
    truth: frozenset[str]
    seed: int


#: Signals of all families; time constants of 30 to 240 ms.
SIGNALS = """
u_bar <- 0.3*u_bar + 0.7*u : post
d = (u - u_bar)/0.2 : post
post_bar = lowpass(post, 200)
pre_bar = lowpass(pre, 200)
p_30 = lowpass(pre, 30)
p_60 = lowpass(pre, 60)
p_120 = lowpass(pre, 120)
p_240 = lowpass(pre, 240)
"""
#: Candidate terms among which the planted ones stand.
TERMS = (
    "xi*pre", "u*pre", "post*pre", "d*pre", "d**3*pre", "d", "post*pre**2", "post**2*pre",
    "(post - post_bar)*(pre - pre_bar)", "post*p_30", "post*p_60", "post*p_120", "post*p_240",
    "w", "w*post**2",
)  # fmt: skip


#: Beside `xi*pre`, which follows the gradient, terms that know nothing of a neuron's own
#: exploration at the time of its input.
BLIND = (
    "pre", "pre**2", "pre**3", "pre_bar", "p_30", "p_60", "p_120", "p_240", "pre*pre_bar",
    "pre_bar**2", "p_60**2", "xi",
)  # fmt: skip


def family(terms: tuple[str, ...], update: str, start: float = 0.0) -> Rule:
    """A free coefficient in front of each term of the eligibility."""
    lines = [f"param theta_{i} = {start} in [-4, 4] free" for i in range(1, len(terms) + 1)]
    sum_of_terms = " + ".join(f"theta_{i}*{term}" for i, term in enumerate(terms, 1))
    used = [s for s in SIGNALS.strip().splitlines() if used_in(s.split()[0], sum_of_terms)]
    return parse(
        "\n".join([*lines, *used, f"de/dt = {sum_of_terms} : synapse", "on trial start: e <- 0"])
        + f"\non reward: w += {update}\n"
    )


def used_in(name: str, text: str) -> bool:
    """Whether a signal, or one that is made of it, stands in a text."""
    return name in text or (name == "u_bar" and "d" in text)


#: What the imitated rule does with its eligibility, whatever the reward.
PLAIN = "clip(0.0004*e, -0.1, 0.1)"
#: What a rule that learns does with it.
REWARDED = "clip(9.13e-4*(R - R_bar[condition])*e, -0.02, 0.02)"

#: What is planted, by kind: terms and coefficients of several problems.
PLANTED: dict[str, tuple[dict[str, float], ...]] = {
    "covariance": (
        {"(post - post_bar)*(pre - pre_bar)": 1.0},
        {"(post - post_bar)*(pre - pre_bar)": -1.2},
        {"(post - post_bar)*(pre - pre_bar)": 1.5, "d": 0.2},
        {"(post - post_bar)*(pre - pre_bar)": 1.0, "xi*pre": 1.0},
    ),
    "supralinear power": (
        {"d**3*pre": 0.5},
        {"d**3*pre": -0.8},
        {"d**3*pre": 0.6, "post*pre": 1.0},
        {"d**3*pre": 0.5, "w": 0.6},
    ),
    "decay time": (
        {"post*p_30": 1.2},
        {"post*p_60": 1.2},
        {"post*p_120": -1.5},
        {"post*p_240": 1.5},
    ),
    "weight-dependent": (
        {"post*pre": 1.0, "w*post**2": -1.5},
        {"w": -1.0},
        {"w*post**2": 1.5},
        {"u*pre": 1.0, "w": -0.8},
    ),
}


def planted() -> list[Problem]:
    """Twenty problems whose best terms are known, by theory (`xi*pre`) or by construction."""
    problems = []
    tasks: tuple[tuple[Task, int], ...] = (
        (DelayedAssociation(), 24), (DelayedAssociation(delay=120.0), 24),
        (DelayedMatch(), 24), (DelayedMatch(delay=30.0), 24),
    )  # fmt: skip
    for seed, (task, neurons) in enumerate(tasks, 1):
        world = World(
            circuit=RateCircuit(neurons=neurons), task=task, life=LifeSettings(trials=150)
        )
        bench = Bench(world, family(("xi*pre", *BLIND), REWARDED, start=0.05))
        problems.append(Problem("node perturbation", bench, frozenset({"xi*pre"}), seed))
    for kind, members in PLANTED.items():
        for seed, truth in enumerate(members, 1):
            rule = family(TERMS, PLAIN)
            names = {t.text: t.coefficient for t in rule.terms()}
            world = World(
                circuit=RateCircuit(neurons=16 + 4 * seed),
                task=DelayedAssociation(),
                life=LifeSettings(trials=8, warmup=0),
            )
            values = {names[parse_term(text)]: value for text, value in truth.items()}
            bench = ImitationBench(world, rule, values)
            problems.append(Problem(kind, bench, frozenset(map(parse_term, truth)), seed))
    return problems


def parse_term(text: str) -> str:
    """A term as the rule language prints it."""
    (term,) = family((text,), "e").terms()
    return term.text


#: Terms that move the weights about at random: odd in a noise that is independent of the rest.
AIMLESS = (
    "xi*pre", "xi*pre**2", "xi*abs(pre)", "xi*pre_bar", "xi*p_30", "xi*p_240", "xi", "xi*w",
    "xi**3*pre", "xi**3", "xi*post_bar", "xi*u_bar", "xi*pre*abs(w)", "xi**3*p_60",
)  # fmt: skip


def nothing() -> list[Problem]:
    """Twenty problems in which no term is of use: weights walk at random, rewarded or not."""
    tasks: tuple[Task, ...] = (
        DelayedAssociation(), DelayedMatch(), DelayedAssociation(delay=120.0),
        DelayedMatch(delay=30.0),
    )  # fmt: skip
    problems = []
    for seed in range(20):
        world = World(
            circuit=RateCircuit(neurons=16 + 4 * (seed % 3)),
            task=tasks[seed % len(tasks)],
            life=LifeSettings(trials=60),
        )
        rng = np.random.default_rng(seed)
        terms = tuple(rng.choice(AIMLESS, 12, replace=False).tolist())
        bench = Bench(world, family(terms, "clip(0.0004*e, -0.1, 0.1)", start=0.05))
        problems.append(Problem(world.task.name, bench, frozenset(), seed))
    return problems
