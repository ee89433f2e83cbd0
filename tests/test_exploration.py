"""Exploration noise: correlation, pulses, and the same numbers however a trial is cut."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from pydantic import ValidationError

from rulegen.circuits import Exploration, Pulses, RateCircuit
from rulegen.ground.noise import stream

SOURCE = stream(jax.random.key(8)).fold(3)


def explore(circuit, steps, first=0, before=None):
    return circuit.explore(SOURCE, first, steps, before or circuit.quiet(jnp.float32))


def test_white_noise_is_fresh_in_every_step():
    noise = explore(RateCircuit(neurons=50), 2000)
    np.testing.assert_array_equal(noise.xi, noise.gaussian)
    np.testing.assert_array_equal(noise.xi, noise.fresh)
    now, later = np.asarray(noise.xi[:-1]).ravel(), np.asarray(noise.xi[1:]).ravel()
    assert abs(np.corrcoef(now, later)[0, 1]) < 4 / len(now) ** 0.5


def test_correlated_noise_is_stationary():
    """Unit variance from the first step on, and exp(-dt/tau) between neighbours."""
    circuit = RateCircuit(neurons=40_000, dt=10, correlation=30)
    xi = np.asarray(explore(circuit, 6).xi, float)
    error = 1 / 40_000**0.5
    np.testing.assert_allclose(xi.var(axis=1), 1, atol=6 * error)
    products = [(xi[t] * xi[t + 1]).mean() for t in range(5)]
    np.testing.assert_allclose(products, np.exp(-1 / 3), atol=6 * error)
    assert circuit.retention == pytest.approx(np.exp(-1 / 3))


def test_pulses():
    """As frequent and as large as said, uniform, none while it is quiet."""
    pulses = Pulses(probability=0.1, size=16, quiet=40)
    circuit = RateCircuit(neurons=10_000, dt=10, tau=40, noise=0, pulses=pulses)
    noise = explore(circuit, 12)
    xi = np.asarray(noise.xi, float)
    assert not np.any(xi[:4])
    assert not np.any(noise.fresh)
    rate, sizes = (xi[4:] != 0).mean(), xi[xi != 0]
    assert abs(rate - 0.1) < 4 * (0.09 / 80_000) ** 0.5
    assert np.abs(sizes).max() <= 16
    assert abs(sizes.mean()) < 4 * 16 / (3 * len(sizes)) ** 0.5
    assert abs((sizes**2).mean() / (16**2 / 3) - 1) < 0.05
    assert circuit.scale == circuit.step_size, "xi is a current where there are only pulses"


def test_pulses_beside_gaussian_noise_are_in_its_units():
    pulses = Pulses(probability=1.0, size=2.0)
    both = explore(RateCircuit(neurons=5, noise=0.2, pulses=pulses), 4)
    alone = explore(RateCircuit(neurons=5, noise=0, pulses=pulses), 4)
    circuit = RateCircuit(neurons=5, noise=0.2)
    np.testing.assert_allclose(
        both.xi - both.gaussian, circuit.step_size / 0.2 * alone.xi, rtol=1e-4, atol=1e-5
    )


def test_the_noise_does_not_depend_on_blocks():
    pulses = Pulses(probability=0.3, size=1.0, quiet=30)
    circuit = RateCircuit(neurons=3, correlation=20, pulses=pulses)
    whole = explore(circuit, 9)
    first = explore(circuit, 4)
    rest = explore(circuit, 5, first=4, before=Exploration(*(part[-1] for part in first)))
    for a, b, c in zip(whole, first, rest, strict=True):
        np.testing.assert_allclose(a, np.concatenate([b, c]), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pulses": {"probability": 0, "size": 1}}, "probability"),
        ({"pulses": {"probability": 1.5, "size": 1}}, "probability"),
        ({"pulses": {"probability": 0.5, "size": -1}}, "size"),
        ({"correlation": -1}, "correlation"),
        ({"correlation": 1e11}, r"correlation = 1e\+11 ms is too long beside dt = 10 ms"),
        (
            {"pulses": {"probability": 0.5, "size": 1, "quiet": 1e18}},
            r"pulses.quiet = 1e\+18 ms lasts more than 1073741824 steps of dt = 10 ms",
        ),
        ({"clamped": [[40, 1.0]]}, "clamped: there is no neuron 40"),
        ({"clamped": [[4, 1.0], [4, 0.0]]}, "clamped: a neuron is named twice"),
        ({"readout": [-1]}, "readout: there is no neuron -1"),
    ],
)
def test_errors_name_the_field(settings, message):
    with pytest.raises(ValidationError, match=message):
        RateCircuit(**settings)


def test_clamped_neurons_and_neurons_as_readout():
    circuit = RateCircuit(neurons=4, clamped=((1, 1.0), (3, -0.5)), readout=(3, 0), start=0.1)
    activity = circuit.init(SOURCE, jnp.float32)
    np.testing.assert_allclose(activity.u[jnp.array([1, 3])], [1.0, -0.5])
    network = circuit.draw(SOURCE, 2, 2, jnp.float32)
    after = circuit.step(network.weights, activity, jnp.ones(4), jnp.ones(4))
    np.testing.assert_allclose(after.u[jnp.array([1, 3])], [1.0, -0.5])
    np.testing.assert_allclose(network.readout @ after.r, [np.tanh(-0.5), after.r[0]], rtol=1e-6)
    with pytest.raises(ValueError, match="names 2 neurons, but the task has 1"):
        circuit.draw(SOURCE, 2, 1, jnp.float32)
