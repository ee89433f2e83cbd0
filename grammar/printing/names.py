"""Names of variables as people write them: a stem, what stands below it, bars over either."""

from __future__ import annotations

import enum
import re
from typing import NamedTuple

from rulegen.grammar.algebra.symbols import SIGNALS, is_group
from rulegen.grammar.reading.lexer import GREEK

#: Greek letters by their English names.
GREEK_SIGNS = dict(zip(GREEK, "αβγδϵζηθικλμνξοπρστυϕχψω", strict=True))
GREEK_SIGNS |= dict(zip([g.capitalize() for g in GREEK], "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ", strict=True))
#: Capitals that look like Latin letters have no sign of their own.
_CAPITALS = frozenset(
    {"Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega"}
)
_LETTERS = (frozenset(GREEK) - {"omicron"}) | _CAPITALS
#: Words that are signs where they stand below a letter, as in `tau_plus`.
_SIGNS = {"plus": "+", "minus": "-", "star": "*"}
_PIECE = re.compile(r"([A-Za-z]*)(\d*)")

#: The letters of the names that the circuit and the task provide.
_PROVIDED = {
    "pre": "r",
    "post": "r",
    "u": "u",
    "pre_u": "u",
    "slope": "phi",
    "drive": "I",
    "drive_recurrent": "I_rec",
    "drive_input": "I_in",
    "drive_feedback": "I_fb",
    "xi": "xi",
    "zeta": "zeta",
    "error": "epsilon",
    "pre_error": "epsilon",
    "pre_spike": "S",
    "post_spike": "S",
    "R": "R",
    "t": "t",
    "dt": "t",
    "N_pre": "N_pre",
    "N_post": "N_post",
}
#: What stands below the letters of a state of another rule.
_BESIDE = {"recurrent": "rec", "input": "in", "feedback": "fb", "errors": "err"}
if _PROVIDED.keys() != SIGNALS.keys():
    raise TypeError(f"no letter, or no signal: {_PROVIDED.keys() ^ SIGNALS.keys()}")


class Kind(enum.Enum):
    """What a piece of a name is."""

    LETTER = "one Latin letter"
    GREEK = "the English name of a Greek letter"
    WORD = "several letters, set upright"
    DIGITS = "digits"
    SIGN = "+, - or *"


class Piece(NamedTuple):
    """A part of a name, and how many bars stand over it."""

    text: str
    kind: Kind
    bars: int = 0


def shown_as(name: str) -> str:
    """The name as which a variable is shown: what the circuit provides has letters of its own,
    and a state of another rule says of which projection.

    Example:
        >>> shown_as("post_spike"), shown_as("feedback.u_bar"), shown_as("pre.fast")
        ('S', 'u_bar_fb', '1_fast')
    """
    whose, _, state = name.partition(".")
    if is_group(name):
        return f"1_{state}"  # an indicator
    return f"{state}_{_BESIDE[whose]}" if state else _PROVIDED.get(name, name)


def pieces(name: str) -> list[Piece]:
    """The stem and the subscripts; `bar` puts a bar over the letters that stand before it.

    Example:
        >>> [(p.text, p.bars) for p in pieces("theta_bar_10")]
        [('theta', 1), ('10', 0)]
    """
    found: list[Piece] = []
    for word in (w for w in name.split("_") if w):
        if word == "bar" and found:
            last = max(i for i, piece in enumerate(found) if piece.kind is not Kind.DIGITS)
            found[last] = found[last]._replace(bars=found[last].bars + 1)
        elif word in _SIGNS and found:
            found.append(Piece(_SIGNS[word], Kind.SIGN))
        else:
            parts = _PIECE.fullmatch(word)
            letters, digits = parts.groups() if parts else (word, "")
            found += [_letters(letters)] if letters else []
            found += [Piece(digits, Kind.DIGITS)] if digits else []
    return found


def _letters(letters: str) -> Piece:
    if letters in _LETTERS:
        return Piece(letters, Kind.GREEK)
    if letters.lower() in GREEK:
        letters = letters[0]  # omicron, and capitals such as Alpha, are Latin letters in print
    return Piece(letters, Kind.LETTER if len(letters) == 1 else Kind.WORD)
