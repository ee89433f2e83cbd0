"""A rule as a module of SymPy equations, which needs nothing but SymPy."""

from __future__ import annotations

from collections.abc import Sequence

import sympy as sp
from sympy.core.function import AppliedUndef

from rulegen.catalog.export.code import ATOM, Code, definition
from rulegen.catalog.export.names import changed, identifiers, variables
from rulegen.catalog.export.page import head
from rulegen.catalog.export.words import SYMPY
from rulegen.catalog.records.record import Record
from rulegen.grammar import Site
from rulegen.grammar.algebra.algebra import operator_name
from rulegen.grammar.algebra.draws import DISTRIBUTIONS
from rulegen.grammar.algebra.operators import NONLOCAL, Earlier
from rulegen.grammar.reading.sites import site_table

TITLE = '"""The equations of a plasticity rule as SymPy objects, exported by rulegen."""'
TIME = sp.Symbol("t", real=True)

#: Functions of the rule language in functions of SymPy.
HELPERS = {
    "relu": ("x", "sp.Max(x, 0)"),
    "clip": ("x, low, high", "sp.Min(sp.Max(x, low), high)"),
    "sigmoid": ("x", "1/(1 + sp.exp(-x))"),
    "spow": ("x, p", "sp.sign(x)*sp.Abs(x)**p"),
    "mod": ("x, y", "x - y*sp.floor(x/y)"),
}
#: Functions for which SymPy has nothing; they stay symbolic.
SYMBOLIC = ("prev", "delay", *sorted(NONLOCAL), *DISTRIBUTIONS)
CALLS = {"abs": "Abs", "min": "Min", "max": "Max"}


class SympyCode(Code):
    """Expressions of SymPy, with exact numbers."""

    exact = True

    def number(self, value: sp.Rational) -> str:
        """An integer or a fraction."""
        return str(value.p) if value.q == 1 else f"sp.Rational({value.p}, {value.q})"

    def text(self, expr: sp.Basic, site: Site) -> tuple[str, int]:
        """See `Code.text`; numbers that have a name are SymPy's own."""
        return (f"sp.{expr}", ATOM) if expr.is_NumberSymbol else super().text(expr, site)

    def earlier(self, node: Earlier, site: Site) -> str:
        """A symbolic function, because an equation has no memory."""
        return self.function(operator_name(node), [self.show(a, site) for a in node.args])

    def function(self, name: str, args: Sequence[str]) -> str:
        """A function of SymPy, or one that stands in the module itself."""
        here = name in HELPERS or name in SYMBOLIC
        return f"{'' if here else 'sp.'}{CALLS.get(name, name)}({', '.join(args)})"

    def choice(self, condition: str, first: str, second: str) -> str:
        """A piecewise expression."""
        return f"sp.Piecewise(({first}, {condition}), ({second}, True))"

    def logic(self, word: str, conditions: Sequence[str]) -> str:
        """Conditions joined."""
        return f"sp.{word.capitalize()}({', '.join(conditions)})"

    def relation(self, sign: str, left: str, right: str) -> str:
        """A comparison; `==` between expressions of SymPy would be decided at once."""
        word = {"==": "Eq", "!=": "Ne"}.get(sign)
        return f"sp.{word}({left}, {right})" if word else super().relation(sign, left, right)


def write(record: Record) -> str:
    """The text of a module with `EQUATIONS`, which `Rule.sympy()` describes, and `PARAMETERS`.

    Example:
        >>> record = Record(name="hebb", title="Hebb", description="",
        ...                 equations="param eta = 0.1\\ndw/dt = eta*pre*post")
        >>> space = {}
        >>> exec(write(record), space)
        >>> space["EQUATIONS"]["w"]
        Eq(Derivative(w(t), t), eta*post*pre)
    """
    rule = record.rule
    equations = rule.sympy()
    functions = sorted({a for e in equations.values() for a in e.atoms(AppliedUndef)}, key=str)
    of_time = {f: sp.Symbol(f"{f.func.__name__} of t") for f in functions}
    shown = {name: equation.xreplace(of_time) for name, equation in equations.items()}
    symbols = sorted({s.name for e in equations.values() for s in e.free_symbols - {TIME}})
    keys = [*variables(rule), *symbols, *(s.name for s in of_time.values())]
    # Derivatives are along the time that the rule can read.
    names = identifiers(keys, SYMPY.__contains__) | {TIME.name: TIME.name}
    sites = dict.fromkeys(names, Site.GLOBAL) | site_table(rule)
    code = SympyCode(names, sites, {p.name for p in rule.parameters})

    def equation(expr: sp.Basic) -> str:
        if not isinstance(expr, sp.Equality):
            return code(expr, Site.SYNAPSE)
        left = expr.lhs.expr if isinstance(expr.lhs, sp.Derivative) else expr.lhs
        text = code(left, Site.SYNAPSE)
        text = f"sp.Derivative({text}, t)" if isinstance(expr.lhs, sp.Derivative) else text
        return f"sp.Eq({text}, {code(expr.rhs, Site.SYNAPSE)}, evaluate=False)"

    body = [f'    "{name}": {equation(expr)},' for name, expr in shown.items()]
    lines = [TITLE, "", *head(record, "#", changed(rule, names)), "", "import sympy as sp", ""]
    timed = of_time or any(TIME in e.free_symbols for e in equations.values())
    lines += ['t = sp.Symbol("t", real=True)'] if timed else []
    lines += [f'{names[s]} = sp.Symbol("{s}", real=True)' for s in symbols]
    lines += [
        f'{names[place.name]} = sp.Function("{f.func.__name__}", real=True)(t)'
        for f, place in of_time.items()
    ]
    called = "\n".join(body)
    lines += [f'{f} = sp.Function("{f}", real=True)' for f in SYMBOLIC if f"{f}(" in called]
    for name, (args, text) in HELPERS.items():
        if f"{name}(" in called:
            lines += definition(name, args, [f"return {text}"])
    values = {p.name: p.value for p in rule.parameters if p.value is not None}
    lines += ["", f"PARAMETERS = {values!r}", "", "EQUATIONS = {", *body, "}"]
    return "\n".join(lines) + "\n"
