"""Spaces of rules hold what their productions say, every structure once."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections import Counter
from pathlib import Path

import oracle
import pytest

from rulegen.catalog import find as catalogued
from rulegen.grammar import Space, load_space, parse

HEAD = '''
template = """
de/dt = {terms} : synapse
on reward: w += 0.01*(R - R_bar)*e
"""
'''


def space_of(limits: str = "terms = 2", constraints: str = "", **symbols: object) -> Space:
    """The space with these symbols, each given as (site, formulas) or by its formulas."""
    text = HEAD + f"[limits]\n{limits}\n[constraints]\n{constraints}\n"
    for name, value in symbols.items():
        site, formulas = value if isinstance(value, tuple) else ("synapse", value)
        text += f'[productions.{name}]\nsite = "{site}"\nformulas = {formulas}\n'
    return load_space(text)


def texts(space: Space) -> list[str]:
    return [term.text for term in space.terms]


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


# Drawing.


def test_samples_have_no_repetition(local: Space) -> None:
    for weighted in (False, True):
        drawn = local.sample(random.Random(4), 300, weighted=weighted)
        assert len(set(drawn)) == 300
        assert drawn == local.sample(random.Random(4), 300, weighted=weighted)
        everything = local.sample(random.Random(4), local.count(), weighted=weighted)
        assert set(everything) == set(local.structures())


def test_samples_are_even() -> None:
    space = space_of("terms = 2\ntotal = 6", term=["u", "post", "pre*u", "pre*post", "u**2*pre"])
    rng = random.Random(5)
    counts = Counter(s for _ in range(2000) for s in space.sample(rng, 2))
    assert len(counts) == space.count()
    expected = 4000 / space.count()
    chi2 = sum((n - expected) ** 2 / expected for n in counts.values())
    assert chi2 < space.count() + 4 * math.sqrt(2 * space.count())


def test_weights_make_terms_likely() -> None:
    text = HEAD + (
        "[limits]\nterms = 1\n"
        '[productions.term]\nformulas = ["f*pre", "w"]\nweights = [8, 2]\n'
        '[productions.f]\nsite = "post"\nformulas = ["u", "post"]\nweights = [3, 1]\n'
    )
    space = load_space(text)
    assert {t.text: t.weight for t in space.terms} == pytest.approx(
        {"u*pre": 0.6, "post*pre": 0.2, "w": 0.2}
    )
    rng = random.Random(6)
    counts = Counter(space.sample(rng, 1, weighted=True)[0].text for _ in range(4000))
    assert counts["theta_1*u*pre"] / 4000 == pytest.approx(0.6, abs=0.03)


def test_a_large_space_is_counted_and_drawn_without_being_made() -> None:
    formulas = [f"u**{k}*pre**{m}" for k in range(1, 11) for m in range(1, 11)]
    space = space_of("terms = 8", term=formulas[:100])
    assert space.count() == sum(math.comb(100, k) for k in range(1, 9))
    assert len(set(space.sample(random.Random(7), 50))) == 50


# Varying.


def test_changes_stay_inside_and_change_something(local: Space) -> None:
    rng = random.Random(8)
    one, other = local.sample(rng, 2)
    seen = set()
    for _ in range(400):
        new = local.mutate(one, rng)
        assert new != one
        assert local.structure(*new.terms) == new
        child = local.cross(new, other, rng)
        assert local.structure(*child.terms) == child
        one, other = new, one
        seen.add(new)
    assert len(seen) > 150


def test_a_mutation_may_reach_every_neighbour_of_a_term(local: Space) -> None:
    start = local.find(parse("dw/dt = eta*u*pre"))
    assert start
    rng = random.Random(9)
    reached = {local.mutate(start, rng).text for _ in range(600)}
    assert {"theta_1*u*trace(pre)", "theta_1*post*pre"} <= reached
    assert any(" + " in text for text in reached)
    relatives = [s for s in reached if re.fullmatch(r"theta_1\*(.*\*pre|u\*.*)", s)]
    assert len(relatives) > 8


def test_a_child_has_terms_or_parts_of_both(local: Space) -> None:
    bcm = local.find(catalogued("bcm").rule)
    covariance = local.find(catalogued("covariance").rule)
    assert bcm and covariance
    rng = random.Random(10)
    children = {local.cross(bcm, covariance, rng).text for _ in range(50)}
    assert children == {
        "theta_1*5*(post - trace(post))*(pre - trace(pre)) "
        "+ theta_2*post*(post - trace(post**2))*pre",
        "theta_1*post*(post - trace(post**2))*(pre - trace(pre))",
        "theta_1*5*(post - trace(post))*pre",
    }


def test_a_space_of_one_stays_as_it_is() -> None:
    space = space_of("terms = 1", term=["u*pre"])
    (only,) = space.structures()
    assert space.mutate(only, random.Random(0)) == only
    assert space.cross(only, only, random.Random(0)) == only


# Finding.


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("hebb", "theta_1*post*pre"),
        ("oja", "theta_1*post*pre + theta_2*w*post**2"),
        ("bcm", "theta_1*post*(post - trace(post**2))*pre"),
        ("covariance", "theta_1*5*(post - trace(post))*(pre - trace(pre))"),
        ("stdp_rate", "theta_1*post*trace(pre) + theta_2*trace(post)*pre"),
        ("miconi_supralinear", "theta_1*125*(u - trace(u))**3*pre**3"),
        ("exploratory_hebb_graded", "theta_1*5*(post - trace(post))*pre"),
        ("maoutsa", "theta_1*5*(u - trace(u))*pre"),  # the other coefficients are 0
        ("node_perturbation", None),
        ("bcpnn", None),
        ("e_prop", None),
        ("triplet_stdp", None),
        ("two_eligibilities", None),
    ],
)
def test_rules_of_the_literature(local: Space, name: str, text: str | None) -> None:
    found = local.find(catalogued(name).rule)
    assert (found and found.text) == text


@pytest.mark.parametrize(
    "text",
    [
        "de/dt = -e/tau_e + 3*theta*pre*u\non reward: w += eta*(R - R_bar)*e",
        "e = lowpass(pre*u, tau_e)\non reward: w += eta*R*e - w/1000",
        "e <- 0.9*e + u*pre : synapse\non reward: w += clip(e*R, -1, 1)",
        "e += dt*u*pre : synapse\non trial end: w += eta*e*R_bar",
        "on reward: w += eta*(R - R_bar)*u*pre",
        "w += eta*R*u*pre",
    ],
)
def test_one_structure_in_many_forms(local: Space, text: str) -> None:
    found = local.find(parse(text))
    assert found is not None
    assert found.text == "theta_1*u*pre"


@pytest.mark.parametrize(
    "filtered",
    [
        "x = lowpass(pre, tau_x)",
        "x = accumulate(pre, 20)",
        "dx/dt = -x/tau_x + pre : pre",
        "x <- 0.8*x + 0.3*pre",
        "dx/dt = gamma*(pre - x)",
        "dx/dt = (pre - x)/tau_x",
    ],
)
def test_one_trace_in_many_forms(local: Space, filtered: str) -> None:
    found = local.find(parse(f"{filtered}\ndw/dt = eta*post*x"))
    assert found is not None
    assert found.text == "theta_1*post*trace(pre)"


@pytest.mark.parametrize(
    "text",
    [
        "x = lowpass(pre, 20)\ninitial x = 1\ndw/dt = eta*post*x",
        "x <- x + pre\ndw/dt = eta*post*x",
        "x <- 0.5*x**2 + pre\ndw/dt = eta*post*x",
        "x <- 0.8*x + 0.3*u\ndw/dt = eta*(u - x)*pre",  # not a difference from the mean
        "x = lowpass(u, 10)\ny = lowpass(u, 90)\ndw/dt = eta*(u - x)**2*(u - y)*pre",
        "dw/dt = eta*post*pre\non reward: w += u*pre",
        "dw/dt = eta*sin(post)*pre",
        "th <- th + post\nforward bias = -th",
    ],
)
def test_rules_outside_of_the_space(local: Space, text: str) -> None:
    assert local.find(parse(text)) is None


def test_a_term_may_be_a_sum() -> None:
    space = space_of(term=["post*trace(pre) - pre*trace(post)", "u*pre"])
    traces = "x = lowpass(pre, 20)\ny = lowpass(post, 40)\n"
    alone = space.find(parse(traces + "dw/dt = 0.001*post*x - 0.001*y*pre"))
    both = space.find(parse(traces + "dw/dt = eta*(post*x - y*pre) + eta*u*pre"))
    assert alone is not None
    assert both is not None
    assert [len(alone.terms), len(both.terms)] == [1, 2]


def test_what_a_space_makes_it_finds(local: Space) -> None:
    for structure in local.sample(random.Random(12), 40):
        assert local.find(structure.rule()) == structure
