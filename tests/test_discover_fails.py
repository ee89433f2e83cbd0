"""Runs of discover that cannot end well say why, and what to try."""

import json

import pytest
from test_cli import call
from test_discover import SMALL

from rulegen.catalog import load_record
from rulegen.grammar import RunError
from rulegen.ground.journal import Journal, make_line
from rulegen.ground.statistics import Limits
from rulegen.publishing.config import load_config
from rulegen.publishing.evidence import supported
from rulegen.publishing.history import fit_history
from rulegen.runs.discover import discover


@pytest.fixture
def config(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL)
    return load_config(tmp_path / "small.toml")


def test_complete_divergence_says_what_to_try_and_keeps_the_history(config, tmp_path):
    wild = config.model_copy(
        update={
            "rule": """
                param a = 1 free
                e <- e + a*xi*pre : synapse
                on reward: w += 1e6*e
            """,
        }
    )
    with pytest.raises(RunError, match=r"every life diverged.*Try a smaller learning rate"):
        discover(wild, tmp_path / "wild")
    history = (tmp_path / "wild" / "history.jsonl").read_text().splitlines()
    assert json.loads(history[-1])["data"]["outcomes"]["diverged"] == 32
    assert not (tmp_path / "wild" / "summary.json").exists()


def test_gradients_that_are_left_out_are_told_everywhere(
    config, spoil, tmp_path, monkeypatch, capsys
):
    spoil(2)
    path, folder = tmp_path / "config.toml", tmp_path / "run"
    path.write_text(SMALL)
    assert call(monkeypatch, capsys, "discover", path, "--out", folder)[0] == 0
    _, *said = call(monkeypatch, capsys, "discover", path, "--out", folder, "--resume")
    out = " ".join(said)
    table = fit_history(folder)
    assert table["nonfinite"][table["stage"] == "fit 1 (score)"].tolist() == [2, 2, 2]
    assert table["nonfinite"].sum() == 6, "`pgpe` differentiates nothing"
    evidence = load_record(folder / "record.toml").evidence
    every = evidence.gradients
    assert evidence.nonfinite == 6 and every >= 3 * 32 + 2 * 16
    summary = json.loads((folder / "summary.json").read_text())
    assert (summary["nonfinite"], summary["gradients"]) == (6, every)
    told = f"6 of {every} gradients of single lives were infinite or not a number"
    assert told in (folder / "card.md").read_text() and told in out
    assert "2 of 32 gradients not finite" in out


def test_a_fit_whose_gradients_are_not_finite_is_refused(config, spoil, tmp_path):
    spoil(4)
    words = r"in iteration 1 of fit 1 \(score\): 4 of 32 gradients .* Try .* The history is kept"
    with pytest.raises(RunError, match=words):
        discover(config, tmp_path / "spoilt")
    assert not (tmp_path / "spoilt" / "summary.json").exists()


def test_a_family_that_learns_nothing_is_not_published(config, tmp_path):
    idle = config.model_copy(
        update={"rule": "param a = 1 free\ne <- e + a*xi*pre : synapse\non reward: w += 0*e"}
    )
    with pytest.raises(RunError, match="nothing to publish"):
        discover(idle, tmp_path / "idle")
    assert not (tmp_path / "idle" / "card.md").exists()


@pytest.mark.parametrize(
    ("value", "low", "high", "shown"),
    [
        (1.4805, 1.2, 1.8, 1.5),
        (1.4805, 1.47, 1.49, 1.48),
        (0.0321, float("nan"), float("nan"), 0.0321),
        (0.04, -3.0, 3.0, 0.04),
        (-123.456, -130.0, -117.0, -123.0),
        (0.0, 0.0, 0.0, 0.0),
    ],
)
def test_coefficients_are_rounded_to_the_evidence(value, low, high, shown):
    assert supported(value, Limits(low, high)) == pytest.approx(shown)


def test_results_of_before_that_do_not_fit_are_told_as_such(monkeypatch, capsys, tmp_path):
    """Whoever forges a line and its checksum is told where it is, and nothing is published."""
    monkeypatch.setattr(Journal, "strict", False)
    path, folder = tmp_path / "config.toml", tmp_path / "run"
    path.write_text(SMALL)
    again = ("discover", path, "--out", folder, "--resume")
    assert call(monkeypatch, capsys, *again[:-1])[0] == 0
    whole = (folder / "history.jsonl").read_bytes().splitlines(keepends=True)
    records, failures = list(map(json.loads, whole)), 0
    first = {key: i for i, r in reversed(list(enumerate(records))) for key in r["data"] if i}
    for key, i in first.items():
        forged = records[i]["data"] | {key: "abcd"}
        name, inputs, seconds = (records[i][field] for field in ("name", "inputs", "seconds"))
        line = make_line(name, inputs, forged, seconds)
        (folder / "history.jsonl").write_bytes(b"".join([*whole[:i], line, *whole[i + 1 :]]))
        code, _, err = call(monkeypatch, capsys, *again)
        assert "please tell its authors" not in err, key
        if code:
            failures += 1
            assert (code, "history.jsonl has a result that the run cannot go on with" in err) == (
                1,
                True,
            ), (key, err)
    assert failures > 2
