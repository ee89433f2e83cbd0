"""States that begin at formulas of parameters and of the weights of the start."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rulegen import compile_rule, drive
from rulegen.catalog.export import export, problems
from rulegen.circuits import RateCircuit
from rulegen.grammar import parse
from rulegen.ground.noise import stream
from rulegen.lives.life import Life, LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation

COUNTER = "param a = 0.25\nq <- q + 1 : global\ninitial q = 4*a\non trial end: w <- q"
MEMORY = "param k = 0.5\nh <- h : synapse\ninitial h = k*w\nw += pre*(h - w)"


def test_a_state_begins_at_its_formula_and_may_be_given(x64: None) -> None:
    rule, weights = compile_rule(parse(MEMORY)), jnp.array([[1.0, -2.0]])
    activity = {"pre": jnp.zeros((1, 3, 2))}
    np.testing.assert_allclose(drive(rule, weights, activity, dt=1.0).state["h"], weights / 2)
    other = drive(rule, weights, activity, values={"k": 3.0}, dt=1.0)
    np.testing.assert_allclose(other.state["h"], 3 * weights)
    given = drive(rule, weights, activity, values={"h": 7 * weights}, dt=1.0)
    np.testing.assert_allclose(given.state["h"], 7 * weights)


def test_a_life_begins_so_once(x64: None) -> None:
    """Its later trials go on where the earlier ones ended."""
    circuit, task = RateCircuit(neurons=4, noise=0.3), DelayedAssociation()
    life = Life(circuit, task, LifeSettings(trials=3, warmup=0), compile_rule(parse(COUNTER)))
    end, _ = life.live(jnp.array([0.25]), stream(jax.random.key(0)))
    (states,) = end.rules.values()
    assert np.all(states["w"] == 1 + 3 * task.steps(circuit.dt))
    source = stream(jax.random.key(0))
    begun = life.begin(source, jnp.float64)
    first, _ = life.go_on(jnp.array([0.25]), source, begun, 0, 1)
    later, _ = life.go_on(jnp.array([0.25]), source, first, 1, 2)
    assert np.all(later.rules["recurrent"]["w"] == states["w"])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("initial e = 2*a + a*w - w*a", "initial e = 2*a"),
        ("initial e = 500 us/ms", "initial e = 0.5"),
        ("f(x) = 2*x\ninitial e = f(a)", "d = 2*a\ninitial e = d"),
        ("initial e = a*w", "param b\ninitial e = b*w"),
    ],
)
def test_equal_beginnings_have_one_digest(one: str, other: str) -> None:
    rest = "\nparam a = 3 free\ne <- e + a*pre*post\nw += 0.1*e"
    renamed = rest.replace("a*", "b*").replace("param a", "param b") if "param b" in other else rest
    rule, same = parse(one + rest), parse(other.removeprefix("param b\n") + renamed)
    assert rule.digest == same.digest
    assert parse(rule.text()) == rule
    assert parse(rest).digest != rule.digest != parse("initial e = w" + rest).digest


def test_the_certificate_and_latex_show_them() -> None:
    rule = parse(MEMORY)
    assert r"\text{initial:}\quad & h_{ij} & = k\,w_{ij}" in rule.latex()
    assert "w" in {item.symbol for item in rule.locality().items}


def test_exports_say_them_or_why_not() -> None:
    rule = parse(
        "param a = 2\nx = accumulate(pre_spike, 20)\ninitial x = 3*a\ndw/dt = 0.1*x*post_spike"
    )
    assert 'put(synapses, "x", "3.0*a")' in export(rule, "brian2")
    assert "x real = 3.0*a" in export(rule, "nestml")
    assert any("begins at a formula" in p for p in problems(parse(MEMORY), "brian2"))
    spiking = parse("h <- h : synapse\ninitial h = w\ndw/dt = 0.1*h*post_spike")
    assert any("begins at what reads `w`" in p for p in problems(spiking, "nestml"))


def test_the_first_trial_may_set_the_weights() -> None:
    """As the page of the language says, before anything of it is lived."""
    text = """
        first <- first : global
        initial first = 1
        on trial start: w <- 0 if first > 0 else w; first <- 0
        on trial end: w += 0.3
    """
    still, task = LifeSettings(trials=2, warmup=0), DelayedAssociation()
    set_to_0, drawn_as_0 = (
        Lives(World(circuit=RateCircuit(neurons=6, gain=g), task=task, life=still), compile_rule(r))
        .run(np.array([]), jax.random.key(2), 3)
        .rewards
        for g, r in ((1.5, text), (1e-12, "on trial end: w += 0.3"))
    )
    np.testing.assert_allclose(set_to_0, drawn_as_0, rtol=1e-5)
