"""Meta-fitting: gradient ascent of the expected reward over the free parameters of a rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import jax
import numpy as np
import optax
from pydantic import Field

from rulegen.catalog.records.fields import MOST_LIVES
from rulegen.estimators import AnyEstimator, Estimator, MetaGradient
from rulegen.estimators.coordinates import Coordinates
from rulegen.estimators.together import meta_gradient, prepared
from rulegen.grammar import RunError
from rulegen.ground.journal import Journal
from rulegen.ground.keys import Branch
from rulegen.ground.settings import MOST_TOGETHER, Settings
from rulegen.ground.stage import KEPT, Stage, place_of
from rulegen.ground.statistics import paired_difference
from rulegen.objective import Objective


class Phase(Settings):
    """A stretch of iterations with one estimator.

    Attributes:
        estimator: how the meta-gradient is estimated.
        iterations: number of gradient steps.
        rate: step size of Adam, in units of the parameters; it falls to a tenth by a cosine.
        trust: a reward that falls more than this many standard errors below the best so far sends
            the fit back there with half the step size.
        choice_lives: lives on which the phase's candidates are compared at its end.
        signal: a gradient whose signal-to-noise is below this doubles the lives of the estimates
            that follow; 0: never.
        most_lives: no estimate takes more lives than this.
        plateau: every so many iterations the fit meets held-out lives, `choice_lives` of them, and
            the phase ends when it has not gained since the last time; 0: never.
        starts: how often the phase begins, first where it is and then at places around it.
        spread: standard deviation of these places, in the coordinates of the fit.
    """

    estimator: AnyEstimator
    iterations: int = Field(20, ge=1)
    rate: float = Field(0.05, gt=0)
    trust: float = Field(3.0, gt=0)
    choice_lives: int = Field(256, ge=2, le=MOST_LIVES)
    signal: float = Field(0.0, ge=0)
    most_lives: int = Field(4096, ge=2, le=MOST_LIVES)
    plateau: int = Field(0, ge=0)
    starts: int = Field(1, ge=1, le=MOST_TOGETHER)
    spread: float = Field(0.2, gt=0)


class FitState(NamedTuple):
    """The evolving state of a phase.

    Attributes:
        values: all parameters of the rule; only the free ones move.
        optimiser: state of Adam.
        scale: factor on the step size, halved at each return to the best point.
        best: values with the best reward so far, that reward and its standard error.
        lives: of the next estimate, in the mean over worlds.
        shares: of all these lives that each world has, see `MetaGradient`.
    """

    values: np.ndarray
    optimiser: optax.OptState
    scale: float
    best: tuple[np.ndarray, float, float]
    lives: int
    shares: tuple[float, ...] = ()


def adam() -> optax.GradientTransformation:
    """Adam without a step size of its own; the phase scales its directions."""
    return optax.scale_by_adam()


def init(values: np.ndarray, free: np.ndarray, phase: Phase) -> FitState:
    """The state before the first iteration."""
    best = (values, -np.inf, 0.0)
    return FitState(values, adam().init(values[free]), 1.0, best, phase.estimator.lives)


def step(
    state: FitState,
    phase: Phase,
    free: np.ndarray,
    coordinates: Coordinates,
    number: int,
    estimate: MetaGradient,
) -> FitState:
    """One iteration: trust-region test, Adam step uphill, projection on the bounds, more lives.

    Args:
        state: before the iteration.
        phase: its settings.
        free: indices of the parameters that move.
        coordinates: in which the step is taken; they know the bounds.
        number: of the iteration, from 0.
        estimate: the meta-gradient at `state.values`.
    """
    lives = state.lives
    if estimate.signal_to_noise < phase.signal:
        lives = max(lives, min(2 * lives, phase.most_lives))
    best_values, best_reward, best_error = state.best
    error = float(np.hypot(estimate.reward_error, best_error))
    if estimate.reward < best_reward - phase.trust * error:
        fresh = adam().init(best_values[free])
        return FitState(best_values, fresh, state.scale / 2.0, state.best, lives, estimate.shares)
    best = state.best
    if estimate.reward > best_reward:
        best = (state.values, estimate.reward, estimate.reward_error)
    cosine = 0.5 * (1.0 + np.cos(np.pi * number / phase.iterations))
    rate = phase.rate * state.scale * (0.1 + 0.9 * cosine)
    direction, optimiser = adam().update(estimate.gradient, state.optimiser)
    place = coordinates.inward(state.values)
    place[free] += rate * np.asarray(direction, float)
    place = coordinates.outward(place)
    return FitState(place, optimiser, state.scale, best, lives, estimate.shares)


def run_phase(
    objective: Objective,
    phase: Phase,
    values: np.ndarray,
    free: np.ndarray,
    stage: Stage,
) -> np.ndarray:
    """Run one phase and return the values that the evidence supports.

    The candidates at the end are, from every start, the start itself, the best iterate, the last
    one and the mean over the last third; they meet on the same fresh lives, and the one with the
    highest reward is returned.

    Args:
        objective: the rule where it lives.
        phase: settings.
        values: where to start, all parameters of the rule.
        free: indices of the parameters that move.
        stage: its random numbers, and where results are kept under its name.

    Raises:
        RunError: when every life of an iteration diverges, all have the same reward, or too many
            gradients are not finite.
    """
    candidates = climb(objective, phase, values, free, stage)
    for number in range(1, phase.starts):
        own = stage.on(Branch.START, number).called(f"{stage.name}, start {number + 1}")
        there = nearby(objective, phase, values, free, own.key)
        candidates += climb(objective, phase, there, free, own)
    own = stage.on(Branch.CHOOSE).called(f"{stage.name}/choice")

    def compute() -> dict:
        rewards = objective.rewards(candidates, own.key, phase.choice_lives)
        return {"rewards": rewards.mean(axis=1).tolist()}

    rewards = own.recall([objective, candidates, phase.choice_lives], compute)["rewards"]
    told = f"reward {max(rewards):.4f} on {phase.choice_lives} fresh lives"
    stage.tell(phase.iterations, phase.iterations, "", told)
    return candidates[int(np.argmax(rewards))]


def nearby(
    objective: Objective, phase: Phase, values: np.ndarray, free: np.ndarray, key: jax.Array
) -> np.ndarray:
    """Another place to start from, around `values`."""
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    coordinates = Coordinates(objective.rule.parameters)
    place = coordinates.inward(values)
    place[free] += phase.spread * rng.standard_normal(len(free))
    return coordinates.outward(place)


def climb(
    objective: Objective,
    phase: Phase,
    values: np.ndarray,
    free: np.ndarray,
    stage: Stage,
) -> list[np.ndarray]:
    """All iterations from one start, and the candidates that they leave; see `run_phase`."""
    name = stage.name
    stage.tell(0, phase.iterations, "first the program is compiled")
    lives, coordinates = (
        prepared(phase.estimator, objective),
        Coordinates(objective.rule.parameters),
    )
    state, path, reached = init(values, free, phase), [], values
    for number in range(phase.iterations):
        here, estimator = state.values, phase.estimator.model_copy(update={"lives": state.lives})
        own = stage.on(Branch.FIT, number).called(f"{name}/{number}")
        place = f"iteration {number + 1} of {name}"

        def compute(
            here: np.ndarray = here,
            estimator: Estimator = estimator,
            shares: tuple[float, ...] = state.shares,
            own: Stage = own,
            place: str = place,
        ) -> dict:
            with place_of(place):
                found = meta_gradient(estimator, objective, lives, (here, free), own.key, shares)
                return {"values": here.tolist(), **found.stored()}

        estimate = MetaGradient.of(
            own.recall([objective, estimator, here, free, state.shares], compute)
        )
        refuse_hopeless(estimate, name, number)
        text = f"reward {estimate.reward:.4f}  signal/noise {estimate.signal_to_noise:.1f}"
        if estimate.outcomes.trouble:
            text += f"  {estimate.outcomes}"
        if estimate.loss:
            text += f"  {estimate.loss}"
        stage.tell(number + 1, phase.iterations, text)
        state = step(state, phase, free, coordinates, number, estimate)
        path.append(state.values)
        if phase.plateau and (number + 1) % phase.plateau == 0:
            held_out = stage.on(Branch.PLATEAU).called(f"{name}/{number} held out")
            if not gained(objective, phase, state.values, reached, held_out):
                stage.tell(phase.iterations, phase.iterations, f"{text}  a plateau")
                break
            reached = state.values
    tail = values.copy()
    tail[free] = np.mean(path[-max(1, len(path) // 3) :], axis=0)[free]
    return [values, state.best[0], path[-1], tail]


def gained(
    objective: Objective,
    phase: Phase,
    now: np.ndarray,
    before: np.ndarray,
    stage: Stage,
) -> bool:
    """Whether `now` earns more than `before` on held-out lives, with an interval above 0."""
    lives = phase.choice_lives

    def compute() -> dict:
        new, old = objective.rewards([now, before], stage.key, lives)
        return paired_difference(new, old)._asdict()

    return bool(stage.recall([objective, now, before, lives], compute)["low"] > 0)


def refuse_hopeless(estimate: MetaGradient, name: str, number: int) -> None:
    """Raise `RunError` when there is nothing to learn from: no life, or no difference."""
    place = f"in iteration {number + 1} of {name}"
    if estimate.outcomes.diverged == estimate.outcomes.lives:
        raise RunError(
            f"every life diverged {place}: the weights or the reward left the finite range. "
            "Try a smaller learning rate, a clip on the weight change such as "
            "clip(eta*(R - R_bar)*e, -0.02, 0.02), or smaller starting coefficients; with a task "
            f"of your own, look for a reward that is NaN. {KEPT}"
        )
    if np.ptp(estimate.rewards) == 0:
        raise RunError(
            f"every life has the same reward {place}, {estimate.reward:g} per trial: there is "
            "nothing to learn from. Does the reward of the task depend on the output? "
            f"{KEPT}"
        )


def gradients(journal: Journal) -> dict[str, int]:
    """How many `gradients` of single lives a run took, and how many were left out as `nonfinite`.

    Args:
        journal: of the run.

    Example:
        >>> import tempfile, pathlib
        >>> with Journal(pathlib.Path(tempfile.mkdtemp()) / "history.jsonl", {}) as journal:
        ...     _ = journal.recall("fit/0", [], lambda: {"nonfinite": 2, "parts": 256})
        ...     _ = journal.recall("choice", [], lambda: {"rewards": [0.0]})
        ...     gradients(journal)
        {'gradients': 256, 'nonfinite': 2}
    """
    found = [data for data in journal.results.values() if "nonfinite" in data]
    return {
        "gradients": sum(data["parts"] for data in found),
        "nonfinite": sum(data["nonfinite"] for data in found),
    }


def fit(objective: Objective, phases: Sequence[Phase], stage: Stage) -> np.ndarray:
    """Run all phases, each from where the one before ended; returns all parameters, shape (P,).

    Args:
        objective: the rule where it lives.
        phases: what is done, one after the other.
        stage: its random numbers, and where results are kept.

    Raises:
        RunError: when lives or gradients are not finite in most places; the message names it.

    Example:
        >>> from rulegen import Bench, LifeSettings, Pgpe, RateCircuit, World, key, parse
        >>> from rulegen.tasks import DelayedAssociation
        >>> rule = parse("param eta = 0.01 free\\non reward: w += eta*R*pre*post")
        >>> world = World(circuit=RateCircuit(neurons=4), task=DelayedAssociation(),
        ...               life=LifeSettings(trials=3, warmup=0))
        >>> phases = [Phase(estimator=Pgpe(lives=4), iterations=1, choice_lives=2)]
        >>> fit(Bench(world, rule), phases, Stage(key(1))).shape
        (1,)
    """
    values = objective.values
    for number, phase in enumerate(phases):
        here = stage.on(number).called(f"fit {number + 1} ({phase.estimator.name})")
        values = run_phase(objective, phase, values, objective.free, here)
    return values
