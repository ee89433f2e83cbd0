"""Products that only sums read are added in one instruction of a card, and mean what they are."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rulegen.chip import fused
from rulegen.chip.fused import Product, summed
from rulegen.chip.walk import Walk

Array = jax.Array
A, V, W = (jax.random.normal(jax.random.key(i), s) for i, s in enumerate([(4, 8), (8,), (4,)]))

#: Functions of a matrix and vectors, and how many of their products are fused.
FUNCTIONS = {
    "an outer product": (lambda a, v, w: a + jnp.outer(w, v), 1),
    "several": (lambda a, v, w: 0.5 * a + jnp.outer(w, v) + a * a, 3),
    "in two sums": (lambda a, v, w: [a + (p := w[:, None] * v), p + 1.0], 1),
    "of which one is left": (lambda a, v, w: [a + (p := w[:, None] * v), p], 0),
    "that something else reads": (lambda a, v, w: a + (p := a * v) + jnp.tanh(p), 0),
    "of which one is subtracted": (lambda a, v, w: a - a * v, 0),
    "of what neurons have": (lambda a, v, w: v + v * v, 0),
    "within a function": (lambda a, v, w: jax.jit(lambda x: x + x * v)(a), 1),
    "of integers": (lambda a, v, w: a + ((b := a.astype(jnp.int32)) + b * b), 0),
}


def carried_out(
    shape: tuple[int, ...], kind: Any, count: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let the instruction be what it stands for."""

    def instruction(asm: str, *, args: Any, constraints: str, pack: int, **_: Any) -> list[Array]:
        types = {"fma.rn.f32": ("f", jnp.float32), "fma.rn.f64": ("d", jnp.float64)}
        letter, dtype = types[asm.partition(" ")[0]]
        assert constraints == f"={letter}" + 3 * f",{letter}" and pack == 1
        assert all(x.shape == shape and x.dtype == dtype == kind for x in args)
        count.append(1)
        return [args[0] * args[1] + args[2]]

    monkeypatch.setattr(fused.triton, "elementwise_inline_asm", instruction)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_comes_out_is_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function, expected = FUNCTIONS[name]
    count: list[int] = []
    carried_out(A.shape, jnp.float32, count, monkeypatch)
    closed = jax.make_jaxpr(function)(A, V, W)
    right = Walk().through(closed.jaxpr, *closed.consts, A, V, W)
    assert not count
    found = Walk(on_card=True).through(closed.jaxpr, *closed.consts, A, V, W)
    for a, b in zip(found, right, strict=True):
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=1e-6, atol=1e-6)
    inner = [e.params["jaxpr"].jaxpr for e in closed.jaxpr.eqns if e.primitive.name == "jit"]
    assert sum(len(summed(f)) for f in [closed.jaxpr, *inner]) == expected
    assert bool(count) == bool(expected)


def test_double_precision_has_its_own(x64: None, monkeypatch: pytest.MonkeyPatch) -> None:
    carried_out((4, 8), jnp.float64, [], monkeypatch)
    a, b, c = (jnp.asarray(x, jnp.float64) for x in (A, W[:, None], V))
    product = Product((b, c), (4, 8), jnp.dtype("float64"))
    np.testing.assert_allclose(product.plus(a), a + product.alone(), rtol=1e-12)
