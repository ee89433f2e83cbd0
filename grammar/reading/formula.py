"""One formula: from tokens to a SymPy expression, by a whitelisted walk over a syntax tree.

The tokens are checked and written out again with every name and number replaced by a numbered
placeholder before `ast.parse` sees them. Python's parser is thereby left with one job, precedence:
it meets no keyword, literal or string of the user's, and every node leads back to a token
and so to a column. Nothing is ever compiled or executed.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence

from rulegen.grammar.reading.lexer import Token
from rulegen.grammar.reading.quantities import with_units
from rulegen.grammar.reading.reads import NO_FUNCTIONS, Called, Formula, Resolve
from rulegen.grammar.reading.sequence import check_nesting, check_sequence, is_operand
from rulegen.grammar.reading.source import Line
from rulegen.grammar.reading.walk import Walk


def read_formula(
    line: Line,
    tokens: Sequence[Token],
    resolve: Resolve,
    after: int,
    called: Called = NO_FUNCTIONS,
) -> Formula:
    """Read the formula that `tokens` spell; `after` is the column where it should start."""
    return read_list(line, tokens, resolve, after, called, single=True)[0]


def read_list(
    line: Line,
    tokens: Sequence[Token],
    resolve: Resolve,
    after: int,
    called: Called = NO_FUNCTIONS,
    single: bool = False,
) -> list[Formula]:
    """Read formulas separated by commas, as between the brackets of a call."""
    if not tokens:
        raise line.error("a formula is missing here", after, "write an expression, or 0")
    tokens = with_units(tokens)
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
    return [Walk(line, places, resolve, called).formula(part) for part in parts]


def _placeholders(tokens: Sequence[Token]) -> tuple[str, dict[int, Token]]:
    words, places, offset = [], {}, 0
    for token in tokens:
        word = "v" if token.kind == "number" or is_operand(token) else token.text
        places[offset] = token
        words.append(word)
        offset += len(word) + 1
    return " ".join(words), places
