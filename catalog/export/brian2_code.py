"""Expressions of Brian 2, with the same values whatever it compiles them to.

Its own functions differ between targets where arguments are awkward: `clip` with crossed limits, a
division by zero, a choice whose other side is infinite, `floor` of what is no integer of 32
bits. So a program brings functions of its own, written for NumPy, Cython and C++.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rulegen.catalog.export.code import Code, definition


class Function(NamedTuple):
    """A function in three languages: its arguments, its meaning, expressions, what they need."""

    arguments: tuple[str, ...]
    told: str
    numpy: str
    cython: str
    cpp: str
    in_numpy: str = ""
    in_cython: str = ""


FUNCTIONS = {
    "choice": Function(
        ("condition", "first", "second"),
        "`first` where the condition is 1, `second` where it is 0.",
        "np.where(condition != 0, first, second)",
        "first if condition != 0 else second",
        "condition != 0 ? first : second",
    ),
    "quotient": Function(
        ("top", "bottom"),
        "top/bottom, infinite or undefined at 0.",
        "np.divide(top, bottom)",
        "top/bottom",
        "top/bottom",
    ),
    "smaller": Function(
        ("a", "b"),
        "The smaller; undefined where one is.",
        "np.minimum(a, b)",
        "a if a != a or a < b else b",
        "(a != a || a < b) ? a : b",
    ),
    "larger": Function(
        ("a", "b"),
        "The larger; undefined where one is.",
        "np.maximum(a, b)",
        "a if a != a or a > b else b",
        "(a != a || a > b) ? a : b",
    ),
    "signum": Function(
        ("x",),
        "-1, 0 or 1.",
        "np.sign(x)",
        "1.0 if x > 0 else (-1.0 if x < 0 else x)",
        "x > 0 ? 1.0 : (x < 0 ? -1.0 : x)",
    ),
    "signed_power": Function(
        ("x", "p"),
        "sign(x)*|x|**p, and 0 at x = 0.",
        "np.where(x == 0, 0.0, np.sign(x)*np.abs(x)**p)",
        "0.0 if x == 0 else (-((-x)**p) if x < 0 else x**p)",
        "x == 0 ? 0.0 : (x < 0 ? -pow(-x, p) : pow(x, p))",
    ),
    "whole": Function(
        ("x",),
        "The largest whole number up to x, however large.",
        "np.floor(x)",
        "floor(x)",
        "floor(x)",
    ),
    "modulo": Function(
        ("x", "y"),
        "The remainder x - y*floor(x/y), undefined where y is 0.",
        "np.where(np.fmod(x, y)*np.sign(y) < 0, np.fmod(x, y) + y, np.fmod(x, y))",
        "fmod(x, y) + y if (fmod(x, y) < 0 < y) or (y < 0 < fmod(x, y)) else fmod(x, y)",
        "(fmod(x, y) < 0 && 0 < y) || (y < 0 && 0 < fmod(x, y)) ? fmod(x, y) + y : fmod(x, y)",
    ),
    "error_function": Function(
        ("x",),
        "The error function.",
        "np.vectorize(math.erf, [float])(x)",
        "erf(x)",
        "std::erf(x)",
        in_numpy="import math",
        in_cython="from libc.math cimport erf",
    ),
}
NAMES = {"min": "smaller", "max": "larger", "sign": "signum", "spow": "signed_power"}
NAMES |= {"floor": "whole", "mod": "modulo", "erf": "error_function"}


def function_lines(name: str) -> list[str]:
    """A function as Brian 2 wants it, in three languages.

    Example:
        >>> print(*function_lines("quotient")[2:5], sep="\\n")
        @implementation("cpp", "static inline double quotient(double top, double bottom) \
{ return top/bottom; }")
        @implementation("cython", '''
        @_cython.cdivision(True)
    """
    function = FUNCTIONS[name]
    typed = ", ".join(f"double {argument}" for argument in function.arguments)
    units = ", ".join(f"{argument}=1" for argument in function.arguments)
    cpp = f"static inline double {name}({typed}) {{ return {function.cpp}; }}"
    before = [
        f'@implementation("cpp", "{cpp}")',
        "@implementation(\"cython\", '''",
        *([function.in_cython] if function.in_cython else []),
        "@_cython.cdivision(True)",
        f"cdef inline double {name}({typed}):",
        f"    return {function.cython}",
        "''')",
        f"@check_units({units}, result=1)",
    ]
    body = [f'"""{function.told}"""', 'with np.errstate(all="ignore"):']
    return definition(
        name, ", ".join(function.arguments), [*body, f"    return {function.numpy}"], before
    )


class BrianCode(Code):
    """Expressions of Brian 2."""

    def function(self, name: str, args: Sequence[str]) -> str:
        """One of its functions, or of those that a program brings."""
        match name:
            case "relu":
                return f"larger({args[0]}, 0.0)"
            case "clip":
                return f"smaller(larger({args[0]}, {args[1]}), {args[2]})"
            case "sigmoid":
                return f"(1.0/(1.0 + exp(-({args[0]}))))"
        return f"{NAMES.get(name, name)}({', '.join(args)})"

    def divided(self, top: str, bottom: Sequence[str]) -> str:
        """A function, unless what stands below are numbers."""
        below = "*".join(bottom)
        if all(factor.replace(".", "").isdigit() for factor in bottom):
            return super().divided(top, bottom)
        return f"quotient({top}, {below})"

    def choice(self, condition: str, first: str, second: str) -> str:
        """A condition is 1 or 0."""
        if (first, second) == ("1.0", "0.0"):
            return f"(1.0*int({condition}))"  # whole numbers overflow where it is compiled
        return f"choice(int({condition}), {first}, {second})"
