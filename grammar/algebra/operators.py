"""The functions a formula may use, as SymPy classes with stated conventions at their edges.

Derivatives follow one convention: at a kink the derivative is that of the flat side, and 0 when
there is no flat side (`abs` at 0); a jump (`sign`, a comparison) has derivative 0 everywhere; where
a slope would be infinite (`sqrt` and `spow` at 0) it is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import sympy as sp
from mpmath.libmp import prec_to_dps

from rulegen.grammar.algebra.exact import is_long, root


class RuleFunction(sp.Function):
    """A function whose derivative and standard form are stated here and not left to SymPy."""

    is_real = True
    nargs: ClassVar[int]

    def doit(self, **hints: bool) -> sp.Expr:
        """The same in functions of SymPy, where there are such, also in the arguments."""
        deep = hints.get("deep", True)
        return self.plain(*(a.doit(**hints) if deep else a for a in self.args))

    def _eval_evalf(self, prec: int) -> sp.Expr | None:
        """The value of numbers, by which SymPy compares them, as in a maximum."""
        return self.doit().evalf(prec_to_dps(prec)) if self.is_number else None

    def plain(self, *args: sp.Expr) -> sp.Expr:
        """The function of these arguments in functions of SymPy."""
        return self.func(*args)


class exp(RuleFunction):
    """The exponential; SymPy's own makes `x*exp(-y)` of `exp(log(x) - y)`, for any sign of x."""

    nargs = 1
    is_positive = True

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        """The value for plain numbers, None to keep the function."""
        return sp.exp(x) if x.is_number else None

    def plain(self, x: sp.Expr) -> sp.Expr:
        """The function of these arguments in functions of SymPy."""
        return sp.exp(x)


