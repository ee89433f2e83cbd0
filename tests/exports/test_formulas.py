"""Random formulas, written as code: brackets and signs stand where they must."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import value

from rulegen.catalog.export import export, problems
from rulegen.catalog.export.brian2_code import FUNCTIONS, BrianCode
from rulegen.catalog.export.nestml import NestmlCode
from rulegen.grammar import RuleError, Site, parse

NUMBERS = {"u": 0.0, "xi": 0.0, "post": 0.0, "w": 0.0}
LEAVES = st.sampled_from(["u", "xi", "post", "0.5", "2", "-1", "0", "-0.3"])
SHAPES = [
    "({0} + {1})", "({0} - {1})", "-({0})", "({0})*({1})", "({0})/({1})", "min({0}, {1})",
    "max({0}, {1}, 0)", "clip({0}, -1, 1)", "(({0}) if ({1}) > 0 else u)", "(({0}) == ({1}))",
    "(({0}) > 0 and ({1}) <= 0)", "(not ({0}) > ({1}) or u != xi)", "abs({0})", "sign({0})",
    "relu({0})", "sqrt(abs({0}))", "({0})**2", "({0})**-3", "(1 + abs({0}))**({1})",
    "sigmoid({0})", "exp(-abs({0}))", "log(1 + abs({0}))", "spow({0}, 1.5)", "tanh({0})",
    "floor({0})", "mod({0}, 0.7)", "mod({0}, {1})", "pi*({0})", "erf({0})",
]  # fmt: skip
TEXTS = st.recursive(
    LEAVES, lambda inner: st.builds(str.format, st.sampled_from(SHAPES), inner, inner), max_leaves=8
)
POINTS = st.tuples(*[st.sampled_from([0.0, 1.0, -1.0, 0.5, -2.5])] * 3)


def brought(name: str) -> Callable[..., float]:
    """A function that programs for Brian 2 bring, by its NumPy code."""
    function = FUNCTIONS[name]
    known = {"np": np, "math": math}
    return eval(f"lambda {', '.join(function.arguments)}: {function.numpy}", known)


#: What Brian 2 calls by these names, for Python to evaluate.
BRIAN = {"int": int, "abs": abs, "exp": np.exp, "log": np.log, "tanh": np.tanh, "sqrt": np.sqrt}
BRIAN |= {name: brought(name) for name in FUNCTIONS}


@settings(max_examples=150, deadline=None)
@given(TEXTS, POINTS)
def test_random_formulas(text: str, point: tuple[float, ...]) -> None:
    try:
        rule = parse(f"w += ({text})")
        expr = rule.states[0].expr
        numbers = {**dict(zip(NUMBERS, point, strict=False)), "w": 0.0}
        expected = value(expr, numbers)
    except (RuleError, ZeroDivisionError, OverflowError):
        return
    space: dict = {}
    exec(export(rule, "numpy"), space)
    signals = {name: np.full(1, number) for name, number in numbers.items()}
    found = space["step"](space["init"]([[0.0]]), signals, dt=1.0)["w"][0, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    names = {name: name for name in NUMBERS}
    sites = dict.fromkeys(names, Site.GLOBAL)
    if not problems(rule, "brian2"):
        with np.errstate(all="ignore"):
            arrays = {name: np.float64(number) for name, number in numbers.items()}
            found = eval(BrianCode(names, sites)(expr, Site.GLOBAL), BRIAN, arrays)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    "text",
    [
        "(-u/3)**-0.5",
        "exp(log(u) - xi)",
        "sqrt(u)**2",
        "sqrt(u)**xi",
        "(u**3)**(1/3)",
        "(u**xi)**2",
        "(4*u)**1.5",
    ],
)
def test_powers_have_the_values_of_their_text(text: str) -> None:
    """Also where they have none: the same text, read by NumPy. Powers of NESTML are Python's."""
    rule = parse(f"w <- {text} : synapse")
    code = NestmlCode({n: n for n in NUMBERS}, dict.fromkeys(NUMBERS, Site.GLOBAL))
    nestml = code(rule.states[0].expr, Site.GLOBAL)
    space: dict = {}
    exec(export(rule, "numpy"), space)
    for u in (-2.0, -0.3, 0.7, 3.0):
        for xi in (-1.5, 0.5, 2.0):
            names = {"u": np.float64(u), "xi": np.float64(xi)}
            signals = {name: np.full(1, number) for name, number in {**NUMBERS, **names}.items()}
            with np.errstate(all="ignore"):
                expected = eval(text, {"exp": np.exp, "log": np.log, "sqrt": np.sqrt, **names})
                found = space["step"](space["init"]([[0.0]]), signals, dt=1.0)["w"][0, 0]
                told = eval(nestml, {"exp": np.exp, "ln": np.log, **names})
            np.testing.assert_allclose([found, told], expected, rtol=1e-12)
