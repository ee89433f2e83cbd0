"""From a SymPy expression to the text of a program: a walk over the tree, brackets where needed.

The text consists of names that the rule language has checked, of numbers, and of what is written
here: whatever a rule says, nothing else can get into a program.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

import sympy as sp

from rulegen.grammar import Site
from rulegen.grammar.algebra import constants
from rulegen.grammar.algebra.algebra import as_written, operator_name
from rulegen.grammar.algebra.operators import NONLOCAL, Earlier, exprel, power
from rulegen.grammar.printing.order import sort_factors, sort_terms, split_product

# Precedence levels, loosest first.
SUM, PRODUCT, SIGN, POWER, ATOM = range(5)


def keys_read(expr: sp.Basic) -> set[str]:
    """What an expression reads: names, and the memory of `prev(x)`, which reads no `x`.

    Example:
        >>> from rulegen.grammar import parse
        >>> expr = parse("w += u*prev(pre)").states[0].expr
        >>> sorted(keys_read(expr))
        ['prev pre', 'u', 'w']
    """
    if isinstance(expr, Earlier):
        return {expr.memory}
    if isinstance(expr, sp.Symbol):
        return {expr.name}
    return {key for arg in expr.args for key in keys_read(arg)}


def is_value(expr: sp.Expr) -> bool:
    """Whether an expression is a number that a computer has.

    Example:
        >>> is_value(sp.sin(2)), is_value(sp.Symbol("x")), is_value(sp.oo)
        (True, False, False)
    """
    return bool(expr.is_number and expr.is_finite is not False) and math.isfinite(
        constants.as_float(expr)
    )


def kept_before(exprs: Iterable[sp.Basic]) -> list[Earlier]:
    """What some expressions read of earlier steps."""
    found = {node for expr in exprs for node in expr.atoms(Earlier)}
    return sorted(found, key=lambda node: node.memory)


class Code:
    """Writes rule expressions for one language; its subclasses say what is different there.

    Args:
        names: the identifier of each symbol, and of `prev(x)` under the name of its memory.
        sites: the site of each symbol.
        parameters: which symbols are parameters; they stand first in a product.

    Example:
        >>> from rulegen.grammar import parse
        >>> from rulegen.grammar.reading.sites import site_table
        >>> rule = parse("dw/dt = eta*post*(pre - post*w)")
        >>> names = {n: n for n in ("eta", "w", "pre", "post")}
        >>> Code(names, site_table(rule), {"eta"})(rule.states[0].expr, Site.SYNAPSE)
        'eta*(pre - w*post)*post'
    """

    def __init__(
        self,
        names: Mapping[str, str],
        sites: Mapping[str, Site],
        parameters: Sequence[str] | frozenset[str] | set[str] = (),
    ) -> None:
        self.names, self.sites, self.parameters = names, sites, frozenset(parameters)

    def __call__(self, expr: sp.Basic, site: Site) -> str:
        """The text of `expr` as seen from `site`."""
        with as_written(False):
            return self.text(expr, site)[0]

    #: Whether numbers stay what they are, and are not computed.
    exact: ClassVar[bool] = False

    # What a language may do in its own way ---------------------------------------------------

    def name(self, key: str, source: Site, site: Site) -> str:
        """A variable that lives at `source`, as seen from `site`."""
        return self.names[key]

    def earlier(self, node: Earlier, site: Site) -> str:
        """The value that a variable had in an earlier step."""
        return self.name(node.memory, self.sites[node.args[0].name], site)

    def number(self, value: sp.Rational) -> str:
        """A number that is not negative."""
        return repr(float(value))

    def function(self, name: str, args: Sequence[str]) -> str:
        """A function of the rule language other than sums over neurons."""
        return f"{name}({', '.join(args)})"

    def over(self, expr: sp.Expr, site: Site) -> str:
        """A sum or maximum over neurons."""
        return self.function(operator_name(expr), [self(expr.args[0], Site.SYNAPSE)])

    def choice(self, condition: str, first: str, second: str) -> str:
        """`first` where the condition holds, else `second`."""
        return self.function("where", [condition, first, second])

    def logic(self, word: str, conditions: Sequence[str]) -> str:
        """Conditions joined by `and` or `or`."""
        return "(" + f" {word} ".join(conditions) + ")"

    def divided(self, top: str, bottom: Sequence[str]) -> str:
        """A product over another."""
        below = "*".join(bottom)
        return f"{top}/({below})" if len(bottom) > 1 else f"{top}/{below}"

    def relation(self, sign: str, left: str, right: str) -> str:
        """A comparison."""
        return f"({left} {sign} {right})"

    # The walk --------------------------------------------------------------------------------

    def show(self, expr: sp.Basic, site: Site, level: int = SUM) -> str:
        """The text, in brackets where it binds looser than `level`."""
        text, binds = self.text(expr, site)
        return text if binds >= level else f"({text})"

    def text(self, expr: sp.Basic, site: Site) -> tuple[str, int]:
        """The text and how tightly it binds."""
        if expr.is_Symbol:
            return self.name(expr.name, self.sites[expr.name], site), ATOM
        if isinstance(expr, Earlier):
            return self.earlier(expr, site), ATOM
        if expr.is_Rational:
            text = self.number(abs(expr))
            return (f"-{text}", SIGN) if expr < 0 else (text, ATOM)
        if not self.exact and isinstance(expr, sp.Expr) and is_value(expr):
            # As lives have it: what a library makes of `sin(2*pi)` is not quite 0.
            size = constants.as_float(expr)
            text = self.number(sp.Rational(abs(size)))
            return (f"-{text}", SIGN) if size < 0 else (text, ATOM)
        if expr.is_Add:
            return self.sum(expr, site), SUM
        if expr.is_Mul:
            return self.product(expr, site)
        if expr.is_Pow or isinstance(expr, power):
            return self.power(expr, site)
        if isinstance(expr, sp.Piecewise):
            return self.cases(expr, site), ATOM
        if isinstance(expr, sp.And | sp.Or):
            word = "and" if isinstance(expr, sp.And) else "or"
            return self.logic(word, sorted(self.show(a, site) for a in expr.args)), ATOM
        if expr.is_Relational:
            left, right = (self.show(a, site) for a in expr.args)
            return self.relation(expr.rel_op, left, right), ATOM
        if isinstance(expr, exprel):  # of order 0: only tangents have others
            return self.function("exprel", [self.show(expr.args[0], site)]), ATOM
        if operator_name(expr) in NONLOCAL:
            return self.over(expr, site), ATOM
        args = [self.show(a, site) for a in expr.args]
        if not isinstance(expr, sp.Min | sp.Max):
            return self.function(operator_name(expr), args), ATOM
        first, *rest = sorted(args)
        for arg in rest:
            first = self.function(operator_name(expr), [first, arg])
        return first, ATOM

    def sum(self, expr: sp.Add, site: Site) -> str:
        """Terms in the order in which people write them."""
        first, *rest = (self.show(t, site, PRODUCT) for t in sort_terms(expr.args, str))
        signed = (f" - {t[1:]}" if t.startswith("-") else f" + {t}" for t in rest)
        return first + "".join(signed)

    def product(self, expr: sp.Mul, site: Site) -> tuple[str, int]:
        """Factors in the order in which people write them, over a line where there is one."""
        coefficient, above, below = split_product(expr)
        over = [self.show(f, site, POWER) for f in self.sorted(above)]
        under = [self.show(f, site, POWER) for f in self.sorted(below)]
        size = abs(coefficient)
        if size != 1 or not over:
            over.insert(0, self.number(size))
        text = self.divided("*".join(over), under) if under else "*".join(over)
        return (f"-{text}", SIGN) if coefficient < 0 else (text, PRODUCT)

    def sorted(self, factors: list[sp.Expr]) -> list[sp.Expr]:
        """Factors in the order of the rule language's printer."""
        return sort_factors(factors, self.sites, self.parameters, str)

    def power(self, expr: sp.Expr, site: Site) -> tuple[str, int]:
        """base**exponent."""
        base, exponent = expr.args
        if base is sp.E:
            return self.function("exp", [self.show(exponent, site)]), ATOM
        if exponent.is_Rational and exponent < 0:
            return self.product(expr, site)
        if exponent == sp.Rational(1, 2):
            return self.function("sqrt", [self.show(base, site)]), ATOM
        shown = str(exponent) if exponent.is_Integer else self.show(exponent, site, ATOM)
        return f"{self.show(base, site, ATOM)}**{shown}", POWER

    def cases(self, expr: sp.Piecewise, site: Site) -> str:
        """The first value whose condition holds."""
        *pairs, (default, _) = expr.args
        result = self.show(default, site)
        for value, condition in reversed(pairs):
            result = self.choice(self.show(condition, site), self.show(value, site), result)
        return result


def definition(name: str, arguments: str, body: list[str], before: Sequence[str] = ()) -> list[str]:
    """The lines of a Python function, with two blank ones before it."""
    indented = [("    " + line).rstrip() for line in body]
    return ["", "", *before, f"def {name}({arguments}):", *indented]
