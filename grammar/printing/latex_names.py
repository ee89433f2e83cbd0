"""Names and numbers as LaTeX."""

from __future__ import annotations

import re

from rulegen.grammar.reading.lexer import GREEK

#: Capitals that look like Latin letters have no command of their own.
_CAPITALS = frozenset(
    {"Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"}
)
_COMMANDS = (frozenset(GREEK) - {"omicron"}) | _CAPITALS
#: Words that are signs where they stand below a letter, as in `tau_plus`.
_SIGNS = {"plus": "+", "minus": "-", "star": "*"}
_PIECE = re.compile(r"([A-Za-z]*)(\d*)")


def latex_name(name: str, index: str = "") -> str:
    r"""A variable's name as LaTeX, with its neuron index.

    Example:
        >>> print(latex_name("u_bar", "i"), latex_name("tau_u"), latex_name("x_tr", "j"))
        \bar{u}_{i} \tau_{u} x_{\mathrm{tr},j}
        >>> print(latex_name("tau_plus"), latex_name("u_minus", "i"))
        \tau_{+} u_{-,i}
    """
    stem, *rest = _pieces(name)
    subscript = ",".join([*rest, index] if index else rest)
    return f"{stem}_{{{subscript}}}" if subscript else stem


def _pieces(name: str) -> list[str]:
    """The stem and the subscripts; `bar` puts a bar over what stands before it."""
    pieces: list[str] = []
    for word in (w for w in name.split("_") if w):
        if word == "bar" and pieces:
            pieces[-1] = rf"\bar{{{pieces[-1]}}}"
            continue
        if word in _SIGNS and pieces:
            pieces.append(_SIGNS[word])
            continue
        found = _PIECE.fullmatch(word)
        letters, digits = found.groups() if found else (word, "")
        pieces += [p for p in (_word(letters), digits) if p]
    return pieces


def _word(letters: str) -> str:
    if letters in _COMMANDS:
        return "\\" + letters
    if letters.lower() in GREEK:
        letters = letters[0]  # omicron, and capitals such as Alpha, are Latin letters in print
    return letters if len(letters) < 2 else rf"\mathrm{{{letters}}}"


def format_number(x: float, digits: int = 4) -> str:
    r"""A number as LaTeX, to so many significant digits.

    Example:
        >>> print(format_number(0.05), format_number(123456.0, 3), format_number(-2e-7))
        0.05 1.23 \times 10^{5} -2 \times 10^{-7}
    """
    if x != x:
        return r"\mathrm{nan}"
    if x in (float("inf"), -float("inf")):
        return r"\infty" if x > 0 else r"-\infty"
    mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
    power = int(exponent)
    if -4 <= power < max(digits, 4) or x == 0:
        text = f"{x:.{max(digits - 1 - power, 0)}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    if mantissa in ("1", "-1"):
        return f"{mantissa[:-1]}10^{{{power}}}"
    return rf"{mantissa} \times 10^{{{power}}}"
