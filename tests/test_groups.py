"""Rules that tell neurons apart, and circuits whose inputs and feedback have signs."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from pydantic import ValidationError

from rulegen import drive
from rulegen.circuits import RateCircuit, SpikingCircuit
from rulegen.compile import compile_rule
from rulegen.compile.lowering import Lowering
from rulegen.grammar import parse
from rulegen.ground.noise import stream
from rulegen.lives.life import Life, LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.projections import Projections
from rulegen.lives.world import World
from rulegen.runs.where import obstacle
from rulegen.tasks import DelayedAssociation

TASK = DelayedAssociation(cue=20, delay=20, response=20)
KEY = jax.random.key(6)
GROUPS = {"fast": (0.0, 0.5), "deep": (0.25, 1.0)}
CIRCUIT = RateCircuit(neurons=8, excitatory=0.75, groups=GROUPS)
IN = {
    "excitatory": np.arange(8) < 6,
    "inhibitory": np.arange(8) >= 6,
    "fast": np.arange(8) < 4,
    "deep": np.arange(8) >= 2,
}


def ends(circuit, text, lives=3, projections=None, values=()):
    """The weights before and after of some lives, and how many changes were cut short."""
    world = World(circuit=circuit, task=TASK, life=LifeSettings(trials=6, warmup=1))
    world = world.model_copy(update={"projections": projections or Projections()})
    parts = list(Lives(world, compile_rule(parse(text))).live(np.array(values, float), KEY, lives))
    (part,) = parts
    return part.life.network, part.life.learned, np.asarray(part.life.violations)


@pytest.mark.parametrize("side", ["pre", "post"])
@pytest.mark.parametrize("group", list(IN))
@pytest.mark.parametrize("lowering", ["factored", "dense"])
def test_a_rule_of_a_group_changes_no_other_synapses(side, group, lowering):
    trace = "" if lowering == "factored" else " + 1e-9*tanh(pre + post)"
    text = f"e <- e + xi*pre*{side}.{group}{trace} : synapse\non reward: w += 1e-5*e*{side}.{group}"
    assert compile_rule(parse(text)).lowering.value == lowering
    first, last, _ = ends(CIRCUIT, text)
    moved = np.asarray(first.weights != last.weights)
    which = np.broadcast_to(IN[group] if side == "pre" else IN[group][:, None], (8, 8))
    assert moved[:, which].mean() > 0.9 and not moved[:, ~which].any()


def test_rules_by_population_are_rules_of_their_own():
    """Each population learns as it would if the others were the same and did not matter."""
    text = "on reward: w += 1e-3*pre*post if pre.excitatory > 0 else -2e-3*post"
    alone = "on reward: w += 1e-3*pre*post", "on reward: w += -2e-3*post"
    one = LifeSettings(trials=1, warmup=0)
    found = []
    for each in (text, *alone):
        life = Life(CIRCUIT, TASK, one, compile_rule(parse(each)))
        end, _ = jax.jit(life.live)(jnp.zeros(0), stream(KEY))
        found.append(np.asarray(end.learned.weights))
    both, excitatory, inhibitory = found
    np.testing.assert_array_equal(both, np.where(IN["excitatory"], excitatory, inhibitory))


def test_parameters_of_their_own_have_tangents(x64):
    """A free parameter of one population, against differences of lives."""
    text = (
        "param a = 0.3 free\nparam b = 0.2 free\n"
        "e <- 0.9*e + (a*pre.fast + b*pre.deep)*post*pre\non reward: w += 0.1*R*e"
    )
    activity = {
        name: jax.random.normal(jax.random.key(i), (2, 5, n))
        for i, (name, n) in enumerate({"pre": 4, "post": 3}.items())
    }
    activity["reward"] = jnp.array([1.0, -0.5])
    groups = {"pre.fast": np.array([1.0, 1, 0, 0]), "pre.deep": np.array([0.0, 1, 1, 1])}
    for lowering in Lowering:
        rule = compile_rule(parse(text), wrt=["a", "b"], lowering=lowering)

        def end(values, rule=rule):
            return drive(rule, jnp.zeros((3, 4)), activity, groups | values, dt=1.0).state

        here = {"a": 0.3, "b": 0.2}
        for name in here:
            up, down = (end(here | {name: here[name] + h})["w"] for h in (1e-5, -1e-5))
            np.testing.assert_allclose(end(here)[f"w@{name}"], (up - down) / 2e-5, atol=1e-9)


def test_who_follows_given_activity_is_told_who_belongs():
    rule, activity = compile_rule(parse("w += pre.fast*post")), {"post": jnp.ones((1, 2, 3))}
    end = drive(rule, jnp.zeros((3, 2)), activity, {"pre.fast": np.array([0.0, 1.0])}, dt=1.0)
    np.testing.assert_array_equal(end.state["w"], [[0, 2]] * 3)
    with pytest.raises(ValueError, match=r"the group `pre.fast` has no value"):
        drive(rule, jnp.zeros((3, 2)), activity, dt=1.0)
    with pytest.raises(ValueError, match=r"`pre.fast` has shape \(\), expected \(2,\)"):
        drive(rule, jnp.zeros((3, 2)), activity, {"pre.fast": 1.0}, dt=1.0)


PUSH = "on reward: w += -0.3*pre.excitatory + 0.3*pre.inhibitory"


@pytest.mark.parametrize("kind", [RateCircuit, SpikingCircuit])
@pytest.mark.parametrize("projection", ["input", "feedback"])
def test_dales_law_holds_on_inputs_and_feedback(kind, projection):
    """Weights begin with the sign of their source, and what would change it stops at 0."""
    share = {"input": "excitatory_inputs", "feedback": "excitatory_feedback"}[projection]
    size = {"input": 0.5, "feedback": 1.0}[projection]
    circuit = kind(neurons=8, feedback=0.5, **{share: size})
    first, last, cut = ends(
        circuit, PUSH_OF[projection], projections=Projections(studied=projection)
    )
    before, after = np.asarray(first.of(projection)), np.asarray(last.of(projection))
    count = before.shape[-1]
    signs = np.where(np.arange(count) < round(size * count), 1, -1)
    assert np.all(before * signs > 0) and np.all(after * signs >= 0)
    assert (after == 0).mean() > 0.5 and (cut > 0).all()
    free = ends(kind(neurons=8, feedback=0.5), "w += 0*pre")[0]
    np.testing.assert_array_equal(np.abs(before), np.abs(free.of(projection)))


PUSH_OF = {"input": PUSH, "feedback": "on reward: w += -0.5*pre.excitatory"}


def test_circuits_with_groups_are_keys():
    """As programs are kept by them."""
    same = RateCircuit(**CIRCUIT.model_dump())
    assert same == CIRCUIT and hash(same) == hash(CIRCUIT) != hash(RateCircuit())


def test_nothing_is_drawn_otherwise_where_nothing_has_a_sign():
    plain, signed = RateCircuit(neurons=8), RateCircuit(neurons=8, excitatory_inputs=0.5)
    assert not plain.has_signs and signed.has_signs
    assert "groups" not in plain.model_dump() and "excitatory_inputs" not in plain.model_dump()
    a, b = (c.draw(stream(KEY), 2, 1, jnp.float32) for c in (plain, signed))
    np.testing.assert_array_equal(a.weights, b.weights)
    assert not a.bounds and list(b.bounds) == ["input"]


REFUSED = {
    "no signs": ({}, "w += pre.excitatory", "nothing there has a sign: set circuit.excitatory"),
    "no signs of inputs": (
        {"excitatory": 0.5}, "w += pre.inhibitory", "set circuit.excitatory_inputs"
    ),
    "no groups": ({}, "w += post.fast", "set circuit.groups, such as { fast = [0, 0.25] }"),
    "another": ({"groups": GROUPS}, "w += post.fsat", "did you mean `fast`?"),
    "far": ({"groups": GROUPS}, "w += post.xyz", "there are deep, fast"),
    "channels": ({"groups": GROUPS}, "w += pre.fast", "is no neuron, and in no group but that of"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_groups_that_there_are_not(case):
    settings, text, message = REFUSED[case]
    studied = "input" if "pre." in text and settings else "recurrent"
    world = World(
        circuit=RateCircuit(neurons=8, **settings),
        task=TASK,
        projections=Projections(studied=studied),
    )
    why = obstacle(parse(text), world)
    assert f"the rule reads `{text.split()[-1]}`, but" in why and message in why


@pytest.mark.parametrize("group", ["fast", "excitatory"])
def test_outputs_whose_errors_come_back_are_in_no_group(group):
    world = World(
        circuit=RateCircuit(neurons=8, errors="random", groups=GROUPS),
        task=TASK,
        projections=Projections(errors=f"w += 0.01*pre.{group}*pre"),
    )
    why = obstacle(parse("dw/dt = 0.01*error*pre"), world)
    assert f"reads `pre.{group}`, but the outputs, from which the errors projection" in why


WRONG = {
    "no part": ({"groups": {"a": (0.5, 0.5)}}, r"groups.a: \[0.5, 0.5\] is no part of the neurons"),
    "outside": ({"groups": {"a": (0, 1.5)}}, r"is no part of the neurons, such as \[0, 0.25\]"),
    "nobody": ({"groups": {"a": (0, 0.01)}}, r"groups.a: \[0, 0.01\] of 32 neurons is none"),
    "no name": ({"groups": {"a b": (0, 1)}}, "groups: `a b` is no name"),
    "a dot": ({"groups": {"a.b": (0, 1)}}, "groups: `a.b` is no name"),
    "a rate": ({"groups": {"rate": (0, 1)}}, "groups: `rate` is what rules read of every neuron"),
    "a signal": ({"groups": {"u": (0, 1)}}, "groups: `u` is what rules read of every neuron"),
    "no letter": ({"groups": {"_a": (0, 1)}}, "groups: `_a` is no name"),
    "of the law": ({"groups": {"inhibitory": (0, 1)}}, "said by `excitatory`: use another name"),
    "no pair": ({"groups": {"a": 3}}, "groups.a"),
    "no table": ({"groups": ["a"]}, "groups"),
    "a share": ({"excitatory_inputs": 1.5}, "excitatory_inputs"),
    "no feedback": ({"excitatory_feedback": 0.5}, "there is no feedback, set `feedback` as well"),
}


@pytest.mark.parametrize("case", WRONG)
def test_bad_settings(case):
    settings, message = WRONG[case]
    with pytest.raises(ValidationError, match=message):
        RateCircuit(**settings)


def test_a_share_of_few_sources_that_leaves_none():
    world = World(circuit=RateCircuit(excitatory_inputs=0.1), task=TASK)
    lives = Lives(world, compile_rule(parse("w += 0.001*pre*post")))
    with pytest.raises(ValueError, match=r"excitatory_inputs = 0\.1 of 2 sources leaves no excit"):
        lives.run(np.zeros(0), KEY, 2)


def test_a_population_may_have_a_time_constant_of_its_own(x64):
    """As two traces of one time constant each, of which every neuron has its own."""
    one = "x = lowpass(pre, 10 + 40*pre.fast)\nw += x*post"
    two = "x = lowpass(pre, 10)\ny = lowpass(pre, 50)\nw += (y if pre.fast > 0 else x)*post"
    activity = {"pre": jax.random.normal(KEY, (2, 9, 3)), "post": jnp.ones((2, 9, 2))}
    which = {"pre.fast": np.array([1.0, 0.0, 1.0])}
    found = [
        drive(compile_rule(parse(text)), jnp.zeros((2, 3)), activity, which, dt=2.0).state["w"]
        for text in (one, two)
    ]
    np.testing.assert_allclose(*found, rtol=1e-12)
