"""Equal by a law, equal digest: formulas rewritten by laws of their functions, and small changes.

Both texts are evaluated by Python itself in doubles, on random activity; nothing that reads or
rewrites rules takes part in that.
"""

from __future__ import annotations

import ast
import math
import random
import re
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from rulegen.grammar import RuleError, parse

#: Laws of any expressions A, B and C, and of a positive number K.
ANY = [
    ("abs(-A)", "abs(A)"),
    ("abs(K*A)", "K*abs(A)"),
    ("abs(A)**2", "A**2"),
    ("sign(K*A)", "sign(A)"),
    ("sign(-A)", "-sign(A)"),
    ("sign(A)**3", "sign(A)"),
    ("max(A, B)", "max(B, A)"),
    ("max(A, B) + min(A, B)", "A + B"),
    ("relu(A)", "max(A, 0)"),
    ("relu(A) - relu(-A)", "A"),
    ("-max(A, B)", "min(-A, -B)"),
    ("max(A + C, B + C)", "max(A, B) + C"),
    ("max(K*A, K*B)", "K*max(A, B)"),
    ("max(A, B, C)", "max(C, max(B, A))"),
    ("max(A, B, C)", "-min(-A, -B, -C)"),
    ("K*max(A, B, C)", "max(K*A, K*B, K*C)"),
    ("clip(A, -1, K)", "max(min(A, K), -1)"),
    ("clip(-A, -K, 1)", "-clip(A, -1, K)"),
    ("clip(K*A, -K, K)", "K*clip(A, -1, 1)"),
    ("clip(A, B, C)", "min(max(A, B), C)"),
    ("clip(A, 2, 1)", "1"),
    ("clip(relu(A), 0, 1)", "clip(A, 0, 1)"),
    ("clip(max(-1, A), -1, K)", "clip(A, -1, K)"),
    ("min(max(max(A, 0), 0), 1)", "min(max(A, 0), 1)"),
    ("relu(clip(A, -1, K))", "clip(A, 0, K)"),
    ("clip(clip(A, -3, 1), 0, 2)", "clip(A, 0, 1)"),
    ("clip(2*clip(A, 0, K), 0, 2*K)", "2*clip(A, 0, K)"),
    ("clip(-clip(A, -1, K), -K, 1)", "clip(-A, -K, 1)"),
    ("clip(clip(A, -2, -1), 0, 1)", "0*A"),
    ("max(min(min(A, B), 1), 0)", "clip(min(A, B), 0, 1)"),
    ("min(max(A, max(B, -1)), K)", "clip(max(B, A), -1, K)"),
    ("tanh(-A)", "-tanh(A)"),
    ("sin(-A)", "-sin(A)"),
    ("erf(-A)", "-erf(A)"),
    ("cos(-A)", "cos(A)"),
    ("sigmoid(-A)", "1 - sigmoid(A)"),
    ("sigmoid(A)", "(1 + tanh(A/2))/2"),
    ("exp(A)*exp(B)", "exp(A + B)"),
    ("exp(A)**B", "exp(A*B)"),
    ("exp(A + K)", "exp(K)*exp(A)"),
    ("K**A", "exp(A*log(K))"),
    ("4**A", "2**(2*A)"),
    ("log(exp(A))", "A"),
    ("log(K*A)", "log(K) + log(A)"),
    ("log(sqrt(A))", "log(A)/2"),
    ("sqrt(K*A)", "sqrt(K)*sqrt(A)"),
    ("(K*A)**-0.5", "K**-0.5*A**-0.5"),
    ("(-A/3)**-0.5", "sqrt(3)*(-A)**-0.5"),
    ("(K*A)**B", "K**B*A**B"),
    ("1/(A - B)", "-1/(B - A)"),
    ("1/(K*A + K*B)", "1/(A + B)/K"),
    ("(A - B)**-2", "(B - A)**-2"),
    ("(A > B)", "(B < A)"),
    ("(K*A > K*B)", "(A > B)"),
    ("(A + C > B + C)", "(A > B)"),
    ("(A <= B)", "1 - (A > B)"),
    ("(A == B)", "1 - (A < B) - (A > B)"),
    ("(A != B)", "1 - (B == A)"),
    ("(A > B)*(A > B)", "(A > B)"),
    ("(A > B)*(A < B)", "0*A"),
    ("(A > B or C > 1)", "1 - (A <= B and C <= 1)"),
    ("(A if B > 1 else C)", "(C if B <= 1 else A)"),
    ("(2*A if B > 1 else A)", "A*(1 + (B > 1))"),
    ("(A if B > 1 else C) - C", "(A - C)*(B > 1)"),
    ("(1/A if B > 1 else C)", "(C if B <= 1 else 1/A)"),
    ("abs((A - B)*(C > 1))", "abs(A - B)*(C > 1)"),
]
#: Laws of expressions that are no sums.
PRODUCTS = [
    ("abs(A*B)", "abs(A)*abs(B)"),
    ("abs(A*B + A*C)", "abs(A)*abs(B + C)"),
    ("abs(A/B)", "abs(A)/abs(B)"),
    ("sign(A*B)", "sign(A)*sign(B)"),
    ("sign(A)*abs(A)", "A"),
    ("sign(A)**2*A", "A"),
    ("sign(A)*A", "abs(A)"),
    ("log(A**2)", "2*log(abs(A))"),
    ("log(1/A)", "-log(A)"),
    ("log(A*exp(B))", "log(A) + B"),
    ("sqrt(A**2*B)", "abs(A)*sqrt(B)"),
    ("spow(A, 2)", "A*abs(A)"),
    ("spow(A, 3)", "A**3"),
    ("spow(A, 0.5)", "sign(A)*sqrt(abs(A))"),
    ("spow(A, 1.5)", "A*sqrt(abs(A))"),
    ("spow(-K*A, 1.5)", "-(K**1.5)*spow(A, 1.5)"),
    ("1/(A*B + A)", "1/A/(B + 1)"),
    ("mod(A, B)", "A - B*floor(A/B)"),
    ("mod(-A, K)", "-A - K*floor(-A/K)"),
    ("mod(A + B, C)", "A + B - C*floor(A/C + B/C)"),
]
ATOMS = ["u", "pre", "w", "xi", "post", "tanh(u)", "sin(w)"]
SUMS = [*ATOMS, "u*pre", "(u - pre)", "(2*w + 1)", "(1 - xi/3)"]
NUMBERS = ["2", "3", "0.7", "(1/3)", "4", "0.1"]
CONTEXTS = ["{}*pre", "({} + post)*R", "({} + xi)**2*u", "tanh({})*pre", "pre/(2 + {})", "{}"]


