"""What a line that is no statement was meant to be."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rulegen.grammar.algebra.symbols import WEIGHT, is_foreign, is_group
from rulegen.grammar.reading.foreign_words import SECOND_ORDER, of_line, of_subscript
from rulegen.grammar.reading.lexer import Token
from rulegen.grammar.reading.remedies import FUNCTIONS, event_meant
from rulegen.grammar.reading.suggest import suggest
from rulegen.grammar.reading.walk import FILTERS

#: Signs that assign, here or in other languages.
ASSIGNS = frozenset({"=", "<-", "+=", "-=", "*=", "/="})


def sign_at(tokens: Sequence[Token]) -> int:
    """The index of the sign of assignment, or the number of tokens."""
    return next((i for i, t in enumerate(tokens) if t.text in ASSIGNS), len(tokens))


def meant(tokens: Sequence[Token], words: Collection[str]) -> str:
    """What to write in place of a line; `words` are those that begin a statement.

    Example:
        >>> from rulegen.grammar.reading.lexer import tokenise
        >>> from rulegen.grammar.reading.source import Line
        >>> meant(tokenise(Line(1, "dw/dtau = pre")), [])
        'time is `t`: write `dw/dt = ...`'
    """
    texts = [t.text for t in tokens]
    return (
        _word(texts)
        or bounds_meant(tokens)
        or _derivative(texts, sign_at(tokens))
        or _bracket(texts, sign_at(tokens))
        or _name(texts, words)
    )


def bounds_meant(tokens: Sequence[Token]) -> str:
    """What to write in place of `0 <= w <= 1` or `w in [0, 1]`; "" where it is neither."""
    texts = {t.text for t in tokens}
    limits = texts & {"<", "<=", ">", ">=", "in"}
    return "write `bounds w in [0, 1]`" if limits and WEIGHT in texts else ""


def _word(texts: Sequence[str]) -> str:
    """Of a line that begins with a word that others write, or that is spelled otherwise here."""
    first, second = texts[0], "".join(texts[1:2])
    if first.lower() == "on" and first != "on":
        return "write `on` in small letters"
    if first == "non" and second == "-":
        return "write `nonlocal` in one word"
    if second == ",":
        return f"one value at a time: `{first} <- ...`, and another line for the next"
    if first.startswith("on_") and second == ":" and event_meant(first):
        return f"write `on {event_meant(first)}:`"
    return of_line(first)


def _derivative(texts: Sequence[str], sign: int) -> str:
    """Of a line with a derivative on its left side, in other words than ours."""
    left = texts[:sign]
    below = "".join(left[2:3]) if left[1:2] == ["/"] else ""
    if "dt2" in left or left[-3:-1] == ["dt", "**"]:
        return SECOND_ORDER
    if left[:1] == ["d"] and below == "dt":
        return "write `dx/dt = ...`"
    if "dt" in left:
        return "a derivative stands alone on the left side, `dx/dt = ...` or `tau*dx/dt = ...`"
    if below.startswith("d") and left[0].startswith("d"):
        return f"time is `t`: write `{left[0]}/dt = ...`"
    return ""


def _bracket(texts: Sequence[str], sign: int) -> str:
    """Of a line in which a bracket follows the first name."""
    first, second = texts[0], "".join(texts[1:2])
    if second == "[":
        return of_subscript(first, texts[2:sign])
    if second != "(":
        return ""
    call = f"{first}(...)"
    if first in FILTERS:
        return f"give it a name: `x = {call}`"
    if "=" in texts and ":" in texts:
        return f"write `{first}(x) = ...` for a function"
    if "=" in texts:
        return f"what `{first}` becomes after a step is `{first} <- ...`"
    if first == "clip" and texts[2:3] == [WEIGHT]:
        return "write `bounds w in [0, 1]`"
    standing = (
        f"what changes stands on the left: write `x <- {call}`, or `on trial end: w <- {call}`"
    )
    return FUNCTIONS.get(first) or standing


def _name(texts: Sequence[str], words: Collection[str]) -> str:
    """Of a line that begins with a name of whatever kind."""
    first, second = texts[0], "".join(texts[1:2])
    if is_group(first):
        return f"`{first}` says by itself that it lives at {first.partition('.')[0]}"
    if is_foreign(first):
        return f"where it lives is stated by `{first} : global` or `{first} : post`"
    near = suggest(first, words)
    if near and near != f"did you mean `{first}`?":
        return near
    if len(texts) == 1:
        return f"write `{first} = ...`, or the text of a rule in place of its name"
    typed = second == ":" and of_line("".join(texts[2:3]))  # as in `x: float = 1`
    return (
        f"write `{first} {'<-' if first == WEIGHT or (second == ':' and not typed) else '='} ...`"
    )
