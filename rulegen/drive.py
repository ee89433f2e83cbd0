"""Following a rule on given activity: what its states and weights become."""

from __future__ import annotations

from collections.abc import Mapping

import jax
import jax.numpy as jnp

from grammar import Event, Site
from rulegen.compile import CompiledRule
from rulegen.compile.compiled import RuleState

Array = jax.Array


def drive(
    rule: CompiledRule,
    weights: Array,
    activity: Mapping[str, Array],
    parameters: Mapping[str, Array | float],
    *,
    dt: float,
    rewards: Array | None = None,
    conditions: Array | None = None,
    number_of_conditions: int = 1,
) -> RuleState:
    """Run `rule` over K trials of prescribed activity and rewards.

    The weights do not act on the activity: this is the rule alone, as in a textbook figure (a
    spike-timing window, an eligibility trace) or in a check of its tangents.

    Args:
        rule: the compiled rule.
        weights: initial weights, shape (N_post, N_pre).
        activity: every signal that the rule reads at its steps, shape (K, T, N), or (K, T) for a
            global one.
        parameters: value of every parameter of the rule.
        dt: length of a step, ms.
        rewards: reward at the end of each trial, shape (K,); 0 by default.
        conditions: condition of each trial, shape (K,); 0 by default.
        number_of_conditions: how many conditions there are.

    Returns:
        the final rule state by name, and for each name `history of NAME` its value after each
        trial, with a leading axis of trials.

    Raises:
        ValueError: when a signal that the rule reads is missing, or a shape does not fit.

    Example:
        >>> import jax.numpy as jnp
        >>> from grammar import parse
        >>> from rulegen.compile import compile_rule
        >>> rule = compile_rule(parse("dw/dt = 0.1*pre*post"))
        >>> ones = jnp.ones((1, 10, 1))
        >>> end = drive(rule, jnp.zeros((1, 1)), {"pre": ones, "post": ones}, {}, dt=1.0)
        >>> print(round(float(end["w"][0, 0]), 6))
        1.0
    """
    missing = rule.step_signals - activity.keys() - {"dt", "N_pre", "N_post"}
    if missing:
        raise ValueError(f"the rule reads `{sorted(missing)[0]}`, which is not in the activity")
    n_post, n_pre = weights.shape
    sizes = {Site.PRE: (n_pre,), Site.POST: (n_post,), Site.GLOBAL: ()}
    sites = rule.tangents.system.sites
    for name, values in activity.items():
        if values.shape[2:] != sizes.get(sites[name], (n_post, n_pre)):
            raise ValueError(f"the activity `{name}` has shape {values.shape}")
    trials, steps = next(iter(activity.values())).shape[:2]
    dtype = weights.dtype
    constants = {"dt": dt, "N_pre": float(n_pre), "N_post": float(n_post)}
    values = {k: jnp.asarray(v, dtype) for k, v in {**parameters, **constants}.items()}
    rewards = jnp.zeros(trials, dtype) if rewards is None else rewards
    conditions = jnp.zeros(trials, int) if conditions is None else conditions

    def one_trial(
        state: RuleState, inputs: tuple[dict[str, Array], Array, Array]
    ) -> tuple[RuleState, RuleState]:
        signals, reward, condition = inputs
        state = rule.event(Event.TRIAL_START, state, {}, values, condition)
        moving, still = rule.split(state)
        moving |= rule.start_history({k: v[0] for k, v in signals.items()}, state)

        def one_step(moving: RuleState, now: dict[str, Array]) -> tuple[RuleState, dict]:
            return rule.step(moving, still, now, values, condition)

        moving, record = jax.lax.scan(one_step, moving, signals, length=steps)
        state = {**still, **{k: v for k, v in moving.items() if k in state}}
        history = {k: v[:, None] if v.ndim == 1 else v for k, v in record.items()}
        state = rule.integrate(state, history, values, steps)
        last = {k: v[-1] for k, v in signals.items()} | {"R": reward}
        state = rule.event(Event.REWARD, state, last, values, condition)
        state = rule.event(Event.TRIAL_END, state, last, values, condition)
        return state, state

    start = rule.init(weights, number_of_conditions)
    inputs = (dict(activity), rewards, conditions)
    end, history = jax.lax.scan(one_trial, start, inputs)
    return {**end, **{f"history of {k}": v for k, v in history.items()}}
