"""What the parts of a life cost on their own, the floor that no program can pass among them."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from rulegen.ground.noise import normal, stream


def matvec(
    lives: int, neurons: int, steps: int, trials: int, *, spread: bool = False
) -> Callable[[], object]:
    """The bare product: `r <- W r / 2` for every life and step, on one device or on all."""
    devices = jax.local_devices() if spread else jax.local_devices()[:1]
    mesh = Mesh(np.array(devices), ("lives",))
    over_lives = NamedSharding(mesh, PartitionSpec("lives"))
    key = jax.random.key(0)
    weights = jax.random.normal(key, (lives, neurons, neurons)) / neurons**0.5
    weights, rates = (
        jax.device_put(x, over_lives) for x in (weights, jax.random.normal(key, (lives, neurons)))
    )

    def run(weights: jax.Array, rates: jax.Array) -> jax.Array:
        def step(r: jax.Array, _: None) -> tuple[jax.Array, None]:
            return 0.5 * jnp.einsum("lij,lj->li", weights, r), None

        return jax.lax.scan(step, rates, None, length=steps * trials)[0]

    spec = PartitionSpec("lives")
    program = jax.jit(jax.shard_map(run, mesh=mesh, in_specs=(spec, spec), out_specs=spec))
    return lambda: program(weights, rates)


def parts(lives: int, neurons: int, steps: int, trials: int) -> dict[str, Callable[[], object]]:
    """Programs that do one part of the work of `lives` lives at once, for `trials` trials."""
    key = jax.random.key(0)
    rates = jax.random.normal(key, (lives, neurons))
    history = jax.random.normal(key, (lives, steps, neurons))
    shape = (steps, lives, neurons)

    def repeat(one_trial: Callable) -> Callable[[], object]:
        @jax.jit
        def run(start: jax.Array) -> jax.Array:
            def body(carry: jax.Array, number: jax.Array) -> tuple[jax.Array, None]:
                return one_trial(carry, number), None

            return jax.lax.scan(body, start, jnp.arange(trials))[0]

        return lambda: run(rates)

    def stepped(step: Callable) -> Callable:
        def one_trial(carry: jax.Array, number: jax.Array) -> jax.Array:
            return jax.lax.scan(lambda r, _: (step(r), None), carry, None, length=steps)[0]

        return one_trial

    def threefry(carry: jax.Array, number: jax.Array) -> jax.Array:
        return carry + jax.random.normal(jax.random.fold_in(key, number), shape).sum(axis=0)

    def hashed(carry: jax.Array, number: jax.Array) -> jax.Array:
        return carry + normal(stream(key).fold(number), shape).sum(axis=0)

    def eligibility(carry: jax.Array, number: jax.Array) -> jax.Array:
        e = jnp.einsum("lti,ltj->lij", history * carry[:, None], history, precision="highest")
        return carry + 1e-9 * e[:, 0]

    return {
        "tanh": repeat(stepped(lambda r: jnp.tanh(r + 0.1))),
        "Gaussian noise, Threefry": repeat(threefry),
        "Gaussian noise, ours": repeat(hashed),
        "one eligibility product": repeat(eligibility),
    }
