"""What no estimator takes on a projection; spikes, and circuits that are opened."""

import jax
import numpy as np
import pytest
from test_projections import ALL, KEY, SMALL, TASK, text_of, world

from rulegen.analysis.anatomy import dissect
from rulegen.circuits import RateCircuit, SpikingCircuit
from rulegen.compile import compile_rule
from rulegen.estimators import Pathwise, Score
from rulegen.grammar import parse
from rulegen.lives.bench import Bench
from rulegen.lives.many import Lives
from rulegen.lives.projections import Projections
from rulegen.lives.world import World

REFUSED = {
    "exact scores with noise elsewhere": (
        Score(exact=True), "input", "e <- e + xi*pre : synapse\non reward: w += e", "reads `xi`",
    ),
    "one trial with noise elsewhere": (
        Pathwise(credit="trial", exact=True), "input", "on reward: w += xi*pre", "reads `xi`",
    ),
    "one trial whose weights move": (
        Pathwise(credit="trial"), "feedback", "w += 0.1*pre*post", "the feedback weights change",
    ),
    "one trial whose weights move at its start": (
        Pathwise(credit="trial"), "input", "on trial start: w <- 0.9*w", "the input weights change",
    ),
    "one trial with a forward pass": (
        Pathwise(credit="trial"), "input", "forward w = 2*w\non reward: w += pre", "input weights",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_estimators_refuse(case):
    estimator, projection, text, message = REFUSED[case]
    here = World(**SMALL, projections=Projections(**{projection: text}))
    with pytest.raises(ValueError, match=message):
        estimator.prepare(Bench(here, parse(text_of("at reward"))))


def test_spikes_drive_and_are_driven():
    """Input weights by which neurons fire, and the feedback of the outputs."""
    rule = "x <- 0.9*x + pre : pre\ne <- e + x*post_spike*dt : synapse\non reward: w += 0.01*e"
    settings = {**SMALL, "circuit": SpikingCircuit(neurons=6, feedback=0.5)}
    here = World(**settings, projections=Projections(studied="input", feedback=rule))
    lives = Lives(here, compile_rule(parse(rule)))
    (part,) = lives.live(np.zeros(0), KEY, 3)
    first, last = (jax.tree.map(part.kept, n) for n in (part.life.network, part.life.learned))
    assert np.ptp(part.rewards) > 0
    np.testing.assert_array_equal(last.weights, first.weights)
    for name in ("inputs", "feedback"):
        assert np.abs(getattr(last, name) - getattr(first, name)).max() > 1e-3


def test_an_opened_circuit_has_all_its_weights(x64):
    """The activity that is shown is that of the weights that are shown."""
    bench = Bench(world(ALL["input"]), parse(text_of("at reward")))
    found = dissect(bench, bench.values, KEY, 2, repeats=1)
    assert found.inputs.shape == (2, 2, 4, 3)
    assert found.feedback.shape == (2, 2, 4, 2)
    assert np.all(np.abs(found.inputs[:, 1] - found.inputs[:, 0]).max(axis=(1, 2)) > 1e-4)
    circuit = bench.world.circuit
    for life in range(2):
        whole = found.after[life] + found.feedback[life, 1] @ found.readout[life]
        np.testing.assert_allclose(found.weights[life, 0], whole, rtol=1e-12)
        for condition in range(3):
            u = np.zeros(4)
            stimuli = np.asarray(TASK.trial(None, condition, circuit.dt).stimulus)
            for stimulus, shown in zip(stimuli, found.potentials[life, condition], strict=True):
                drive = whole @ np.tanh(u) + found.inputs[life, 1] @ stimulus
                u = u + circuit.step_size * (drive - u)
                np.testing.assert_allclose(shown, u, rtol=1e-9)
    plain = Bench(
        World(**{**SMALL, "circuit": RateCircuit(neurons=6)}), parse("on reward: w += R*post")
    )
    found = dissect(plain, plain.values, KEY, 2, repeats=1)
    assert found.feedback.shape == (2, 2, 6, 0)
    np.testing.assert_array_equal(found.inputs[:, 0], found.inputs[:, 1])
