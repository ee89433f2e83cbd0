"""One formula: from tokens to a SymPy expression, by a whitelisted walk over a syntax tree.

The tokens are checked and written out again with every name and number replaced by a numbered
placeholder before `ast.parse` sees them. Python's parser is thereby left with one job, precedence:
it meets no keyword, literal or string of the user's, and every node leads back to a token
and so to a column. Nothing is ever compiled or executed.
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import sympy as sp

from rulegen.grammar.algebra import algebra, conditions, exact
from rulegen.grammar.algebra.operators import NONLOCAL, OPERATORS, cumsum_post, over_post, over_pre
from rulegen.grammar.algebra.symbols import Site
from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.reading.lexer import Token
from rulegen.grammar.reading.sequence import MAX_DEPTH, check_nesting, check_sequence, is_operand
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

Resolve = Callable[[Line, Token], sp.Symbol]


@dataclass(frozen=True)
class Read:
    """A place where a formula reads a variable, or a sum over neurons.

    Attributes:
        name: of the variable or function.
        column: where.
        site: the site of the value, when the function fixes it; None for a variable.
        reduced: whether the variable stands inside a sum over neurons, which fixes the site.
    """

    name: str
    column: int
    site: Site | None = None
    reduced: bool = False


@dataclass
class Formula:
    """A formula that was read: its expression, what it reads, and where its terms begin."""

    line: Line
    column: int
    expr: sp.Expr = sp.S.Zero
    reads: list[Read] = field(default_factory=list)
    terms: dict[sp.Expr, int] = field(default_factory=dict)


def suggest(name: str, known: Sequence[str]) -> str:
    """A remedy that names what the user probably meant, or ""."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f"did you mean `{close[0]}`?" if close else ""


def read_formula(line: Line, tokens: Sequence[Token], resolve: Resolve, after: int) -> Formula:
    """Read the formula that `tokens` spell; `after` is the column where it should start."""
    return read_list(line, tokens, resolve, after, single=True)[0]


def read_list(
    line: Line, tokens: Sequence[Token], resolve: Resolve, after: int, single: bool = False
) -> list[Formula]:
    """Read formulas separated by commas, as between the brackets of a call."""
    if not tokens:
        raise line.error("a formula is missing here", after, "write an expression, or 0")
    check_sequence(line, tokens, single)
    check_nesting(line, tokens)
    text, places = _placeholders(tokens)
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as problem:
        column = places.get((problem.offset or 1) - 1, tokens[0]).column
        raise line.error(
            "this formula cannot be read", column, "look for a missing `else` or operand"
        ) from None
    except (MemoryError, RecursionError):
        raise line.error(
            "this formula is nested too deeply", after, "name its parts on lines of their own"
        ) from None
    parts = tree.elts if isinstance(tree, ast.Tuple) and not single else [tree]
    return [_Walk(line, places, resolve).formula(part) for part in parts]


def _placeholders(tokens: Sequence[Token]) -> tuple[str, dict[int, Token]]:
    words, places, offset = [], {}, 0
    for token in tokens:
        word = "v" if token.kind == "number" or is_operand(token) else token.text
        places[offset] = token
        words.append(word)
        offset += len(word) + 1
    return " ".join(words), places


class _Walk:
    """The walk over one formula's syntax tree."""

    def __init__(self, line: Line, places: dict[int, Token], resolve: Resolve) -> None:
        self.line, self.places, self.resolve = line, places, resolve
        self.reducing = False
        self.depth = 0

    def formula(self, tree: ast.expr) -> Formula:
        self.read = Formula(self.line, self.place(tree).column)
        self.read.expr = self.number(tree)
        return self.read

    def place(self, node: ast.expr) -> Token:
        return self.places[node.col_offset]

    def error(self, node: ast.expr, message: str, remedy: str = "") -> RuleError:
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
        token = self.place(node)
        if token.kind == "number":
            return self.build(node, exact.number, token.text)
        if token.text in OPERATORS or token.text == "where":
            raise self.error(node, f"`{token}` is a function", f"write `{token}(...)`")
        if token.text in FILTERS:
            raise self.nested_filter(node)
        symbol = self.resolve(self.line, token)
        self.read.reads.append(Read(token.text, token.column, reduced=self.reducing))
        return symbol

    def sum(self, node: ast.expr) -> sp.Expr:
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
        if not isinstance(inner, ast.Name) or not self.place(inner).text.isdecimal():
            return self.number(node)
        value = self.build(inner, exact.digits, self.place(inner).text)
        return -value if negative else value

    def nested_filter(self, node: ast.expr) -> RuleError:
        token = self.place(node)
        return self.error(
            node,
            f"`{token}` cannot stand inside a formula, because it is a state",
            f"give it a name on its own line: `x = {token}(...)`",
        )

    def call(self, node: ast.Call) -> sp.Expr:
        name = self.place(node.func).text
        if name in FILTERS:
            raise self.nested_filter(node)
        if name == "where":
            self.count(node, name, (3,))
            test, first, second = node.args
            return conditions.choose(self.condition(test), self.number(first), self.number(second))
        if name not in OPERATORS:
            remedy = suggest(name, [*OPERATORS, "where"]) or f"for a product write `{name}*(...)`"
            raise self.error(node, f"there is no function `{name}`", remedy)
        many = tuple(range(2, MAX_ARGUMENTS + 1)) if name in ("min", "max") else None
        self.count(node, name, many or OPERATORS[name].nargs)
        if name == "prev" and not isinstance(node.args[0], ast.Name):
            raise self.error(node.args[0], "`prev` takes a name", "name the formula first")
        args = self.arguments(node, name)
        return self.build(node, algebra.call, name, args)

    def arguments(self, node: ast.Call, name: str) -> list[sp.Expr]:
        outer = self.reducing
        if name in NONLOCAL:
            make = OPERATORS[name].make
            assert isinstance(make, type)
            sites = ((over_pre, Site.POST), (over_post, Site.PRE), (cumsum_post, Site.SYNAPSE))
            site = next(site for base, site in sites if issubclass(make, base))
            column = self.place(node).column
            self.read.reads.append(Read(name, column, site, reduced=outer))
            self.reducing = True
        args = [self.number(a) for a in node.args]
        self.reducing = outer
        return args

    def count(self, node: ast.Call, name: str, allowed: tuple[int, ...]) -> None:
        if len(node.args) not in allowed:
            wanted = f"{allowed[0]} to {allowed[-1]}" if len(allowed) > 1 else f"{allowed[0]}"
            raise self.error(node, f"`{name}` takes {wanted} arguments, not {len(node.args)}")

    def condition(self, node: ast.expr, holds: bool = True) -> sp.Basic:
        """A formula where a condition is wanted; its negation unless `holds`."""
        match node:
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                sides = self.number(left), self.number(right)
                found = self.build(node, conditions.compare, _COMPARE[type(op)], *sides)
                return found if holds else conditions.negate(found)
            case ast.Compare():
                raise self.error(node, "comparisons cannot be chained", "write `a < b and b < c`")
            case ast.BoolOp(op=kind, values=values):
                both = isinstance(kind, ast.And) is holds  # not (a and b) is not a or not b
                join = sp.And if both else sp.Or
                return conditions.combine(join, [self.condition(v, holds) for v in values])
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return self.condition(inner, not holds)
        raise self.error(node, "a condition must compare", "write for instance `x > 0`")
