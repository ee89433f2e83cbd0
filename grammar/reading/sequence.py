"""Whether tokens can be a formula at all, checked before any parser sees them."""

from __future__ import annotations

from collections.abc import Sequence

from rulegen.grammar.algebra.operators import OPERATORS
from rulegen.grammar.algebra.symbols import SIGNALS, WEIGHT, is_outside
from rulegen.grammar.reading.calls import call_of
from rulegen.grammar.reading.foreign_units import in_ours
from rulegen.grammar.reading.foreign_words import of_subscript
from rulegen.grammar.reading.lexer import Token
from rulegen.grammar.reading.quantities import UNITS
from rulegen.grammar.reading.remedies import FUNCTIONS
from rulegen.grammar.reading.source import Line

MAX_DEPTH = 64
MAX_CHAIN = 32

_WORDS = frozenset({"and", "or", "not", "if", "else"})
_PREFIX = frozenset({"-", "+", "not"})
_INFIX = frozenset({"+", "-", "*", "/", "**", "<", "<=", ">", ">=", "==", "!=", ","}) | (
    _WORDS - {"not"}
)
_ELSE_IF = "write `x if pre > 0 else (y if post > 0 else z)`"
#: Operators of other languages whose two signs are two operators here.
_TWO_SIGNS = {
    "//": "write `floor(x/y)` for a whole quotient; a comment begins with `#`",
    "***": "write `**` for a power",
    "<>": "write `!=`",
    "elseif": _ELSE_IF,
    "<": "a mean over time is a state: `x = lowpass(pre*post, tau)`",
}


def is_operand(token: Token) -> bool:
    """Whether the token is a number or a name, not a word such as `and`."""
    return token.kind == "number" or (token.kind == "name" and token.text not in _WORDS)


def check_sequence(line: Line, tokens: Sequence[Token], single: bool) -> None:
    """Operands and operators must alternate; say which of them is missing."""
    wants_operand, previous = True, None
    opened: list[tuple[Token, bool]] = []
    for i, token in enumerate(tokens):
        text = token.text
        if text == "(" and token.kind == "op":
            calls = previous is not None and previous.kind == "name" and not wants_operand
            if not wants_operand and not calls:
                raise line.error("an operator is missing before `(`", token.column, "write `*`")
            opened.append((token, calls))
            wants_operand = True
        elif text == ")" and token.kind == "op":
            if not opened:
                raise line.error("this `)` closes nothing", token.column, "remove it")
            if wants_operand:
                assert previous is not None
                remedy = _inside(previous, _empty_call(tokens, token))
                raise line.error("something is missing before `)`", token.column, remedy)
            opened.pop()
        elif is_operand(token):
            if not wants_operand:
                assert previous is not None
                message, remedy = _between(previous, token, [t.text for t in tokens[i + 1 :]])
                raise line.error(message, token.column, remedy)
            wants_operand = False
        elif text in _PREFIX and wants_operand:
            pass
        elif text in _INFIX and not wants_operand:
            if text == "," and not (opened[-1][1] if opened else not single):
                message = "a comma outside the brackets of a function"
                raise line.error(message, token.column, _comma(tokens, i))
            wants_operand = True
        elif text in _INFIX:
            both = (previous.text if previous else "") + text
            remedy = _TWO_SIGNS.get(
                both, f"write a number or a name before it, or remove the `{text}`"
            )
            raise line.error(f"something is missing before `{text}`", token.column, remedy)
        else:
            call = opened[-1][0] if opened and opened[-1][1] else None
            raise line.error(*_misplaced(tokens, i, call, single))
        previous = token
    if opened:
        raise line.error("this `(` is never closed", opened[-1][0].column, "add `)`")
    if wants_operand:
        assert previous is not None
        end = previous.column + len(previous.text)
        raise line.error("the formula ends too early", end, "something is missing here")


def _comma(tokens: Sequence[Token], index: int) -> str:
    """What to write in place of a comma at `index` that parts no arguments."""
    sides = [t for t in tokens[max(index - 1, 0) : index + 2] if t.kind == "number"]
    if len(sides) == 2 and all(t.text.isdecimal() for t in sides):
        return f"write `{sides[0]}.{sides[1]}` for a number with decimals"
    return "one formula a line: name its parts on lines of their own"


