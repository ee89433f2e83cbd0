"""Products that only sums read: a card multiplies and adds in one instruction, if it is told to.

JAX's compilers for cards round each product and each sum by itself, which takes two.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.experimental.pallas import triton
from jax.extend.core import Jaxpr, Literal

Array = jax.Array

#: The instruction and its registers, by the type of the numbers.
INSTRUCTIONS = {
    jnp.dtype("float32"): ("fma.rn.f32 $0, $1, $2, $3;", "=f,f,f,f"),
    jnp.dtype("float64"): ("fma.rn.f64 $0, $1, $2, $3;", "=d,d,d,d"),
}


class Product(NamedTuple):
    """A product that is not worked out before something is added to it.

    Attributes:
        factors: two arrays or numbers.
        shape: of the product, in its storage.
        dtype: of the product.
    """

    factors: tuple[Array, Array]
    shape: tuple[int, ...]
    dtype: jnp.dtype

    def plus(self, other: Array) -> Array:
        """The product and something else, in one instruction of an NVIDIA card."""
        asm, constraints = INSTRUCTIONS[self.dtype]
        inputs = [
            jnp.broadcast_to(jnp.asarray(x, self.dtype), self.shape) for x in (*self.factors, other)
        ]
        out = jax.ShapeDtypeStruct(self.shape, self.dtype)
        (found,) = triton.elementwise_inline_asm(
            asm, args=inputs, constraints=constraints, pack=1, result_shape_dtypes=[out]
        )
        return found

    def alone(self) -> Array:
        """The product itself."""
        a, b = (jnp.broadcast_to(x, self.shape) for x in self.factors)
        return a * b


def summed(function: Jaxpr) -> set[Any]:
    """Products of matrices that nothing but sums reads.

    What there is of each neuron stays as it is: instructions of one's own hide from the compiler
    what an array costs, and it would work noise out again in every thread that needs it.
    """
    readers: dict[Any, set[str]] = defaultdict(set)
    for equation in function.eqns:
        for atom in equation.invars:
            if not isinstance(atom, Literal):
                readers[atom].add(equation.primitive.name)
    for atom in function.outvars:
        if not isinstance(atom, Literal):
            readers[atom].add("left")
    return {
        variable
        for equation in function.eqns
        if equation.primitive.name == "mul"
        for variable in equation.outvars
        if _is_matrix(variable.aval)
        and readers[variable]
        and readers[variable] <= {"add", "add_any"}
    }


def _is_matrix(aval: Any) -> bool:
    """Whether these are decimal numbers along two axes or more."""
    return aval.dtype in INSTRUCTIONS and aval.size > 0 and sum(n > 1 for n in aval.shape) > 1
