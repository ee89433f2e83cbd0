"""Opened circuits are those of the lives that were run, and tell what their rule did."""

import jax
import numpy as np
import pytest

from grammar import parse
from rulegen.anatomy import dissect
from rulegen.circuits import RateCircuit
from rulegen.life import LifeSettings
from rulegen.lives import World
from rulegen.tasks import DelayedAssociation
from rulegen.workbench import Workbench

KEY = jax.random.key(6)
TASK = DelayedAssociation(cue=20, delay=20, response=20)


def bench_of(text, trials=5, warmup=0, neurons=5):
    life = LifeSettings(trials=trials, warmup=warmup)
    return Workbench(World(circuit=RateCircuit(neurons=neurons), task=TASK, life=life), parse(text))


def test_they_are_the_same_lives():
    bench = bench_of("e <- e + xi*pre : synapse\non reward: w += 0.1*(R + 1)*e")
    found = dissect(bench, bench.values, KEY, 3)
    batch = bench.run(bench.values, KEY, 3)
    np.testing.assert_allclose(found.rewards, batch.rewards, rtol=1e-5)
    assert np.abs(found.change).max() > 0.01


def test_weights_change_by_what_the_rule_says():
    bench = bench_of("on trial end: w += 0.25", trials=4, warmup=1)
    found = dissect(bench, bench.values, KEY, 2)
    np.testing.assert_allclose(found.change, 0.75, rtol=1e-5)


def test_the_activity_is_that_of_the_weights_after_learning():
    """Recomputed in NumPy, and without noise."""
    bench = bench_of("on trial end: w += 0.1")
    circuit, found = bench.world.circuit, dissect(bench, bench.values, KEY, 2)
    for life in range(2):
        for condition in range(2):
            rates = found.rates[life, condition]
            # After the cue nothing drives the circuit but itself.
            u = np.arctanh(rates.astype(float))
            here = u[2:-1] + circuit.step_size * (rates[2:-1] @ found.after[life].T - u[2:-1])
            np.testing.assert_allclose(u[3:], here, atol=1e-4)
            np.testing.assert_allclose(
                found.outputs[life, condition], rates @ found.readout[life].T, atol=1e-5
            )
    np.testing.assert_allclose(found.targets[:, :, -1, 0], [[-0.5, 0.5]] * 2)


def test_what_a_rule_adds_to_the_input_stays():
    """`forward bias` belongs to the circuit also when the rule has stopped."""
    added = "th <- th : post\non trial end: th <- th + 1\nforward bias = th\n"
    with_bias, plain = (bench_of(added + rest) for rest in ("", "forward w = 0*w"))
    first, second = (dissect(b, b.values, KEY, 1).rates for b in (with_bias, plain))
    assert second[..., -1, :].min() > 0.9
    assert np.abs(first - second).max() > 0.01


def test_lives_do_not_depend_on_their_number():
    bench = bench_of("on trial end: w += 0.1*R")
    few, many = (dissect(bench, bench.values, KEY, n) for n in (2, 5))
    np.testing.assert_allclose(few.rates, many.rates[:2], rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="at least 1"):
        dissect(bench, bench.values, KEY, 0)
