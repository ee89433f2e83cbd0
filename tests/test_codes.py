"""Decoding and selectivity on activity with planted variables, and on none."""

import numpy as np
import pytest
from test_analysis import LIVES, STEPS, N, anatomy

from rulegen.analysis.codes import decode, decoding, decoding_table
from rulegen.analysis.selectivity import explained, selectivity_table

RNG = np.random.default_rng(2)
LABELS = np.array([0, 0, 1, 1])


def test_a_planted_variable_is_decoded_when_it_is_there():
    rates = RNG.normal(size=(10, 4, 6, 8))
    rates[:, LABELS == 1, 3:] += 5.0 * np.eye(8)[0]
    accuracy = decode(rates, LABELS)
    assert accuracy[3:, 3:].min() > 0.9
    assert abs(accuracy[:3].mean() - 0.5) < 0.1
    assert abs(accuracy[:, :3].mean() - 0.5) < 0.1


def test_a_code_that_moves_does_not_generalise():
    rates = 0.1 * RNG.normal(size=(10, 4, 2, 8))
    for time in range(2):
        rates[:, LABELS == 1, time, time] += 1.0
    accuracy = decode(rates, LABELS)
    np.testing.assert_allclose(np.diag(accuracy), 1.0)
    assert accuracy[0, 1] < 0.8
    assert accuracy[1, 0] < 0.8


def test_without_a_variable_accuracy_is_chance():
    """Also with more neurons than trials, which a decoder that saw its tests would exploit."""
    found = np.array([decode(RNG.normal(size=(6, 4, 2, 60)), LABELS) for _ in range(60)])
    error = found.mean(axis=(1, 2)).std() / np.sqrt(60)
    assert abs(found.mean() - 0.5) < 4 * error
    assert error < 0.02


def test_many_levels():
    rates = np.tile(np.eye(4)[None, :, None], (3, 1, 2, 1))
    np.testing.assert_allclose(decode(rates, np.arange(4)), 1.0)
    with pytest.raises(ValueError, match="two repeats"):
        decode(rates[:1], np.arange(4))


def test_decoding_of_circuits():
    found = anatomy(0.0)
    accuracies = decoding(found, "cue")
    assert accuracies.shape == (LIVES, STEPS, STEPS)
    table = decoding_table(found, "cue", accuracies)
    assert table["tested"].max() == 200.0
    np.testing.assert_allclose(table["accuracy"].mean(), accuracies.mean())


def test_shares_of_planted_effects():
    """Variances 1, 4, 9 and 2 of noise; the last neuron is noise alone."""
    a, b = np.meshgrid([-1.0, 1.0], [-1.0, 1.0], indexing="ij")
    signal = a + 2 * b + 3 * a * b
    rates = np.stack([signal, 0 * signal], axis=-1) + np.sqrt(2) * RNG.normal(size=(4000, 2, 2, 2))
    shares = explained(rates, ["a", "b"])
    np.testing.assert_allclose(shares.iloc[0], np.array([1.0, 4.0, 9.0, 2.0]) / 16, atol=0.01)
    np.testing.assert_allclose(shares.iloc[1], [0.0, 0.0, 0.0, 1.0], atol=0.01)


def test_noise_explains_nothing_in_the_mean():
    """With few repeats, and noise that lasts over time."""
    found = []
    for _ in range(300):
        noise = RNG.normal(size=(3, 2, 5, 4)) + RNG.normal(size=(3, 2, 1, 4))
        found.append(explained(noise, ["a", "time"]).mean())
    found = np.array(found)
    error = found.std(axis=0) / np.sqrt(len(found))
    # The total variance that divides is that of the same trials: a ratio, with its small bias.
    assert (np.abs(found.mean(axis=0)[:3]) < 4 * error[:3] + 0.02).all()


def test_neurons_without_variance_have_no_shares():
    assert explained(np.ones((2, 2, 2, 1)), ["a", "b"]).isna().all(axis=None)
    with pytest.raises(ValueError, match="two repeats"):
        explained(np.ones((1, 2, 1)), ["a"])


def test_selectivity_of_circuits():
    table = selectivity_table(anatomy(0.0))
    assert list(table)[2:] == ["cue", "time", "cue:time", "noise", "mixed"]
    assert len(table) == LIVES * N
    np.testing.assert_allclose(table["mixed"], table["cue:time"])
