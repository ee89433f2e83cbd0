"""Fixed points against circuits whose fixed points and Jacobians are known."""

import numpy as np
import pytest
from test_analysis import CONDITIONS, LIVES, N, anatomy

from rulegen.analysis.equilibria import fixed_point_table, fixed_points
from rulegen.circuits import RateCircuit

RNG = np.random.default_rng(1)


def test_a_linear_circuit_has_the_one_that_algebra_gives():
    circuit = RateCircuit(neurons=N, rate="linear")
    weights, drive = 0.4 * RNG.normal(size=(N, N)), RNG.normal(size=N)
    found = fixed_points(circuit, weights, drive, RNG.normal(size=(5, N)))
    assert found.still.tolist() == [True]
    np.testing.assert_allclose(
        found.potentials[0], np.linalg.solve(np.eye(N) - weights, drive), rtol=1e-8
    )
    expected = np.linalg.eigvals(weights) - 1.0
    np.testing.assert_allclose(
        np.sort_complex(found.eigenvalues[0].round(9)), np.sort_complex(expected.round(9))
    )
    assert (np.diff(found.eigenvalues[0].real) <= 1e-12).all()


@pytest.mark.parametrize(("gain", "unstable"), [(0.5, 0), (2.0, 1)])
def test_one_neuron_that_excites_itself(gain, unstable):
    """u = g tanh(u): a stable point where g < 1; else two, and an unstable one in the middle."""
    circuit = RateCircuit(neurons=1)
    starts = np.linspace(-3, 3, 13)[:, None]
    found = fixed_points(circuit, np.array([[gain]]), np.zeros(1), starts)
    u = np.sort(found.potentials[found.still, 0])
    np.testing.assert_allclose(u, gain * np.tanh(u), atol=1e-7)
    assert len(u) == (3 if gain > 1 else 1)
    middle = np.argmin(np.abs(found.potentials[:, 0]))
    np.testing.assert_allclose(found.eigenvalues[middle, 0], gain - 1.0, atol=1e-6)
    assert found.unstable(circuit.step_size)[middle] == unstable
    assert np.delete(found.unstable(circuit.step_size), middle).sum() == 0


def test_a_slow_point_is_no_fixed_point():
    """-u + 2 tanh(u) + 0.6 has a root on the right, and comes near 0 where tanh(u)^2 = 1/2."""
    circuit = RateCircuit(neurons=1)
    starts = np.array([[-1.0], [3.0]])
    found = fixed_points(circuit, np.full((1, 1), 2.0), np.array([0.6]), starts)
    assert found.still.tolist() == [True, False]
    slow = -np.arctanh(np.sqrt(0.5))
    np.testing.assert_allclose(found.potentials[1], slow, atol=1e-3)
    flow = -slow + 2 * np.tanh(slow) + 0.6
    np.testing.assert_allclose(found.speeds[1], 0.5 * flow**2, rtol=1e-4)


def test_oscillation_is_unstable_where_the_steps_say_so():
    circuit = RateCircuit(neurons=2, rate="linear", dt=20, tau=40)
    turn = np.array([[0.9, -3.0], [3.0, 0.9]])
    found = fixed_points(circuit, turn, np.zeros(2), np.ones((1, 2)))
    np.testing.assert_allclose(found.eigenvalues[0].imag, [3.0, -3.0])
    # |1 + 0.5(-0.1 + 3i)| > 1, though the real part is negative.
    assert found.unstable(circuit.step_size).tolist() == [2]


def test_clamped_neurons_do_not_move():
    circuit = RateCircuit(neurons=3, rate="linear", clamped=((2, 1.0),))
    weights = np.array([[0.5, 0.0, 1.0], [0.0, 0.0, 2.0], [9.0, 9.0, 9.0]])
    found = fixed_points(circuit, weights, np.zeros(3), np.array([[0.0, 0.0, 1.0]]))
    np.testing.assert_allclose(found.potentials, [[2.0, 2.0, 1.0]], atol=1e-8)
    np.testing.assert_allclose(found.eigenvalues, [[-0.5, -1.0]], atol=1e-9)


def test_the_table_has_every_circuit_and_condition():
    ticked = []
    table = fixed_point_table(anatomy(0.0), starts=3, tick=ticked.append)
    assert set(zip(table["life"], table["condition"], strict=True)) == {
        (life, condition) for life in range(LIVES) for condition in range(CONDITIONS)
    }
    assert ticked == [1, 2, 3]
