"""`make bench-gpu` on a CPU, with small circuits: it measures, tells and keeps what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

if not (Path(__file__).parent.parent / "benchmarks").exists():
    pytest.skip("the benchmarks are not beside the tests", allow_module_level=True)
from benchmarks import gpu
from benchmarks.lives import coefficients, runner
from rulegen.runs import devices

#: As they are where a card is.
ROWS = gpu.ROWS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]}-{row[1]}-{row[4]}-{row[5]}")
def test_lives_of_every_row_can_be_made(row: tuple) -> None:
    engine, neurons, steps, trials, terms, tangents, _ = row
    wrt = coefficients(tangents)
    lives = runner(neurons, trials, terms, steps=steps, engine=engine, wrt=wrt)
    assert lives.world.life.trials == trials and len(lives.life.names) > 4


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "SECONDS", 0.01)
    monkeypatch.setattr(gpu, "COPIED", 1 << 16)
    monkeypatch.setattr(gpu, "PRODUCTS", ((8, 4),))
    monkeypatch.setattr(
        gpu, "ROWS", (("auto", 8, 5, 13, 4, 0, (4, 6)), ("xla", 8, 5, 13, 4, 2, (4,)))
    )


def test_lines_and_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> gpu.Rows:
        raise RuntimeError("no such card")

    parts = {name: gpu.PARTS[name] for name in ("ceilings", "lives")} | {"broken": broken}
    monkeypatch.setattr(gpu, "PARTS", parts)
    gpu.main(tmp_path / "new/out.json", 60.0)
    found = json.loads((tmp_path / "new/out.json").read_text())
    assert found["device"] == "cpu" and len(found["ceilings"]) == 2
    assert [row["lives"] for row in found["lives"]] == [4, 6, 4]
    assert all(row["lives/s"] > 0 for row in found["lives"])
    assert found["broken"] == [{"failed": "RuntimeError: no such card"}]
    assert capsys.readouterr().out.count("\n") == 7


def test_what_does_not_fit_into_the_time_is_left_out(tmp_path: Path) -> None:
    gpu.main(tmp_path / "out.json", 0.0)
    found = json.loads((tmp_path / "out.json").read_text())
    assert all(found[name] == [{"left out": "no time"}] for name in gpu.PARTS)
