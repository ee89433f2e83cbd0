"""What `rulegen devices` says, and the line for a card that JAX does not see."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import jax
import pytest

from rulegen.commands.devices import devices
from rulegen.ground import runtime
from rulegen.runs import devices as module


def test_devices_are_named_and_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(module, "SECONDS", 0.01)
    monkeypatch.setattr(module, "COPIED", 1 << 20)
    found = module.devices(neurons=8)
    assert found.names == tuple(map(str, jax.local_devices()))
    assert found.policy.lives == 32 and found.trials == 200
    assert min(found.ceilings) > 0
    devices(neurons=8)
    told = capsys.readouterr().out
    for words in ("cpu:1", "lives at once, each", "xla: a CPU", "8 neurons, node perturbation"):
        assert words in told


def test_a_card_without_its_packages_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JAX_PLATFORMS", raising=False)
    monkeypatch.setattr(runtime, "CARD", tmp_path / "nvidia0")
    assert runtime.unused_card() == ""
    (tmp_path / "nvidia0").touch()
    assert "pip install 'rulegen[cuda]'" in runtime.unused_card()
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    assert runtime.unused_card() == ""
    monkeypatch.delenv("JAX_PLATFORMS")
    monkeypatch.setattr(runtime, "find_spec", lambda name: importlib.util.find_spec("jax"))
    assert runtime.unused_card() == ""
