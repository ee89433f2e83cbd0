"""What a straightforward program costs: formulas through lambdify, N x N traces, jacfwd."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import sympy as sp

from benchmarks.lives import coefficients, family
from rulegen.grammar import symbol

Array = jax.Array


def naive(
    lives: int, neurons: int, steps: int, trials: int, terms: int, *, derivatives: bool = False
) -> Callable[[], object]:
    """Lives of the same circuit, task and family as in `benchmarks.lives`, written down plainly.

    Args:
        lives, neurons, steps, trials, terms: sizes.
        derivatives: also the derivative of the mean reward by every coefficient, by `jacfwd`.
    """
    rule = family(terms)
    (drive,) = (rule.expand(state.expr) for state in rule.states if state.name == "e")
    names = [symbol(name) for name in ("xi", "pre", "u", "post", "u_bar")]
    theta = [symbol(name) for name in coefficients(terms)]
    formula = sp.lambdify([*names, theta], drive, modules=jnp)

    def life(values: Array, key: Array) -> Array:
        keys = jax.random.split(key, 4)
        start = 1.1 * jax.random.normal(keys[0], (neurons, neurons)) / neurons**0.5
        inputs = jax.random.normal(keys[1], (neurons, 2))
        readout = jax.random.normal(keys[2], (neurons,)) / neurons**0.5

        def one_trial(carry: tuple, number: Array) -> tuple[tuple, Array]:
            w, baselines = carry
            condition = number % 2
            target = condition - 0.5
            noise = jax.random.normal(jax.random.fold_in(keys[3], number), (steps, neurons))

            def one_step(carry: tuple, inputs_now: tuple) -> tuple[tuple, Array]:
                u, u_bar, e = carry
                xi, cue = inputs_now
                pre = jnp.tanh(u)
                after = u + 0.25 * (w @ pre + inputs @ cue - u) + 0.1 * xi
                post = jnp.tanh(after)
                sides = (x[:, None] for x in (after, post, u_bar))
                e = e + 10.0 * formula(xi[:, None], pre[None], *sides, values)
                return (after, 0.3 * u_bar + 0.7 * after, e), readout @ post

            cue = jax.nn.one_hot(condition, 2) * (jnp.arange(steps) < steps // 5)[:, None]
            zero = jnp.zeros(neurons)
            (_, _, e), output = jax.lax.scan(
                one_step, (zero, zero, jnp.zeros_like(w)), (noise, cue)
            )
            reward = -jnp.mean((output[-(steps // 5) :] - target) ** 2)
            baseline = baselines[condition]
            w = w + jnp.clip(1e-3 * (reward - baseline) * e, -0.02, 0.02)
            return (w, baselines.at[condition].add(0.2 * (reward - baseline))), reward

        _, rewards = jax.lax.scan(one_trial, (start, jnp.zeros(2)), jnp.arange(trials))
        return jnp.mean(rewards)

    one = jax.jacfwd(life) if derivatives else life
    run = jax.jit(jax.vmap(one, in_axes=(None, 0)))
    values = 0.1 * jnp.ones(terms)
    keys = jax.random.split(jax.random.key(0), lives)
    return lambda: run(values, keys)