def _between(previous: Token, token: Token, rest: Sequence[str]) -> tuple[str, str]:
    """What is wrong with two operands side by side, before `rest`, and what to write."""
    missing = f"an operator is missing between `{previous}` and `{token}`"
    after = rest[0] if rest else ""
    if previous.text.startswith("sum_") and previous.text not in OPERATORS:
        return missing, FUNCTIONS["sum"]
    if previous.text in OPERATORS:
        return missing, f"write `{previous}({token})`"
    if token.text in ("elif", "elseif"):
        return missing, _ELSE_IF
    if token.text == "where":
        return missing, "write `(... if x > 0 else 0)`"
    if previous.kind != "number" or after == "(":
        return missing, "write `*` for a product"
    if token.text in UNITS:
        power = "".join(rest[1 : 3 if rest[1:2] == ["-"] else 2])
        return (
            missing,
            f"the unit stays with a number of its own: `{previous}*(1 {token})**{power}`",
        )
    if remedy := in_ours(previous.text, token.text):
        return f"there is no unit `{token}`", remedy
    if token.text == "1" and after == "/":
        return missing, "write `0.1/ms` for a rate"
    comma = " or a comma between arguments" if token.kind == "number" else ""
    return missing, f"write `*` for a product{comma}"


def _empty_call(tokens: Sequence[Token], closing: Token) -> str:
    """The name in `name()` that ends here, or ""."""
    at = tokens.index(closing)
    name, opening = tokens[max(at - 2, 0)], tokens[at - 1]
    return name.text if name.kind == "name" and opening.text == "(" else ""


def _inside(previous: Token, name: str) -> str:
    """What to write before a closing bracket; `name` is that of an empty call, or ""."""
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    if name in SIGNALS or name == WEIGHT or is_outside(name):
        return f"write `{name}` without brackets"
    if name:
        call = call_of(name)
        return f"write `{call}`" if call else "write its arguments between the brackets"
    if previous.text == "(":
        return "write a formula between the brackets"
    return f"write a number or a name after the `{previous}`, or remove it"


def _misplaced(
    tokens: Sequence[Token], index: int, opening: Token | None, single: bool
) -> tuple[str, int, str]:
    """What is wrong with the sign at `index`, within the call that begins at `opening`, if any.

    What is not `single` are the arguments of a filter.
    """
    token, before = tokens[index], tokens[index - 1] if index else None
    if token.text == "=" and opening is None and not single:
        remedy = "arguments have no names: the formula comes first, `lowpass(pre, 20 ms)`"
        return f"`{token}` cannot stand here", token.column, remedy
    if token.text == "=" and opening is not None:
        name = tokens[tokens.index(opening) - 1].text
        remedy = f"write `{call_of(name) or f'{name}(...)'}`: arguments have no names"
        return f"`{token}` cannot stand here", token.column, remedy
    if token.text == "[" and before is not None and before.kind == "name":
        remedy = of_subscript(before.text, [t.text for t in tokens[index + 1 :]])
        return f"`{token}` cannot stand here", token.column, remedy
    remedies = {
        "=": "write `==` to compare, and `<=` or `>=`",
        "[": "write one number or formula; the positive part of `x` is `relu(x)`",
        "]": "only a state kept per condition has a subscript: `NAME[condition]`",
        "<-": "write `x < -1` with a blank, or one statement a line",
        ":": "remove the site here: it ends the equation of what changes or begins",
        ";": "one statement a line; `;` separates the statements of an event",
    }
    return f"`{token}` cannot stand here", token.column, remedies.get(token.text, "")


def check_nesting(line: Line, tokens: Sequence[Token]) -> None:
    """Refuse what would exhaust Python's parser or this reader."""
    prefixes = powers = 0
    choices = [0]  # in each bracket that is open
    for token in tokens:
        if token.text == "(":
            choices.append(0)
        elif token.text == ")" and len(choices) > 1:
            choices.pop()
        elif token.text == ",":
            choices[-1] = 0
        choices[-1] += token.text == "if"
        prefixes = prefixes + 1 if token.text in _PREFIX else 0
        powers += token.text == "**"
        powers = 0 if token.text in ("+", "-", "*", "/", ",") else powers
        if len(choices) > MAX_DEPTH + 1 or max(prefixes, powers, sum(choices)) > MAX_CHAIN:
            raise line.error(
                "the formula is nested too deeply here",
                token.column,
                "name its parts on lines of their own",
            )
