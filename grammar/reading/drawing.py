"""Where a random number may stand, and which distributions there cannot be."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import sympy as sp

from rulegen.grammar.algebra import constants
from rulegen.grammar.algebra.draws import DISTRIBUTIONS
from rulegen.grammar.algebra.operators import OPERATORS
from rulegen.grammar.algebra.symbols import MILLISECOND, symbol
from rulegen.grammar.reading.calls import call_of, distributions
from rulegen.grammar.reading.lexer import Token
from rulegen.grammar.reading.quantities import UNITS
from rulegen.grammar.reading.reads import Formula
from rulegen.grammar.reading.remedies import ELSEWHERE
from rulegen.grammar.reading.source import Line

#: Where a draw stands that has no name.
NAMELESS = (
    "a draw has a name on a line of its own, so that all who read it read one number: "
    "`n = {call} : synapse` is new in every step, `param n = {call} : synapse` once a life"
)


def check_distribution(line: Line, tokens: Sequence[Token]) -> None:
    """Refuse the value of a parameter that would be drawn from what is no distribution."""
    for token, after in itertools.pairwise(tokens):
        known = token.text in {*OPERATORS, *DISTRIBUTIONS, *UNITS, "in"}
        if token.kind == "name" and after.text == "(" and not known:
            remedy = ELSEWHERE.get(token.text) or distributions()
            raise line.error(f"there is no distribution `{token}`", token.column, remedy)


def draws(tokens: Sequence[Token]) -> bool:
    """Whether a formula calls a distribution."""
    return any(
        token.text in DISTRIBUTIONS and after.text == "("
        for token, after in itertools.pairwise(tokens)
    )


def check_single(formula: Formula, allowed: bool) -> None:
    """Refuse a random number where none has a name, and a second one that would share it."""
    many = formula.draws[1:] if allowed else formula.draws
    if many:
        read = many[0]
        what = "a second random number in one line" if allowed else "a random number without a name"
        call = call_of(read.name)
        raise formula.line.error(what, read.column, NAMELESS.format(call=call))


def trouble(name: str, args: Sequence[sp.Expr]) -> tuple[str, int]:
    """Why there is no such distribution, and at which argument; "" where nothing is wrong.

    Example:
        >>> trouble("uniform", [sp.Integer(2), sp.Integer(1)])
        ('the lower limit must be below the upper one', 0)
        >>> trouble("normal", [symbol("a"), sp.Integer(1)])
        ('', 0)
    """
    plain = [a.xreplace({symbol(MILLISECOND): sp.Integer(1)}) for a in args]
    known = [constants.as_float(a) if a.is_number else None for a in plain]
    if name == "uniform":
        low, high = known
        if low is not None and high is not None and not low < high:
            return "the lower limit must be below the upper one", 0
        return "", 0
    if name == "bernoulli":
        wrong = known[0] is not None and not 0 <= known[0] <= 1
        return ("a probability lies between 0 and 1" if wrong else ""), 0
    first, spread = known
    if name == "lognormal" and first is not None and first <= 0:
        return "the median of a lognormal number is positive", 0
    if spread is not None and spread <= 0:
        word = "deviation" if name == "normal" else "spread"
        return f"the {word} must be positive", 1
    return "", 0
