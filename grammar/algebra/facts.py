"""What SymPy is told about a compound expression, and the check of every new one.

SymPy asks about signs, zeros and infinities whenever it builds a power or a product, and finds its
answers by multiplying out. That takes exponential time, or fills the memory with digits, where
powers, roots and functions stand in each other. It caches the answers on the expression, and that
is where they are written here. No public way leads there: this is the one module that reaches into
SymPy, and `tests/grammar/test_facts.py` fails where SymPy keeps its answers elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import sympy as sp
from sympy.core.assumptions import _assume_defined

from rulegen.grammar.algebra import operators as op
from rulegen.grammar.algebra.exact import AlgebraError, bounded

MAX_EXPONENT = 64
#: SymPy may write a short formula long: it turns `abs(x)**3` into `x**2*abs(x)`, at every level.
MAX_NODES = 10_000

#: What is said of a compound expression to SymPy: it is a real number, and no more is known.
KNOWN: dict[str, bool | None] = dict.fromkeys(_assume_defined)
KNOWN |= dict.fromkeys(("real", "extended_real", "finite", "complex", "hermitian"), True)
KNOWN |= {"commutative": True, "infinite": False, "imaginary": False, "antihermitian": None}
_NO_NUMBERS = frozenset({sp.zoo, sp.nan, sp.oo, -sp.oo, sp.I})


def settle(expr: sp.Expr) -> sp.Expr:
    """Check the result of one operation: its numbers, its exponents and its length."""
    waiting, count = [expr], 0
    while waiting:
        node = waiting.pop()
        waiting += node.args
        count += 1
        if node in _NO_NUMBERS:
            raise AlgebraError(
                "a result that is infinite, undefined or complex", "rewrite the formula"
            )
        if count > MAX_NODES:
            raise AlgebraError("a formula too long to handle", "make states of its parts")
        if node.is_Rational:
            bounded(node)
        elif node.is_Pow and abs(node.exp.p) > MAX_EXPONENT * node.exp.q:  # in Python's integers
            raise too_high()
        hide(node)
    _spend(count)
    return expr


class Exhausted(Exception):
    """More algebra than an operation on a rule may take."""


#: What is left to the operation at work, in parts of expressions that are looked at.
_left: ContextVar[int | None] = ContextVar("left", default=None)


@contextmanager
def effort(parts: int) -> Iterator[None]:
    """Bounds the algebra of an operation: so many parts of expressions are looked at, no more.

    A count is the same on every machine. Within another such operation the smaller bound holds.

    Raises:
        Exhausted: when it takes more.

    Example:
        >>> with effort(3):
        ...     settle(sp.Symbol("x") + 1)
        x + 1
    """
    outer = _left.get()
    token = _left.set(parts if outer is None else min(parts, outer))
    try:
        yield
    finally:
        _left.reset(token)


def _spend(count: int) -> None:
    left = _left.get()
    if left is not None:
        if left < count:
            raise Exhausted
        _left.set(left - count)


def too_high() -> AlgebraError:
    """What is said of an exponent beyond the largest."""
    return AlgebraError(f"an exponent beyond {MAX_EXPONENT}", "use a smaller power")


def hide(node: sp.Basic) -> None:
    """State that a compound expression is real and that nothing else is known about it."""
    if not node.args or not isinstance(node, sp.Expr) or len(node._assumptions) >= len(KNOWN):
        return
    facts = KNOWN | node.default_assumptions
    if (node.is_Pow and node.exp.is_even) or is_root(node):
        facts |= {"nonnegative": True, "extended_nonnegative": True}
        facts |= {"negative": False, "extended_negative": False}
    node._assumptions = type(node._assumptions)(facts)


def is_root(expr: sp.Basic) -> bool:
    """Whether it is a power with a number, not a whole one, as exponent: never negative."""
    return isinstance(expr, op.power) and expr.args[1].is_Rational
