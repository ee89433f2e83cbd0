"""Operations on padded arrays, against JAX itself, with garbage where the padding is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.experimental import pallas as pl

from rulegen.chip.loops import CALLS, Unfit
from rulegen.chip.memory import Wanted, Whole, shared, wanted
from rulegen.chip.padded import storage
from rulegen.chip.primitives import ELEMENTWISE, RULES
from rulegen.chip.walk import Walk

Array = jax.Array
A, B, V = (jax.random.normal(jax.random.key(i), s) for i, s in enumerate([(3, 5), (5, 3), (5,)]))


def tall(v: Array, length: int = 20) -> Array:
    """An array of so many rows."""
    return jnp.outer(jnp.arange(float(length)), v)


def in_blocks(v: Array) -> tuple[Array, ...]:
    """Steps in blocks of rows, as of a long trial, and what is kept of them."""

    def one_step(u: Array, x: Array) -> tuple[Array, Array]:
        return jnp.tanh(u + x), u[:2]

    def one_block(state: tuple[Array, Array], first: Array) -> tuple[tuple[Array, Array], Array]:
        u, sums = state
        u, kept = lax.scan(one_step, u, lax.dynamic_slice_in_dim(tall(v), first, 5))
        return (u, 0.9 * sums + kept.T @ kept @ jnp.ones((2, 40))), kept

    start = v, jnp.zeros((2, 40)) + jnp.ones((30, 1, 1))
    (u, sums), kept = lax.scan(one_block, start, jnp.arange(0, 20, 5))
    return u, sums, kept.reshape(20, 2)


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
    "loops in loops": lambda a, b, v: in_blocks(v),
    "rows one after the other": lambda a, b, v: (
        jnp.concatenate([v[None], tall(v)[:-1]]),
        jnp.concatenate([tall(v, 3), tall(v), a]),
        jnp.concatenate([tall(v, 3) > 1, tall(v) > 2]),
    ),
    "some rows": lambda a, b, v: (
        tall(v)[3:],
        tall(v)[4:17],
        tall(v)[:-1],
        lax.dynamic_slice_in_dim(tall(v), jnp.int32(7), 5),
        lax.dynamic_slice_in_dim(tall(v), jnp.int32(18), 5),
    ),
    "joined axes": lambda a, b, v: (
        a.reshape(15) + 1,
        in_blocks(v)[2][None].reshape(20, 2),
        jnp.stack([tall(v, 4), tall(v, 4), tall(v, 4)]).reshape(12, 5),
        jnp.stack([tall(v, 32), tall(v, 32)]).reshape(64, 5),
        jnp.stack([tall(v[:1], 32)] * 3).reshape(96, 1),
    ),
    "a loop without steps": lambda a, b, v: lax.scan(
        lambda c, x: (c + x, c), v, jnp.zeros((0, 5)) + a[:0]
    ),
    "loops in functions": lambda a, b, v: lax.scan(
        lambda c, x: (
            jax.jit(lambda y: lax.cond(y[0] > 0, lambda z: in_blocks(z)[0], jnp.sin, y))(c + x),
            c,
        ),
        v,
        a,
    ),
    "rows in front": lambda a, b, v: (
        jnp.pad(tall(v), ((1, 2), (0, 0)), constant_values=3.0),
        jnp.pad(tall(v), ((2, 0), (0, 0))),
        jnp.pad(tall(v), ((0, 2), (0, 0)), constant_values=3.0),
    ),
    "products of rows": lambda a, b, v: jnp.einsum("ij,ij->i", tall(v, 20), tall(v, 20) + 1),
    "products of large rows": lambda a, b, v: jnp.einsum(
        "ij,ij->i", jnp.outer(jnp.arange(17.0), jnp.arange(17.0)), jnp.ones((17, 17)) * v[0]
    ),
    "products of whole numbers": lambda a, b, v: (
        jnp.ones((17, 20), jnp.int32) @ jnp.outer(jnp.arange(20), jnp.arange(16))
    ),
    "products of short histories": lambda a, b, v: (
        jnp.outer(jnp.arange(18.0), v) @ jnp.outer(v, jnp.sin(jnp.arange(17.0))),
        jnp.outer(jnp.arange(18.0), v[:3]) @ jnp.outer(v[:3], jnp.sin(jnp.arange(17.0))),
        jnp.outer(jnp.arange(18.0), v[:2]) @ jnp.outer(v[:2], jnp.sin(jnp.arange(17.0))),
    ),
    "products of histories": lambda a, b, v: (
        tall(jnp.arange(18.0)).T @ tall(jnp.sin(jnp.arange(17.0))),
        tall(jnp.arange(18.0)) @ tall(jnp.sin(jnp.arange(18.0))).T,
    ),
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


class Garbage:
    """Memory in which nobody has written yet."""

    def __init__(self, room: jax.ShapeDtypeStruct) -> None:
        self.dtype = room.dtype
        garbage = np.nan if jnp.issubdtype(room.dtype, jnp.floating) else 99
        self.array = np.full(room.shape, garbage, room.dtype)

    def __getitem__(self, where: Any) -> Array:
        return jnp.asarray(self.array[self.within(where)])

    def __setitem__(self, where: Any, value: Array) -> None:
        self.array[self.within(where)] = value

    def within(self, where: tuple[Any, ...]) -> tuple[Any, ...]:
        """A place as NumPy has it."""

        def one(place: Any, size: int) -> Any:
            if not isinstance(place, pl.Slice):
                return place if place is ... else int(place)
            assert 0 <= int(place.start) <= size - place.size
            return slice(int(place.start), int(place.start) + place.size)

        return tuple(map(one, where, self.array.shape))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_padding_is_never_seen(name: str) -> None:
    closed = jax.make_jaxpr(FUNCTIONS[name])(A, B, V)
    constants = [jnp.asarray(c) for c in closed.consts]
    function = closed.jaxpr.replace(
        constvars=(), invars=[*closed.jaxpr.constvars, *closed.jaxpr.invars]
    )
    room = shared(wanted(function))
    memory = room.given([Garbage(shape) for shape in room.shapes])
    with jax.disable_jit():
        inputs = (dirty(x) for x in (*constants, A, B, V))
        found = Walk(memory=memory).through(function, *inputs)
    for right, got in zip(jax.tree.leaves(FUNCTIONS[name](A, B, V)), found, strict=True):
        if got is None:
            assert right.size == 0
            continue
        assert (got.shape, got.dtype) == (storage(right.shape), right.dtype)
        inside = got[tuple(slice(n) for n in right.shape)]
        np.testing.assert_allclose(inside, right, rtol=2e-6, atol=1e-6)


def test_what_nothing_reads_stays_in_memory() -> None:
    class Watched(Garbage):
        """Memory that counts how often it is read."""

        def __init__(self, array: Array) -> None:
            super().__init__(Wanted(((), "", 0), Whole, array).room)
            self.array[tuple(slice(n) for n in array.T.shape)] = array.T
            self.count = 0

        def __getitem__(self, where: Any) -> Array:
            self.count += 1
            return super().__getitem__(where)

    closed = jax.make_jaxpr(lambda a, b, v: a @ v + a[:, 0])(A, B, V)
    refs = [Watched(x) for x in (A, B, V)]
    (found,) = Walk().through(
        closed.jaxpr, *(Whole(ref, x) for ref, x in zip(refs, (A, B, V), strict=True))
    )
    assert found is not None
    np.testing.assert_allclose(found[:3], A @ V + A[:, 0], rtol=1e-6)
    assert [ref.count for ref in refs] == [2, 0, 1]


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (lambda a, b, v: jnp.sort(v), "`sort` has no form there"),
        (lambda a, b, v: tall(v).reshape(4, 5, 5), "`reshape` has no form there: it turns the sh"),
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


def test_the_error_function_to_sixteen_digits(x64: None) -> None:
    x = jnp.linspace(-7.0, 7.0, 64)
    (found,) = Walk().through(jax.make_jaxpr(lax.erf)(x).jaxpr, x)
    assert found is not None
    np.testing.assert_allclose(found, lax.erf(x), rtol=3e-15)
