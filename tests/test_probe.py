"""What small pictures show: rules whose effect on one synapse is known by heart."""

import math

import numpy as np
import pytest

from rulegen.catalog import find, literature
from rulegen.catalog.pages.probe import DT, Synapse, probe, pulses, rates, window
from rulegen.grammar import parse
from rulegen.grammar.algebra.operators import NONLOCAL, OPERATORS


def test_the_window_of_pairs_is_that_of_the_formula():
    rule = find("stdp_pair").rule
    value = {p.name: p.value for p in rule.parameters}
    found = window(Synapse(rule))
    late, early = found.x > 0, found.x < 0
    known = np.zeros_like(found.x)
    known[late] = value["A_plus"] * np.exp(-found.x[late] / value["tau_plus"])
    known[early] = -value["A_minus"] * np.exp(found.x[early] / value["tau_minus"])
    assert np.allclose(found.change, known, atol=1e-12)


def test_the_curve_of_bcm_changes_its_sign_at_the_threshold():
    found = rates(Synapse(find("bcm").rule))
    x = found.x[1:]
    assert np.allclose(found.change[1:] / found.change[-1], x * (x - 1) / 2, rtol=1e-3)


def test_a_map_of_node_perturbation_is_a_product():
    found = pulses(Synapse(find("node_perturbation").rule))
    product = np.outer(found.x, found.x)
    assert np.allclose(found.change / found.change[0, 0], product)
    assert found.change[-1, -1] > 0


def test_pictures_are_those_that_a_reader_expects():
    kinds = {name: probe(find(name).rule) for name in ("stdp_pair", "bcm", "node_perturbation")}
    assert [found.kind for found in kinds.values()] == ["window", "rates", "map"]


@pytest.mark.parametrize("name", literature())
def test_every_rule_has_a_picture_that_is_finite_or_none(name):
    found = probe(find(name).rule)
    if found is not None:
        assert np.isfinite(found.change).all()
        assert np.max(np.abs(found.change)) == pytest.approx(1.0)


ARGUMENTS = {1: "post", 2: "post, 0.7", 3: "post, 0.2, 0.9"}
KNOWN = {
    "abs": abs, "sign": np.sign, "sqrt": math.sqrt, "exp": math.exp, "log": math.log,
    "tanh": math.tanh, "sigmoid": lambda x: 1 / (1 + math.exp(-x)), "sin": math.sin,
    "cos": math.cos, "erf": math.erf, "relu": lambda x: max(x, 0), "min": lambda x: min(x, 0.7),
    "max": lambda x: max(x, 0.7), "clip": lambda x: min(max(x, 0.2), 0.9), "floor": math.floor,
    "mod": lambda x: math.fmod(x, 0.7), "spow": lambda x: x**0.7, "prev": lambda x: 1.0,
    "delay": lambda x: 1.0,
    **dict.fromkeys(NONLOCAL, lambda x: x),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in OPERATORS if name != "opposite"])
def test_every_function_is_computed(name):
    """What is one step earlier is the rate to which the synapse settled; a sum has one term."""
    text = f"nonlocal {name}\n" if name in NONLOCAL else ""
    rule = parse(f"{text}w += pre*{name}({ARGUMENTS[OPERATORS[name].nargs[0]]})")
    found = rates(Synapse(rule))
    assert found.change[1:] == pytest.approx([KNOWN[name](x) for x in found.x[1:].tolist()])


def test_both_directions_of_the_synapse_are_alike():
    rule = parse("nonlocal opposite\ne <- post : synapse\nw += pre*opposite(e)")
    found = rates(Synapse(rule))
    assert found.change[1:] == pytest.approx(found.x[1:])


def test_conditions_are_computed():
    rule = parse("w += 2 if post > 0.5 and not post >= 1.5 or post < 0.1 else -1")
    found = rates(Synapse(rule))
    known = [2 if 0.5 < x < 1.5 or x < 0.1 else -1 for x in found.x.tolist()]
    assert found.change.tolist() == known


@pytest.mark.parametrize("memory", ["prev(e)", "delay(e, 10)"])
def test_what_is_remembered_is_what_the_weights_read(memory):
    """As the language says: in the next step, what the name meant to the weights in this one."""
    text = f"e <- e + pre*post : synapse\nw += 0.01*{memory}"
    found, steps = Synapse(parse(text)), [(0.3, 1.0), (0.8, -0.5), (1.0, 0.4)]
    found.begin((1,))
    for pre, post in steps:
        found.step(DT, {"pre": np.array([pre]), "post": np.array([post])})
    summed = np.cumsum([pre * post for pre, post in steps])
    assert found.change() == pytest.approx(0.01 * summed[:-1].sum())


@pytest.mark.parametrize(
    "text", ["param k = normal(0, 0.2) : synapse\nw += k*pre*post", "w += 0.1*pre.a*post"]
)
def test_rules_of_groups_and_of_chance_have_no_picture(text):
    assert probe(parse(text)) is None


def test_most_rules_have_a_picture():
    assert sum(probe(record.rule) is not None for record in literature().values()) >= 44


@pytest.mark.parametrize(
    "text",
    [
        "w += log(-pre)*post",
        "w += pre/(post*1e-30)",
        "w += pre/(post - u - 0.5*post)",
        "w += exp(exp(exp(post*100)))",
        "param a free\nw += a*pre",
        "w <- w",
        "w += delay(post, 9000 h)*pre + delay(pre, 300 ms)*post",
        "w += floor(pre*7)*mod(post, 0.3)*erf(u)*prev(pre) if pre > 0 and post < 3 else 0",
    ],
)
def test_strange_rules_have_a_picture_or_none(text):
    found = probe(parse(text))
    assert found is None or np.isfinite(found.change).all()
