"""A traced function, carried out on padded arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.extend.core import ClosedJaxpr, Jaxpr, Literal

from rulegen.chip.fused import Product, summed
from rulegen.chip.padded import picked, put, storage
from rulegen.chip.primitives import ELEMENTWISE, PARTS, RULES, elementwise

Array = jax.Array
#: An array on chip, None for one without elements, or how to fetch one when it is needed.
Value = Array | None | Callable[[], Array]
#: Operations that are functions of their own, by the parameter that holds them.
CALLS = {
    "jit": "jaxpr",
    "pjit": "jaxpr",
    "closed_call": "call_jaxpr",
    "core_call": "call_jaxpr",
    "custom_jvp_call": "call_jaxpr",
    "custom_vjp_call": "call_jaxpr",
    "custom_vmap_call": "call",
    "remat2": "jaxpr",
    "checkpoint": "jaxpr",
}
#: Operations that say where or when something is, and not what.
SAME = {"optimization_barrier", "reshard", "pvary", "copy", "copy_p", "stop_gradient"}


class Unfit(Exception):
    """Why a function cannot run on chip."""


class Walk(NamedTuple):
    """How functions are carried out.

    Attributes:
        fused: whether a product and a sum are one instruction, as an NVIDIA card has it.
    """

    fused: bool = False

    def through(self, function: Jaxpr, *inputs: Value) -> list[Array | None]:
        """What a function makes of padded inputs; those to be fetched are at their first use.

        Raises:
            Unfit: when it does what has no form on chip.
        """
        known: dict[Any, Any] = dict(zip(function.invars, inputs, strict=True))
        late = summed(function) if self.fused else set()

        def read(atom: Any) -> Any:
            if isinstance(atom, Literal):
                kind: Any = atom.aval
                number: Any = np.asarray(atom.val, kind.dtype)[()]
                return number
            value = known[atom]
            if callable(value):
                value = known[atom] = value()
            return value

        for equation in function.eqns:
            taken = [read(atom) for atom in equation.invars]
            if late.intersection(equation.outvars):
                aval: Any = equation.outvars[0].aval
                found: list[Any] = [Product(tuple(taken), storage(aval.shape), aval.dtype)]
            elif any(isinstance(x, Product) for x in taken):
                found = [added(*taken)]
            else:
                found = self.step(equation, taken)
            known |= zip(equation.outvars, found, strict=True)
        return [read(atom) for atom in function.outvars]

    def inner(
        self, function: Jaxpr | ClosedJaxpr, inputs: Sequence[Array | None]
    ) -> list[Array | None]:
        """What a function within a function makes of its inputs."""
        if isinstance(function, ClosedJaxpr):
            if any(jnp.ndim(constant) for constant in function.consts):
                raise Unfit("it holds a table")
            return self.through(
                function.jaxpr.replace(
                    constvars=(), invars=[*function.jaxpr.constvars, *function.jaxpr.invars]
                ),
                *map(jnp.asarray, function.consts),
                *inputs,
            )
        return self.through(function, *inputs)

    def step(self, equation: Any, inputs: list[Array | None]) -> list[Array | None]:
        """What one operation makes of its inputs."""
        name, params = equation.primitive.name, equation.params
        if name in CALLS:
            return self.inner(params[CALLS[name]], inputs)
        if name in SAME:
            return inputs
        if name == "scan":
            return self.loop(equation, inputs)
        if name == "cond":
            return self.choose(params["branches"], inputs)
        some = [
            (atom.aval.shape, x)
            for atom, x in zip(equation.invars, inputs, strict=True)
            if x is not None
        ]
        shapes, arrays = [shape for shape, _ in some], [x for _, x in some]
        try:
            if name in PARTS:
                return [*PARTS[name](params, shapes, *arrays)]
            (out,) = (variable.aval for variable in equation.outvars)
            if 0 in out.shape:
                return [None]
            if name == "dot_general" and len(arrays) < len(inputs):
                return [jnp.zeros(storage(out.shape), out.dtype)]  # a sum over nothing
            if name in ELEMENTWISE:
                return [elementwise(equation.primitive, params, out.shape, arrays)]
            if name in RULES:
                return [RULES[name](params, shapes, out.shape, *arrays)]
        except NotImplementedError as why:
            raise Unfit(f"`{name}` has no form there: {why}") from None
        raise Unfit(f"`{name}` has no form there")

    def choose(
        self, branches: Sequence[ClosedJaxpr], inputs: list[Array | None]
    ) -> list[Array | None]:
        """All branches, and the results of one: what they share is computed once."""
        which, *rest = inputs
        result, *others = (self.inner(branch, rest) for branch in branches)
        for number, other in enumerate(others, 1):
            both = zip(result, other, strict=True)
            result = [
                None if no is None or yes is None else jnp.where(which == number, yes, no)
                for no, yes in both
            ]
        return result

    def loop(self, equation: Any, inputs: list[Array | None]) -> list[Array | None]:
        """A loop within a loop: what it reads and keeps of each step is in registers as well."""
        params, outs = equation.params, [variable.aval for variable in equation.outvars]
        first, carried = arguments(params)
        last = first + carried
        rows, length = inputs[last:], params["length"]
        kept = [
            None if 0 in out.shape else jnp.zeros(storage(out.shape), out.dtype)
            for out in outs[last - first :]
        ]
        start = [*inputs[first:last], *kept]

        def once(number: Array, state: list[Array]) -> list[Array]:
            some = iter(state)
            full = [None if x is None else next(some) for x in start]
            here = length - 1 - number if params["reverse"] else number
            seen = [None if x is None else picked(x, 0, here, 1).reshape(x.shape[1:]) for x in rows]
            now = self.inner(params["jaxpr"], [*inputs[:first], *full[: last - first], *seen])
            for place in range(last - first, len(full)):
                so_far, value = full[place], now[place]
                if so_far is not None and value is not None:
                    now[place] = put(so_far, jnp.expand_dims(value, 0), 0, here, 1)
            return [x for x in now if x is not None]

        state = [x for x in start if x is not None]
        done = iter(lax.fori_loop(jnp.int32(0), jnp.int32(length), once, state))
        return [None if x is None else next(done) for x in start]


def added(a: Array | Product, b: Array | Product) -> Array:
    """A sum of which one part at least is a product."""
    product, other = (a, b) if isinstance(a, Product) else (b, a)
    assert isinstance(product, Product)
    return product.plus(other.alone() if isinstance(other, Product) else other)


def arguments(params: Mapping[str, Any]) -> tuple[int, int]:
    """How many constants a loop has, and how many arrays it carries; its sequences come last."""
    if "num_consts" in params:
        return params["num_consts"], params["num_carry"]
    try:  # as JAX 0.12 says it
        constants, carried, _ = (len(part) for part in params["ft_in"].unpack())
    except (KeyError, AttributeError, TypeError, ValueError):
        raise Unfit("this version of JAX writes loops in another way") from None
    return constants, carried
