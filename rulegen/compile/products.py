"""The matrix products of the factored lowering: which there are, and how they are computed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

import jax
import jax.numpy as jnp
import sympy as sp

from grammar import Site
from grammar.system import System
from rulegen.compile.lowering import FactoredState, Product, site_of

Array = jax.Array

#: The value of an expression as seen from a site.
Evaluate = Callable[[sp.Expr, Site], Array | float]


def merge(state: FactoredState, system: System) -> FactoredState:
    """Sum the postsynaptic sides of all products that share a presynaptic side.

    `a*f1*g + b*f2*g = (a*f1 + b*f2)*g` with plain numbers a, b: one product instead of two. Only
    worth while when nobody needs the products apart, as the tangents of coefficients do.
    """
    sums: dict[tuple[sp.Expr, int], sp.Expr] = {}
    kept = []
    for product in state.products:
        if site_of(product.coefficient, system) is Site.GLOBAL:
            key = (product.pre, product.order)
            sums[key] = sums.get(key, sp.Integer(0)) + product.coefficient * product.post
        else:
            kept.append(product)
    one = sp.Integer(1)
    merged = [Product(one, post, pre, state.rho, order) for (pre, order), post in sums.items()]
    return replace(state, products=(*merged, *kept))


def basis(states: Iterable[FactoredState]) -> list[Product]:
    """The distinct products of all states, without their coefficients."""
    return list(dict.fromkeys(p.bare for s in states for p in s.products))


def contract(products: list[Product], evaluate: Evaluate, steps: int) -> dict[Product, Array]:
    """Compute `sum_t kernel(t) post_i(t) pre_j(t)` for every product, as few large products.

    Products that share a presynaptic side are stacked into one matrix product.

    Args:
        products: distinct products, from `basis`.
        evaluate: gives the value of an expression over time at a site, shape (T, N) or (T, 1).
        steps: the number of steps T.

    Returns:
        for each product an array of shape (N_post or 1, N_pre or 1).
    """
    result: dict[Product, Array] = {}
    for pre in dict.fromkeys(p.pre for p in products):
        right = over_time(evaluate(pre, Site.PRE), steps)
        left: dict[Product, Array] = {}
        for product in (p for p in products if p.pre == pre):
            side = over_time(evaluate(product.post, Site.POST), steps)
            left[product] = side * kernel(product, evaluate, steps)
        widths = [side.shape[-1] for side in left.values()]
        stacked = jnp.concatenate(list(left.values()), axis=-1)
        offsets = [sum(widths[:i]) for i in range(1, len(widths))]
        together = jnp.matmul(stacked.T, right, precision="highest")
        result |= dict(zip(left, jnp.split(together, offsets, axis=0), strict=True))
    return result


def over_time(value: Array | float, steps: int) -> Array:
    """Give a value that is constant over time and neurons the axes (T, 1)."""
    array = jnp.asarray(value)
    return array if array.ndim == 2 else jnp.broadcast_to(array, (steps, 1))


def kernel(product: Product, evaluate: Evaluate, steps: int) -> Array | float:
    """The decay from each step to the end of the trial, shape (T, 1)."""
    left = jnp.arange(steps - 1, -1, -1)[:, None]
    if product.order == 0:
        return 1.0 if product.rho == 1 else jnp.power(evaluate(product.rho, Site.GLOBAL), left)
    rho = evaluate(product.rho, Site.GLOBAL)
    return left * jnp.power(rho, jnp.maximum(left - 1, 0))