def sign(x: float) -> Fraction:
    return Fraction((x > 0) - (x < 0))


def power(x: float, p: float) -> float:
    return sign(x) * abs(x) ** p if x else 0.0


def exactly(function: Callable[[float], float]) -> Callable[[float], Fraction]:
    """A function whose value, rounded once, is a fraction: sums of it are not rounded again."""
    return lambda x: Fraction(function(x))


FUNCTIONS = {
    "abs": abs,
    "all": all,
    "any": any,
    "sign": sign,
    "sqrt": exactly(math.sqrt),
    "exp": exactly(math.exp),
    "log": exactly(math.log),
    "tanh": exactly(math.tanh),
    "sigmoid": exactly(lambda x: 1 / (1 + math.exp(-x))),
    "sin": exactly(math.sin),
    "cos": exactly(math.cos),
    "erf": exactly(math.erf),
    "floor": math.floor,
    "mod": lambda x, y: x - y * math.floor(x / y),
    "relu": lambda x: max(x, 0),
    "min": min,
    "max": max,
    "clip": lambda x, low, high: min(max(x, low), high),
    "spow": power,
}
SIGNALS = ["u", "pre", "w", "xi", "post", "R"]


class Strict(ast.NodeTransformer):
    """`a or b` looks at b even where a is true, as arrays do."""

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.Call:
        self.generic_visit(node)
        name = ast.Name("any" if isinstance(node.op, ast.Or) else "all", ast.Load())
        return ast.Call(name, [ast.List(node.values, ast.Load())], [])


def values(formula: str, count: int = 40) -> list[float]:
    """The formula on random activity, nan where it has no value.

    Sums and products are those of fractions, so that thresholds are met exactly.
    """
    rng = random.Random(7)
    exact = re.sub(r"(?<![\w.])(\d+\.?\d*(e-?\d+)?)", r"F('\1')", formula)
    tree = ast.fix_missing_locations(Strict().visit(ast.parse(exact, mode="eval")))
    code = compile(tree, "formula", "eval")
    found = []
    for _ in range(count):
        signals = {name: Fraction(rng.choice((-1, 1)) * rng.randint(1, 24), 8) for name in SIGNALS}
        try:
            value = eval(code, {**FUNCTIONS, **signals, "F": Fraction, "__builtins__": {}})
        except (ArithmeticError, ValueError, TypeError):
            value = math.nan
        found.append(float(value) if isinstance(value, int | float | Fraction) else math.nan)
    return found


def alike(one: float, two: float) -> bool:
    return (math.isnan(one) and math.isnan(two)) or math.isclose(
        one, two, rel_tol=1e-6, abs_tol=1e-9
    )


def digest(formula: str) -> str:
    return parse(f"w <- {formula} : synapse").digest


def written(law: tuple[str, str], meaning: dict[str, str], context: str) -> tuple[str, str]:
    one, two = ("".join(f"({meaning[c]})" if c in meaning else c for c in side) for side in law)
    return context.format(f"({one})"), context.format(f"({two})")


def meanings(expressions: list[str]) -> st.SearchStrategy[dict[str, str]]:
    one = st.sampled_from(expressions)
    return st.fixed_dictionaries({"A": one, "B": one, "C": one, "K": st.sampled_from(NUMBERS)})


