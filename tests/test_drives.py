"""The current that reaches a neuron, which says what its noise was."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest

from rulegen.circuits import RateCircuit, SpikingCircuit
from rulegen.compile import compile_rule
from rulegen.estimators import Pathwise, Score
from rulegen.grammar import parse
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.projections import Projections
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation

KEY = jax.random.key(3)
#: What a neuron does in a step, solved for its noise: a = 1/4 and sigma = 1/5.
NOISE = "((u - 0.75*prev(u) - 0.25*drive)*5)"
PARTS = "((u - 0.75*prev(u) - 0.25*(drive_recurrent + drive_input{}))*5)"
RULES = {
    "at reward": """
        param a = 0.7 free
        param b = 0.4 free
        e <- e + a*XI*pre + b*u*pre : synapse
        on trial start: e <- 0
        on reward: w += clip(0.1*(R + 0.3)*e, -0.3, 0.3)
    """,
    "always, and twice": """
        param a = 0.7 free
        param b = 0.4 free
        e <- 0.9*e + a*XI**3*pre + b*w*post*XI : synapse
        dw/dt = clip(2e-4*e, -0.1, 0.1)
    """,
    "at reward alone": """
        param a = 0.7 free
        param b = 0.4 free
        x <- XI : post
        on reward: w += 0.1*(R + 0.3)*(a*x + b*(drive - drive_input))*pre
    """,
}
CIRCUITS: dict[str, dict[str, Any]] = {
    "plain": {},
    "with feedback": {"feedback": 0.5},
    "signs": {"excitatory": 0.6, "connectivity": 0.7},
}


ALONE = Projections()


def world(projections: Projections = ALONE, engine: Any = "auto", **more: Any) -> World:
    return World(
        circuit=RateCircuit(neurons=5, dt=10, tau=40, noise=0.2, **more),
        task=DelayedAssociation(cue=20, delay=10, response=20),
        life=LifeSettings(trials=6, warmup=1),
        projections=projections,
        engine=engine,
    )


def scored(rule: str, where: World, **how: Any) -> tuple[np.ndarray, np.ndarray]:
    """Rewards and exact scores."""
    bench = Bench(where, parse(rule))
    batch = Score(exact=True, **how).prepare(bench).run(bench.values, KEY, 3)
    return batch.rewards, batch.scores


@pytest.mark.parametrize("circuit", CIRCUITS)
@pytest.mark.parametrize("name", RULES)
def test_the_drive_says_what_the_noise_was(name: str, circuit: str, x64: None) -> None:
    """A rule of the drive is one of the noise: the same lives, and scores of the same density."""
    where = world(**CIRCUITS[circuit])
    rewards, scores = scored(RULES[name].replace("XI", "xi"), where)
    assert np.abs(scores).max() > 1e-3
    feedback = " + drive_feedback" if where.circuit.feedback else ""
    for noise in (NOISE, PARTS.format(feedback)):
        found = scored(RULES[name].replace("XI", noise), where)
        np.testing.assert_allclose(found[0], rewards, rtol=1e-9)
        np.testing.assert_allclose(found[1], scores, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("studied", ["input", "feedback"])
def test_on_other_projections(studied: Any, x64: None) -> None:
    where = world(Projections(studied=studied), feedback=0.5)
    rewards, scores = scored(RULES["at reward"].replace("XI", "xi"), where)
    found = scored(RULES["at reward"].replace("XI", NOISE), where)
    np.testing.assert_allclose(found[0], rewards, rtol=1e-9)
    np.testing.assert_allclose(found[1], scores, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("engine", ["xla", "interpreted"])
def test_on_every_engine(engine: Any) -> None:
    rule = RULES["at reward"].replace("XI", NOISE)
    rewards, scores = scored(rule, world(engine=engine, feedback=0.5))
    right, true = scored(RULES["at reward"].replace("XI", "xi"), world(feedback=0.5))
    np.testing.assert_allclose(rewards, right, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(scores, true, rtol=1e-2, atol=1e-3 * np.abs(true).max())


def test_it_is_differentiated_with_the_life(x64: None) -> None:
    """By `pathwise`, where weights change the noise that a rule infers in no way."""
    slopes = []
    for noise in ("xi", NOISE):
        bench = Bench(world(), parse(RULES["at reward"].replace("XI", noise)))
        lives = Pathwise(credit="life").prepare(bench)
        slopes.append(lives.run(bench.values, KEY, 3).scores)
    np.testing.assert_allclose(*slopes, rtol=1e-6, atol=1e-9)


def test_a_bias_is_a_part_of_it(x64: None) -> None:
    """And of no projection's part."""
    text = "forward bias = 0.3\nx <- x + drive - drive_recurrent - drive_input : post\n"
    lives = Lives(world(), compile_rule(parse(text + "on reward: w += 1e-9*x")))
    (part,) = lives.live(np.zeros(0), KEY, 2)
    steps = 5 * 6
    np.testing.assert_allclose(part.life.rules["recurrent"]["x"], 0.3 * steps, rtol=1e-9)


def test_in_spiking_circuits() -> None:
    """Without synapses, what comes is what the input delivers."""
    where = World(
        circuit=SpikingCircuit(neurons=4, gain=0.0),
        task=DelayedAssociation(cue=20, delay=10, response=20),
        life=LifeSettings(trials=2, warmup=0),
    )
    text = "x <- max(x, abs(drive - drive_input)) : post\ny <- y + abs(drive_input) : post\n"
    lives = Lives(where, compile_rule(parse(text + "on reward: w += 1e-9*x*y")))
    (part,) = lives.live(np.zeros(0), KEY, 2)
    state = part.life.rules["recurrent"]
    assert np.abs(state["x"]).max() == 0.0 and np.abs(state["y"]).min() > 0.0


def test_what_nobody_reads_is_not_computed() -> None:
    rules = {"on reward: w += R*pre*post": [], "on reward: w += R*pre*drive": ["drive"]}
    for rule, read in rules.items():
        steps = Lives(world(feedback=0.5), compile_rule(parse(rule))).life.trial.steps
        assert steps.drives == read
        if not read:
            assert steps.driven(None, None, None, None) == {}, "nothing is even traced"
    with pytest.raises(ValueError, match="does not provide `drive_feedback`"):
        Lives(world(), compile_rule(parse("on reward: w += R*drive_feedback")))


def test_a_companion_that_reads_it_is_told_apart() -> None:
    other = Projections(input="param k = 1e-9\ndw/dt = k*drive*pre")
    with pytest.raises(ValueError, match="reads `drive`, whose tangents are carried for"):
        scored(RULES["at reward"].replace("XI", "xi"), world(other))
