"""One slot rule is every structure: the same rewards and weights, with one product a slot."""

from __future__ import annotations

import functools
import random

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy as sp

from rulegen.circuits import RateCircuit
from rulegen.compile import CompiledRule, compile_rule
from rulegen.compile.lowering import basis
from rulegen.grammar import RuleError, Slots, Space, Structure, load_space, parse, slots
from rulegen.grammar.space.slots import factors_of
from rulegen.grammar.space.space import LOCAL
from rulegen.lives.drive import drive
from rulegen.lives.life import LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation

WORLD = World(
    circuit=RateCircuit(neurons=5),
    task=DelayedAssociation(cue=20, delay=20, response=20),
    life=LifeSettings(trials=6, warmup=1),
)
KEY = jax.random.key(4)


@pytest.fixture(scope="module")
def local() -> Space:
    return load_space()


@pytest.fixture(scope="module")
def everything(local: Space) -> Slots:
    return local.slots()


def drawn(structure: Structure, rng: random.Random) -> dict[str, float]:
    """Values for the free parameters of a structure's own rule."""
    free = structure.rule().free
    return {p.name: rng.uniform(max(p.lower, -3), min(p.upper, 80)) for p in free}


def row(rule: CompiledRule, values: dict[str, float]) -> np.ndarray:
    return np.array([values[p.name] for p in rule.rule.parameters])


def test_rewards_are_those_of_the_structure(x64: None, local: Space, everything: Slots) -> None:
    rng = random.Random(1)
    shared = compile_rule(everything.rule)
    lives = Lives(WORLD, shared, chunk=4)
    for structure in local.sample(rng, 2):
        chosen = drawn(structure, rng)
        rule = structure.rule(chosen)
        own = Lives(WORLD, compile_rule(rule), chunk=4)
        expected = own.run(np.array([p.value for p in rule.parameters]), KEY, 4)
        found = lives.run(row(shared, everything.values(structure, chosen)), KEY, 4)
        np.testing.assert_allclose(found.rewards, expected.rewards, rtol=0, atol=1e-10)
        still = lives.run(row(shared, everything.values(structure, {"theta_1": 0.0})), KEY, 4)
        assert len(structure.terms) > 1 or np.abs(still.rewards - found.rewards).max() > 1e-9


#: Traces of traces, several of one side, and the same trace in different roles.
NESTED = """
template = "de/dt = {terms} : synapse\\non reward: w += R*e"
[limits]
terms = 2
[productions.term]
formulas = ["f*g", "w*g", "abs(w)*f"]
[productions.f]
site = "post"
formulas = [
    "trace(trace(u))", "trace(u)*trace(post)", "trace(u)", "post - trace(trace(post) + u)",
    "trace(R)*post",
]
[productions.g]
site = "pre"
formulas = ["trace(pre)*trace(pre**2)", "pre - trace(trace(pre))", "pre"]
"""


def test_factors_may_differ_in_their_units() -> None:
    """A spike is counted per time and a rate is not; both may stand where one is chosen."""
    space = load_space(NESTED.replace('"pre"]', '"pre", "pre_spike", "trace(pre_spike)*pre"]'))
    slots = space.slots()
    for structure in (space.structure(term) for term in space.terms):
        assert slots.values(structure)["unit_post_1_1"] == 1


@pytest.mark.parametrize("text", [LOCAL.read_text(), NESTED], ids=["local", "nested"])
def test_eligibilities_are_those_of_the_structure(x64: None, text: str) -> None:
    """On prescribed activity, with every factor of every side in one of the slots."""
    space = load_space(text)
    everything = space.slots()
    draws = np.random.default_rng(2)
    inputs = {n: jnp.array(draws.normal(size=(1, 12, *k))) for n, k in SIZES.items()}
    weights = jnp.array(draws.normal(size=(2, 3)))
    shared = compile_rule(everything.rule)

    def eligibility(rule: CompiledRule, values: dict[str, float]) -> jax.Array:
        return drive(rule, weights, inputs, values=values, dt=10.0).state["e"]

    of_shared = jax.jit(functools.partial(eligibility, shared))
    rng = random.Random(3)
    for structure in covering(space):
        chosen = drawn(structure, rng)
        expected = eligibility(compile_rule(structure.rule(chosen)), {})
        found = of_shared(everything.values(structure, chosen))
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-10)
        assert np.abs(expected).max() > 0


