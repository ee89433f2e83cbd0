"""The left side of a statement: what is assigned, and how."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rulegen.grammar.reading.errors import RuleError
from rulegen.grammar.reading.foreign_words import (
    ONE_LINE,
    SECOND_ORDER,
)
from rulegen.grammar.reading.lexer import Token
from rulegen.grammar.reading.meant import ASSIGNS, bounds_meant, meant, sign_at
from rulegen.grammar.reading.source import Line

Op = Literal["=", "<-", "d/dt"]
#: What a line cannot begin with, where it was meant to say something else.
_BEGINS = dict.fromkeys(("+", "-", "*", "**", ")", ","), ONE_LINE)
_BEGINS["/"] = "a comment begins with `#`"
_NO_FACTOR = frozenset({"+", "-", "<", "<=", ">", ">=", "==", "!=", "and", "or", "not", "if", ","})


@dataclass(frozen=True)
class Left:
    """`target op`, and the index of the token where the formula starts.

    `adds` is 1 for `+=` and -1 for `-=`; `factor` is `tau` of `tau*dx/dt = ...`.
    """

    target: Token
    op: Op
    start: int
    adds: int = 0
    factor: tuple[Token, ...] = ()


def read_left(line: Line, tokens: Sequence[Token], words: Collection[str]) -> Left:
    """Read the left side of a statement; `words` are those that may begin another one."""
    at = sign_at(tokens)
    if at < len(tokens) and [t.text for t in tokens[max(at - 2, 0) : at]] == ["/", "dt"]:
        return _derivative(line, tokens, at)
    first = tokens[0]
    if first.kind != "name":
        remedy = bounds_meant(tokens) or _BEGINS.get(first.text, "write `name = formula`")
        raise line.error("a statement starts with a name", first.column, remedy)
    match [t.text for t in tokens[1:3]]:
        case ["=", *_]:
            return Left(first, "=", 2)
        case ["<-", *_]:
            return Left(first, "<-", 2)
        case ["<", "-"]:
            return Left(first, "<-", 3)
        case ["+=" | "-=" as op, *_]:
            return Left(first, "<-", 2, 1 if op == "+=" else -1)
        case ["*=" | "/=" as op, *_]:
            remedy = f"write `{first} <- {first}{op[0]}...`"
            raise line.error(f"`{op}` is not known here", tokens[1].column, remedy)
    raise line.error("this is not a statement", first.column, meant(tokens, words))


def states(tokens: Sequence[Token], words: Collection[str]) -> bool:
    """Whether a line may be a statement of its own; `words` are those that begin one."""
    return tokens[0].text in words or any(t.text in {*ASSIGNS, ":"} for t in tokens)


def goes_on(tokens: Sequence[Token]) -> bool:
    """Whether a line ends within brackets, or with a sign behind which something is missing.

    Example:
        >>> from rulegen.grammar.reading.lexer import tokenise
        >>> goes_on(tokenise(Line(1, "w += eta*(pre +"))), goes_on(tokenise(Line(1, "w += pre")))
        (True, False)
    """
    words = [t.text for t in tokens]
    return words.count("(") > words.count(")") or words[-1] in ("+", "-", "*", "/", "**", ",")


def _derivative(line: Line, tokens: Sequence[Token], at: int) -> Left:
    """`[FACTOR *] dNAME/dt =`, where the sign of assignment has the index `at`."""
    if at == 2 or tokens[at - 3].kind != "name":
        raise line.error("`dx/dt` wants a state after the `d`", tokens[0].column)
    name, before = tokens[at - 3], tokens[: at - 3]
    if name.text == "dt":
        raise line.error("`dx/dt` wants a state after the `d`", name.column, SECOND_ORDER)
    if len(name.text) < 2 or name.text[0] != "d":
        raise line.error("`dx/dt` wants a state after the `d`", name.column)
    target = replace(name, text=name.text[1:])
    if tokens[at].text != "=":
        raise line.error(
            f"a derivative has `=`, not `{tokens[at]}`",
            tokens[at].column,
            f"write `{name}/dt = ...` with all its terms",
        )
    if before and before[-1].text != "*":
        raise line.error(
            f"a `*` is missing before `{name}/dt`", name.column, f"write `tau*{name}/dt = ...`"
        )
    if len(before) == 1:
        raise line.error("something is missing before `*`", before[0].column)
    _check_factor(line, before)
    return Left(target, "d/dt", at + 1, factor=tuple(before[:-1]))


def _check_factor(line: Line, before: Sequence[Token]) -> None:
    """Refuse `x + tau*dx/dt = ...`: what is no factor belongs to the right side."""
    depth = 0
    for i, token in enumerate(before):
        depth += (token.text == "(") - (token.text == ")")
        if not depth and token.text in _NO_FACTOR and (i or token.text not in ("+", "-")):
            raise line.error(
                f"only factors stand before a derivative, and `{token}` makes a term",
                token.column,
                "bring the other terms to the right side",
            )


def again(left: Left, before: Op) -> str:
    """What to do about a second line for a name, whose first one has the sign `before`."""
    name = left.target.text
    if before == "=" and left.adds:
        return f"give the sum a name of its own, `x = {name} + ...`"
    if "=" in (before, left.op):
        return f"rename one of them; the value at which `{name}` begins is `initial {name} = ...`"
    if before == "<-":
        return f"say all in one equation, such as `{name} <- {name} + ...`"
    event = f", or add at an event, `on reward: {name} += ...`" if left.adds else ""
    return f"say all in one equation, `d{name}/dt = ...`{event}"


def two_equations(line: Line, left: Left, body: Sequence[Token]) -> RuleError:
    """What is said where the weight has an equation already."""
    remedy = "add their right-hand sides"
    if left.op == "<-" and not left.adds:
        remedy = (
            "change it at an event, `on trial end: w <- ...`, or say all in one equation, such as "
            "`w <- grown/sum_pre(grown)` with `grown = w + dt*(...)`"
        )
        if body and body[0].text in ("clip", "min", "max"):
            remedy = "write `bounds w in [0, 1]`"
    return line.error("`w` has two equations", left.target.column, remedy)
