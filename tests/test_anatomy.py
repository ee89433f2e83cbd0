"""Opened circuits are those of the lives that were run, and tell what their rule did."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from rulegen.analysis.anatomy import dissect
from rulegen.analysis.weights import anatomy_table
from rulegen.catalog import find
from rulegen.circuits import RateCircuit
from rulegen.grammar import parse
from rulegen.ground.noise import stream
from rulegen.lives.bench import Bench
from rulegen.lives.life import LifeSettings
from rulegen.lives.play import Occasion, play
from rulegen.lives.trial import trial_streams
from rulegen.lives.world import World
from rulegen.tasks import DelayedAssociation, GoNogo, Reaching

KEY = jax.random.key(6)
TASK = DelayedAssociation(cue=20, delay=20, response=20)


def bench_of(text, trials=5, warmup=0, neurons=5):
    life = LifeSettings(trials=trials, warmup=warmup)
    return Bench(World(circuit=RateCircuit(neurons=neurons), task=TASK, life=life), parse(text))


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


def test_the_gradient_is_that_of_the_mean_reward(x64):
    """Against finite differences over the same trials, one by one."""
    bench = bench_of("on trial end: w += 0.1*R", trials=3)
    found, life = dissect(bench, bench.values, KEY, 1, repeats=2), bench.plain.life
    source = stream(KEY).fold(0)
    network = life.begin(source, jnp.float64).network
    streams = trial_streams(source, 3 + jnp.arange(2))
    direction, h = np.random.default_rng(0).normal(size=(5, 5)), 1e-6

    def mean_reward(weights):
        rewards = []
        for i, condition in itertools.product(range(2), range(2)):
            here = jax.tree.map(lambda x, i=i: x[i], streams), jnp.asarray(condition), ()
            changed = network._replace(weights=weights)
            rewards.append(play(life.circuit, TASK, changed, 0.0, Occasion(*here)).reward)
        return np.mean(rewards)

    ends = (mean_reward(network.weights + sign * h * direction) for sign in (1, -1))
    slope = (next(ends) - next(ends)) / (2 * h)
    np.testing.assert_allclose((found.gradient[0] * direction).sum(), slope, rtol=1e-6)


def test_noisy_trials_scatter_around_those_without_noise():
    bench = bench_of("on trial end: w += 0.1*R", neurons=3)
    found = dissect(bench, bench.values, KEY, 2, repeats=300)
    assert found.noisy.shape == (2, 300, 2, 6, 3)
    np.testing.assert_allclose(found.noisy.mean(axis=1), found.rates, atol=0.05)
    assert found.noisy.std(axis=1).min() > 0.02
    with pytest.raises(ValueError, match="noisy trials"):
        dissect(bench, bench.values, KEY, 2, repeats=0)


def test_a_forward_pass_of_the_rule_is_part_of_the_circuit():
    bench = bench_of("forward w = 0.5*w", trials=3)
    found = dissect(bench, bench.values, KEY, 2)
    np.testing.assert_allclose(found.weights[:, 0], 0.5 * found.after, rtol=1e-6)


@pytest.mark.parametrize("task", [GoNogo(), Reaching(), TASK], ids=lambda task: task.name)
def test_errors_are_what_the_task_rewards(task):
    """Also where nothing is wanted, and where a target is compared with what outputs do."""
    world = World(circuit=RateCircuit(neurons=5), task=task, life=LifeSettings(trials=2, warmup=0))
    bench = Bench(world, parse("on trial end: w += 0.1*R"))
    found = dissect(bench, bench.values, KEY, 2)
    dt = world.circuit.dt
    trials = [
        task.trial(stream(KEY), jnp.asarray(condition), dt) for condition in range(task.conditions)
    ]
    expected = [
        -np.mean([task.rewards(t, o).sum() for t, o in zip(trials, life, strict=True)])
        for life in found.outputs
    ]
    np.testing.assert_allclose(anatomy_table(found)["error"], expected, rtol=1e-5)


def test_noise_of_synapses_is_there_where_there_is_noise():
    noisy, still = (
        dissect(b, b.values, KEY, 2)
        for b in (bench_of(f"on reward: w += 0.01*R\nforward w = w + {size}*zeta", neurons=8)
                  for size in (0.3, 0.0))
    )  # fmt: skip
    np.testing.assert_allclose(noisy.weights[:, 0], noisy.after, rtol=1e-6)
    spread = [found.noisy.std(axis=1).mean() for found in (noisy, still)]
    assert spread[0] > 1.2 * spread[1]


@pytest.mark.parametrize("name", ["weight_perturbation", "benna_fusi", "reinforce_gaussian"])
def test_circuits_of_the_literature_are_opened(name):
    life = LifeSettings(trials=2, warmup=0)
    bench = Bench(World(circuit=RateCircuit(neurons=5), task=TASK, life=life), find(name).rule)
    assert np.isfinite(dissect(bench, bench.values, KEY, 1).rates).all()
