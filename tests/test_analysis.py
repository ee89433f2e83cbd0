"""The analyses against cases whose answer is known."""

import numpy as np
import pytest

from rulegen.analysis import (
    activity_similarity,
    anatomy_table,
    change_similarity,
    dimensionality,
    principal_trajectories,
    similarity_matrix,
    spectra,
)
from rulegen.anatomy import Anatomy

RNG = np.random.default_rng(0)
LIVES, CONDITIONS, STEPS, N = 3, 2, 20, 6


def anatomy(change, rates=None, outputs=0.0, targets=0.0):
    before = RNG.normal(size=(LIVES, N, N))
    shape = (LIVES, CONDITIONS, STEPS)
    rates = RNG.normal(size=(*shape, N)) if rates is None else rates
    fill = [np.full((*shape, 1), x) for x in (outputs, targets)]
    readout = np.ones((LIVES, 1, N))
    return Anatomy(before, before + change, readout, rates, *fill, np.zeros((LIVES, 4)))


def test_nothing_has_no_dimension():
    assert dimensionality(np.zeros((2, 3))).tolist() == [0.0, 0.0]
    assert (spectra(np.zeros((2, 3, 3))) == 0).all()


def test_an_outer_product_has_rank_one():
    outer = np.outer(RNG.normal(size=N), RNG.normal(size=N))
    table = anatomy_table(anatomy(outer))
    np.testing.assert_allclose(table["rank"], 1.0)
    orthogonal = np.linalg.qr(RNG.normal(size=(N, N)))[0]
    np.testing.assert_allclose(anatomy_table(anatomy(orthogonal))["rank"], N)


def test_sizes_and_errors():
    found = anatomy(0.0, outputs=0.2, targets=0.5)
    table = anatomy_table(found._replace(after=1.5 * found.before))
    np.testing.assert_allclose(table["size"], 0.5)
    np.testing.assert_allclose(table.radius_after, 1.5 * table.radius_before)
    np.testing.assert_allclose(table.error, 0.09)


@pytest.mark.parametrize("dimensions", [1, 2, 4])
def test_activity_in_a_subspace(dimensions):
    frame = np.linalg.qr(RNG.normal(size=(N, N)))[0][:dimensions]
    white = np.linalg.qr(RNG.normal(size=(CONDITIONS * STEPS, dimensions + 1)))[0]
    white = np.linalg.qr(white - white.mean(axis=0))[0][:, :dimensions]
    rates = np.tile((white @ frame).reshape(1, CONDITIONS, STEPS, N), (LIVES, 1, 1, 1))
    np.testing.assert_allclose(anatomy_table(anatomy(0.0, rates)).dimension, dimensions)
    projected = principal_trajectories(rates[0], dimensions)
    # A rotation keeps all distances.
    assert projected.shape == (CONDITIONS, STEPS, dimensions)
    np.testing.assert_allclose((projected**2).sum(), (rates[0] ** 2).sum())


def test_similarities():
    change = RNG.normal(size=(N, N))
    a, b = anatomy(change), anatomy(-2 * change)
    np.testing.assert_allclose(change_similarity(a, b), -1.0)
    assert (change_similarity(a, anatomy(0.0)) == 0).all()
    turned = np.linalg.qr(RNG.normal(size=(N, N)))[0]
    same = anatomy(0.0, 3 * a.rates @ turned + 1)
    np.testing.assert_allclose(activity_similarity(a, same), 1.0)
    assert activity_similarity(a, b).max() < 0.9
    table = similarity_matrix({"a": a, "b": b, "same": same}, activity_similarity)
    np.testing.assert_allclose(np.diag(table), 1.0)
    assert table.loc["a", "same"] == table.loc["same", "a"] == pytest.approx(1.0)
