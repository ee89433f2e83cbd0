"""Spaces of rules hold what their productions say, every structure once."""

from __future__ import annotations

import itertools
import math
import random
import re
from pathlib import Path

import oracle
import pytest
from spaces import HEAD, space_of, texts

from rulegen.catalog import find as catalogued
from rulegen.grammar import Space, load_space, parse

# An oracle of its own: texts put into texts, and values by Python itself.


def expansions(symbols: dict[str, list[str]], text: str, depth: int) -> set[str]:
    """All texts without symbols; one that a text mentions twice is the same both times."""
    names = [n for n in symbols if re.search(rf"\b{n}\b", text)]
    if not names:
        return {text}
    if depth == 0:
        return set()
    choices = [
        [f"({e})" for formula in symbols[n] for e in expansions(symbols, formula, depth - 1)]
        for n in names
    ]
    found = set()
    for chosen in itertools.product(*choices):
        new = text
        for name, formula in zip(names, chosen, strict=True):
            new = re.sub(rf"\b{name}\b", formula, new)
        found.add(new)
    return found


def size(text: str) -> int:
    return len(re.findall(r"\w+|\*\*|[-+*/<>]", text))


STEPS = 25


class Course:
    """The values of a text over time; equal traces share a decay."""

    def __init__(self, decays: tuple[float, ...]) -> None:
        self.decays = decays
        self.held: dict[str, float] = {}
        self.numbers: dict[str, int] = {}

    def over_time(self, text: str) -> list[float]:
        rng = random.Random(11)
        values = []
        for _ in range(STEPS):
            known = {n: rng.uniform(-2, 2) for n in ("pre", "post", "u", "w")}
            new: dict[str, float] = {}
            values.append(self.now(text, known, new))
            self.held |= new
        return values

    def now(self, text: str, known: dict[str, float], new: dict[str, float]) -> float:
        """The value of a text, its traces first replaced by what they hold."""
        while (at := re.search(r"\btrace\(", text)) is not None:
            depth, end = 1, at.end()
            while depth:
                depth += {"(": 1, ")": -1}.get(text[end], 0)
                end += 1
            drive = text[at.end() : end - 1]
            key = re.sub("[()]", "", drive)
            decay = self.decays[self.numbers.setdefault(key, len(self.numbers))]
            old = self.held.get(key, 0.0)
            new[key] = decay * old + (1 - decay) * self.now(drive, known, new)
            text = f"{text[: at.start()]}({old!r}){text[end:]}"
        return float(eval(text, {"relu": lambda x: max(x, 0.0), **known}))


def proportional(x: list[float], y: list[float]) -> bool:
    k = max(range(STEPS), key=lambda t: abs(x[t]))
    return y[k] != 0 and all(
        math.isclose(b, y[k] / x[k] * a, rel_tol=1e-8, abs_tol=1e-10)
        for a, b in zip(x, y, strict=True)
    )


def brute_force(symbols: dict[str, list[str]], most: int, depth: int) -> list[str]:
    """One text of each kind of term, up to factors and the names of decays."""
    found: list[tuple[str, list[float]]] = []
    decays = (0.3, 0.6, 0.8)
    for text in sorted(expansions(symbols, "term", depth), key=size):
        if size(text) > most:
            continue
        courses = [Course(order).over_time(text) for order in itertools.permutations(decays)]
        if max(map(abs, courses[0])) < 1e-12:
            continue
        if not any(proportional(old, new) for _, old in found for new in courses):
            found.append((text, courses[0]))
    return [text for text, _ in found]


