"""Structures of a space: drawn, varied, and found again in rules as people write them."""

from __future__ import annotations

import math
import random
import re
from collections import Counter

import pytest
from spaces import HEAD, space_of

from rulegen.catalog import find as catalogued
from rulegen.grammar import Space, load_space, parse


@pytest.fixture(scope="module")
def local() -> Space:
    return load_space()


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
