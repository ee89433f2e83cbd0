"""Operations on padded arrays, against JAX itself, with garbage where the padding is."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from rulegen.chip.padded import storage
from rulegen.chip.primitives import ELEMENTWISE, RULES
from rulegen.chip.walk import CALLS, Unfit, Walk

Array = jax.Array
A, B, V = (jax.random.normal(jax.random.key(i), s) for i, s in enumerate([(3, 5), (5, 3), (5,)]))
#: Functions of the arrays above, by what they try.
FUNCTIONS: dict[str, Callable[[Array, Array, Array], object]] = {
    "product of matrices": lambda a, b, v: a @ b,
    "product with a vector": lambda a, b, v: a @ v,
    "outer product": lambda a, b, v: jnp.outer(a[0], v),
    "product of many": lambda a, b, v: jnp.einsum("ij,jk->ijk", a, b),
    "products in a row": lambda a, b, v: jnp.einsum("bi,bi->b", a, b.T),
    "sums": lambda a, b, v: (a.sum(), a.sum(0), a.sum(1), jnp.mean(a)),
    "extremes": lambda a, b, v: (a.max(), (-a).max(0), a.min(1), jnp.argmax(v), jnp.argmax(a, 1)),
    "integers": lambda a, b, v: ((a > 0).astype(jnp.int32).max(0), (a > 9).astype(jnp.int32).min()),
    "truths": lambda a, b, v: (jnp.all(a < 9), jnp.any(a > 9), jnp.all(a > 0, 0), (a > 0).any(1)),
    "parts": lambda a, b, v: (a[1], a[:, 3], a[1:3, 2:], v[::2], v[1:4], v[4]),
    "parts by number": lambda a, b, v: (
        lax.dynamic_slice(a, (jnp.int32(2), jnp.int32(4)), (2, 3)),
        lax.dynamic_index_in_dim(a, jnp.int32(1), 0),
    ),
    "replaced parts": lambda a, b, v: (
        lax.dynamic_update_slice_in_dim(a, 2 * a[:2], jnp.int32(2), 0),
        lax.dynamic_update_index_in_dim(v, jnp.float32(7), jnp.int32(3), 0),
    ),
    "one after the other": lambda a, b, v: (
        jnp.concatenate([v, b[:, 0], v[:2]]),
        jnp.concatenate([a, a[:1]]),
        jnp.stack([v, v + 1]),
        jnp.stack([v[0], v[1], v[2]]),
        jnp.stack([v, v], axis=1),
    ),
    "taken apart": lambda a, b, v: (jnp.split(v, [2]), lax.split(a, (1, 2)), [*jnp.unstack(a)]),
    "turned": lambda a, b, v: (a.T, v[::-1], a[::-1, ::-1]),
    "padded": lambda a, b, v: (jnp.pad(a, ((1, 2), (0, 1)), constant_values=3.0), jnp.pad(v, 2)),
    "sums so far": lambda a, b, v: (
        jnp.cumsum(a, 0),
        jnp.cumsum(a, 1),
        lax.cumsum(v, reverse=True),
        lax.cumsum(a, 0, reverse=True),
    ),
    "others so far": lambda a, b, v: (
        jnp.cumprod(a, 0),
        lax.cumprod(v, reverse=True),
        lax.cummax(a, 1),
        lax.cummin(v),
    ),
    "multiplied": lambda a, b, v: (jnp.prod(a), jnp.prod(a, 0), jnp.prod(a, 1)),
    "the smallest": lambda a, b, v: (jnp.argmin(v), jnp.argmin(a, 1), jnp.argmin(a, 0)),
    "whole numbers": lambda a, b, v: (
        jnp.round(10 * v),
        jnp.round(jnp.array([0.5, 1.5, 2.5, -0.5, -1.5]) + 0 * v),
        lax.round(jnp.array([0.5, 1.5, 2.5, -0.5, -1.5]) + 0 * v),
        jnp.round(1e9 * v),
    ),
    "angles": lambda a, b, v: (jnp.arctan2(v, v[::-1]), jnp.arctan(v), jnp.arcsin(jnp.sin(v))),
    "by their numbers": lambda a, b, v: (
        v[(jnp.arange(5) * 3) % 5],
        a[:, (jnp.arange(4) * 3) % 5],
        a[jnp.argmax(a, 0) % 3],
        v.at[jnp.array([1, 9, -1])].get(mode="fill", fill_value=7.0),
        jnp.take(v, jnp.array([1, 9]), mode="clip"),
        v[jnp.argmax(v)],
    ),
    "one place": lambda a, b, v: (
        v.at[2].set(7.0),
        v.at[jnp.argmax(v)].add(1.0),
        a.at[1].set(v),
        a.at[:, 2].add(1.0),
        v.at[7].set(9.0, mode="clip"),
        a.at[7].add(9.0, mode="drop"),
    ),
    "numbers": lambda a, b, v: (jnp.arange(5) * v, jnp.eye(3, 5) + a),
    "selected": lambda a, b, v: (jnp.where(a > 0, a, -1.0), jnp.clip(a, -0.5, 0.5), jnp.sign(a)),
    "chosen": lambda a, b, v: lax.cond(a[0, 0] > 0, lambda x: x + 1, lambda x: x * 2, v),
    "one of three": lambda a, b, v: lax.switch(jnp.int32(2), [jnp.sin, jnp.cos, jnp.tanh], v),
    "a loop": lambda a, b, v: lax.scan(lambda c, x: (c + x, (c * 2, c.sum())), v, b.T),
    "a loop from the end": lambda a, b, v: lax.scan(lambda c, x: (c + x, c), v, a, reverse=True),
    "a slope": lambda a, b, v: jax.grad(
        lambda w: lax.scan(lambda r, x: (jnp.tanh(w @ x + r), r.sum()), a[:, 0], a)[1].sum()
    )(a),
    "functions": lambda a, b, v: (
        jnp.exp(v),
        jnp.log(jnp.abs(v)),
        jnp.abs(v) ** 1.5,
        v**3,
        jnp.sqrt(v * v),
        jax.nn.sigmoid(v),
        jax.nn.relu(v),
        jnp.isfinite(v),
        jnp.expm1(v),
        jnp.floor(v),
        v % 0.3,
    ),
    "the error function": lambda a, b, v: (lax.erf(v), lax.erf(1e-4 * v), lax.erf(9 * a)),
    "nothing": lambda a, b, v: (a[:0], jnp.zeros((0, 5)) @ v, a[:, :0] @ jnp.zeros((0, 2)), a),
    "words": lambda a, b, v: (
        (jnp.arange(6, dtype=jnp.uint32) * jnp.uint32(77)) ^ jnp.uint32(5) >> 1
    ),
}


def dirty(array: Array) -> Array | None:
    """An array in its storage, where nothing may look beyond its true shape."""
    if not array.size:
        return None
    garbage = np.nan if jnp.issubdtype(array.dtype, jnp.floating) else 99
    full = np.full(storage(array.shape), garbage, array.dtype)
    full[tuple(slice(n) for n in array.shape)] = array
    return jnp.asarray(full)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_padding_is_never_seen(name: str) -> None:
    closed = jax.make_jaxpr(FUNCTIONS[name])(A, B, V)
    constants = [jnp.asarray(c) for c in closed.consts]
    function = closed.jaxpr.replace(
        constvars=(), invars=[*closed.jaxpr.constvars, *closed.jaxpr.invars]
    )
    found = Walk().through(function, *(dirty(x) for x in (*constants, A, B, V)))
    for right, got in zip(jax.tree.leaves(FUNCTIONS[name](A, B, V)), found, strict=True):
        if got is None:
            assert right.size == 0
            continue
        assert (got.shape, got.dtype) == (storage(right.shape), right.dtype)
        inside = got[tuple(slice(n) for n in right.shape)]
        np.testing.assert_allclose(inside, right, rtol=2e-6, atol=1e-6)


def test_an_input_is_fetched_where_it_is_used_and_once() -> None:
    """What nothing reads stays where it is."""
    asked: list[str] = []

    def fetch(name: str, array: Array) -> Callable[[], Array | None]:
        def get() -> Array | None:
            asked.append(name)
            return dirty(array)

        return get

    closed = jax.make_jaxpr(lambda a, b, v: a @ v + a[:, 0])(A, B, V)
    Walk().through(closed.jaxpr, fetch("a", A), fetch("b", B), fetch("v", V))
    assert sorted(asked) == ["a", "v"]


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (lambda a, b, v: jnp.sort(v), "`sort` has no form there"),
        (lambda a, b, v: a.reshape(15), "`reshape` has no form there: it turns the shape (3, 5)"),
        (lambda a, b, v: v.at[jnp.arange(2)].set(7.0), "`scatter` has no form there: it ch"),
        (lambda a, b, v: jnp.convolve(v, v), "`conv_general_dilated` has no form there"),
        (lambda a, b, v: lax.while_loop(lambda x: x[0] < 9, lambda x: x + 1, v), "`while` has no"),
    ],
)
def test_what_has_no_form_is_named(function: Callable, named: str) -> None:
    closed = jax.make_jaxpr(function)(A, B, V)
    with pytest.raises(Unfit) as refused:
        Walk().through(closed.jaxpr, dirty(A), dirty(B), dirty(V))
    assert str(refused.value).startswith(named)


def test_each_operation_has_one_form() -> None:
    assert not ELEMENTWISE & RULES.keys() and not CALLS.keys() & (ELEMENTWISE | RULES.keys())
