"""The meta-gradient of an objective: estimates in all of its worlds, put together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import jax
import numpy as np

from rulegen.estimators.base import Estimator, MetaGradient
from rulegen.grammar import ConfigError
from rulegen.ground.progress import Tick
from rulegen.lives.many import Lives
from rulegen.lives.outcomes import Outcomes
from rulegen.objective import Objective
from rulegen.objective.joint import key_of

#: No world has a smaller part of all lives than this share of an even one.
LEAST = 0.25


def prepared(estimator: Estimator, objective: Objective) -> list[Lives]:
    """The lives that an estimator runs in each world.

    Raises:
        ValueError: when the rule or a world is none for this estimator; the message names it.
    """
    found = []
    for name, bench in objective.benches.items():
        try:
            found.append(estimator.prepare(bench))
        except ValueError as error:
            if not name:
                raise
            raise ConfigError(f"world `{name}`: {error}") from None
    return found


def meta_gradient(
    estimator: Estimator,
    objective: Objective,
    lives: Sequence[Lives],
    place: tuple[np.ndarray, np.ndarray],
    key: jax.Array,
    shares: Sequence[float] = (),
    tick: Tick | None = None,
) -> MetaGradient:
    """Estimate the gradient of an objective.

    Each world has an estimate g_v of its own, and the objective has

        g = sum_v dJ/dR_v g_v ,

    with slopes at the mean rewards that the lives of these estimates earned.

    Args:
        estimator: its `lives` are those of a world in the mean over worlds.
        objective: of which the gradient is.
        lives: from `prepared`.
        place: all parameters of the rule, shape (P,), and the indices of those to differentiate by.
        key: of all lives.
        shares: of all lives that each world has, see `allotted`; by default even ones.
        tick: called with the number of lives finished so far.

    Raises:
        RunError: when too many gradients of single lives are not finite.

    Example:
        >>> from rulegen import Aim, Joint, LifeSettings, Pgpe, RateCircuit, World, key
        >>> from rulegen.tasks import DelayedAssociation
        >>> world = World(circuit=RateCircuit(neurons=4), task=DelayedAssociation(),
        ...               life=LifeSettings(trials=3, warmup=0))
        >>> rule = "param eta = 0.01 free\\non reward: w += eta*R*pre*post"
        >>> both = Joint({"a": world, "b": world}, rule, Aim.of_rewards([1.0, 1.0]))
        >>> estimator = Pgpe(lives=8)
        >>> there = both.values, both.free
        >>> found = meta_gradient(estimator, both, prepared(estimator, both), there, key(0))
        >>> found.gradient.shape, found.outcomes.lives
        ((1,), 16)
    """
    values, free = place
    if len(lives) == 1:
        return estimator.estimate(lives[0], values, free, key, tick)
    counts = counted(estimator, shares or [1.0 / len(lives)] * len(lives))
    before = list(accumulate(counts, initial=0))
    found = [
        estimator.model_copy(update={"lives": count}).estimate(
            each, values, free, key_of(key, n), shifted(tick, before[n])
        )
        for n, (each, count) in enumerate(zip(lives, counts, strict=True))
    ]
    slopes = objective.slopes([part.reward for part in found])
    gradients = np.array([part.gradient for part in found])
    errors = slopes[:, None] * np.array([part.error for part in found])
    return MetaGradient(
        slopes @ gradients,
        np.sqrt((errors**2).sum(axis=0)),
        stratified([part.rewards for part in found], objective),
        Outcomes.total(part.outcomes for part in found),
        sum(part.nonfinite for part in found),
        sum(part.parts for part in found),
        allotted(found, errors, [each.effort for each in lives]),
        tuple(dict.fromkeys(place for part in found for place in part.astray)),
    )


def stratified(rewards: Sequence[np.ndarray], objective: Objective) -> np.ndarray:
    """Numbers whose mean is the objective, and whose standard error is that of the worlds together.

        x_vi = J + N/n_v dJ/dR_v (R_vi - R_v)

    Args:
        rewards: mean rewards of the lives in each world, each of shape (n_v,).
        objective: what they make.

    Returns:
        shape (N,), with N the sum of all n_v.
    """
    means = np.array([part.mean() for part in rewards])
    middle = objective.joined(means[:, None]).mean()
    total = sum(map(len, rewards))
    parts = zip(rewards, means, objective.slopes(means), strict=True)
    return np.concatenate(
        [middle + total / len(part) * slope * (part - mean) for part, mean, slope in parts]
    )


def allotted(
    found: Sequence[MetaGradient], errors: np.ndarray, efforts: Sequence[float]
) -> tuple[float, ...]:
    """The share of all lives that each world deserves (Neyman 1934, 10.2307/2342192).

    n_v is proportional to sqrt(V_v/k_v), with V_v the variance that one life brings into the
    gradient of the objective, summed over parameters, and k_v what it costs; and no less than
    `LEAST` of an even share.

    Args:
        found: the estimates of the worlds.
        errors: their standard errors in the objective, shape (V, P).
        efforts: k_v, shape (V,).
    """
    variances = (errors**2).sum(axis=1) * [part.parts for part in found]
    deserved = np.sqrt(variances / np.asarray(efforts, float))
    if not deserved.sum() > 0.0:
        return (1.0 / len(found),) * len(found)
    even = 1.0 / len(found)
    shares = LEAST * even + (1.0 - LEAST) * deserved / deserved.sum()
    return tuple(float(share) for share in shares)


def counted(estimator: Estimator, shares: Sequence[float]) -> list[int]:
    """The lives of each world, an even number."""
    total = estimator.lives * len(shares)
    return [max(4, 2 * round(total * share / 2.0)) for share in shares]


def shifted(tick: Tick | None, before: int) -> Tick | None:
    """Tells of lives beside those that are over."""
    return None if tick is None else lambda done: tick(before + done)