SMALL: dict[str, tuple[dict[str, list[str]], int]] = {
    "products": ({"term": ["f*g"], "f": ["u", "post", "u - trace(u)"], "g": ["pre", "pre**2"]}, 30),
    "equal ones": (
        {
            "term": ["f*pre", "pre*f", "f*pre + f*pre", "(pre + f)**2 - pre**2 - f**2"],
            "f": ["u", "relu(u)", "u*(u > 0)", "u*post", "post*u"],
        },
        40,
    ),
    "nested traces": (
        {"term": ["f*pre"], "f": ["g", "trace(g)", "g - trace(g)"], "g": ["u", "trace(u)", "u*u"]},
        40,
    ),
    "commuting traces": (
        {"term": ["trace(f)", "f - trace(f)"], "f": ["u", "trace(u)", "u - trace(u)"]},
        40,
    ),
    "recursion": ({"term": ["f*pre"], "f": ["u", "post", "f**2", "f + post", "relu(f)"]}, 8),
    "weights": ({"term": ["f*pre", "w*f*pre", "w*f**2", "w"], "f": ["post", "trace(post)"]}, 20),
}
SITES = {"term": "synapse", "f": "post", "g": "post"}


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("terms", [1, 2, 3])
def test_the_count_is_that_of_brute_force(name: str, terms: int) -> None:
    symbols, most = SMALL[name]
    sites = SITES | ({"g": "pre"} if name == "products" else {})
    space = space_of(
        f"terms = {terms}\ncomplexity = {most}",
        **{n: (sites[n], formulas) for n, formulas in symbols.items()},
    )
    expected = len(brute_force(symbols, most, depth=5))
    assert len(space.terms) == expected, texts(space)
    assert space.count() == sum(math.comb(expected, k) for k in range(1, terms + 1))
    structures = list(space.structures())
    assert len(structures) == len(set(structures)) == space.count()
    assert [s.complexity for s in structures] == sorted(s.complexity for s in structures)


def test_a_limit_of_the_whole() -> None:
    formulas = ["pre", "post", "u*pre", "post*pre", "u*pre*post"]
    all_of_them = list(space_of("terms = 3", term=formulas).structures())
    for total in range(1, 12):
        space = space_of(f"terms = 3\ntotal = {total}", term=formulas)
        kept = {s for s in all_of_them if s.complexity <= total}
        assert set(space.structures()) == kept
        assert space.count() == len(kept)


# The bundled space.


@pytest.fixture(scope="module")
def local() -> Space:
    return load_space()


def test_the_bundled_space_has_what_it_promises(local: Space) -> None:
    assert 500 <= local.count() <= 3000
    assert {
        "u*pre",
        "post*pre",
        "5*(u - trace(u))*pre",
        "5*(post - trace(post))*(pre - trace(pre))",
        "125*(u - trace(u))**3*pre",
        "w*post**2",
        "post*trace(pre)",
    } <= set(texts(local))


def test_no_two_terms_are_proportional(local: Space) -> None:
    """At random points, with traces as variables of their own."""
    rng = random.Random(3)
    names = {s.name for term in local.terms for s in term.expr.free_symbols}
    points = [{n: rng.uniform(-1.5, 1.5) for n in names} for _ in range(20)]
    rows = [[oracle.value(term.expr, p) for p in points] for term in local.terms]
    for x, y in itertools.combinations(rows, 2):
        k = max(range(20), key=lambda t: abs(x[t]))
        assert any(abs(b - y[k] / x[k] * a) > 1e-6 for a, b in zip(x, y, strict=True))


@pytest.mark.parametrize("number", [40, pytest.param(None, marks=pytest.mark.long)])
def test_no_two_structures_share_a_digest(local: Space, number: int | None) -> None:
    structures = local.sample(random.Random(2), number or local.count())
    assert len({s.digest for s in structures}) == len(structures)


def test_every_term_makes_a_local_rule(local: Space) -> None:
    for term in local.terms:
        rule = local.structure(term).rule()
        assert rule.locality().local
        read = {item.symbol for item in rule.locality().items}
        assert not read & {"xi", "zeta", "error", "pre_error", "t", "pre_u"}
        assert parse(rule.text()) == rule
        assert len(rule.terms()) == 1
        assert rule.latex()


def test_parameters_of_a_rule(local: Space) -> None:
    covariance = local.find(catalogued("covariance").rule)
    hebb = local.find(catalogued("hebb").rule)
    assert covariance and hebb
    both = local.structure(*hebb.terms, *covariance.terms)
    assert [p.name for p in both.rule().free] == ["theta_1", "theta_2", "tau_post_2", "tau_pre_2"]
    rule = both.rule({"theta_2": -0.5, "tau_pre_2": 200})
    assert (rule.parameter("theta_2").value, rule.parameter("tau_pre_2").value) == (-0.5, 200)
    assert rule.canonical() == both.rule().canonical()


def test_the_file_of_the_documentation_is_one() -> None:
    page = (Path(__file__).parents[2] / "docs" / "search.md").read_text()
    (text,) = re.findall(r"```toml\n(.*?)```", page, re.S)
    found = set(texts(load_space(text)))
    assert found == {"post*pre", "w*post*pre", "(post - trace(post))*(pre - trace(pre))"}
    more = load_space(text.replace('symmetry = "symmetric"', ""))
    assert more.description.limits.total == 15
    assert more.count() > 100


