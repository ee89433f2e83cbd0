"""What a traced function does again and again, and what it works on while it does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from jax.extend.core import Jaxpr, JaxprEqn, Var

from rulegen.chip.padded import elements

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
#: Arrays of more elements are fetched from memory when a step needs them.
LARGE = 512


class Unfit(Exception):
    """Why a function cannot run on chip."""


class Loop(NamedTuple):
    """A loop within a function.

    Attributes:
        function: one step of it: of the constants, the state and a row of each sequence, to the
            state after it and what is kept of it.
        length: how many steps.
        reverse: whether it goes from the last row to the first.
        constants, state, rows: what stands for its inputs.
        kept: what stands for what it leaves of each step.
    """

    function: Jaxpr
    length: int
    reverse: bool
    constants: Sequence[Any]
    state: Sequence[Any]
    rows: Sequence[Any]
    kept: Sequence[Any]

    @property
    def distant(self) -> list[bool]:
        """Which parts of the state stay in memory while it runs."""
        first = len(self.constants)
        inside = self.function.invars[first : first + len(self.state)]
        return distant(self.function, inside)


def loop(equation: JaxprEqn) -> Loop | None:
    """The loop that an operation is, if it is one."""
    if equation.primitive.name != "scan":
        return None
    params, inputs = equation.params, equation.invars
    first, carried = arguments(params)
    return Loop(
        function=params["jaxpr"].jaxpr,
        length=params["length"],
        reverse=params["reverse"],
        constants=inputs[:first],
        state=inputs[first : first + carried],
        rows=inputs[first + carried :],
        kept=equation.outvars[carried:],
    )


def arguments(params: Mapping[str, Any]) -> tuple[int, int]:
    """How many constants a loop has, and how many arrays it carries; its sequences come last."""
    if "num_consts" in params:
        return params["num_consts"], params["num_carry"]
    try:  # as JAX 0.12 says it
        constants, carried, _ = (len(part) for part in params["ft_in"].unpack())
    except (KeyError, AttributeError, TypeError, ValueError):
        raise Unfit("this version of JAX writes loops in another way") from None
    return constants, carried


def bodies(equation: JaxprEqn) -> Iterator[tuple[tuple[int, ...], Jaxpr]]:
    """The functions that an operation carries out, and what leads to them from there."""
    name, params = equation.primitive.name, equation.params
    if name == "cond":
        yield from (((i,), branch.jaxpr) for i, branch in enumerate(params["branches"]))
    elif name == "scan":
        yield (), params["jaxpr"].jaxpr
    elif name in CALLS:
        yield (), getattr(params[CALLS[name]], "jaxpr", params[CALLS[name]])


def loops(function: Jaxpr) -> list[Loop]:
    """The loops of a function, but not those within them."""
    found = []
    for equation in function.eqns:
        one = loop(equation)
        found += [one] if one else [x for _, body in bodies(equation) for x in loops(body)]
    return found


def worked_on(function: Jaxpr) -> set[Var]:
    """What loops without a loop of their own have at hand in each of their steps."""
    found: set[Var] = set()
    for equation in function.eqns:
        one = loop(equation)
        for _, body in bodies(equation):
            innermost = one is not None and not loops(body)
            needed = {*body.invars} if innermost else worked_on(body)
            given = [*one.constants, *one.state] if one else equation.invars[-len(body.invars) :]
            inside = zip(given, body.invars, strict=False)
            found |= {v for v, here in inside if here in needed and isinstance(v, Var)}
    return found


def distant(function: Jaxpr, state: Sequence[Any]) -> list[bool]:
    """Which of the arrays that a function carries along stay in memory.

    Large ones do, where steps within a step do the work and do not work on them.
    """
    if not loops(function):
        return [False] * len(state)
    near = worked_on(function)
    return [size(v) > LARGE and v not in near for v in state]


def size(variable: Any) -> int:
    """The number of elements that are kept for an array."""
    return elements(variable.aval.shape)
