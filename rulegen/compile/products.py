"""The matrix products of the factored lowering, computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jax
import jax.numpy as jnp
import sympy as sp

from rulegen.compile.emit import Emitter
from rulegen.compile.lowering import Product
from rulegen.grammar import Site

Array = jax.Array
Values = Mapping[str, Array]


class TimeCourses:
    """Evaluates the two sides of products over the T steps of a block.

    A postsynaptic side comes with time last, (N_post, T), a presynaptic one with time first,
    (T, N_pre), as a matrix product wants them; either may be 1 wide where it is the same for all
    neurons.

    Args:
        constants: what keeps its value, by name.
        history: what changes, by name, shape (T, N), or (T,) for a global one.
        sites: the site of each name.
        steps: the number of steps T.
    """

    def __init__(
        self, constants: Values, history: Values, sites: Mapping[str, Site], steps: int
    ) -> None:
        self.steps = steps
        time_first = {k: v[:, None] if v.ndim == 1 else v for k, v in history.items()}
        time_last = {
            k: v[None, :] if v.ndim == 1 else time_to_the_end(v)
            for k, v in history.items()
            if sites[k] in (Site.POST, Site.GLOBAL)
        }
        upright = {k: v[:, None] if sites[k] is Site.POST else v for k, v in constants.items()}
        self._post = Emitter({**upright, **time_last}, sites)
        self._pre = Emitter({**constants, **time_first}, sites)

    def post(self, expr: sp.Expr) -> Array:
        """A postsynaptic side, shape (N_post, T) or (1, T)."""
        value = jnp.asarray(self._post(expr, Site.POST))
        return jnp.broadcast_to(value, (value.shape[0] if value.ndim else 1, self.steps))

    def pre(self, expr: sp.Expr) -> Array:
        """A presynaptic side, shape (T, N_pre) or (T, 1)."""
        value = jnp.asarray(self._pre(expr, Site.PRE))
        return jnp.broadcast_to(value, (self.steps, value.shape[-1] if value.ndim else 1))

    def rate(self, expr: sp.Expr) -> Array:
        """A number that all synapses share during a trial."""
        return jnp.asarray(self._pre(expr, Site.GLOBAL))


@jax.custom_batching.custom_vmap
def time_to_the_end(history: Array) -> Array:
    """(T, N) to (N, T).

    For many lives this is two moves of axes that must stay apart: joined, they are one pass over
    memory in strides so bad that it costs more than the matrix products that it prepares. XLA's
    products in the order (N, T) times (T, N) are twice as fast as in any other.

    Example:
        >>> time_to_the_end(jnp.array([[1.0, 2.0]])).shape
        (2, 1)
    """
    return history.T


@time_to_the_end.def_vmap
def _time_to_the_end_of_lives(
    count: int, batched: Sequence[bool], histories: Array
) -> tuple[Array, bool]:
    if not batched[0]:
        return histories.T, False
    lives_first = jax.lax.optimization_barrier(histories)
    return jax.lax.optimization_barrier(jnp.swapaxes(lives_first, -1, -2)), True


def contract(products: list[Product], courses: TimeCourses) -> dict[Product, Array]:
    """Compute `sum_t kernel(t) post_i(t) pre_j(t)` for every product.

    Args:
        products: distinct products, from `basis`.
        courses: the sides over time.

    Returns:
        for each product an array of shape (N_post or 1, N_pre or 1).
    """
    result = {}
    for product in products:
        pre = courses.pre(product.pre) * kernel(product, courses)
        result[product] = jnp.matmul(courses.post(product.post), pre, precision="highest")
    return result


def kernel(product: Product, courses: TimeCourses) -> Array | float:
    """The decay from each step to the end of the block, shape (T, 1)."""
    left = jnp.arange(courses.steps - 1, -1, -1)[:, None]
    if product.order == 0:
        return 1.0 if product.rho == 1 else jnp.power(courses.rate(product.rho), left)
    return left * jnp.power(courses.rate(product.rho), jnp.maximum(left - 1, 0))
