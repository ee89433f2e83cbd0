"""The experiments of docs/experiments.py, in short."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import numpy as np
import pytest

from rulegen.ground.progress import silent

DOCS = Path(__file__).parent.parent / "docs"
sys.path.append(str(DOCS))  # as when the scripts there are run
EXPERIMENTS = runpy.run_path(str(DOCS / "experiments.py"))


def test_values_of_a_chain_are_learned_from_its_end() -> None:
    errors = {lam: EXPERIMENTS["chain"](lam, 80) for lam in (0.0, 0.9)}
    assert all(error[-1] < 1e-3 for error in errors.values())
    assert (errors[0.9] < 0.05).argmax() < (errors[0.0] < 0.05).argmax()


def test_rewards_are_delivered_late() -> None:
    """A third of a minute of two neurons: weights move, and within their bounds."""
    weights = EXPERIMENTS["distal"](2, 1 / 3, silent)
    assert weights.shape == (2, EXPERIMENTS["SYNAPSES"])
    assert (weights != 1).any() and (weights >= 0).all() and (weights <= EXPERIMENTS["LIMIT"]).all()
    assert len(list(EXPERIMENTS["distal_rows"](weights))) == 3


@pytest.mark.parametrize(
    ("name", "theory"), [("node_perturbation", 3.0), ("weight_perturbation", 7.0)]
)
def test_variance_of_perturbations(name: str, theory: float, x64: None) -> None:
    assert np.isclose(EXPERIMENTS["relative_variance"](name, 2, 3, 40_000), theory, rtol=0.06)


def test_a_page_is_filled_or_stays_as_it_was(tmp_path: Path) -> None:
    page, fill = tmp_path / "page.md", EXPERIMENTS["fill"]
    page.write_text("a\n<!-- x -->\nold\n<!-- end of x -->\nb\n")
    fill(page, {"x": r"\1 new"})
    filled = page.read_text()
    assert filled == "a\n<!-- x -->\n\n\\1 new\n\n<!-- end of x -->\nb\n"
    with pytest.raises(ValueError, match="0 places for y"):
        fill(page, {"x": "other", "y": "z"})
    assert page.read_text() == filled
