"""What SymPy is told about a compound expression, and the check of every new one.

SymPy asks about signs, zeros and infinities whenever it builds a power or a product, and finds its
answers by multiplying out. That takes exponential time, or fills the memory with digits, where
powers, roots and functions stand in each other. It caches the answers on the expression, and that
is where they are written here. No public way leads there: this is the one module that reaches into
SymPy, and `tests/grammar/test_facts.py` fails where SymPy keeps its answers elsewhere.
"""

from __future__ import annotations

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
        elif node.is_Pow and abs(node.exp) > MAX_EXPONENT:
            raise too_high()
        hide(node)
    return expr


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
