"""SymPy keeps its answers about an expression where they are written, and asks no more."""

from __future__ import annotations

import pytest
import sympy as sp

from rulegen.grammar.algebra import facts
from rulegen.grammar.algebra.symbols import symbol

U, PRE = symbol("u"), symbol("pre")
#: Of each, SymPy would find out by itself that it is positive, zero or negative.
FOUND_OUT = [
    (lambda: 1 + sp.exp(U), "is_positive"),
    (lambda: U**2 + PRE**4 + 1, "is_positive"),
    (lambda: -(U**2) - 3, "is_negative"),
]


@pytest.mark.parametrize(("make", "question"), FOUND_OUT)
def test_no_question_is_answered_by_multiplying_out(make: object, question: str) -> None:
    sp.core.cache.clear_cache()
    assert getattr(make(), question) is True  # type: ignore[operator]
    sp.core.cache.clear_cache()
    hidden = facts.settle(make())  # type: ignore[operator]
    assert getattr(hidden, question) is None, "SymPy keeps its answers elsewhere: see facts.py"
    assert hidden.is_real is True
    assert hidden.is_finite is True


def test_a_root_and_a_square_are_not_negative() -> None:
    square = facts.settle(sp.Pow(U + PRE, 2, evaluate=False))
    assert square.is_nonnegative is True
    assert square.is_zero is None
    with pytest.raises(facts.AlgebraError, match="complex"):
        facts.settle(sp.Add(U, sp.I))


def test_each_fact_that_sympy_asks_for_is_known() -> None:
    """A question without an answer in the table would be found out."""
    asked = {name.removeprefix("is_") for name in dir(sp.Expr) if name.startswith("is_")}
    assert {"positive", "negative", "zero", "infinite", "integer", "even"} <= asked
    assert set(sp.Symbol("x").assumptions0) <= facts.KNOWN.keys()
    assert facts.KNOWN.keys() >= {"positive", "negative", "zero", "integer", "even", "infinite"}