class power(RuleFunction):
    """base**exponent where the exponent is no whole number: undefined where the base is negative.

    SymPy's own powers make `x` of `sqrt(x)*sqrt(x)` and take roots of numbers out of others. The
    slope in the base is 0 at 0, where it may be infinite.
    """

    nargs = 2

    @classmethod
    def eval(cls, base: sp.Expr, exponent: sp.Expr) -> sp.Expr | None:
        """The value for plain numbers that have an exact one, None to keep the function."""
        return root(base, exponent) if base.is_Rational and exponent.is_Rational else None

    def plain(self, base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
        """The function of these arguments in functions of SymPy."""
        return sp.Pow(base, exponent, evaluate=not is_long(exponent))


class relu(RuleFunction):
    """max(x, 0), with slope 0 at 0."""

    nargs = 1

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        """The value for plain numbers, None to keep the function."""
        return sp.Max(x, 0) if x.is_Number else None

    def plain(self, x: sp.Expr) -> sp.Expr:
        """The function of these arguments in functions of SymPy."""
        return sp.Max(x, 0)


class clip(RuleFunction):
    """min(max(x, low), high), with slope 0 at and beyond the limits."""

    nargs = 3

    @classmethod
    def eval(cls, x: sp.Expr, low: sp.Expr, high: sp.Expr) -> sp.Expr | None:
        """The value for plain numbers, None to keep the function."""
        if x.is_Number and low.is_Number and high.is_Number:
            return sp.Min(sp.Max(x, low), high)
        return None

    def plain(self, x: sp.Expr, low: sp.Expr, high: sp.Expr) -> sp.Expr:
        """The function of these arguments in functions of SymPy."""
        return sp.Min(sp.Max(x, low), high)


class sigmoid(RuleFunction):
    """1/(1 + exp(-x)), without overflow."""

    nargs = 1

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        """The value for plain numbers, None to keep the function."""
        return sp.Rational(1, 2) if x.is_zero else None

    def plain(self, x: sp.Expr) -> sp.Expr:
        """The function of these arguments in functions of SymPy."""
        return 1 / (1 + sp.exp(-x))


class spow(RuleFunction):
    """sign(x)*|x|**p, the signed power; its slope in x is 0 at 0."""

    nargs = 2

    @classmethod
    def eval(cls, x: sp.Expr, p: sp.Expr) -> sp.Expr | None:
        """The value for plain numbers, None to keep the function."""
        if p == 1 or x.is_zero:
            return x
        return None

    def plain(self, x: sp.Expr, p: sp.Expr) -> sp.Expr:
        """The function of these arguments in functions of SymPy."""
        return sp.sign(x) * sp.Abs(x) ** p


class floor(RuleFunction):
    """The largest whole number that is not above x, with slope 0."""

    nargs = 1

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        """The value for plain numbers, None to keep the function."""
        return sp.floor(x) if x.is_Rational else None

    def plain(self, x: sp.Expr) -> sp.Expr:
        """The function of these arguments in functions of SymPy."""
        return sp.floor(x)


class mod(RuleFunction):
    """x - y*floor(x/y), which has the sign of y; a jump adds nothing to its slope."""

    nargs = 2

    @classmethod
    def eval(cls, x: sp.Expr, y: sp.Expr) -> sp.Expr | None:
        """The value for plain numbers, None to keep the function."""
        return x - y * sp.floor(x / y) if x.is_Rational and y.is_Rational and y else None

    def plain(self, x: sp.Expr, y: sp.Expr) -> sp.Expr:
        """The function of these arguments in functions of SymPy."""
        return x - y * sp.floor(x / y)


class erf(RuleFunction):
    """The error function, 2/sqrt(pi) times the integral of exp(-s**2) over s from 0 to x."""

    nargs = 1

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        """The value for plain numbers, None to keep the function."""
        return sp.Integer(0) if x.is_zero else None

    def plain(self, x: sp.Expr) -> sp.Expr:
        """The function of these arguments in functions of SymPy."""
        return sp.erf(x)


class exprel(RuleFunction):
    """The integral of s**n*exp(x*s) over s from 0 to 1: (exp(x) - 1)/x for n = 0.

    What a state that decays keeps of a drive within a step; formulas cannot name it.
    """

    nargs = 2

    @classmethod
    def eval(cls, x: sp.Expr, n: sp.Expr) -> sp.Expr | None:
        """The value at 0, None to keep the function."""
        return 1 / (n + 1) if x.is_zero else None

    def plain(self, x: sp.Expr, n: sp.Expr) -> sp.Expr:
        """The function of these arguments in functions of SymPy."""
        if n == 0:
            return (sp.exp(x) - 1) / x
        return (sp.exp(x) - n * self.plain(x, n - 1)) / x


class Earlier(RuleFunction):
    """Common base of what reads an earlier step, of a name alone; 0 before the trial began."""

    @property
    def memory(self) -> str:
        """The name of what keeps the value, which no variable can have.

        Example:
            >>> u = sp.Symbol("u")
            >>> prev(u).memory, delay(u, 20).memory
            ('prev u', 'delay 20 u')
        """
        return " ".join([type(self).__name__, *(str(part) for part in reversed(self.args))])


class prev(Earlier):
    """The value that a signal or state had one step earlier."""

    nargs = 1


class delay(Earlier):
    """The value that a signal or state had so many ms ago, a number above 0.

    The number is no formula, as it says how much is kept: it has no derivative, and a compiled rule
    has room for it. A step of `dt` ms makes the nearest whole number of steps of it.
    """

    nargs = 2


class Reduction(RuleFunction):
    """Common base of what reads more than one neuron or synapse."""

    nargs = 1
    #: Not even of a constant: it depends on how many neurons there are.
    is_number = False


class over_pre(Reduction):
    """Common base of the sums over presynaptic neurons: non-local, they live at `post`."""


class over_post(Reduction):
    """Common base of the sums over postsynaptic neurons: non-local, they live at `pre`."""


class sum_pre(over_pre):
    """Sum over the presynaptic neurons j of a synapse expression."""


class max_pre(over_pre):
    """Maximum over the presynaptic neurons j of a synapse expression."""


class sum_post(over_post):
    """Sum over the postsynaptic neurons i of a synapse expression."""


class max_post(over_post):
    """Maximum over the postsynaptic neurons i of a synapse expression."""


class cumsum_post(Reduction):
    """Sum over the postsynaptic neurons k <= i of a synapse expression; stays at the synapse."""


class opposite(Reduction):
    """What the synapse from neuron i to neuron j has of a name that lives at synapses."""

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        """A number is the same in both directions; None to keep the function."""
        return x if x.is_number else None


#: Functions of a name alone.
OF_NAMES = (Earlier, opposite)


@dataclass(frozen=True)
class Operator:
    """One row of the table of functions: name, number of arguments, maker, meaning."""

    name: str
    nargs: tuple[int, ...]
    make: Callable[..., sp.Expr]
    meaning: str


OPERATORS: dict[str, Operator] = {
    o.name: o
    for o in (
        Operator("abs", (1,), sp.Abs, "absolute value"),
        Operator("sign", (1,), sp.sign, "-1, 0 or 1"),
        Operator("sqrt", (1,), sp.sqrt, "square root"),
        Operator("exp", (1,), exp, "exponential"),
        Operator("log", (1,), sp.log, "natural logarithm"),
        Operator("tanh", (1,), sp.tanh, "hyperbolic tangent"),
        Operator("sigmoid", (1,), sigmoid, "1/(1 + exp(-x))"),
        Operator("sin", (1,), sp.sin, "sine"),
        Operator("cos", (1,), sp.cos, "cosine"),
        Operator("erf", (1,), erf, "error function"),
        Operator("relu", (1,), relu, "max(x, 0)"),
        Operator("min", (2,), sp.Min, "the smaller"),
        Operator("max", (2,), sp.Max, "the larger"),
        Operator("clip", (3,), clip, "x kept between low and high"),
        Operator("floor", (1,), floor, "largest whole number up to x"),
        Operator("mod", (2,), mod, "remainder x - y*floor(x/y)"),
        Operator("spow", (2,), spow, "signed power sign(x)*|x|**p"),
        Operator("prev", (1,), prev, "value one step earlier"),
        Operator("delay", (2,), delay, "value so many ms earlier"),
        Operator("sum_pre", (1,), sum_pre, "sum over presynaptic neurons (non-local)"),
        Operator("sum_post", (1,), sum_post, "sum over postsynaptic neurons (non-local)"),
        Operator("max_pre", (1,), max_pre, "maximum over presynaptic neurons (non-local)"),
        Operator("max_post", (1,), max_post, "maximum over postsynaptic neurons (non-local)"),
        Operator("cumsum_post", (1,), cumsum_post, "sum over neurons k <= i (non-local)"),
        Operator(
            "opposite", (1,), opposite, "value of the synapse in the other direction (non-local)"
        ),
    )
}

#: Functions that read more than one neuron or synapse: a rule must declare them `nonlocal`.
NONLOCAL = frozenset({"sum_pre", "sum_post", "max_pre", "max_post", "cumsum_post", "opposite"})
#: Names of functions that a text may give to its own things as well: a function where it is called.
SHARED = frozenset({"delay"})
#: Names of functions that mean nothing else.
TAKEN = OPERATORS.keys() - SHARED
