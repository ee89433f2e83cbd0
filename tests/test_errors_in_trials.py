"""Errors that come back to the neurons, and noise of single synapses, against lives by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rulegen.catalog import literature
from rulegen.circuits import RateCircuit
from rulegen.compile import compile_rule
from rulegen.grammar import parse
from rulegen.ground.noise import Purpose, normal, stream
from rulegen.lives.engine import INTERPRETED
from rulegen.lives.life import LifeSettings
from rulegen.lives.many import Lives
from rulegen.lives.projections import Projections
from rulegen.lives.world import World
from rulegen.runs.chances import unfit
from rulegen.runs.check import notes, unheard
from rulegen.tasks import DelayedAssociation, Reaching

KEY = jax.random.key(5)
SOURCE = stream(KEY).fold(0)


def world(**circuit) -> World:
    return World(
        circuit=RateCircuit(neurons=4, tau=20, **circuit),
        task=DelayedAssociation(cue=20, delay=20, response=30),
        life=LifeSettings(trials=3, warmup=0),
    )


def replay(here: World, conditions, change, used=lambda w, k: w):
    """Rewards of a life whose weights `change(w, k, error, earlier, pre)` makes in each step."""
    circuit, task = here.circuit, here.task
    network = circuit.draw(SOURCE, 2, 1, jnp.float64)
    back = network.readout.T
    if circuit.errors == "random":
        back = normal(SOURCE.fold(Purpose.ERRORS), (4, 1), jnp.float64) / 2.0
    w, rewards = network.weights, []
    for k, condition in enumerate(conditions):
        trial = task.trial(SOURCE, condition, circuit.dt)
        still = circuit.quiet(jnp.float64)
        steps = task.steps(circuit.dt)
        noise = circuit.explore(SOURCE.fold(Purpose.EXPLORATION).fold(k), 0, steps, still)
        u, earlier, total = jnp.zeros(4), jnp.zeros(4), 0.0
        for t in range(steps):
            pre = jnp.tanh(u)
            current = used(w, k) @ pre + network.inputs @ trial.stimulus[t]
            u = u + circuit.step_size * (current - u) + circuit.noise * noise.xi[t]
            miss = trial.target[t] - network.readout @ jnp.tanh(u)
            error = back @ miss * (trial.weight[t] > 0)
            w = change(w, k, error, earlier, pre)
            earlier, total = error, total - trial.weight[t] * jnp.sum(miss**2)
        rewards.append(total)
    return jnp.stack(rewards)


@pytest.mark.parametrize("errors", ["readout", "random"])
def test_errors_come_back_when_there_is_a_target(x64, errors) -> None:
    here = world(errors=errors)
    rule = compile_rule(parse("dw/dt = 0.01*error*pre - 0.02*error*pre_error"))
    for engine in ("xla", INTERPRETED.name):
        there = here.model_copy(update={"engine": engine})
        batch = Lives(there, rule).run(np.zeros(0), KEY, 2)

        def change(w, k, error, earlier, pre):
            return w + 0.1 * jnp.outer(error, pre) - 0.2 * jnp.outer(error, earlier)

        expected = replay(here, batch.conditions[0], change)
        np.testing.assert_allclose(batch.rewards[0], expected, rtol=1e-9)


@pytest.mark.parametrize("event", ["reward", "trial end"])
@pytest.mark.parametrize("name", ["error", "pre_error"])
def test_events_read_the_errors_of_the_last_step(x64, event: str, name: str) -> None:
    site = "pre" if name == "pre_error" else "post"
    kept = f"last <- {name} : {site}\non {event}: w += 0.3*last*pre"
    texts = [f"on {event}: w += 0.3*{name}*pre", kept]
    for engine in ("xla", INTERPRETED.name):
        there = world().model_copy(update={"engine": engine})
        batches = [Lives(there, compile_rule(text)).run(np.zeros(0), KEY, 3) for text in texts]
        np.testing.assert_allclose(batches[0].rewards, batches[1].rewards, rtol=1e-12)
        still = Lives(there, compile_rule("w += 0*pre")).run(np.zeros(0), KEY, 3)
        assert not np.allclose(batches[0].rewards[:, -1], still.rewards[:, -1])


def test_descent_along_the_errors_learns(x64) -> None:
    """Without recurrent weights the change follows the gradient: the output learns its target."""
    here = world(noise=0.01).model_copy(update={"life": LifeSettings(trials=400)})
    rule = compile_rule(parse("p = lowpass(pre, 20)\ndw/dt = 0.02*error*p"))
    rewards = Lives(here, rule).run(np.zeros(0), KEY, 16).rewards
    first, last = rewards[:, :20].mean(), rewards[:, -50:].mean()
    assert first < -0.1, "before it learns it misses its target"
    assert last > 0.3 * first


def test_synapses_have_noise_of_their_own(x64) -> None:
    """Fresh in every trial, in the weights that the circuit uses, and read at the reward."""
    here = world(noise=0.0)
    rule = compile_rule(parse("forward w = w + 0.1*zeta\non reward: w += 0.5*(R + 0.2)*zeta"))
    batch = Lives(here, rule).run(np.zeros(0), KEY, 2)

    def zeta(k):
        source = SOURCE.fold(Purpose.EXPLORATION).fold(k)
        return normal(source.fold(Purpose.SYNAPTIC_NOISE).fold(0), (4, 4), jnp.float64)

    weights, rewards = 0.0, []
    for k in range(3):
        moved = weights

        def used(w, number, moved=moved):
            return w + moved + 0.1 * zeta(number)

        keep = lambda w, *_: w  # noqa: E731
        rewards.append(replay(here, batch.conditions[0], keep, used)[k])
        weights = weights + 0.5 * (rewards[-1] + 0.2) * zeta(k)
    np.testing.assert_allclose(batch.rewards[0], rewards, rtol=1e-9)
    assert np.std(np.array([zeta(0), zeta(1)])) == pytest.approx(1.0, abs=0.4)


UNHEARD = {
    "on reward: w += 0.1*R*zeta": True,
    "w += 0.1*(R - R_bar)*zeta*pre": True,
    "forward w = w + 0.1*h\nh <- post : post\non reward: w += R*zeta": True,
    "e <- 0.9*e + zeta : synapse\non reward: w += 0.1*R*e": True,
    "forward w = w + 0.1*zeta\non reward: w += 0.1*R*zeta": False,
    "n = 0.1*zeta\nforward w = w + n\non reward: w += 0.1*R*n": False,
    "e <- 0.9*e + zeta : synapse\nforward w = w + e\non reward: w += 0.1*R*zeta": False,
    "on trial start: e <- zeta\ne <- e : synapse\nforward w = w + e\non reward: w += R*e": False,
    "on trial start: w += 0.1*zeta": False,
    "on reward: w += 0.1*R*xi": False,
}


@pytest.mark.parametrize("text", UNHEARD)
def test_noise_that_never_reaches_the_circuit_is_noted(text: str) -> None:
    found = [note for note in notes(parse(text)) if "`zeta` never reaches the circuit" in note]
    assert len(found) == UNHEARD[text]


@pytest.mark.parametrize("name", literature())
def test_rules_of_the_literature_hear_their_noise_and_draw_what_fits(name: str) -> None:
    rule = literature()[name].rule
    assert not unheard(rule) and not unfit(rule)


class Same(DelayedAssociation):
    name: str = "same"

    def effect(self, trial, output):
        return 1.0 * output


class Squashed(DelayedAssociation):
    name: str = "squashed"

    def effect(self, trial, output):
        return jnp.tanh(output)


@pytest.mark.parametrize("read", ["error", "pre_error"])
def test_errors_are_of_outputs_and_not_of_what_they_bring_about(read) -> None:
    """An arm takes torques to a place: a place minus a torque is no error."""
    rule = compile_rule(parse(f"dw/dt = 0.1*{read}*pre"))
    for task in (Reaching(), Squashed()):
        here = world().model_copy(update={"task": task})
        why = f"the target of {task.name} is for what .* reads `{read}`, .* a rule that reads R$"
        with pytest.raises(ValueError, match=why):
            Lives(here, rule)
        Lives(here, compile_rule(parse("on reward: w += 0.1*R*post*pre")))
    Lives(world().model_copy(update={"task": Same()}), rule)


def test_an_input_channel_has_no_error() -> None:
    here = world().model_copy(update={"projections": Projections(studied="input")})
    with pytest.raises(ValueError, match="does not provide `pre_error`"):
        Lives(here, compile_rule(parse("dw/dt = 0.1*error*pre_error")))
