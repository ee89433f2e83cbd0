"""Definitions with arguments, `f(x) = x*(1 - x)`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sympy as sp

from rulegen.grammar.algebra.symbols import is_outside, symbol
from rulegen.grammar.reading.drawing import check_single
from rulegen.grammar.reading.formula import read_formula
from rulegen.grammar.reading.lexer import Token
from rulegen.grammar.reading.reads import Called, Function, Resolve
from rulegen.grammar.reading.source import Line
from rulegen.grammar.reading.walk import MAX_ARGUMENTS


@dataclass(frozen=True)
class FunctionText:
    """`name(arguments) = body`, with the body unread."""

    line: Line
    name: Token
    arguments: tuple[Token, ...]
    body: tuple[Token, ...]
    start: int


class Functions(Called):
    """The functions that a text defines, each read once, where it is first called.

    Args:
        texts: the definitions by name.
        resolve: what other names than those of arguments mean.
    """

    def __init__(self, texts: Mapping[str, FunctionText], resolve: Resolve) -> None:
        self.texts, self.names, self.resolve = texts, texts.keys(), resolve
        self.known: dict[str, Function] = {}
        self.waiting: list[str] = []

    def __call__(self, name: str) -> Function | None:
        """The function of this name, or None."""
        text = self.texts.get(name)
        if text is None or name in self.known:
            return self.known.get(name)
        if name in self.waiting:
            path = " -> ".join([*self.waiting[self.waiting.index(name) :], name])
            raise text.line.error(
                f"a function that calls itself: {path}", text.name.column, "write it out"
            )
        self.waiting.append(name)
        arguments = {a.text: f"{a.text} of {name}" for a in text.arguments}

        def resolve(line: Line, token: Token) -> sp.Expr:
            if token.text in arguments and not token.per_condition:
                return symbol(arguments[token.text])
            return self.resolve(line, token)

        formula = read_formula(text.line, text.body, resolve, text.start, self)
        check_single(formula, False)
        self.waiting.pop()
        self.known[name] = Function(tuple(arguments.values()), formula)
        return self.known[name]

    def check_called(self) -> None:
        """Refuse a function that no formula calls: nothing of it is left in the rule."""
        for name, text in self.texts.items():
            if name not in self.known:
                raise text.line.error(
                    f"`{name}` is never called",
                    text.name.column,
                    f"write `{name}(...)` in a formula, or remove it; a step in time is "
                    f"`{name} <- ...`",
                )


def read_head(line: Line, tokens: list[Token]) -> FunctionText | None:
    """`NAME(NAME, ...) = FORMULA`, or None where the line is something else."""
    words = [t.text for t in tokens]
    if words[1:2] != ["("] or ")" not in words or tokens[0].kind != "name":
        return None
    end = words.index(")")
    if words[end + 1 : end + 2] != ["="]:
        return None
    arguments = tokens[2:end:2]
    for i, token in enumerate(tokens[2:end]):
        if (token.kind != "name" or is_outside(token.text)) if i % 2 == 0 else (token.text != ","):
            raise line.error(
                f"`{token}` is not the name of an argument",
                token.column,
                "write `f(x) = ...`; what a state becomes after a step is `x <- ...`",
            )
    if end % 2 == 0 or end - 2 > 2 * MAX_ARGUMENTS:
        raise line.error(
            f"a function has 1 to {MAX_ARGUMENTS} arguments", tokens[1].column, "write `f(x) = ...`"
        )
    for i, token in enumerate(arguments):
        if token.text in words[2 : 2 + 2 * i]:
            raise line.error(f"`{token}` is an argument twice", token.column, "rename one of them")
    body, equals = tokens[end + 2 :], tokens[end + 1]
    colon = next((t for t in body if t.text == ":"), None)
    if colon is not None:
        raise line.error("a function has no site of its own", colon.column, "remove it")
    return FunctionText(line, tokens[0], tuple(arguments), tuple(body), equals.column + 1)
