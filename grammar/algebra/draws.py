"""Random numbers in formulas: their distributions, and what each is made of.

A draw has an owner, the name on the left side of its line, so that all who read the name read one
number. In an equation of draws stands no more than one.
"""

from __future__ import annotations

from typing import ClassVar

import sympy as sp

from rulegen.grammar.algebra.operators import Operator, RuleFunction


class Draw(RuleFunction):
    """Common base of the distributions."""

    #: Not even of numbers: it is another one in every draw.
    is_number = False
    #: What the arguments are called.
    arguments: ClassVar[tuple[str, ...]]


class uniform(Draw):
    """A number between two limits, all of them equally likely."""

    nargs = 2
    arguments = ("LOW", "HIGH")


class normal(Draw):
    """A normal number of this mean and standard deviation."""

    nargs = 2
    arguments = ("MEAN", "DEVIATION")


class lognormal(Draw):
    """`MEDIAN*exp(SPREAD*z)` with a standard normal z, so that the median carries the unit."""

    nargs = 2
    arguments = ("MEDIAN", "SPREAD")


class bernoulli(Draw):
    """1 with this probability, else 0."""

    nargs = 1
    arguments = ("PROBABILITY",)


#: All distributions by name; `uniform(0, 1)` and `normal(0, 1)` are what the others are made of.
DISTRIBUTIONS: dict[str, Operator] = {
    d.name: d
    for d in (
        Operator("uniform", (2,), uniform, "a number between LOW and HIGH"),
        Operator("normal", (2,), normal, "of this MEAN and standard DEVIATION"),
        Operator("lognormal", (2,), lognormal, "MEDIAN*exp(SPREAD*z), z standard normal"),
        Operator("bernoulli", (1,), bernoulli, "1 with this PROBABILITY, else 0"),
    )
}
EVEN, BELL = (
    uniform(sp.Integer(0), sp.Integer(1), evaluate=False),
    normal(sp.Integer(0), sp.Integer(1), evaluate=False),
)


def draw_in(expr: sp.Basic) -> Draw | None:
    """The draw in a formula of draws, or None.

    Example:
        >>> draw_in(2 * EVEN + 1), draw_in(sp.Integer(1))
        (uniform(0, 1), None)
    """
    return next(iter(expr.atoms(Draw)), None)
