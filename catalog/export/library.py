"""What array libraries call things: expressions on their arrays, and the functions they lack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sympy as sp

from rulegen.catalog.export.code import Code
from rulegen.grammar import Site
from rulegen.grammar.algebra.operators import opposite, over_pre
from rulegen.grammar.algebra.symbols import WEIGHT
from rulegen.grammar.reading.sites import site_of
from rulegen.grammar.rule.timing import HALF


@dataclass(frozen=True)
class Library:
    """What differs between array libraries.

    Attributes:
        title: of the module. short: the library's name in code. imports: the line that loads it.
        quiet: a line before functions that may meet values without meaning.
        place: lines of a function that puts a value in its place in an array.
        erf: lines of the error function.
        own: how an array is given away of which another name is kept; "" where none can change.
        random: what loads random numbers, and what readies them for `{count}` arrays.
        even, bell: an array of uniform and of normal numbers, of `{shape}`, the `{index}`th.
    """

    title: str
    short: str
    imports: str
    quiet: tuple[str, ...]
    place: tuple[str, ...]
    erf: tuple[str, ...]
    own: str
    random: tuple[str, str]
    even: str
    bell: str


class ArrayCode(Code):
    """Expressions on arrays: a pre variable (N_pre,) broadcasts against (N_post, N_pre)."""

    def __init__(
        self,
        library: Library,
        names: Mapping[str, str],
        sites: Mapping[str, Site],
        parameters: Sequence[str] | frozenset[str] | set[str] = (),
    ) -> None:
        super().__init__(names, sites, parameters)
        self.np = library.short
        self.helpers = helpers(library).keys()

    def name(self, key: str, source: Site, site: Site) -> str:
        """A post variable gets an axis of presynaptic neurons where a synapse reads it."""
        column = source is Site.POST and site is Site.SYNAPSE
        return self.names[key] + ("[:, None]" if column else "")

    def function(self, name: str, args: Sequence[str]) -> str:
        """One of the library's functions, or of those that stand in the module itself."""
        there = {"min": "minimum", "max": "maximum"}.get(name, name)
        prefix = "" if name in self.helpers else f"{self.np}."
        return f"{prefix}{there}({', '.join(args)})"

    def logic(self, word: str, conditions: Sequence[str]) -> str:
        """Elementwise `and` and `or`."""
        return "(" + {"and": " & ", "or": " | "}[word].join(conditions) + ")"

    def over(self, expr: sp.Expr, site: Site) -> str:
        """Every synapse counts, or every neuron of one side, also where all are the same."""
        if isinstance(expr, opposite):
            return f"fill({self.names[WEIGHT]}, {self(expr.args[0], Site.SYNAPSE)}).T"
        kind, _, _ = type(expr).__name__.partition("_")
        axis, weights = (1 if isinstance(expr, over_pre) else 0), self.names[WEIGHT]
        if site_of(expr, self.sites) is Site.GLOBAL:
            side, there = (Site.PRE, "[0]") if axis else (Site.POST, "[:, 0]")
            return f"{self.np}.{kind}(fill({weights}{there}, {self(expr.args[0], side)}))"
        full = f"fill({weights}, {self(expr.args[0], Site.SYNAPSE)})"
        text = f"{self.np}.{kind}({full}, axis={axis})"
        return text + ("[:, None]" if axis and site is Site.SYNAPSE else "")


#: A function of a module: its arguments, its meaning, its lines.
Helper = tuple[str, str, list[str]]


def helpers(library: Library) -> dict[str, Helper]:
    """Functions of the rule language that a library lacks, and those that keep shapes.

    What `fill` and `place` give is an array of its own, which may be edited.
    """
    np = library.short
    return {
        "relu": ("x", "max(x, 0).", [f"return {np}.maximum(x, 0.0)"]),
        "sigmoid": (
            "x",
            "1/(1 + exp(-x)), without overflow.",
            [
                f"small = {np}.exp(-{np}.abs(x))",
                f"return {np}.where(x >= 0, 1.0, small)/(1.0 + small)",
            ],
        ),
        "spow": (
            "x, p",
            "sign(x)*|x|**p, and 0 at x = 0.",
            [
                f"size = {np}.abs({np}.where(x == 0, 1.0, x))",
                f"return {np}.where(x == 0, 0.0, {np}.sign(x)*size**p)",
            ],
        ),
        "exprel": (
            "x",
            "(exp(x) - 1)/x, and 1 at x = 0.",
            [
                f"other = {np}.where(x == 0, 1.0, x)",
                f"return {np}.where(x == 0, 1.0, {np}.expm1(other)/other)",
            ],
        ),
        "mod": (
            "x, y",
            "The remainder x - y*floor(x/y), with the same zeros in all libraries.",
            [
                f"rest = {np}.fmod(1.0*x, 1.0*y)",  # of comparisons as well
                f"return {np}.where((rest != 0) & ((rest < 0) != (y < 0)), rest + y, rest)",
            ],
        ),
        "steps_back": (
            "delay, dt",
            "How many steps of dt ms a delay lasts: the nearest whole number.",
            [
                "if delay < dt:",
                '    raise ValueError(f"a delay of {delay} ms is shorter than dt = {dt} ms")',
                f"return int(delay/dt + 0.5 + {HALF!r})",
            ],
        ),
        "moved_on": (
            "ring, value",
            "The values of so many steps with a new one in front, the oldest left out.",
            [f"return {np}.concatenate([fill(ring[:1], value), ring[:-1]])"],
        ),
        "erf": ("x", "The error function.", list(library.erf)),
        "fill": (
            "old, value",
            "The value in the shape of the old one.",
            [f"return {np}.array({np}.broadcast_to({np}.asarray(value, old.dtype), old.shape))"],
        ),
        "place": (
            "old, condition, value",
            "The values of all conditions, with a new one for this condition.",
            list(library.place),
        ),
    }
