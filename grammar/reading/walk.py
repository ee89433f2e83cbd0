"""The walk over the syntax tree of one formula, node by node, and what each node becomes."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Mapping
from dataclasses import replace

import sympy as sp

from rulegen.grammar.algebra import algebra, conditions, exact
from rulegen.grammar.algebra.draws import DISTRIBUTIONS
from rulegen.grammar.algebra.operators import (
    NONLOCAL,
    OF_NAMES,
    OPERATORS,
    TAKEN,
)
from rulegen.grammar.algebra.symbols import MILLISECOND, symbol
from rulegen.grammar.reading.calls import CALLS, call_of
from rulegen.grammar.reading.drawing import trouble
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.reading.foreign_units import alone
from rulegen.grammar.reading.lexer import Token
from rulegen.grammar.reading.quantities import UNITS, unit_value
from rulegen.grammar.reading.reads import Called, Formula, Function, Read, Resolve
from rulegen.grammar.reading.remedies import for_function
from rulegen.grammar.reading.sequence import MAX_DEPTH
from rulegen.grammar.reading.source import Line

MAX_ARGUMENTS = 8

FILTERS = ("lowpass", "accumulate", "average")
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


class Walk:
    """The walk over one formula's syntax tree."""

    def __init__(
        self, line: Line, places: Mapping[int, Token], resolve: Resolve, called: Called
    ) -> None:
        self.line, self.places, self.resolve, self.called = line, places, resolve, called
        self.reducing = False
        self.depth = 0

    def formula(self, tree: ast.expr) -> Formula:
        """The formula of a whole tree."""
        self.read = Formula(self.line, self.place(tree).column)
        self.read.expr = self.number(tree)
        return self.read

    def place(self, node: ast.expr) -> Token:
        """The token that a node begins with."""
        return self.places[node.col_offset]

    def error(self, node: ast.expr, message: str, remedy: str = "") -> RuleError:
        """An error at a node."""
        return self.line.error(message, self.place(node).column, remedy)

    def build(self, node: ast.expr, make: Callable[..., sp.Basic], *args: object) -> sp.Basic:
        """Call a function of `algebra` and give its complaint a place."""
        try:
            return make(*args)
        except exact.AlgebraError as problem:
            message = f"this makes {problem.message}"
            raise self.error(node, message, problem.remedy) from None

    def number(self, node: ast.expr) -> sp.Expr:
        """A formula where a number is wanted."""
        self.depth += 1
        if self.depth > 2 * MAX_DEPTH:
            raise self.error(node, "the formula is nested too deeply here", "name its parts")
        expr = self._number(node)
        self.depth -= 1
        return expr

    def _number(self, node: ast.expr) -> sp.Expr:
        match node:
            case ast.Name():
                return self.operand(node)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return self.build(node, algebra.multiply, [sp.Integer(-1), self.number(inner)])
            case ast.UnaryOp(op=ast.UAdd(), operand=inner):
                return self.number(inner)
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return self.sum(node)
            case ast.BinOp(op=ast.Mult() | ast.Div()):
                return self.product(node)
            case ast.BinOp(op=ast.Pow(), left=left, right=right):
                return self.build(right, algebra.power, self.number(left), self.number(right))
            case ast.Call():
                return self.call(node)
            case ast.IfExp(test=test, body=body, orelse=other):
                return conditions.choose(
                    self.condition(test), self.number(body), self.number(other)
                )
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                return conditions.choose(self.condition(node), sp.Integer(1), sp.Integer(0))
        raise self.error(node, "this formula cannot be read")

    def operand(self, node: ast.expr) -> sp.Expr:
        """A name or a number."""
        token = self.place(node)
        if token.kind == "number":
            return self.quantity(node)
        if token.text in TAKEN or token.text == "where" or self.called(token.text):
            unit = f"; {alone(token.text)}" if alone(token.text) else ""
            raise self.error(node, f"`{token}` is a function", f"write `{token}(...)`{unit}")
        if token.text in FILTERS:
            raise self.nested_filter(node)
        value = self.resolve(self.line, token)
        if value.is_Symbol and value != symbol(MILLISECOND):
            self.read.reads.append(Read(str(value.name), token.column, reduced=self.reducing))
        return value

    def quantity(self, node: ast.expr) -> sp.Expr:
        """A number, with its unit where it has one."""
        token = self.place(node)
        value = self.build(node, exact.number, token.text)
        if token.unit is None:
            return value
        return self.build(node, algebra.multiply, [value, unit_value(token.unit.text)])

    def sum(self, node: ast.expr) -> sp.Expr:
        """A sum, whose terms keep their places."""
        terms: list[tuple[ast.expr, bool]] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
            terms.append((node.right, isinstance(node.op, ast.Sub)))
            node = node.left
        terms.append((node, False))
        values = []
        for part, negative in reversed(terms):
            value = self.number(part)
            self.read.terms.setdefault(value, self.place(part).column)
            values.append(-value if negative else value)
        return self.build(node, algebra.add, values)

    def product(self, node: ast.expr) -> sp.Expr:
        """A product, whose numbers are taken together first."""
        factors: list[tuple[ast.expr, bool]] = []
        while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
            factors.append((node.right, isinstance(node.op, ast.Div)))
            node = node.left
        factors.append((node, False))
        coefficient, values = sp.Integer(1), []
        for part, divides in reversed(factors):
            value = self.factor(part)
            if divides and not (value.is_Integer and value):
                value, divides = self.build(part, algebra.reciprocal, value), False
            if value.is_Rational:
                coefficient = coefficient / value if divides else coefficient * value
            else:
                values.append(value)
        return self.build(node, algebra.multiply, [coefficient, *values])

    def factor(self, node: ast.expr) -> sp.Expr:
        """A factor; in `p/q`, p and q may be larger than a number alone."""
        negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
        inner = node.operand if isinstance(node, ast.UnaryOp) and negative else node
        token = self.place(inner)
        if not isinstance(inner, ast.Name) or token.unit or not token.text.isdecimal():
            return self.number(node)
        value = self.build(inner, exact.digits, token.text)
        return -value if negative else value

    def nested_filter(self, node: ast.expr) -> RuleError:
        """What is said of a filter inside a formula."""
        token = self.place(node)
        return self.error(
            node,
            f"`{token}` cannot stand inside a formula, because it is a state",
            f"give it a name on its own line: `x = {token}(...)`",
        )

    def call(self, node: ast.Call) -> sp.Expr:
        """A function of arguments."""
        name = self.place(node.func).text
        if self.place(node.func).per_condition:
            raise self.error(node, f"`{name}` is a function", "remove `[condition]`")
        if name in FILTERS:
            raise self.nested_filter(node)
        if name == "where":
            self.count(node, name, (3,))
            test, first, second = node.args
            return conditions.choose(self.condition(test), self.number(first), self.number(second))
        if function := self.called(name):
            return self.written_out(node, name, function)
        if name in DISTRIBUTIONS:
            return self.draw(node, name)
        if name not in OPERATORS:
            remedy = for_function(name, ["where", *self.called.names])
            raise self.error(node, f"there is no function `{name}`", remedy)
        many = tuple(range(2, MAX_ARGUMENTS + 1)) if name in ("min", "max") else None
        self.count(node, name, many or OPERATORS[name].nargs)
        before, outer = len(self.read.reads), self.reducing
        self.reducing = outer or name in NONLOCAL
        args = [
            self.duration(a) if name == "delay" and i else self.number(a)
            for i, a in enumerate(node.args)
        ]
        self.reducing = outer
        if name in CALLS and not _is_name(args[0]):
            raise self.error(
                node.args[0], f"`{name}` takes a name", "keep the formula in a state, and name that"
            )
        value = self.build(node, algebra.call, name, args)
        if name in NONLOCAL:
            read = Read(name, self.place(node).column, total=value, reduced=outer)
            self.read.reads.insert(before, read)
        return value

    def duration(self, node: ast.expr) -> sp.Rational:
        """The number of ms that a delay lasts."""
        words = [self.place(n) for n in ast.walk(node) if isinstance(n, ast.Name)]
        for word in sorted(words, key=lambda token: token.column):
            if word.kind == "name" and word.text not in UNITS:
                raise self.line.error(
                    f"a delay is a number, and `{word}` is none",
                    word.column,
                    f"write the number, as in `{CALLS['delay']}`: it says how much is kept",
                )
        value = self.number(node)
        size = value.xreplace({symbol(MILLISECOND): sp.Integer(1)})
        if not size.is_Rational or value not in (size, size * symbol(MILLISECOND)):
            raise self.error(node, "a delay is a time", f"write `{CALLS['delay']}`")
        if size <= 0:
            raise self.error(
                node, "a delay is longer than 0", "what a name is now has the name alone"
            )
        return size

    def draw(self, node: ast.Call, name: str) -> sp.Expr:
        """A random number; whether one may stand here is for the statement to say."""
        if self.reducing:
            raise self.error(
                node,
                "a sum over neurons cannot draw",
                f"give the draw a name on its own line: `n = {name}(...) : synapse`",
            )
        self.count(node, name, DISTRIBUTIONS[name].nargs)
        self.read.draws.append(Read(name, self.place(node).column))
        args = [self.number(a) for a in node.args]
        problem, index = trouble(name, args)
        if problem:
            raise self.error(node.args[index], problem, f"write `{call_of(name)}`")
        return self.build(node, algebra.call, name, args)

    def written_out(self, node: ast.Call, name: str, function: Function) -> sp.Expr:
        """A function of the text: its formula, with the arguments in their places."""
        own = ", ".join(argument.removesuffix(f" of {name}") for argument in function.arguments)
        self.count(node, name, (len(function.arguments),), f"{name}({own})")
        outer, values = self.reducing, []
        for argument, part in zip(function.arguments, node.args, strict=True):
            self.reducing = outer or function.reduces(argument)
            values.append(self.number(part))
        self.reducing = outer
        column = self.place(node).column
        meaning = function.meaning(values)
        named = sorted(function.formula.expr.atoms(*OF_NAMES), key=algebra.operator_name)
        for called in named:
            if not _is_name(meaning.get(called.args[0], called.args[0])):
                what = algebra.operator_name(called)
                raise self.error(node, f"`{what}` takes a name", f"call `{name}` with names")
        here = []
        for read in function.inner():
            total = read.total
            if total is not None:
                total = self.build(node, algebra.substitute, total, meaning)
            here.append(replace(read, column=column, reduced=read.reduced or outer, total=total))
        # All in one place: of functions that call each other often there would be too many.
        self.read.reads += dict.fromkeys(here)
        return self.build(node, algebra.substitute, function.formula.expr, meaning)

    def count(self, node: ast.Call, name: str, allowed: tuple[int, ...], own: str = "") -> None:
        """Refuse a call with another number of arguments; `own` is how a function of the text is
        called."""
        if len(node.args) not in allowed:
            wanted = f"{allowed[0]} to {allowed[-1]}" if len(allowed) > 1 else f"{allowed[0]}"
            words = f"{wanted} argument{'s' * (allowed != (1,))}"
            message = f"`{name}` takes {words}, not {len(node.args)}"
            raise self.error(node, message, f"write `{own or call_of(name)}`")

    def condition(self, node: ast.expr, holds: bool = True) -> sp.Basic:
        """A formula where a condition is wanted; its negation unless `holds`."""
        match node:
            case ast.Compare(left=left, ops=ops, comparators=others):
                sides = [self.number(side) for side in (left, *others)]
                found = [
                    self.build(node, conditions.compare, _COMPARE[type(op)], *pair)
                    for op, pair in zip(ops, itertools.pairwise(sides), strict=True)
                ]
                join = sp.And if holds else sp.Or  # a < b < c is a < b and b < c
                each = found if holds else [conditions.negate(one) for one in found]
                return conditions.combine(join, each)
            case ast.BoolOp(op=kind, values=values):
                both = isinstance(kind, ast.And) is holds  # not (a and b) is not a or not b
                join = sp.And if both else sp.Or
                return conditions.combine(join, [self.condition(v, holds) for v in values])
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return self.condition(inner, not holds)
        raise self.error(node, "a condition must compare", "write for instance `x > 0`")


def _is_name(expr: sp.Expr) -> bool:
    """Whether this is the name of something, and not of a unit."""
    return bool(expr.is_Symbol) and expr != symbol(MILLISECOND)