CASES = [(law, SUMS) for law in ANY] + [(law, ATOMS) for law in PRODUCTS]


@pytest.mark.parametrize(("law", "expressions"), CASES, ids=lambda x: " = ".join(x[:2]))
@settings(max_examples=4, deadline=None)
@given(st.data())
def test_what_a_law_makes_equal_has_one_digest(
    law: tuple[str, str], expressions: list[str], data: st.DataObject
) -> None:
    meaning = data.draw(meanings(expressions))
    one, two = written(law, meaning, data.draw(st.sampled_from(CONTEXTS)))
    try:
        forms = [parse(f"w <- {text} : synapse").canonical() for text in (one, two)]
    except RuleError:  # such as a division by what cancels
        assume(False)
    assert all(map(alike, values(one), values(two))), "this is no law"
    assert forms[0] == forms[1], (one, two)
    assert forms[0].canonical() == forms[0]
    assert parse(forms[0].text()) == forms[0]


CHANGES = [
    ("K*A", "K*A + 1e-9"),
    ("K*A", "K*1.0000000001*A"),
    ("abs(A)", "A"),
    ("abs(A + K)", "abs(A) + K"),
    ("sign(A)**2", "sign(A)"),
    ("max(A, B)", "min(A, B)"),
    ("relu(A)", "relu(-A)"),
    ("clip(A, -1, K)", "clip(A, -1, K + 0.01)"),
    ("tanh(A)", "sigmoid(A)"),
    ("cos(A)", "sin(A)"),
    ("exp(A)*K", "exp(K*A)"),
    ("K**A", "(K + 0.01)**A"),
    ("A**2", "abs(A)*A"),
    ("sqrt(A**2)", "A"),
    ("sqrt(A)**2", "A"),
    ("(A**3)**(1/3)", "A"),
    ("(A**B)**2", "A**(2*B)"),
    ("log(A) + log(B)", "log(A*B)"),
    ("1/(A + K)", "1/(A - K)"),
    ("(A > B)", "(A < B)"),
    ("(A > K)", "(A > 2*K)"),
    ("(A > B and A > K)", "(A > B or A > K)"),
    ("(sqrt(A) if A > 0 else 0)", "sqrt(A)*(A > 0)"),
    ("(1/A if B > 1 else C)", "(C if B <= 1 else -1/A)"),
]


@pytest.mark.parametrize("pair", CHANGES, ids=" -> ".join)
@settings(max_examples=4, deadline=None)
@given(meanings(ATOMS[:5]), st.sampled_from(CONTEXTS[:2]))
def test_what_differs_has_two_digests(
    pair: tuple[str, str], meaning: dict[str, str], context: str
) -> None:
    one, two = written(pair, meaning, context)
    both = list(zip(values(one), values(two), strict=True))
    assume(not all(a == b or (math.isnan(a) and math.isnan(b)) for a, b in both))
    assert digest(one) != digest(two), (one, two)


# Rules whose states have a scale ------------------------------------------------------------------


ONE = ["-({})", "abs({})", "sign({})", "relu({})", "tanh({})", "sigmoid({})", "exp({})", "cos({})"]
ONE += ["log({})", "sqrt({})", "({})**2", "({})**-1", "spow({}, 1.5)", "clip({}, -1, 2)", "2**({})"]
TWO = ["({} + {})", "({} - {})", "({})*({})", "max({}, {})", "min({}, {})", "({} > {})"]
TWO += ["({})/({})", "({} == {})", "abs({})**({})"]
THREE = ["({} if {} < {} else u)", "clip({}, {}, {})", "max({}, {}, {})"]
THREE += ["(1 if {} <= 0.5 or {} > {} else 0)", "(w if not ({} < 1 and {} < {}) else pre)"]


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def of(shapes: list[str], count: int) -> st.SearchStrategy[str]:
        return st.builds(str.format, st.sampled_from(shapes), *[inner] * count)

    return of(ONE, 1) | of(TWO, 2) | of(THREE, 3)


FORMULAS = st.recursive(st.sampled_from(["u", "pre", "w", "2", "0.25", "3"]), grown, max_leaves=6)


@settings(max_examples=100, deadline=None)
@example("(clip(u, u, tanh(u)) > u)")
@example("clip(relu(u), relu(u), relu(u))")
@given(FORMULAS)
def test_the_canonical_form_has_the_values_of_the_formula(formula: str) -> None:
    try:
        form = parse(f"w <- {formula} : synapse").canonical()
    except RuleError:
        assume(False)
    line = next(line for line in form.text().splitlines() if line.startswith("w "))
    _, change, text = line.removesuffix(": synapse").split(maxsplit=2)
    text = text if change == "<-" else f"w {change[0]} ({text})"
    found = zip(values(formula), values(text.strip()), strict=True)
    # `u if u < log(u) else u` has a value everywhere as soon as both choices are one.
    assert all(math.isnan(one) or alike(one, two) for one, two in found), text
    assert form.canonical() == form
    assert parse(form.text()) == form
