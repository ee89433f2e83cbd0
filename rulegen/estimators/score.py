"""The score estimator: activity-noise score function times forward-mode eligibility tangents."""

from __future__ import annotations

from typing import Literal

import jax
import numpy as np
from pydantic import Field

from rulegen.compile import compile_rule
from rulegen.estimators.astray import places
from rulegen.estimators.base import Estimator, MetaGradient
from rulegen.estimators.coordinates import Coordinates
from rulegen.ground.progress import Tick
from rulegen.lives.bench import Bench
from rulegen.lives.many import Lives


class Score(Estimator):
    """REINFORCE on the activity of the circuit, without differentiating through learning.

    With s_k = d log p(activity of trial k) / d theta from the life itself,

        g = (1/K) sum_k s_k A_k ,   A_k = sum_{j>=k} gamma^(j-k) (R_j - b_k[c_j]) ,

    where b_k[c] is the life's running mean reward of condition c before trial k, or with a learned
    baseline A_k = sum_{j>=k} gamma^(j-k) R_j - V_k, see `learned`. At `gamma` = 1 and
    with `exact` tangents and `clip` = 0 this is unbiased; its variance grows with the length of
    the life. `gamma` = 0 gives each weight change credit for the next trial only: small
    variance, and a bias, because it leaves out how a changed weight changes later learning.

    Attributes:
        gamma: discount over trials.
        baseline: what rewards are compared with, `running` or `learned`.
        gain: gain of the running baseline b.
        exact: with the potentials held fixed, a changed weight is a changed noise, so rules that
            read `xi` have a tangent xi_p = -(a/sigma) W_p pre. It costs about as much as all
            other tangents together; without it the estimate of such rules is biased. The rules of
            other projections carry no tangents, so that none of them may read `xi`.

    Source: Williams 1992, 10.1007/BF00992696; NFAM 2026 (see docs/architecture.md).
    """

    name: Literal["score"] = "score"
    gamma: float = Field(0.0, ge=0, le=1)
    baseline: Literal["running", "learned"] = "running"
    gain: float = Field(0.2, gt=0, le=1)
    exact: bool = False

    def prepare(self, bench: Bench) -> Lives:
        """Lives with tangents along the free parameters.

        Raises:
            ValueError: when the activity has no density, or, with `exact`, the rule of another
                projection reads `xi`.
        """

        def compiled() -> Lives:
            rule = compile_rule(bench.rule, wrt=bench.free_names, noise_tangent=self.exact)
            lives = Lives(bench.world, rule)
            if self.exact:
                lives.life.rules.check_noise()
            return lives

        return bench.program(("score", self.exact), compiled)

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
        if self.baseline == "learned":
            credit = learned(batch.rewards, batch.conditions, self.gamma)
        else:
            credit = advantages(batch.rewards, batch.conditions, self.gamma, self.gain)
        # The tangents exist for all free parameters of the rule; keep those asked for.
        names = [lives.life.names[i] for i in free]
        columns = [lives.rule.tangents.wrt.index(name) for name in names]
        scores = batch.scores[:, :, columns].astype(float)
        gradients = np.einsum("lk,lkp->lp", credit, scores) / credit.shape[1]
        gradients *= Coordinates(lives.rule.rule.parameters).slope(values)[free]
        along = places(lives.rule.rule, names)
        return self.average(gradients, batch.means, batch.counts, along)


def advantages(
    rewards: np.ndarray, conditions: np.ndarray, gamma: float, gain: float
) -> np.ndarray:
    """`A_k = sum_{j>=k} gamma^(j-k) (R_j - b_k[c_j])` for each life and trial, shape (L, K).

    b_k[c] is the running mean `b <- b + gain (R - b)` over earlier trials of condition c, and 0
    before the first one.

    Example:
        >>> import numpy as np
        >>> r, c = np.array([[1.0, 2.0, 2.0]]), np.array([[0, 0, 0]])
        >>> advantages(r, c, gamma=0.0, gain=0.5)
        array([[1.  , 1.5 , 0.75]])
    """
    rewards = np.asarray(rewards, float)
    count, trials = rewards.shape
    baselines = running(rewards, conditions, gain)
    result = np.empty_like(rewards)
    rows = np.arange(count)
    future = np.zeros(count)  # sum_{j>=k} gamma^(j-k) R_j
    weight = np.zeros(baselines.shape[1:])  # sum over the same j with c_j = c of gamma^(j-k)
    for k in reversed(range(trials)):
        future = rewards[:, k] + gamma * future
        weight = gamma * weight
        weight[rows, conditions[:, k]] += 1.0
        result[:, k] = future - np.einsum("lc,lc->l", weight, baselines[k])
    return result


def running(rewards: np.ndarray, conditions: np.ndarray, gain: float) -> np.ndarray:
    """The running mean reward of each condition before each trial, shape (K, L, conditions)."""
    count, trials = rewards.shape
    rows = np.arange(count)
    means = np.zeros((trials, count, int(conditions.max()) + 1))
    for k in range(1, trials):
        means[k] = means[k - 1]
        here = rows, conditions[:, k - 1]
        means[(k, *here)] += gain * (rewards[:, k - 1] - means[(k, *here)])
    return means


#: Gains of the running means from which a learned baseline predicts.
GAINS = (0.05, 0.2, 0.5)


def learned(rewards: np.ndarray, conditions: np.ndarray, gamma: float) -> np.ndarray:
    """`A_k = G_k - V_k` with `G_k = sum_{j>=k} gamma^(j-k) R_j` for each life and trial, (L, K).

    V_k is the mean of G_k over lives plus a linear function of what this life has of running means,
    of its condition and of all, more than the mean life. Both are learned from every other life
    and used on the rest, and the other way round, so that V_k knows nothing of the trial that it is
    the baseline of.

    Example:
        >>> import numpy as np
        >>> r = np.random.default_rng(0).normal(size=(400, 1)) + np.zeros((400, 50))
        >>> a = learned(r, np.zeros((400, 50), int), gamma=0.0)
        >>> bool(a[:, 10:].std() < 0.1 * r.std())
        True
    """
    rewards = np.asarray(rewards, float)
    count, trials = rewards.shape
    returns, future = np.empty_like(rewards), np.zeros(count)
    for k in reversed(range(trials)):
        future = rewards[:, k] + gamma * future
        returns[:, k] = future
    lives, numbers = np.arange(count)[:, None], np.arange(trials)
    seen = [running(rewards, conditions, gain)[numbers, lives, conditions] for gain in GAINS]
    seen += [running(rewards, np.zeros_like(conditions), gain)[:, :, 0].T for gain in GAINS]
    features, result = np.stack(seen, axis=-1), np.empty_like(rewards)
    half = np.arange(count) % 2 == 0
    for fitted, used in ((half, ~half), (~half, half)):
        mean, level = returns[fitted].mean(axis=0), features[fitted].mean(axis=0)
        known = (features[fitted] - level).reshape(-1, len(seen))
        slope = np.linalg.lstsq(known, (returns[fitted] - mean).ravel(), rcond=None)[0]
        result[used] = returns[used] - mean - (features[used] - level) @ slope
    return result
