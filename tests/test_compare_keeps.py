"""What a comparison leaves in its folder, whoever listens and however it ends."""

import pytest
from test_cli import call

from rulegen.commands import compare
from rulegen.fitting.yardstick import NoScale


def test_it_is_kept_before_it_is_shown(monkeypatch, capsys, tmp_path):
    def deaf(*given, **named):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(compare, "print_table", deaf)
    few = ("--as-is", "--neurons", 4, "--trials", 14, "--lives", 4)
    call(monkeypatch, capsys, "compare", "oja", "hebb", *few, "--out", tmp_path / "out")
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"rewards.csv", "algebra.csv", "families.png"} <= names


@pytest.mark.parametrize("there", [True, False])
def test_a_world_without_a_scale_leaves_nothing(tmp_path, there):
    out = tmp_path / "out"
    if there:
        out.mkdir()
    with pytest.raises(NoScale), compare.kept(out, []):
        raise NoScale("world `a`: its scale has no unit")
    assert out.exists() == there
    assert not there or not list(out.iterdir())
