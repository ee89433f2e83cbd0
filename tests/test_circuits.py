"""The circuit: one step against NumPy, the statistics of its weights, its settings."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from pydantic import ValidationError

from rulegen.circuits import Activity, RateCircuit
from rulegen.ground.noise import stream

SOURCE = stream(jax.random.key(5))
RATES = {
    "tanh": (np.tanh, lambda u: 1 / np.cosh(u) ** 2),
    "relu": (lambda u: np.maximum(u, 0), lambda u: u > 0),
    "sigmoid": (lambda u: 1 / (1 + np.exp(-u)), lambda u: 1 / (2 + np.exp(u) + np.exp(-u))),
    "linear": (lambda u: u, np.ones_like),
}


@pytest.mark.parametrize("rate", RATES)
def test_a_step_and_its_signals(x64, rate):
    circuit = RateCircuit(neurons=3, rate=rate, dt=5, tau=20, noise=0.3)
    rng = np.random.default_rng(0)
    w, (u, drive, xi) = rng.normal(size=(3, 3)), rng.normal(size=(3, 3))
    phi, slope = RATES[rate]
    expected = [
        u[i] + 0.25 * (-u[i] + sum(w[i, j] * phi(u)[j] for j in range(3)) + drive[i]) + 0.3 * xi[i]
        for i in range(3)
    ]
    before = Activity(jnp.asarray(u), jnp.asarray(phi(u)))
    activity = circuit.step(jnp.asarray(w), before, jnp.asarray(drive), jnp.asarray(xi))
    after = np.asarray(activity.u)
    np.testing.assert_allclose(after, expected, rtol=1e-12)
    signals = circuit.signals(before, activity, jnp.asarray(xi))
    truth = {"pre": phi(u), "post": phi(after), "u": after, "pre_u": u, "xi": xi}
    for name, values in {**truth, "slope": slope(after)}.items():
        np.testing.assert_allclose(signals.pop(name), values, rtol=1e-9)
    assert not signals
    assert {*truth, "slope"} < circuit.provides


def test_statistics_of_the_weights():
    circuit = RateCircuit(neurons=200, gain=1.5)
    network = circuit.draw(SOURCE, 50, 40, jnp.float32)
    variances = {"weights": 1.5**2 / 200, "inputs": 1.0, "readout": 1 / 200}
    for name, variance in variances.items():
        x = np.asarray(getattr(network, name), float)
        assert abs(x.mean()) < 4 * np.sqrt(variance / x.size)
        assert abs(x.var() / variance - 1) < 4 * np.sqrt(2 / x.size)
    shapes = [part.shape for part in network[:3]]
    assert shapes == [(200, 200), (200, 50), (40, 200)]
    assert not network.bounds
    radius = np.abs(np.linalg.eigvals(network.weights)).max()
    assert abs(radius - 1.5) < 0.15


def test_potentials_at_the_start():
    assert not np.any(RateCircuit(neurons=4).init(SOURCE, jnp.float32).u)
    circuit = RateCircuit(neurons=20_000, start=0.5)
    u = np.asarray(circuit.init(SOURCE, jnp.float32).u)
    assert -0.5 < u.min() < -0.49 < 0.49 < u.max() < 0.5
    assert abs(u.mean()) < 0.01
    again = np.asarray(circuit.init(SOURCE.fold(1), jnp.float32).u)
    assert abs(np.corrcoef(u, again)[0, 1]) < 0.03


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"neurons": 0}, "neurons"),
        ({"dt": -1}, "dt"),
        ({"dt": 50}, "dt = 50 ms is larger than tau = 40 ms"),
        ({"noise": float("nan")}, "noise"),
        ({"gain": float("inf")}, "gain"),
        ({"rate": "step"}, "rate"),
        ({"gian": 1}, "gian"),
        ({"excitatory": 1}, "excitatory"),
        ({"excitatory": -0.1}, "excitatory"),
        ({"excitatory": 0.8, "neurons": 1}, "0.8 of 1 neurons leaves none of one sign"),
        ({"connectivity": 0}, "connectivity"),
        ({"connectivity": 1.5}, "connectivity"),
    ],
)
def test_errors_name_the_field(settings, message):
    with pytest.raises(ValidationError, match=message):
        RateCircuit(**settings)


def test_settings_are_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        RateCircuit().neurons = 3