SIZES: dict[str, tuple[int, ...]] = {"pre": (3,), "post": (2,), "u": (2,), "R": ()}


def covering(space: Space) -> list[Structure]:
    """Structures that have every factor of the space."""
    seen: set[tuple[str, sp.Expr]] = set()
    terms = []
    for term in reversed(space.terms):
        new = set(factors_of(term, space.description.traces).items()) - seen
        terms += [term] if new else []
        seen |= new
    return [space.structure(*terms[i : i + 2]) for i in range(0, len(terms), 2)]


def test_there_is_one_product_for_each_slot(local: Space, everything: Slots) -> None:
    compiled = compile_rule(everything.rule)
    assert compiled.explain().startswith("factored: 2 products")
    # The tangents along coefficients add none, and those along time constants one each.
    thetas = [p.name for p in everything.rule.free if p.name.startswith("theta")]
    assert len(basis(compile_rule(everything.rule, wrt=thetas).factored)) == 2
    taus = [p.name for p in everything.rule.free if p.name.startswith("tau")]
    assert len(basis(compile_rule(everything.rule, wrt=taus).factored)) == 2 + len(taus)


def test_slots_for_a_few_structures_have_only_their_factors(local: Space) -> None:
    hebb, oja = (local.find(parse(f"dw/dt = eta*{x}")) for x in ("u*pre", "post*(pre - post*w)"))
    assert hebb and oja
    few = slots([hebb, oja])
    assert {side: len(found) for side, found in few.factors.items()} == {
        "post": 3,
        "pre": 2,
        "weight": 2,
    }
    assert few.count == 2
    values = few.values(oja, {"theta_2": -1.5})
    assert (values["theta_1"], values["theta_2"]) == (0.1, -1.5)
    assert few.values(hebb)["theta_2"] == 0
    assert "choose_post_1" not in slots([hebb]).values(hebb)
    other = local.structure(local.terms[-1])
    with pytest.raises(RuleError, match="make slots for this structure as well"):
        few.values(other)
    with pytest.raises(RuleError, match="2 terms for 1 slots"):
        slots([hebb]).values(oja)
    with pytest.raises(RuleError, match="the rule has no parameter `theta_7`"):
        few.values(oja, {"theta_7": 1.0})
    with pytest.raises(RuleError, match="slots for no structures"):
        slots([])


def test_what_is_undefined_is_not_chosen(x64: None) -> None:
    """A factor without a value here does not spoil the others."""
    space = load_space(
        'template = "de/dt = {terms} : synapse\\non reward: w += R*e"\n'
        '[productions.term]\nformulas = ["f*pre"]\n'
        '[productions.f]\nsite = "post"\nformulas = ["post", "log(u)", "sqrt(u)"]\n'
    )
    made = space.slots()
    compiled = compile_rule(made.rule, wrt=["theta_1"])
    shape = {"pre": (1, 4, 2), "post": (1, 4, 2), "u": (1, 4, 2)}
    inputs = {n: jnp.full(s, -1.0 if n == "u" else 1.0) for n, s in shape.items()}
    ends = []
    for structure in space.structures():
        values = made.values(structure)
        state = drive(compiled, jnp.ones((2, 2)), inputs, values=values, dt=1.0).state
        ends.append(bool(jnp.all(jnp.isfinite(state["e"]) & jnp.isfinite(state["e@theta_1"]))))
    assert ends == [True, False, False]


def test_terms_that_do_not_separate_are_refused() -> None:
    space = load_space(
        'template = "de/dt = {terms} : synapse\\non reward: w += R*e"\n'
        '[productions.term]\nformulas = ["relu(post*pre)", "post - w"]\n'
    )
    with pytest.raises(RuleError, match=r"`post - w` is no product of factors"):
        space.slots()
    mixed = load_space(
        'template = "de/dt = {terms} : synapse\\non reward: w += R*e"\n'
        '[productions.term]\nformulas = ["post*trace(pre*trace(R))"]\n'
    )
    with pytest.raises(RuleError, match="is no product of factors"):
        mixed.slots()
