"""The main job does not need luck: five seeds of five find the planted term."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.long
@pytest.mark.parametrize("seed", [11, 12, 13, 14, 15])
def test_delayed_association(tmp_path, seed):
    example = ROOT / "examples" / "delayed_association.toml"
    command = [sys.executable, "-m", "rulegen", "discover", str(example), "--seed", str(seed)]
    subprocess.run([*command, "--out", str(tmp_path / "run")], check=True, timeout=1800)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text())
    assert len(summary["terms"]) <= 3
    assert "xi*pre" in summary["terms"]
    assert summary["reward"]["lives"] >= 512
    assert summary["paired_difference"]["low"] > 0
    (reference,) = summary["references"].values()
    assert summary["reward"]["mean"] > 1.1 * reference["reward"]["mean"]  # rewards are negative
    assert summary["peak_mb"] < 2000