# Which formulas are one.


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2*u*pre", "pre*u"),
        ("-u", "u/3"),
        ("u*(u > 0)", "relu(u)"),
        ("relu(2*u)", "relu(u)"),
        ("abs(u)**2", "u**2"),
        ("u if post > 0 else 0", "u*(post > 0)"),
        ("(u - post)**2", "(post - u)**2"),
        ("trace(2*u)", "trace(u)"),
        ("trace(u) - trace(trace(u))", "trace(u - trace(u))"),
        ("(u - trace(u))*(u + trace(u))", "u**2 - trace(u)**2"),
        ("tanh(-u)", "tanh(u)"),
    ],
)
def test_formulas_that_are_one(one: str, other: str) -> None:
    assert len(space_of(term=[one, other]).terms) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("u", "post"),
        ("u", "trace(u)"),
        ("trace(u)", "trace(trace(u))"),
        ("u*trace(u)", "u*trace(post)"),
        ("trace(u*post)", "trace(u)*post"),
        ("relu(u)", "relu(-u)"),
        ("relu(u - 0.1)", "relu(u)"),
        ("(u > 1)", "(u > 1.2)"),
        ("(u > 0)", "(u > 0.02)"),
        ("clip(u, -1, 1)", "clip(u, -1, 1.1)"),
        ("clip(u, -20, 20)", "u"),
        ("tanh(u)", "sign(u)"),
        ("w*u", "u"),
        ("(u - trace(u))**2", "u**2 - trace(u)**2"),
        ("u**2*trace(u)*post", "u*post**2*trace(u)"),
    ],
)
def test_formulas_that_are_two(one: str, other: str) -> None:
    assert len(space_of(term=[one, other]).terms) == 2


def test_formulas_that_are_nothing() -> None:
    space = space_of(term=["u", "f - u"], f=("post", ["u", "post"]))
    assert texts(space) == ["u", "post - u"]
    space = space_of(term=["u", "u*(f > 0)"], f=("post", ["post", "(post > 0)", "-u**2"]))
    assert texts(space) == ["u", "(post > 0)*u"], "no condition inside a condition, and no 0"


# Constraints.

SIGNALS = ["u*pre", "xi*pre", "error*pre", "zeta", "t*pre", "post"]


def test_constraints_of_locality() -> None:
    assert texts(space_of(constraints='locality = "measurable"', term=SIGNALS)) == ["post", "u*pre"]
    assert len(space_of(constraints='locality = "local"', term=SIGNALS).terms) == len(SIGNALS)
    nonlocal_too = [*SIGNALS, "sum_pre(w*pre)*pre"]
    assert len(space_of(constraints='locality = "local"', term=nonlocal_too).terms) == len(SIGNALS)


def test_what_is_not_local_has_to_be_declared_in_the_template() -> None:
    declared = HEAD.replace("on reward", "nonlocal sum_pre\non reward")
    text = declared + '[constraints]\nlocality = "any"\n[productions.term]\n'
    space = load_space(text + 'formulas = ["sum_pre(w*pre)*pre"]\n')
    assert space.count() == 1
    assert not next(space.structures()).rule().locality().local


def test_forbidden_signals() -> None:
    space = space_of(constraints='forbidden = ["xi", "t"]', term=SIGNALS)
    assert "xi*pre" not in texts(space)
    assert "t*pre" not in texts(space)
    assert len(space.terms) == 4
    space = space_of(constraints='forbidden = ["u"]', term=["trace(u)", "post"])
    assert texts(space) == ["post"]


def test_constraints_of_symmetry() -> None:
    formulas = [
        "post*pre",
        "post + pre",
        "u*pre_u",
        "u*pre",
        "w*post*pre",
        "(post - trace(post))*(pre - trace(pre))",
        "post*trace(pre)",
        "post*trace(pre) - pre*trace(post)",
        "post - pre",
        "xi*pre",
    ]
    symmetric = space_of(constraints='symmetry = "symmetric"', term=formulas)
    assert set(texts(symmetric)) == {
        "post*pre",
        "post + pre",
        "u*pre_u",
        "w*post*pre",
        "(post - trace(post))*(pre - trace(pre))",
    }
    antisymmetric = space_of(constraints='symmetry = "antisymmetric"', term=formulas)
    assert set(texts(antisymmetric)) == {"post - pre", "post*trace(pre) - trace(post)*pre"}
