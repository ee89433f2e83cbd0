"""The analyses against cases whose answer is known."""

import numpy as np
import pytest

from rulegen.analysis.anatomy import Anatomy
from rulegen.analysis.similarity import (
    activity_similarity,
    change_similarity,
    similarity_matrix,
    spectral_similarity,
    trajectory_similarity,
)
from rulegen.analysis.trajectories import dimensionality, principal_trajectories
from rulegen.analysis.weights import (
    anatomy_table,
    gradient_alignment,
    spectra,
    subspace_overlap,
)
from rulegen.circuits import RateCircuit
from rulegen.tasks import DelayedAssociation

RNG = np.random.default_rng(0)
LIVES, CONDITIONS, STEPS, N = 3, 2, 20, 6


def anatomy(change, rates=None, outputs=0.0, targets=0.0):
    before = RNG.normal(size=(LIVES, N, N))
    shape = (LIVES, CONDITIONS, STEPS)
    rates = RNG.normal(size=(*shape, N)) if rates is None else rates
    fill = [np.full((*shape, 1), x) for x in (outputs, targets)]
    return Anatomy(
        circuit=RateCircuit(neurons=N),
        task=DelayedAssociation(cue=40, delay=120, response=40),
        before=before,
        after=before + change,
        readout=np.ones((LIVES, 1, N)),
        inputs=np.ones((LIVES, 2, N, 2)),
        feedback=np.ones((LIVES, 2, N, 0)),
        weights=np.repeat((before + change)[:, None], CONDITIONS, axis=1),
        bias=np.zeros((LIVES, CONDITIONS, N)),
        potentials=rates,
        rates=rates,
        outputs=fill[0],
        effects=fill[0],
        targets=fill[1],
        worth=np.full(shape, 1.0 / STEPS),
        noisy=rates[:, None] + 0.1 * RNG.normal(size=(LIVES, 4, CONDITIONS, STEPS, N)),
        gradient=RNG.normal(size=(LIVES, N, N)),
        rewards=np.zeros((LIVES, 4)),
        outcomes=np.zeros(LIVES, int),
    )


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


def test_trajectories_and_spectra_do_not_depend_on_the_axes():
    a, turned = anatomy(0.0), np.linalg.qr(RNG.normal(size=(N, N)))[0]
    same = a._replace(rates=2 * a.rates @ turned + 1, after=turned.T @ a.after @ turned)
    np.testing.assert_allclose(trajectory_similarity(a, same), 1.0)
    np.testing.assert_allclose(spectral_similarity(a, same), 1.0, atol=1e-6)
    other = anatomy(0.0)
    assert trajectory_similarity(a, other).max() < 0.95
    assert 0 < spectral_similarity(a, other).min() < spectral_similarity(a, other).max() < 0.99


def test_similarities_by_hand():
    """Two conditions of one step: the activity is a pair of points, of known kernel."""
    x = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    y = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0], [0.0, 0.0]])
    a, b = (anatomy(0.0)._replace(rates=z[None, :, None]) for z in (x, y))
    # |Y^T X|^2 = 4, |X^T X| = sqrt(8), |Y^T Y| = 2; nuclear norm 2, sizes 2 and sqrt(2).
    np.testing.assert_allclose(activity_similarity(a, b), 4 / (np.sqrt(8) * 2))
    np.testing.assert_allclose(trajectory_similarity(a, b), 2 / (2 * np.sqrt(2)))
    a, b = (a._replace(after=np.diag(v)[None]) for v in ([3.0, 4.0], [4.0, 0.0]))
    np.testing.assert_allclose(spectral_similarity(a, b), 1 - 3 / 9)


def test_a_step_along_the_gradient_is_aligned_with_it():
    a = anatomy(0.0)
    np.testing.assert_allclose(
        gradient_alignment(a._replace(after=a.before + 0.1 * a.gradient)), 1.0
    )
    np.testing.assert_allclose(gradient_alignment(a._replace(after=a.before - a.gradient)), -1.0)
    many = anatomy(RNG.normal(size=(LIVES, N, N)))
    assert np.abs(gradient_alignment(many)).max() < 4 / N


def test_a_change_within_the_leading_directions():
    before = RNG.normal(size=(LIVES, N, N))
    u, _, vt = np.linalg.svd(before)
    inside = u[:, :, :2] @ RNG.normal(size=(LIVES, 2, 2)) @ vt[:, :2]
    outside = u[:, :, 2:] @ RNG.normal(size=(LIVES, 4, 4)) @ vt[:, 2:]
    np.testing.assert_allclose(subspace_overlap(inside, before, 2), 1.0)
    np.testing.assert_allclose(subspace_overlap(outside, before, 2), 0.0, atol=1e-12)
    chance = subspace_overlap(RNG.normal(size=(500, N, N)), RNG.normal(size=(500, N, N)), 2)
    assert abs(chance.mean() - (2 / N) ** 2) < 4 * chance.std() / np.sqrt(500)
