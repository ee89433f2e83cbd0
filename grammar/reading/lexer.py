"""From characters to tokens: the only place that looks at single characters.

Greek letters, macrons and typographic operators become their ASCII spelling here, and every token
keeps the column at which the user wrote it. Any other character outside ASCII is refused by
name, because a Cyrillic `e` that looks like the state `e` must not become a second variable.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from rulegen.grammar.algebra.symbols import PROJECTIONS, SIDES
from rulegen.grammar.reading.foreign_words import of_sign, without_module
from rulegen.grammar.reading.remedies import event_meant
from rulegen.grammar.reading.source import Line

Kind = Literal["name", "number", "op"]

MAX_NAME = 64
MAX_NUMBER = 4000
MAX_TOKENS = 6000
MAX_RAISED = 9

# fmt: off
GREEK = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi",
    "psi", "omega",
)
# fmt: on

#: Letters that stand for names; the final sigma and variant shapes are added by hand.
_LETTERS: dict[str, str] = {}
for _name, _code in zip(GREEK, [c for c in range(0x3B1, 0x3CA) if c != 0x3C2], strict=True):
    _LETTERS[chr(_code)] = _name
    _LETTERS[chr(_code - 32)] = _name.capitalize()
_LETTERS |= {"ς": "sigma", "ϵ": "epsilon", "ϑ": "theta", "ϕ": "phi", "ϱ": "rho", "ϖ": "pi"}
_LETTERS |= {"µ": "mu"}  # the micro sign of keyboards
_LETTERS |= {"Ω": "Omega", "∆": "Delta"}  # the ohm and increment signs

_MACRONS = "\u0304\u0305"
_SIGNS = {"·": "*", "×": "*", "⋅": "*", "∗": "*", "−": "-", "–": "-", "÷": "/"}
_SIGNS |= {"≤": "<=", "≥": ">=", "≠": "!=", "←": "<-"}
_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True))
_MINUS = "⁻"

_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_ASCII_OP = re.compile(r"\*\*|<=|>=|==|!=|\+=|-=|\*=|/=|[-+*/()\[\],:;<>=]")
_BLANK = " \t"

_REMEDIES = {
    "^": "write `**` for a power",
    "'": "write `dx/dt = ...` for a derivative",
    "%": "write `mod(x, y)`; a comment begins with `#`",
    "?": "write `1 if x > 0 else 0`",
    "!": "write `not` or `!=`",
    "&": "write `and`",
    "|": "write `or`, or `abs(x)`",
    "{": "write `( )`",
    "}": "write `( )`",
    ".": "a state of the rule of another projection is `PROJECTION.NAME`, without blanks, and a "
    "group of neurons `pre.NAME` or `post.NAME`",
    "\f": "remove the form feed",
    "\0": "remove the NUL byte: is this a text file?",
    "\r": "end lines with a line feed",
    "\\": "write names without backslashes, such as `eta`",
    "∞": "write `inf`",
    "√": "write `sqrt(x)`",
    "~": "write `not`, and `n = normal(0, 1) : SITE` for what is drawn",
    "¬": "write `not`",
    "_": "names begin with a letter, and numbers are digits alone",
    "@": "write `*` for a product",
    "$": "write formulas without dollar signs",
}


@dataclass(frozen=True)
class Token:
    """One word of the text: `text` is its ASCII spelling, `column` counts from 1.

    `per_condition` marks a name that is followed by `[condition]`, and `unit` is the unit that
    follows a number in a formula.
    """

    kind: Kind
    text: str
    column: int
    per_condition: bool = False
    unit: Token | None = None

    def __str__(self) -> str:
        return f"{self.text}[condition]" if self.per_condition else self.text


def _letter(char: str) -> str | None:
    """The ASCII spelling of a character of a name, or None when it cannot be in one."""
    if char.isascii():
        return char if char.isalnum() or char == "_" else None
    if char in _LETTERS:
        return _LETTERS[char]
    base, *marks = list(unicodedata.normalize("NFD", char))
    spelled = base if base.isascii() and base.isalpha() else _LETTERS.get(base)
    return spelled + "_bar" if spelled and len(marks) == 1 and marks[0] in _MACRONS else None


def _name_at(text: str, start: int) -> tuple[str, int] | None:
    """The name that starts at `start`, and where it ends."""
    spelled, i = "", start
    while i < len(text):
        if spelled and text[i] in _MACRONS:
            spelled += "_bar"
        elif (part := _letter(text[i])) is not None:
            spelled += part
        else:
            break
        i += 1
    if not spelled or not spelled[0].isalpha():
        return None
    return spelled, i


def _check_projection(line: Line, name: str, state: str, column: int) -> None:
    """Refuse what stands before the dot of a name unless it is a projection or a side."""
    if name not in (*PROJECTIONS, *SIDES) and state in SIDES:
        message = f"the side of a group stands first, and `{name}` is none"
        remedy = without_module(name, state) or f"write `{state}.{name}`"
        raise line.error(message, column, remedy)
    if name not in (*PROJECTIONS, *SIDES):
        *some, last = (f"`{p}`" for p in PROJECTIONS)
        raise line.error(
            f"there is no projection `{name}`",
            column,
            without_module(name, state)
            or f"a name with a dot is a state of the rule of {', '.join(some)} or {last}, or a "
            "group of neurons on one side, `pre.NAME` or `post.NAME`",
        )


def _unknown(line: Line, index: int) -> Exception:
    char = line.text[index]
    shown = f"`{char}`" if char.isprintable() and not char.isspace() else "this character"
    name = unicodedata.name(char, f"U+{ord(char):04X}")
    what = shown if char.isascii() and char.isprintable() else f"{shown} ({name})"
    remedy = _REMEDIES.get(char, "")
    remedy = _quoted(line.text, index) or of_sign(line.text, index) or remedy
    if char == "_" and line.text[:index].rstrip().endswith("]"):
        remedy = "the positive part of `x` is `relu(x)`"
    if name.startswith("VULGAR FRACTION"):
        remedy = "write a fraction as a quotient, such as `1/2`"
    if not char.isprintable() or unicodedata.category(char)[0] in "ZC":
        remedy = remedy or "remove it, or write a blank in its place"
    if not remedy and not char.isascii():
        remedy = "use ASCII letters, Greek letters, or a macron for `_bar`"
    return line.error(f"{what} has no meaning in a rule", index + 1, remedy)


def _quoted(text: str, index: int) -> str:
    """What to write in place of words in quotation marks; "" where this character begins none.

    Behind a name `'` is that of a derivative.
    """
    before = text[:index].rstrip()
    if text[index] != '"' and (text[index] != "'" or (before and before[-1] not in "=(,:")):
        return ""
    first = text.partition("=")[0].strip()
    if first.startswith("on_") and event_meant(first):
        return f"write `on {event_meant(first)}: ...`, without quotation marks"
    return (
        "no words of a rule are quoted: settings, such as `delivery` of a task, have their place "
        "in a configuration"
    )


def tokenise(line: Line) -> list[Token]:
    """The tokens of one line, without its comment.

    Example:
        >>> [t.text for t in tokenise(Line(1, "τ_u·R̄ # product"))]
        ['tau_u', '*', 'R_bar']
    """
    text, tokens, i = line.text, [], 0
    while i < len(text) and text[i] != "#":
        char = text[i]
        if char in _BLANK:
            i += 1
            continue
        kind: Kind = "op"
        if found := _NUMBER.match(text, i):
            kind, word, end = "number", found.group(), found.end()
            if len(word) > MAX_NUMBER:
                raise line.error(f"a number of {len(word)} characters", i + 1, "round it")
        elif named := _name_at(text, i):
            kind, (word, end) = "name", named
            whose, dot = word, text[end : end + 1] == "."
            if dot and (state := _name_at(text, end + 1)):
                _check_projection(line, whose, state[0], i + 1)
                word, end = state
            if len(word) > MAX_NAME:
                raise line.error(f"a name of {len(word)} characters", i + 1, "use a short name")
            word = word if word is whose else f"{whose}.{word}"
        elif char in _SUPERSCRIPTS or (char == _MINUS and text[i + 1 : i + 2] in _SUPERSCRIPTS):
            tokens.append(Token("op", "**", i + 1))
            if char == _MINUS:
                tokens.append(Token("op", "-", i + 1))
                i += 1
            end = i + 1
            while end < len(text) and text[end] in _SUPERSCRIPTS:
                end += 1
            if end - i > MAX_RAISED:
                raise line.error(
                    f"{end - i} raised digits", i + 1, "write the exponent as a number, after `**`"
                )
            kind, word = "number", "".join(_SUPERSCRIPTS[c] for c in text[i:end])
        elif char in _SIGNS:
            word, end = _SIGNS[char], i + 1
        elif match := _ASCII_OP.match(text, i):
            word, end = match.group(), match.end()
        else:
            raise _unknown(line, i)
        tokens.append(Token(kind, word, i + 1))
        i = end
    if len(tokens) > MAX_TOKENS:
        raise line.error(
            f"a line of more than {MAX_TOKENS} words",
            tokens[MAX_TOKENS].column,
            "name parts of the formula on lines of their own",
        )
    return _with_subscripts(tokens)


def _with_subscripts(tokens: list[Token]) -> list[Token]:
    """Join `NAME [ condition ]` into one token."""
    joined: list[Token] = []
    i = 0
    while i < len(tokens):
        token = tokens[i]
        after = [t.text for t in tokens[i + 1 : i + 4]]
        if token.kind == "name" and after == ["[", "condition", "]"]:
            joined.append(Token("name", token.text, token.column, per_condition=True))
            i += 4
        else:
            joined.append(token)
            i += 1
    return joined
