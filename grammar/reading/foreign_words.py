"""What other languages write in a line, and what a rule says in its place."""

from __future__ import annotations

from collections.abc import Sequence

#: Where other languages keep functions.
_MODULES = frozenset(
    {"np", "numpy", "jnp", "jax", "math", "torch", "tf", "scipy", "sp", "sympy", "nn"}
)
#: What to write in place of a formula that goes on in the next line.
ONE_LINE = "a statement is one line: write it in one, or name its parts on lines before it"
#: What to write in place of `d2x/dt2 = ...`.
SECOND_ORDER = "a second derivative takes two equations, `dx/dt = v` and `dv/dt = ...`"
_BLOCK = "no block is needed: each line says by itself what it states"
_PLAIN = "write `NAME = ...` alone, or `param NAME = NUMBER` for what may be tuned"
_LOOP = "each line holds for every synapse in every step: write what happens to one in one"
_CHOICE = "write `w += (... if x > 0 else 0)`, or `on reward:` and its like for an event"
_SHOWN = "a rule has no such statement: remove the line; `drive` gives all values"
OWN = "a synapse sees the two neurons that it joins"

# fmt: off
_LINES = {
    _CHOICE: ("if", "elif", "else", "switch", "case"),
    _LOOP: ("for", "foreach", "while", "repeat", "loop"),
    _SHOWN: ("print", "plot", "show", "save", "record", "return", "assert"),
    _PLAIN: ("let", "var", "const", "float", "double", "real", "scalar"),
    _BLOCK: ("state", "parameters", "params", "equations", "internals", "synapse", "model"),
    "write `f(x) = ...` for a function": ("def", "function", "func", "inline", "lambda"),
    "functions are there already: remove the line": ("import", "from", "using", "include"),
    "remove the line": ("pass", "end", "endif", "endfor", "begin", "done"),
    "a trace is a state, `x = lowpass(pre, tau)` or `dx/dt = ...`": ("kernel", "trace"),
}
# fmt: on
_BEGINNINGS = {word: remedy for remedy, words in _LINES.items() for word in words}


def of_line(first: str) -> str:
    """What to write in place of a line that begins with a word of another language, or "".

    Example:
        >>> of_line("import")
        'functions are there already: remove the line'
    """
    return _BEGINNINGS.get(first, "")


def of_subscript(name: str, inside: Sequence[str]) -> str:
    """What to write in place of `NAME[inside]`.

    Example:
        >>> of_subscript("pre", ["t", "-", "1"]), of_subscript("m", ["c"])
        ('one step earlier it was `prev(pre)`', 'one value for each condition is `m[condition]`')
    """
    first = inside[0] if inside else ""
    if first == "t" and inside[1:2] == ["-"]:
        return f"one step earlier it was `prev({name})`"
    if first == "t":
        return f"write `{name}`; what it becomes after a step is `{name} <- ...`"
    if first[:1] == "c":
        return f"one value for each condition is `{name}[condition]`"
    return f"{OWN}: write `{name}` without a subscript"


def without_module(whose: str, name: str) -> str:
    """What to write in place of `WHOSE.NAME`, or "" where no module stands before the dot.

    Example:
        >>> without_module("np", "tanh"), without_module("pre", "fast")
        ('write `tanh`, without `np.`', '')
    """
    return f"write `{name}`, without `{whose}.`" if whose in {*_MODULES, "self"} else ""


def of_sign(text: str, index: int) -> str:
    """What to write in place of a character in a line that other languages use, or "".

    Example:
        >>> of_sign("w += pre'*post", 8)
        'a synapse sees the two neurons that it joins: write `pre*post`, without a transpose'
        >>> of_sign("w += pre.^2", 8)
        'write `**`, without the dot'
    """
    char, before, after = text[index], text[:index].strip(), text[index + 1 :].lstrip()
    if char == "'" and "=" in before:
        return f"{OWN}: write `pre*post`, without a transpose"
    if char == "." and after[:1] in ("^", "*", "/"):
        return f"write `{'**' if after[0] == '^' else after[0]}`, without the dot"
    if char == "\\" and (not after or after.startswith("#")):
        return ONE_LINE
    if char == "%" and before[-1:].isdigit() and not after:
        return "write a share as a number, `0.3` for 30 %"
    if char == "%" and not before:
        return "a comment begins with `#`"
    if char == "{" and before.endswith("_"):
        return f"{OWN}: names have no subscripts, as `w`, `pre` and `post`"
    if char == "^" and before == "d":
        return SECOND_ORDER
    return ""
